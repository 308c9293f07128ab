"""Looks for mistakes in folders of YAML: workflows, rules, and examples with their story. Nothing is stored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assurance.calendar import working_calendar
from assurance.config import HOME, Settings
from assurance.facts import common_words, vocabularies
from assurance.needed import needed_words_that_are_missing
from assurance.playbook import (
    read_shelf,
    rules_that_set_no_column,
    targets_that_are_no_columns,
    templates_that_are_not_there,
    unknown_calendar,
)
from assurance.story import read_story
from cli.opening import BadInput
from engine.errors import BadDefinition, Problem
from engine.lint import lint
from engine.rule_trials import try_rules
from engine.rules import RuleBook, load_rules
from engine.words import visible
from engine.workflow import Workflow, load_workflows

GROUP, CLOCK = "group.yaml", "clock.yaml"
ANY_ZONE = "Europe/London"  # trials know days, not hours
_IS_WORKFLOW = re.compile(r"^workflow\s*:", re.MULTILINE)
_IS_RULES = re.compile(r"^rules\s*:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found: faults that refuse a file, warnings that do not, and what was read."""

    faults: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    workflows: int = 0
    rules: int = 0
    stories: int = 0
    trials: int = 0

    def __add__(self, other: Checked) -> Checked:
        return Checked(
            self.faults + other.faults,
            self.warnings + other.warnings,
            self.workflows + other.workflows,
            self.rules + other.rules,
            self.stories + other.stories,
            self.trials + other.trials,
        )


def check_house(settings: Settings) -> Checked:
    """Check the workflows and rules of the settings, and every example of the house."""
    try:
        shelf = read_shelf(settings.workflows, settings.rules)
    except BadDefinition as bad:
        return Checked(bad.problems)
    own = Checked((), (), len(shelf.workflows), len(shelf.book.rules))
    own += Checked((), (*_warnings(shelf.workflows.values()), *shelf.book.warnings))
    for folder in settings.rules:
        own += _tried(folder, shelf.book, shelf.workflows)
    return sum((check_folder(folder, settings) for folder in _examples()), own)


def check_folder(folder: Path, settings: Settings) -> Checked:
    """Check whatever YAML of ours a folder holds; rules may speak of the house's own kinds too.

    Raises BadInput for what is no folder, or holds nothing that can be checked.
    """
    if not folder.is_dir():
        raise BadInput(f"{visible(str(folder))} is not a folder; give the one in which the YAML files lie.")
    if (folder / GROUP).is_file():
        checked = _check_story(folder, settings)
        story = sorted((folder / "story").glob("*.yaml")) or [folder / "story.yaml"]
        read = [folder / GROUP, folder / "workflows", folder / "rules", *story]
        return checked + _left_out(folder, read, checked.faults)
    workflows, rules = _folders_of(folder)
    if not workflows and not rules:
        raise BadInput(
            f"There is no workflow, no rule and no story in {visible(str(folder))}; their files end in .yaml."
        )
    mixed = [place for place in workflows if place in rules]
    if mixed:
        message = "workflows and rules lie side by side here; keep them in folders of their own"
        return Checked(tuple(Problem(str(place), 1, 1, message) for place in mixed))
    house = read_shelf(settings.workflows, settings.rules).workflows
    found, checked = _check_workflows(workflows)
    if not checked.faults:  # Rules speak of states and facts: half of them would seem wrong otherwise.
        checked += _check_rules(rules, {**house, **found})
    return checked + _left_out(folder, [*workflows, *rules], checked.faults)


def _check_story(folder: Path, settings: Settings) -> Checked:
    try:
        story = read_story(folder, workflows=settings.workflows, rules=settings.rules)
    except BadDefinition as bad:
        return Checked(bad.problems)
    houses = {str(place) for place in settings.workflows}
    own = [
        workflow
        for workflow in story.shelf.workflows.values()
        if not any(Path(workflow.place.file).is_relative_to(house) for house in houses)
    ]
    mine = [warning for warning in story.shelf.book.warnings if Path(warning.file).is_relative_to(folder)]
    kinds = {workflow.kind for workflow in own}
    rules = sum(rule.about in kinds for rule in story.shelf.book.rules)
    tried = _tried(folder / "rules", story.shelf.book, story.shelf.workflows)
    return tried + Checked((), (*_warnings(own), *mine), len(own), rules, 1)


