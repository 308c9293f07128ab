"""Reads a story's files whole: every name, day, word and count is checked before anything is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from assurance.playbook import Shelf, read_shelf
from assurance.story.cast import Cast, hour, instant, read_cast
from assurance.story.names import Names
from assurance.story.verb import Verb
from assurance.story.verbs import VERBS
from engine.errors import BadDefinition, Problem
from engine.yamlfile import Node, read_yaml

USUAL_HOUR = time(10, 0)
COMMON = ("on", "at", "as", "do")


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the story: when, by whom, which verb, and what with. `place` is unique and stable."""

    place: str
    at: datetime
    person: str
    verb: Verb
    arguments: dict[str, Any]
    where: str


@dataclass(frozen=True, slots=True)
class Story:
    """A story that was read and found sound."""

    key: str
    title: str
    begins: date
    ends: date
    cast: Cast
    steps: tuple[Step, ...]
    shelf: Shelf
    workflow_folders: tuple[Path, ...]
    rule_folders: tuple[Path, ...]


def read_story(folder: Path, *, workflows: Sequence[Path], rules: Sequence[Path]) -> Story:
    """Read `group.yaml`, `story.yaml` (or `story/*.yaml`) and a family's own `workflows/` and `rules/`.

    Raises BadDefinition naming file, line and column of every fault that could be found.
    """
    workflow_folders = (*workflows, *_own(folder / "workflows"))
    rule_folders = (*rules, *_own(folder / "rules"))
    shelf = read_shelf(workflow_folders, rule_folders)
    names = Names(dict(shelf.workflows))
    names.known["rule"] = dict.fromkeys(rule.id for rule in shelf.book.rules)
    cast = read_cast(read_yaml(folder / "group.yaml"), names)
    heads, items = _files(folder)
    head = heads.fields(required=["key", "title", "begins", "ends"])
    begins, ends = head["begins"].day(), head["ends"].day()
    if ends <= begins:
        raise head["ends"].bad(f"the story ends on {ends}, before it begins on {begins}")
    steps = _Reader(names, cast, begins, ends).read(items)
    return Story(
        key=head["key"].text(),
        title=head["title"].text(),
        begins=begins,
        ends=ends,
        cast=cast,
        steps=steps,
        shelf=shelf,
        workflow_folders=workflow_folders,
        rule_folders=rule_folders,
    )


class _Reader:
    """Reads steps in the order of the files, keeping the names introduced so far and the hour of the day."""

    def __init__(self, names: Names, cast: Cast, begins: date, ends: date) -> None:
        self._names, self._cast = names, cast
        self._begins, self._ends = begins, ends
        self._last: datetime | None = None
        self._problems: list[Problem] = []

    def read(self, items: Sequence[Node]) -> tuple[Step, ...]:
        steps: list[Step] = []
        for number, item in enumerate(items, start=1):
            try:
                steps += self._step(number, item)
            except BadDefinition as fault:
                self._problems += fault.problems
                self._names.doubt(item.plain())
        if self._problems:
            raise BadDefinition(self._problems)
        return tuple(sorted(steps, key=lambda step: step.at))

    def _step(self, number: int, item: Node) -> list[Step]:
        pairs = {key.text(): value for key, value in item.pairs()}
        if "do" not in pairs:
            raise item.bad("the key 'do' is missing here; it names the verb, such as 'do: move'")
        verb = VERBS[pairs["do"].one_of(VERBS, "a verb of a story")]
        parts = item.fields(required=["on", "as", "do", *verb.required], optional=["at", *verb.optional])
        at = self._instant(parts)
        person = self._names.find(parts["as"], "person")
        arguments = verb.read(parts, self._names)
        place = f"step {number}"
        where = f"{item.file}:{item.line}"
        if verb.expand is None:
            return [Step(place, at, person, verb, arguments, where)]
        parts_of_it = verb.expand(
            at, person, arguments, lambda key, day, clock: self._on(parts[key], day, clock)
        )
        return [
            Step(f"{place}.{part}", one.at, one.person, one.verb, one.arguments, where)
            for part, one in enumerate(parts_of_it, start=1)
        ]

    def _instant(self, parts: dict[str, Node]) -> datetime:
        day = parts["on"].day()
        if "at" in parts:
            at = self._on(parts["on"], day, hour(parts["at"]))
        else:
            at = self._on(parts["on"], day, USUAL_HOUR)
            if self._last is not None and self._last >= at and self._last.date() == day:
                at = self._last + timedelta(minutes=1)
        if self._last is not None and at < self._last:
            raise parts["on"].bad(
                f"this step comes before the one above it, which is on {self._last:%Y-%m-%d %H:%M}"
            )
        self._last = at
        return at

    def _on(self, node: Node, day: date, clock: time) -> datetime:
        if not self._begins <= day <= self._ends:
            raise node.bad(f"{day} lies outside the story, which goes from {self._begins} to {self._ends}")
        return instant(day, clock, self._cast.zone)


def _own(folder: Path) -> tuple[Path, ...]:
    return (folder,) if folder.is_dir() else ()


def _files(folder: Path) -> tuple[Node, list[Node]]:
    """Give the head of the story and all its steps, from one file or from the files of a folder in name order."""
    paths = sorted((folder / "story").glob("*.yaml")) or [folder / "story.yaml"]
    head: Node | None = None
    items: list[Node] = []
    for path in paths:
        root = read_yaml(path)
        if head is None:
            parts = root.fields(required=["story", "steps"])
            head = parts["story"]
        else:
            parts = root.fields(required=["steps"])
        items += parts["steps"].items()
    if head is None:
        raise BadDefinition([Problem(str(folder), 1, 1, "there is no story.yaml in this folder")])
    return head, items
