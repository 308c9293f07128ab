"""Everything that the group has decided, ready for use: workflows, rules, calendars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.calendar import KNOWN_CALENDARS, WorkingCalendar, working_calendar
from assurance.facts import NOUNS, Noun, common_words, vocabularies
from assurance.matters import MatterNoun
from assurance.needed import needed_words_that_are_missing
from assurance.records import ClosedDay, Group
from assurance.retention import FOR_EVER, Retention, read_retention
from engine.conditions import Vocabulary
from engine.definitions import Definition, publish, published
from engine.errors import BadDefinition, Problem, Reason, Refused
from engine.rules import RuleBook, joined, load_rules
from engine.words import unknown
from engine.workflow import Workflow, load_workflows
from notifications.compose import TEMPLATES

# What somebody is to a request that is asked already; none of them can be asked for it.
NO_VOICE = frozenset({"requester", "approver", "clock"})
# Columns that only the engine itself changes; no workflow file may set them.
KEPT_BY_THE_ENGINE = frozenset(
    {"id", "group_id", "state", "state_since_on", "version", "material_version", "head"}
)


@dataclass(frozen=True, slots=True)
class GroupCard:
    """What every command needs to know of a group."""

    name: str
    calendar: WorkingCalendar


@dataclass(frozen=True, slots=True)
class Playbook:
    """The workflows by kind, every definition to which a subject may be pinned, the rules, and the groups.

    `base_url` is where the pages stand to which mails link, `secret` what links that need no signing in are made of.
    """

    workflows: Mapping[str, Workflow]
    pinned: Mapping[int, Workflow]
    current: Mapping[str, int]
    book: RuleBook
    nouns: Mapping[str, Noun | MatterNoun]
    groups: Mapping[int, GroupCard]
    base_url: str
    secret: str = field(default="", repr=False)
    retention: Retention = FOR_EVER
    old_secrets: tuple[str, ...] = field(default=(), repr=False)

    def noun(self, kind: str) -> Noun | MatterNoun:
        """Give the noun of a kind; raises Refused for a kind that nobody knows."""
        noun = self.nouns.get(kind)
        if noun is None:
            known = ", ".join(sorted(self.nouns))
            raise Refused(Reason("unknown_kind", f"There is nothing called {kind!r} here; known: {known}."))
        return noun

    def calendar(self, group_id: int) -> WorkingCalendar:
        """Give the calendar of one group."""
        return self.groups[group_id].calendar

    def newest(self, kind: str) -> Workflow:
        """Give the workflow of a kind as it stands on the shelf, else as it was last published.

        Raises Refused for a kind that nobody knows.
        """
        self.noun(kind)
        found = self.workflows.get(kind)
        return found or [one for _, one in sorted(self.pinned.items()) if one.kind == kind][-1]

    def state_titles(self, kind: str) -> dict[str, str]:
        """Give the titles of the states in which a subject of a kind may stand, by whatever definition it goes."""
        known = [one for _, one in sorted(self.pinned.items()) if one.kind == kind]
        return {
            name: state.title for one in (*known, self.newest(kind)) for name, state in one.states.items()
        }

    def definition(self, definition_id: int) -> Workflow:
        """Give the workflow to which a subject is pinned."""
        return self.pinned[definition_id]


@dataclass(frozen=True, slots=True)
class Shelf:
    """What stands in the YAML folders, read and found sound, before any database is asked."""

    workflows: Mapping[str, Workflow]
    book: RuleBook
    retention: Retention = FOR_EVER


def read_shelf(workflows: Sequence[Path], rules: Sequence[Path]) -> Shelf:
    """Read all folders whole: the house's own first, then those of further families.

    Raises BadDefinition naming every fault; nothing is half loaded.
    """
    read: dict[str, Workflow] = {}
    problems: list[Problem] = []
    for folder in workflows:
        found = load_workflows(folder, vocabularies(), common=common_words())
        problems += [
            workflow.place.problem(f"the kind {kind!r} has a workflow already, in {read[kind].place.file}")
            for kind, workflow in found.items()
            if kind in read
        ]
        read |= found
    problems += targets_that_are_no_columns(read)
    problems += templates_that_are_not_there(read)
    problems += needed_words_that_are_missing(read)
    problems += voices_of_nobody(read)
    problems += nouns_without_a_workflow(workflows, read)
    if problems:
        raise BadDefinition(problems)
    books = [load_rules(folder, read) for folder in rules]
    for folder, book in zip(rules, books, strict=True):
        problems += unknown_calendar(folder, book)
        problems += rules_that_set_no_column(folder, book, read)
    if problems:
        raise BadDefinition(problems)
    return Shelf(read, joined(books), read_retention(rules))


def nouns_without_a_workflow(folders: Sequence[Path], workflows: Mapping[str, Workflow]) -> list[Problem]:
    """Name every noun of the field for which no folder holds a workflow: nothing of it could ever be opened."""
    return [
        Problem(
            str(folders[0]),
            1,
            1,
            f"there is no {kind}.yaml here, and the program knows '{kind}'; take it from the house's own folder",
        )
        for kind in NOUNS
        if kind not in workflows
    ]


def unknown_calendar(folder: Path, book: RuleBook) -> list[Problem]:
    """Name the calendar of a folder of rules, if nobody knows it."""
    if book.clock.calendar in KNOWN_CALENDARS:
        return []
    message = f"{book.clock.calendar!r} is not a calendar; known: {', '.join(KNOWN_CALENDARS)}"
    return [Problem(str(folder / "clock.yaml"), 1, 1, message)]


def rules_that_set_no_column(
    folder: Path, book: RuleBook, workflows: Mapping[str, Workflow]
) -> list[Problem]:
    """Name every rule of a folder that sets what is only looked up for its kind."""
    return [
        Problem(
            str(folder),
            1,
            1,
            f"the rule {rule.id!r} sets {name!r}, which is counted or looked up for {rule.about}",
        )
        for rule in book.rules
        for name in rule.sets
        if name not in _settable(workflows[rule.about])
    ]


def publish_new(session: Session, shelf: Shelf, *, at: datetime) -> None:
    """Keep every definition of the shelf that is not kept yet."""
    for kind, workflow in shelf.workflows.items():
        publish(session, kind=kind, content_hash=workflow.hash, text=workflow.text, at=at)


def has_new(session: Session, shelf: Shelf) -> bool:
    """Say whether a definition of the shelf is not kept yet."""
    kept = {row.hash for row in published(session)}
    return any(workflow.hash not in kept for workflow in shelf.workflows.values())


def open_playbook(
    session: Session, shelf: Shelf, *, base_url: str, secret: str = "", old_secrets: Sequence[str] = ()
) -> Playbook:
    """Read what subjects are pinned to, beside what is on the shelf; what nobody has published yet has no number."""
    numbers = {row.hash: row.id for row in published(session)}
    current = {
        kind: numbers[workflow.hash] for kind, workflow in shelf.workflows.items() if workflow.hash in numbers
    }
    known, common = vocabularies(), common_words()
    by_hash = {workflow.hash: workflow for workflow in shelf.workflows.values()}
    pinned = {
        row.id: by_hash.get(row.hash) or _older(row, known.get(row.kind, common))
        for row in published(session)
    }
    nouns: dict[str, Noun | MatterNoun] = dict(NOUNS)
    own = {number: workflow for number, workflow in pinned.items() if workflow.own is not None}
    for kind in {workflow.kind for workflow in own.values()}:
        words = {number: one.own for number, one in own.items() if one.kind == kind and one.own is not None}
        newest = shelf.workflows.get(kind)
        nouns[kind] = MatterNoun(kind, words, None if newest is None else newest.own)
    groups = _groups(session, shelf.book)
    return Playbook(
        shelf.workflows,
        pinned,
        current,
        shelf.book,
        nouns,
        groups,
        base_url,
        secret,
        shelf.retention,
        tuple(old_secrets),
    )


def with_groups(session: Session, playbook: Playbook) -> Playbook:
    """Give the playbook with the groups as they stand in this transaction, one that was just founded among them."""
    return replace(playbook, groups=_groups(session, playbook.book))


def knows_less(session: Session, playbook: Playbook) -> bool:
    """Say whether a group or a definition has come since a playbook was read."""
    definitions, groups = (
        set(session.scalars(sa.select(Definition.id))),
        set(session.scalars(sa.select(Group.id))),
    )
    return not (definitions <= playbook.pinned.keys() and groups <= playbook.groups.keys())


def _older(row: Definition, vocabulary: Vocabulary) -> Workflow:
    """Read a definition that stands on the shelf no more; raises BadDefinition where it was changed since."""
    file = f"definition {row.id} ({row.kind})"
    workflow = Workflow.from_text(row.text, vocabulary, file=file)
    if workflow.hash != row.hash:
        raise BadDefinition(
            [Problem(file, 1, 1, "its text in the database is not the one that was published")]
        )
    return workflow


def _groups(session: Session, book: RuleBook) -> dict[int, GroupCard]:
    cards = {}
    for group in session.scalars(sa.select(Group).order_by(Group.id)).all():
        closed = session.scalars(sa.select(ClosedDay.day).where(ClosedDay.group_id == group.id))
        cards[group.id] = GroupCard(
            group.name, working_calendar(book.clock.calendar, zone=group.zone, closed=closed)
        )
    return cards


def targets_that_are_no_columns(workflows: Mapping[str, Workflow]) -> list[Problem]:
    """Name every move that sets or counts what is only looked up for its kind."""
    problems = []
    for kind, workflow in workflows.items():
        if workflow.own is not None:
            continue
        columns = _settable(workflow)
        problems += [
            way.place.problem(f"{name!r} is counted or looked up for {kind}, so that no move can set it")
            for way in workflow.moves
            for name in (*(assignment.target for assignment in way.sets), *way.counts)
            if name not in columns
        ]
    return problems


def _settable(workflow: Workflow) -> set[str]:
    if workflow.own is not None:
        return set(workflow.own.fields)
    return set(sa.inspect(NOUNS[workflow.kind].table).local_table.c.keys()) - KEPT_BY_THE_ENGINE


def voices_of_nobody(workflows: Mapping[str, Workflow]) -> list[Problem]:
    """Give a problem for each approval that asks somebody who is no more than a part in the request itself."""
    return [
        way.place.problem(f"{role!r} has no voice in a decision; ask the holder of a post, or the 'owner'")
        for workflow in workflows.values()
        for way in workflow.moves
        if way.approval is not None
        for role in way.approval.roles
        if role in NO_VOICE
    ]


def templates_that_are_not_there(workflows: Mapping[str, Workflow]) -> list[Problem]:
    """Give a problem for each move that names a mail's template which nobody has written."""
    return [
        way.place.problem(unknown(way.template, "a template of a mail", sorted(TEMPLATES)))
        for workflow in workflows.values()
        for way in workflow.moves
        if way.template is not None and way.template not in TEMPLATES
    ]