def _check_workflows(folders: Sequence[Path]) -> tuple[dict[str, Workflow], Checked]:
    found: dict[str, Workflow] = {}
    faults: list[Problem] = []
    for folder in folders:
        try:
            found |= load_workflows(folder, vocabularies(), common=common_words())
        except BadDefinition as bad:
            faults += bad.problems
    faults += targets_that_are_no_columns(found)
    faults += templates_that_are_not_there(found)
    faults += needed_words_that_are_missing(found)
    return found, Checked(tuple(faults), tuple(_warnings(found.values())), len(found))


def _check_rules(folders: Sequence[Path], workflows: Mapping[str, Workflow]) -> Checked:
    checked = Checked()
    for folder in folders:
        try:
            book = load_rules(folder, workflows)
        except BadDefinition as bad:
            checked += Checked(bad.problems)
        else:
            faults = (
                *unknown_calendar(folder, book),
                *rules_that_set_no_column(folder, book, workflows),
            )
            checked += Checked(faults, book.warnings, 0, len(book.rules))
            if not faults:
                checked += _tried(folder, book, workflows)
    return checked


def _tried(folder: Path, book: RuleBook, workflows: Mapping[str, Workflow]) -> Checked:
    """Hold the trials beside a folder of rules, on the working days of its clock."""
    words = {kind: workflow.vocabulary for kind, workflow in workflows.items()}
    calendar = working_calendar(book.clock.calendar, zone=ANY_ZONE)
    try:
        tried = try_rules(folder, book, words, calendar=calendar)
    except BadDefinition as bad:
        return Checked(bad.problems)
    return Checked(tried.failures, trials=tried.trials)


def _warnings(workflows: Iterable[Workflow]) -> Iterator[Problem]:
    for workflow in workflows:
        yield from (finding.problem for finding in lint(workflow) if not finding.is_error)


def _examples() -> list[Path]:
    return sorted(group.parent for group in (HOME / "examples").glob(f"*/{GROUP}"))


def _folders_of(folder: Path) -> tuple[list[Path], list[Path]]:
    """Find the folders of workflows and those of rules: by what their files say, or else by their name."""
    places = [folder, *(path for path in sorted(folder.rglob("*")) if path.is_dir())]
    workflows = [place for place in places if _holds(place, _IS_WORKFLOW) or place.name == "workflows"]
    rules = [
        place
        for place in places
        if _holds(place, _IS_RULES) or (place / CLOCK).is_file() or place.name == "rules"
    ]
    if not workflows and not rules and _files(folder):
        workflows = [folder]  # Neither word is in it: say so with file and line.
    return _outermost(workflows), _outermost(rules)


def _holds(folder: Path, word: re.Pattern[str]) -> bool:
    return any(word.search(path.read_text(encoding="utf-8", errors="replace")) for path in _files(folder))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.y*ml") if path.is_file())


def _left_out(folder: Path, read: Sequence[Path], faults: Sequence[Problem]) -> Checked:
    """Name what looks like a file of ours and is not read; what is named as a fault already is not named again."""
    named = {fault.file for fault in faults}
    found = []
    for path in sorted(folder.rglob("*.y*ml")):
        if str(path) in named:
            continue
        if not path.is_file():
            what = "this link leads nowhere" if path.is_symlink() else "this is no file"
            found.append(Problem(str(path), 1, 1, f"left out: {what}"))
        elif not any(place == path or place in path.parents for place in read):
            what = "left out: this is neither a workflow, nor rules, nor part of a story"
            found.append(Problem(str(path), 1, 1, what))
    return Checked((), tuple(found))


def _outermost(places: Sequence[Path]) -> list[Path]:
    return [place for place in places if not any(other in place.parents for other in places)]
