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
from engine.prepared import RowLock
from engine.workflow import OwnVocabulary

_LOCK = RowLock(Matter.id)
# Facts that are told of a matter and not kept in its fields.
TOLD = frozenset({"state", "state_since_on", "approvals_waiting"})


class MatterNoun:
    """One kind of matter, as its workflow file describes it; loads like any other noun."""

    table = Matter
    belongs_to_agencies = True

    def __init__(self, kind: str, pinned: Mapping[int, OwnVocabulary], newest: OwnVocabulary | None) -> None:
        """Know a kind by every definition to which one of its subjects may be pinned.

        `newest` is what stands on the shelf, of which the rules speak; None where the file is gone.
        """
        self.kind = kind
        self._pinned = pinned
        self._newest = newest

    def load(self, session: Session, subject: int) -> Known | None:
        """Lock one matter's row, where the database can, and read it with its facts."""
        self.lock(session, [subject])
        # Moves write past the session, so that what it remembers of the row is read afresh.
        row = session.get(Matter, subject, populate_existing=True)
        return self._known(session, [row])[0] if row is not None and row.kind == self.kind else None

    def lock(self, session: Session, subjects: Iterable[int]) -> None:
        """Lock the rows of matters, where the database can."""
        _LOCK.take(session, subjects)

    def lock_free(self, session: Session, subjects: Iterable[int]) -> list[int]:
        """Lock the rows that nobody else has locked, and give their numbers."""
        return _LOCK.take_free(session, subjects)

    def load_many(self, session: Session, subjects: Sequence[int]) -> list[Known]:
        """Read many matters with their facts."""
        query = sa.select(Matter).where(Matter.id.in_(subjects), Matter.kind == self.kind)
        rows = session.scalars(query, execution_options={"populate_existing": True})
        return self._known(session, list(rows))

    def followers(self, _changes: Mapping[str, Value]) -> dict[str, Value]:
        """Give none: of these nouns no field follows another."""
        return {}

    def changed_columns(self, known: Known, changes: Mapping[str, Value]) -> dict[str, Any]:
        """Turn changed fields into the one column that keeps them all, also those of other definitions."""
        if not changes:
            return {}
        told = {*TOLD, *self._pinned[known.standing.definition_id].children}
        fields = {name: value for name, value in known.facts.items() if name not in told}
        fields.update(changes)
        return {
            "fields": canonical({name: plain(value) for name, value in fields.items() if value is not None})
        }

    def _known(self, session: Session, rows: Sequence[Matter]) -> list[Known]:
        subjects = [row.id for row in rows]
        waiting, children = self._waiting(session, subjects), self._children(session, subjects)
        return [self._one(row, waiting.get(row.id, 0), children[row.id]) for row in rows]

    def _one(self, row: Matter, waiting: int, children: Sequence[tuple[str, str, int]]) -> Known:
        own = self._pinned[row.definition_id]
        facts: dict[str, Value] = {
            **_empty(self._newest),
            **_empty(own),
            **_typed(json.loads(row.fields), own),
            "state": row.state,
            "state_since_on": row.state_since_on,
            "approvals_waiting": waiting,
        }
        for name, child in own.children.items():
            facts[name] = sum(
                number for kind, state, number in children if kind == child.of and child.counts(state)
            )
        ref = Ref(self.kind, row.id)
        standing = Standing(
            ref, row.group_id, row.state, row.version, row.material_version, row.head, row.definition_id
        )
        return Known(
            standing, Belonging(None, None, row.agency_id, row.owner_post_id, _parent_of(row)), facts
        )

    def _waiting(self, session: Session, subjects: Sequence[int]) -> dict[int, int]:
        query = sa.select(Approval.subject_id, sa.func.count()).where(
            Approval.subject_kind == self.kind, Approval.subject_id.in_(subjects), Approval.state == "waiting"
        )
        return dict(session.execute(query.group_by(Approval.subject_id)).all())

    def _children(self, session: Session, subjects: Sequence[int]) -> dict[int, list[tuple[str, str, int]]]:
        """Count the children of each subject by kind and state."""
        found: dict[int, list[tuple[str, str, int]]] = defaultdict(list)
        if any(own.children for own in self._pinned.values()):
            query = (
                sa.select(Matter.parent_id, Matter.kind, Matter.state, sa.func.count())
                .where(Matter.parent_kind == self.kind, Matter.parent_id.in_(subjects))
                .group_by(Matter.parent_id, Matter.kind, Matter.state)
            )
            for parent, kind, state, number in session.execute(query):
                found[parent or 0].append((kind, state, number))
        return found


def _empty(own: OwnVocabulary | None) -> dict[str, Value]:
    """Give every field without a value; what is yes or no is no until somebody says otherwise."""
    if own is None:
        return {}
    fields = {name: False if field.kind is Kind.YES_NO else None for name, field in own.fields.items()}
    return {**fields, **dict.fromkeys(own.children, 0)}


def _typed(kept: Mapping[str, Any], own: OwnVocabulary) -> dict[str, Value]:
    """Give the kept fields as values; one that the definition does not know stays as it is kept."""
    return {
        name: date.fromisoformat(value)
        if name in own.fields and own.fields[name].kind is Kind.DATE
        else value
        for name, value in kept.items()
    }


def plain(value: Value) -> Any:
    """Write a value as JSON can keep it: a date as 2014-09-01."""
    return value.isoformat() if isinstance(value, date) else value


def _parent_of(row: Matter) -> tuple[Ref, ...]:
    if row.parent_kind is None or row.parent_id is None:
        return ()
    return (Ref(row.parent_kind, row.parent_id),)
