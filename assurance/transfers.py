"""Which subjects go over to the definition on the shelf, and every reason why one has nowhere to go."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import sqlalchemy as sa

from assurance.matters import MatterNoun
from assurance.office import Tx
from assurance.records import Approval, Matter
from assurance.roster import RELATIONS, roster
from engine.definition_changes import Renamed, destination, is_left_by, is_same_step, lost_steps
from engine.errors import Reason, Refused
from engine.field_changes import Carried, carried, sealed_before
from engine.ledger import Event
from engine.moved import Ref
from engine.workflow import Workflow

NOTHING_RENAMED = Renamed()


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for: which kind (None: all), what is called otherwise, and whether finished ones go too."""

    kind: str | None = None
    renamed: Mapping[str, Renamed] = field(default_factory=dict)
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Transfer:
    """The way of one kind to the definition on the shelf; it has no number while nobody has published it."""

    target: Workflow
    target_id: int | None
    renamed: Renamed
    finished: bool

    def concerns(self, old: Workflow, state: str) -> bool:
        """Say whether a subject that goes by an older definition is asked to go over."""
        return self.target.hash != old.hash and (self.finished or not old.states[state].final)


class Pinned(NamedTuple):
    """A subject, the definition by which it goes, and its state."""

    ref: Ref
    definition_id: int
    state: str


def transfers_of(tx: Tx, wish: Wish) -> dict[str, Transfer]:
    """Give the way of every kind that is asked for; raises Refused for words that nobody knows."""
    playbook = tx.playbook
    for kind in (*([wish.kind] if wish.kind else []), *wish.renamed):
        if kind not in playbook.workflows:
            playbook.noun(kind)
            raise Refused(
                Reason("unknown_kind", f"No workflow of {kind} is on the shelf, so that it can go nowhere.")
            )
    kinds = [wish.kind] if wish.kind else list(playbook.workflows)
    left_out = [kind for kind in wish.renamed if kind not in kinds]
    if left_out:
        sentence = (
            f"Words of {left_out[0]} are given, and only {wish.kind} is asked for; leave one of them out."
        )
        raise Refused(Reason("unknown_kind", sentence))
    return {
        kind: Transfer(
            playbook.workflows[kind],
            playbook.current.get(kind),
            wish.renamed.get(kind, NOTHING_RENAMED),
            wish.finished,
        )
        for kind in kinds
    }


def why_stuck(tx: Tx, transfers: Mapping[str, Transfer], one: Pinned) -> tuple[Reason, ...]:
    """Give every reason why a subject cannot go over to the definition on the shelf; none where it can."""
    transfer, old = transfers[one.ref.kind], tx.playbook.definition(one.definition_id)
    goes = destination(old, transfer.target, one.state, transfer.renamed)
    if isinstance(goes, Reason):
        return (goes,)
    return (
        *judged_by_state(tx, transfer, old, one.state),
        *_decisions(tx, transfer, old, one, goes),
        *_separations(tx, transfer, old, one.ref),
        *_fields(tx, transfer, one),
        *_family(tx, transfers, one),
    )


def judged_by_state(tx: Tx, transfer: Transfer, old: Workflow, state: str) -> tuple[Reason, ...]:
    """Give the reasons that hold for everything in a state: it is gone, or nobody can lead out of the new one."""
    new = transfer.target
    goes = destination(old, new, state, transfer.renamed)
    if isinstance(goes, Reason):
        return (goes,)
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    held = {seat.role for seat in people.seats} | RELATIONS | {"member"}
    if new.states[goes].final or not is_left_by(old, state, held) or is_left_by(new, goes, held):
        return ()
    steps = [way for way in new.moves if goes in way.sources and way.leads_to(goes) != goes]
    wanted = {role for way in steps for role in (*way.by, *(way.approval.roles if way.approval else ()))}
    roles = " or ".join(sorted(role.replace("_", " ") for role in wanted - held))
    sentence = (
        f"Nobody holds the post of {roles}, so that nobody could lead it out of ‘{new.states[goes].title}’."
    )
    return (Reason("nobody_there", sentence),)


def needs_a_look(tx: Tx, transfer: Transfer, olds: Mapping[int, Workflow]) -> sa.Select[int] | None:
    """Give the query for the subjects of a kind that cannot be judged by their state alone; None for all of them."""
    kind = transfer.target.kind
    if isinstance(tx.playbook.noun(kind), MatterNoun):
        return None
    decisions = sa.select(Approval.subject_id).where(
        Approval.subject_kind == kind, Approval.state == "waiting"
    )
    lost = {step for old in olds.values() for step in lost_steps(old, transfer.target, transfer.renamed)}
    if not lost:
        return decisions
    taken = sa.select(Event.subject_id).where(
        Event.subject_kind == kind, sa.or_(*(Event.data.contains(f'"{step}"') for step in sorted(lost)))
    )
    return sa.select(sa.union(decisions, taken).subquery().c[0])


def carried_fields(tx: Tx, transfer: Transfer, row: Matter) -> Carried:
    """Carry what a matter holds over to the fields of the definition on the shelf."""
    old, new = tx.playbook.definition(row.definition_id).own, transfer.target.own
    of_kind = [one for one in tx.playbook.pinned.values() if one.kind == row.kind]
    return carried(
        json.loads(row.fields),
        {} if old is None else old.fields,
        {} if new is None else new.fields,
        transfer.renamed.fields,
        sealed_before(of_kind, transfer.target),
    )


