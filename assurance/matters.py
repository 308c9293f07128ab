"""Nouns that stand in YAML only: their facts come from a workflow file's own fields and counted children."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.facts import Belonging, Known
from assurance.records import Approval, Matter
from engine.conditions import Kind, Value
from engine.ledger import canonical
from engine.moved import Ref, Standing
from engine.store import RowLock
from engine.workflow import Workflow

_LOCK = RowLock(Matter.id)


class MatterNoun:
    """One kind of matter, as its workflow file describes it; loads like any other noun."""

    table = Matter

    def __init__(self, workflow: Workflow) -> None:
        if workflow.own is None:
            raise ValueError(f"{workflow.kind} has no fields of its own")
        self.kind = workflow.kind
        self._own = workflow.own

    def load(self, session: Session, subject: int) -> Known | None:
        """Lock one matter's row, where the database can, and read it with its facts."""
        self.lock(session, [subject])
        # Moves write past the session, so that what it remembers of the row is read afresh.
        row = session.get(Matter, subject, populate_existing=True)
        return self._known(session, [row])[0] if row is not None and row.kind == self.kind else None

    def lock(self, session: Session, subjects: Iterable[int]) -> None:
        """Lock the rows of matters, where the database can."""
        _LOCK.take(session, subjects)

    def load_many(self, session: Session, subjects: Sequence[int]) -> list[Known]:
        """Read many matters with their facts."""
        query = sa.select(Matter).where(Matter.id.in_(subjects), Matter.kind == self.kind)
        rows = session.scalars(query, execution_options={"populate_existing": True})
        return self._known(session, list(rows))

    def changed_columns(self, known: Known, changes: Mapping[str, Value]) -> dict[str, Any]:
        """Turn changed fields into the one column that keeps them all."""
        if not changes:
            return {}
        fields = {name: known.facts.get(name) for name in self._own.fields}
        fields |= changes
        return {
            "fields": canonical({name: plain(value) for name, value in fields.items() if value is not None})
        }

    def _known(self, session: Session, rows: Iterable[Matter]) -> list[Known]:
        found = list(rows)
        session_counts = self._children(session, [row.id for row in found])
        return [self._one(row, session_counts[row.id]) for row in found]

    def _one(self, row: Matter, counts: Mapping[str, int]) -> Known:
        kept = json.loads(row.fields)
        facts: dict[str, Value] = {"state": row.state, "state_since_on": row.state_since_on, **counts}
        for name, field in self._own.fields.items():
            value = kept.get(name)
            facts[name] = (
                date.fromisoformat(value) if field.kind is Kind.DATE and value is not None else value
            )
            if field.kind is Kind.YES_NO:
                facts[name] = bool(value)
        ref = Ref(self.kind, row.id)
        standing = Standing(
            ref, row.group_id, row.state, row.version, row.material_version, row.head, row.definition_id
        )
        return Known(
            standing, Belonging(None, None, row.agency_id, row.owner_post_id, _parent_of(row)), facts
        )

    def _children(self, session: Session, subjects: Sequence[int]) -> dict[int, dict[str, int]]:
        counts: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(self._own.children, 0))
        waiting = sa.select(Approval.subject_id, sa.func.count()).where(
            Approval.subject_kind == self.kind, Approval.subject_id.in_(subjects), Approval.state == "waiting"
        )
        for subject, number in session.execute(waiting.group_by(Approval.subject_id)):
            counts[subject]["approvals_waiting"] = number
        if self._own.children:
            states = (
                sa.select(Matter.parent_id, Matter.kind, Matter.state, sa.func.count())
                .where(Matter.parent_kind == self.kind, Matter.parent_id.in_(subjects))
                .group_by(Matter.parent_id, Matter.kind, Matter.state)
            )
            for parent, kind, state, number in session.execute(states):
                for name, child in self._own.children.items():
                    counts[parent or 0][name] += number * (child.of == kind and child.counts(state))
        for subject in subjects:
            counts[subject].setdefault("approvals_waiting", 0)
        return counts


def plain(value: Value) -> Any:
    """Write a value as JSON can keep it: a date as 2014-09-01."""
    return value.isoformat() if isinstance(value, date) else value


def _parent_of(row: Matter) -> tuple[Ref, ...]:
    if row.parent_kind is None or row.parent_id is None:
        return ()
    return (Ref(row.parent_kind, row.parent_id),)
