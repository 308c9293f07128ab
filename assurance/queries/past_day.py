"""How one subject stood on a past day, and what had happened to it by then: told from its history alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from assurance.access import Viewer, require_sight
from assurance.office import Tx
from assurance.queries.as_at import PastDay, Stood, stood
from assurance.queries.card import Line
from engine.conditions import Kind
from engine.moved import Ref
from engine.workflow import Workflow

# The day on which it came to its state is told with the state.
_TOLD_APART = frozenset({"state", "state_since_on"})


@dataclass(frozen=True, slots=True)
class ThenStood:
    """One subject at the end of a day: its state as the workflow of that day called it, and the values that it had.

    `lines` is how many lines of its history stood by then.
    """

    ref: Ref
    on: date
    state_title: str
    state_about: str
    since_on: date
    lines: int
    values: tuple[Line, ...]


def stood_on(tx: Tx, viewer: Viewer, ref: Ref, on: date) -> ThenStood | None:
    """Say how a subject stood at the end of a day; None where it did not exist by then.

    Raises Refused where there is no such subject, or none for this viewer.
    """
    require_sight(tx.session, viewer, ref)
    past = PastDay(on, tx.calendar.zone)
    then = stood(tx.session, ref.kind, sa.select(sa.literal(ref.id)), past=past).get(ref.id)
    if then is None:
        return None
    workflow = _workflow(tx, ref, then)
    state = workflow.states.get(then.state)
    return ThenStood(
        ref=ref,
        on=on,
        state_title=then.state if state is None else state.title,
        state_about="" if state is None else state.about,
        since_on=then.came_on,
        lines=then.lines[-1].seq,
        values=tuple(_values(workflow, then)),
    )


def _workflow(tx: Tx, ref: Ref, then: Stood) -> Workflow:
    """Find the definition by which it went that day, else the newest one of its kind."""
    own = (one for one in tx.playbook.pinned.values() if then.definition and one.hash == then.definition)
    return next(own, tx.playbook.newest(ref.kind))


def _values(workflow: Workflow, then: Stood) -> Iterator[Line]:
    """Give the dates, numbers and words that the lines up to that day have set; what people wrote is in no line."""
    kept: dict[str, Any] = {}
    for line in then.lines:
        kept |= {**line.data.get("row", {}), **line.data.get("set", {})}
    for name, field in workflow.vocabulary.fields.items():
        value = kept.get(name)
        if value is None or name in _TOLD_APART or field.kind is Kind.TEXT:
            continue
        title = (field.title or name.replace("_", " ")).capitalize()
        yield Line(name, title, date.fromisoformat(value) if field.kind is Kind.DATE else value)