def _decisions(tx: Tx, transfer: Transfer, old: Workflow, one: Pinned, goes: str) -> Iterator[Reason]:
    """A decision that waits has to be about the same step afterwards."""
    waiting = tx.session.scalars(
        sa.select(Approval)
        .where(
            Approval.subject_kind == one.ref.kind,
            Approval.subject_id == one.ref.id,
            Approval.state == "waiting",
        )
        .execution_options(populate_existing=True)
    )
    for row in waiting:
        ref, new, renamed = Ref(Approval.noun, row.id), transfer.target, transfer.renamed
        if not any(way.trigger == row.trigger and goes in way.sources for way in new.moves):
            sentence = (
                f"{ref} waits for ‘{row.title}’ ({row.trigger}), which does not lead out of "
                f"‘{new.states[goes].title}’ in the new definition; have it decided or withdrawn first."
            )
            yield Reason("decision_waits", sentence)
        elif not is_same_step(old, new, row.trigger, one.state, goes, renamed):
            sentence = (
                f"{ref} waits for ‘{row.title}’ ({row.trigger}), which does something else in the new "
                "definition; have it decided or withdrawn first."
            )
            yield Reason("decision_waits", sentence)
        elif not renamed.steps.keys().isdisjoint(json.loads(row.policy).get("apart", ())):
            sentence = f"{ref} keeps apart who took a step that is called otherwise; have it decided first."
            yield Reason("decision_waits", sentence)


def _separations(tx: Tx, transfer: Transfer, old: Workflow, ref: Ref) -> Iterator[Reason]:
    """Whoever is kept from a step because of an earlier one stays kept from it."""
    lost = lost_steps(old, transfer.target, transfer.renamed)
    if not lost:
        return
    lines = tx.session.scalars(
        sa.select(Event.data)
        .where(Event.subject_kind == ref.kind, Event.subject_id == ref.id)
        .order_by(Event.seq)
    )
    done: set[str] = set()
    for line in map(json.loads, lines):
        done = {line.get("steps", {}).get(step, step) for step in done}
        done |= {line[name] for name in ("trigger", "asked") if name in line}
    for step in sorted(done & lost.keys()):
        sentence = (
            f"Whoever took ‘{step}’ is kept from ‘{lost[step]}’, and the new definition has no such step; "
            "say which one takes its place, or that none does."
        )
        yield Reason("step_is_gone", sentence)


def _fields(tx: Tx, transfer: Transfer, one: Pinned) -> Iterator[Reason]:
    if not isinstance(tx.playbook.noun(one.ref.kind), MatterNoun):
        return
    row = tx.session.get_one(Matter, one.ref.id, populate_existing=True)
    yield from carried_fields(tx, transfer, row).reasons
    parent = None if transfer.target.own is None else transfer.target.own.parent
    if row.parent_kind != parent:
        was, now = row.parent_kind or "nothing", parent or "nothing"
        yield Reason("other_parent", f"It belongs to {was}, and in the new definition to {now}.")


def _family(tx: Tx, transfers: Mapping[str, Transfer], one: Pinned) -> Iterator[Reason]:
    """Parents count their children by states: afterwards the two must still speak of the same ones."""
    if not isinstance(tx.playbook.noun(one.ref.kind), MatterNoun):
        return
    row = tx.session.get_one(Matter, one.ref.id)
    own = _relative(tx, transfers, row)
    parents = sa.select(Matter).where(Matter.id == row.parent_id, Matter.kind == row.parent_kind)
    for parent in tx.session.scalars(parents):
        yield from _miscounts(tx, _relative(tx, transfers, parent), own, moving=own)
    children = sa.select(Matter).where(Matter.parent_kind == one.ref.kind, Matter.parent_id == one.ref.id)
    for child in tx.session.scalars(children.order_by(Matter.id)):
        yield from _miscounts(tx, own, _relative(tx, transfers, child), moving=own)


class _Relative(NamedTuple):
    """A parent or a child: by what it goes now and afterwards, and whether its work is over."""

    ref: Ref
    before: Workflow
    after: Workflow
    state: str
    is_over: bool


def _relative(tx: Tx, transfers: Mapping[str, Transfer], row: Matter) -> _Relative:
    before, transfer = tx.playbook.definition(row.definition_id), transfers.get(row.kind)
    goes = transfer is not None and transfer.concerns(before, row.state)
    after = transfer.target if transfer is not None and goes else before
    return _Relative(Ref(row.kind, row.id), before, after, row.state, before.states[row.state].final)


def _miscounts(tx: Tx, parent: _Relative, child: _Relative, *, moving: _Relative) -> Iterator[Reason]:
    """Name each count of a parent that goes by states which its child does not have, and had before."""
    newest = tx.playbook.newest(child.ref.kind)
    stays_as_it_is = child.is_over and child.after is child.before and child.state in newest.states
    if parent.is_over or stays_as_it_is:
        return
    before = _strange_counts(parent.before, child.before)
    for name in _strange_counts(parent.after, child.after):
        if name not in before:
            other = child if moving is parent else parent
            also = ", finished ones too" if other.is_over else ""
            sentence = f"‘{name}’ of {parent.ref} would count {child.ref} by states that it does not have"
            yield Reason("miscounted", f"{sentence}; let {other.ref.kind} go over as well{also}.")


def _strange_counts(parent: Workflow, child: Workflow) -> list[str]:
    counts = {} if parent.own is None else parent.own.children
    return [
        name
        for name, count in counts.items()
        if count.of == child.kind and not {state for state, _ in count.states} <= child.states.keys()
    ]
