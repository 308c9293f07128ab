"""Definitions and what is pinned to them: which there are, and what would become of whom if all went by the newest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.office import Tx
from assurance.playbook import Playbook
from assurance.records import Matter
from assurance.transfers import (
    Pinned,
    Transfer,
    Wish,
    judged_by_state,
    needs_a_look,
    transfers_of,
    why_stuck,
)
from engine.definition_changes import Change, changes, destination, why_not
from engine.definitions import published
from engine.errors import Reason, Refused
from engine.moved import Moved, Ref
from engine.workflow import Workflow

CHUNK = 500


@dataclass(frozen=True, slots=True)
class DefinitionRow:
    """One definition of a kind; `published_at` is empty where it stands on the shelf and nothing goes by it yet."""

    kind: str
    hash: str
    published_at: datetime | None
    running: int
    finished: int
    on_shelf: bool


@dataclass(frozen=True, slots=True)
class Stuck:
    """A subject that has nowhere to go, and every reason why."""

    ref: Ref
    state: str
    state_title: str
    codes: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Renaming:
    """So many subjects come from one state to another."""

    old: str
    new: str
    subjects: int


@dataclass(frozen=True, slots=True)
class Source:
    """An older definition by which subjects go: what is different in the newest, and what becomes of them.

    `finished` counts those that stay with it because their work is over.
    """

    hash: str
    published_at: datetime
    changes: tuple[Change, ...]
    as_they_are: int
    renamed: tuple[Renaming, ...]
    nowhere: int
    finished: int

    @property
    def moving(self) -> int:
        """Count those that can go over."""
        return self.as_they_are + sum(one.subjects for one in self.renamed)


@dataclass(frozen=True, slots=True)
class KindPlan:
    """What becomes of the subjects of one kind; `published_at` is empty while nothing goes by the newest yet."""

    kind: str
    hash: str
    published_at: datetime | None
    sources: tuple[Source, ...]
    stuck: tuple[Stuck, ...]
    states: tuple[str, ...]

    @property
    def moving(self) -> int:
        """Count those that can go over."""
        return sum(source.moving for source in self.sources)


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of all; `without_file` counts the running subjects of kinds of which no file is there."""

    kinds: tuple[KindPlan, ...]
    without_file: Mapping[str, int]

    @property
    def stuck(self) -> tuple[Stuck, ...]:
        """Give everything that has nowhere to go."""
        return tuple(one for kind in self.kinds for one in kind.stuck)

    @property
    def moving(self) -> int:
        """Count everything that can go over."""
        return sum(kind.moving for kind in self.kinds)


def definitions(
    session: Session, playbook: Playbook, *, kind: str | None = None, group_id: int | None = None
) -> tuple[DefinitionRow, ...]:
    """List every definition by kind, oldest first, with how many subjects go by it, of one group or of all.

    Raises Refused for a kind that nobody knows.
    """
    if kind is not None and kind not in playbook.workflows:
        playbook.noun(kind)
    kept = {row.id: row for row in published(session)}
    rows = []
    for name in sorted({*playbook.workflows, *(row.kind for row in kept.values())}):
        if kind not in (None, name):
            continue
        shelf = playbook.workflows.get(name)
        counted = _counted(session, playbook, name, group_id)
        for number, row in kept.items():
            if row.kind == name:
                states = playbook.pinned[number].states
                of_this = {state: many for (one, state), many in counted.items() if one == number}
                finished = sum(many for state, many in of_this.items() if states[state].final)
                running = sum(of_this.values()) - finished
                on_shelf = shelf is not None and shelf.hash == row.hash
                rows.append(DefinitionRow(name, row.hash, row.published_at, running, finished, on_shelf))
        if shelf is not None and name not in playbook.current:
            rows.append(DefinitionRow(name, shelf.hash, None, 0, 0, on_shelf=True))
    return tuple(rows)


def plan(tx: Tx, wish: Wish) -> Plan:
    """Say what becomes of every running subject of the group whose definition is not the one on the shelf.

    Raises Refused for words of the wish that cannot be used. Writes nothing.
    """
    transfers = transfers_of(tx, wish)
    wrong = [
        reason
        for kind, transfer in transfers.items()
        for reason in why_not(transfer.renamed, _others(tx.playbook, transfer), transfer.target)
    ]
    if wrong:
        raise Refused(*wrong)
    at = {row.hash: row.published_at for row in published(tx.session)}
    kinds = [_kind_plan(tx, transfers, kind, at) for kind in transfers]
    gone = {
        kind: number
        for kind in tx.playbook.nouns
        if kind not in tx.playbook.workflows and wish.kind is None and (number := _running(tx, kind))
    }
    return Plan(tuple(one for one in kinds if one.sources), gone)


def page_of(tx: Tx, transfer: Transfer, *, after: int = 0) -> Sequence[Pinned]:
    """Give the next subjects of a kind, by number, that are to go over; none where there are no more."""
    return _page(tx, transfer, sa.true(), after)


def still_to_go(tx: Tx, transfers: Mapping[str, Transfer]) -> int:
    """Count the subjects that are asked to go over and have not, whether they can or not."""
    return sum(
        many
        for kind, transfer in transfers.items()
        for (number, state), many in _counted(tx.session, tx.playbook, kind, tx.actor.group_id).items()
        if transfer.concerns(tx.playbook.pinned[number], state)
    )


