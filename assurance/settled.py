"""What is settled and since when: an audit of which nothing is open any more, with everything that belongs to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa

from assurance.office import Tx
from assurance.records import Audit, RuleHold
from assurance.tables import MOVED
from engine.moved import Ref


@dataclass(slots=True)
class Settled:
    """Subjects that are settled together or not at all: an audit with all that belongs to it, or one that stands alone."""

    ref: Ref
    subjects: list[Ref] = field(default_factory=list)
    since_on: date = date.min
    is_open: bool = False


def settled(tx: Tx) -> Iterator[Settled]:
    """Give what is settled of the actor's group, in the order of subjects; `since_on` is the day of its last step.

    An audit with one open action, recommendation, return, concern or decision is not settled, whatever its own state.
    """
    found: dict[Ref, Settled] = {}
    for table in MOVED:
        columns = sa.inspect(table).local_table.c
        kind = sa.literal(table.noun) if table.noun else columns.kind
        audit = columns.get("audit_id", sa.null())
        last_day = columns.until_on if table is RuleHold else sa.null()
        which = kind, columns.id, audit, columns.state, columns.definition_id
        query: sa.Select[*tuple[Any, ...]] = sa.select(*which, columns.state_since_on, last_day)
        for noun, number, audit_id, state, definition_id, since_on, until_on in tx.session.execute(
            query.where(columns.group_id == tx.actor.group_id)
        ):
            own = Ref(noun, number)
            whole = own if audit_id is None else Ref(Audit.noun, audit_id)
            one = found.setdefault(whole, Settled(whole))
            one.subjects.append(own)
            one.since_on = max(one.since_on, since_on)
            known = tx.playbook.definition(definition_id).states.get(state)
            is_over = known is not None and known.final
            if until_on is not None and until_on < tx.today:
                # A hold ends by itself on its last day, whatever its state.
                is_over, one.since_on = True, max(one.since_on, until_on)
            one.is_open = one.is_open or not is_over
    for ref in sorted(found):
        if not found[ref].is_open:
            yield found[ref]
