"""What is settled and since when: an audit of which nothing is open any more, with everything that belongs to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa

from assurance.office import Tx
from assurance.records import Audit, RuleHold
from assurance.tables import MOVED
from engine.moved import Ref


@dataclass(slots=True)
class Settled:
    """Subjects that are settled together or not at all: an audit with all that belongs to it, or one that stands alone.

    What was decided about a subject belongs to it, and so do its children.
    """

    ref: Ref
    subjects: list[Ref] = field(default_factory=list)
    since_on: date = date.min
    is_open: bool = False


class _One(NamedTuple):
    """One subject: to what it belongs, since when it is as it is, and whether that is its end."""

    ref: Ref
    of: Ref | None
    since_on: date
    is_over: bool


def settled(tx: Tx) -> Iterator[Settled]:
    """Give what is settled of the actor's group, in the order of subjects; `since_on` is the day of its last step.

    An audit with one open action, recommendation, return, concern or decision is not settled, whatever its own state.
    """
    subjects = list(_subjects(tx))
    above = {one.ref: one.of for one in subjects if one.of is not None}
    found: dict[Ref, Settled] = {}
    for subject in subjects:
        ref = _highest(subject.ref, above)
        whole = found.setdefault(ref, Settled(ref))
        whole.subjects.append(subject.ref)
        whole.since_on = max(whole.since_on, subject.since_on)
        whole.is_open = whole.is_open or not subject.is_over
    for ref in sorted(found):
        if not found[ref].is_open:
            yield found[ref]


def _highest(ref: Ref, above: Mapping[Ref, Ref]) -> Ref:
    while ref in above:
        ref = above[ref]
    return ref


def _subjects(tx: Tx) -> Iterator[_One]:
    for table in MOVED:
        columns = sa.inspect(table).local_table.c
        kind = sa.literal(table.noun) if table.noun else columns.kind
        above = next((name for name in ("parent", "subject") if f"{name}_kind" in columns), None)
        of = (sa.null(), sa.null()) if above is None else (columns[f"{above}_kind"], columns[f"{above}_id"])
        last_day = columns.until_on if table is RuleHold else sa.null()
        which = (
            kind,
            columns.id,
            columns.get("audit_id", sa.null()),
            *of,
            columns.state,
            columns.definition_id,
        )
        query: sa.Select[*tuple[Any, ...]] = sa.select(*which, columns.state_since_on, last_day)
        rows = tx.session.execute(query.where(columns.group_id == tx.actor.group_id))
        for noun, number, audit_id, of_kind, of_id, state, definition_id, since_on, until_on in rows:
            belongs_to = None if of_kind is None or of_id is None else Ref(of_kind, of_id)
            if audit_id is not None:
                belongs_to = Ref(Audit.noun, audit_id)
            known = tx.playbook.definition(definition_id).states.get(state)
            is_over = known is not None and known.final
            if until_on is not None and until_on < tx.today:
                # A hold ends by itself on its last day, whatever its state.
                yield _One(Ref(noun, number), belongs_to, max(since_on, until_on), True)
            else:
                yield _One(Ref(noun, number), belongs_to, since_on, is_over)