def _kind_plan(tx: Tx, transfers: Mapping[str, Transfer], kind: str, at: Mapping[str, datetime]) -> KindPlan:
    transfer, pinned = transfers[kind], tx.playbook.pinned
    counted = _counted(tx.session, tx.playbook, kind, tx.actor.group_id)
    moving = [(number, state) for number, state in counted if transfer.concerns(pinned[number], state)]
    olds = {number: pinned[number] for number, _ in sorted(moving)}
    stuck = _stuck(tx, transfers, transfer, moving) if moving else {}
    sources = []
    for number, old in olds.items():
        of_this = {state: many for (one, state), many in counted.items() if one == number}
        held = Counter(one.state for one in stuck if one.definition_id == number)
        sources.append(_source(transfer, old, at[old.hash], of_this, held))
    found = tuple(
        Stuck(
            one.ref,
            one.state,
            pinned[one.definition_id].states[one.state].title,
            tuple(reason.code for reason in reasons),
            tuple(reason.sentence for reason in reasons),
        )
        for one, reasons in sorted(stuck.items())
    )
    target = transfer.target
    return KindPlan(kind, target.hash, at.get(target.hash), tuple(sources), found, tuple(target.states))


def _source(
    transfer: Transfer, old: Workflow, at: datetime, counted: Mapping[str, int], held: Mapping[str, int]
) -> Source:
    """Say what becomes of those who go by one definition: `held` counts by state who cannot go."""
    as_they_are, finished = 0, 0
    renamed: list[Renaming] = []
    for state, many in sorted(counted.items()):
        goes = destination(old, transfer.target, state, transfer.renamed)
        can_go = many - held.get(state, 0)
        if not transfer.concerns(old, state):
            finished += many
        elif goes == state:
            as_they_are += can_go
        elif can_go:
            renamed.append(Renaming(state, str(goes), can_go))
    what = changes(old, transfer.target, transfer.renamed)
    nowhere = sum(held.values())
    return Source(old.hash, at, what, as_they_are, tuple(renamed), nowhere, finished)


def _stuck(
    tx: Tx, transfers: Mapping[str, Transfer], transfer: Transfer, moving: Iterable[tuple[int, str]]
) -> dict[Pinned, tuple[Reason, ...]]:
    """Look at every subject that may have nowhere to go; most can be judged by their state alone."""
    pinned, table = tx.playbook.pinned, _table(tx.playbook, transfer.target.kind)
    look = needs_a_look(tx, transfer, {number: pinned[number] for number, _ in moving})
    badly_off = [
        sa.and_(table.definition_id == number, table.state == state)
        for number, state in moving
        if judged_by_state(tx, transfer, pinned[number], state)
    ]
    where = sa.true() if look is None else sa.or_(table.id.in_(look), *badly_off)
    stuck: dict[Pinned, tuple[Reason, ...]] = {}
    page = _page(tx, transfer, where, 0)
    while page:
        for one in page:
            reasons = why_stuck(tx, transfers, one)
            if reasons:
                stuck[one] = reasons
        page = _page(tx, transfer, where, page[-1].ref.id)
    return stuck


def _page(tx: Tx, transfer: Transfer, where: sa.ColumnElement[bool], after: int) -> Sequence[Pinned]:
    kind, table = transfer.target.kind, _table(tx.playbook, transfer.target.kind)
    to_go = [
        sa.and_(table.definition_id == number, table.state.in_(states))
        for number, old in tx.playbook.pinned.items()
        if old.kind == kind and (states := [name for name in old.states if transfer.concerns(old, name)])
    ]
    query = (
        sa.select(table.id, table.definition_id, table.state)
        .where(*_of(kind, table, tx.actor.group_id), sa.or_(sa.false(), *to_go), where, table.id > after)
        .order_by(table.id)
        .limit(CHUNK)
    )
    return [Pinned(Ref(kind, number), pinned, state) for number, pinned, state in tx.session.execute(query)]


def _others(playbook: Playbook, transfer: Transfer) -> list[Workflow]:
    """Give every published definition of a kind but the newest: words of these may be called otherwise."""
    return [
        one
        for _, one in sorted(playbook.pinned.items())
        if one.kind == transfer.target.kind and one.hash != transfer.target.hash
    ]


def _running(tx: Tx, kind: str) -> int:
    counted = _counted(tx.session, tx.playbook, kind, tx.actor.group_id)
    return sum(
        many
        for (number, state), many in counted.items()
        if not tx.playbook.pinned[number].states[state].final
    )


def _counted(
    session: Session, playbook: Playbook, kind: str, group_id: int | None
) -> dict[tuple[int, str], int]:
    """Count the subjects of a kind by definition and state; a kind of which nothing was ever begun has none."""
    if kind not in playbook.nouns:
        return {}
    table = _table(playbook, kind)
    query = sa.select(table.definition_id, table.state, sa.func.count()).where(*_of(kind, table, group_id))
    rows = session.execute(query.group_by(table.definition_id, table.state))
    return {(number, state): many for number, state, many in rows}


def _table(playbook: Playbook, kind: str) -> type[Moved]:
    return playbook.noun(kind).table


def _of(kind: str, table: type[Moved], group_id: int | None) -> Iterator[sa.ColumnElement[bool]]:
    yield sa.true() if group_id is None else table.group_id == group_id
    if table is Matter:
        yield Matter.kind == kind
