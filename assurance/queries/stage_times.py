"""How long audits were in each of their stages, read from their histories."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

import sqlalchemy as sa

from assurance.office import Tx
from assurance.queries.figures import Stage, StageTimes
from assurance.records import Audit
from engine.definitions import MIGRATED
from engine.ledger import Event
from engine.moved import Ref
from engine.store import among


class Stay(NamedTuple):
    """A stage from the day on which it began until the day on which the next one did."""

    state: str
    since: date
    until: date


def stage_times(tx: Tx, audits: Sequence[Audit]) -> tuple[StageTimes, ...]:
    """Say of each audit how long it was in each of its stages, up to today or to its end."""
    lines = _lines(tx, [audit.id for audit in audits])
    titles = tx.playbook.state_titles(Audit.noun)
    return tuple(
        StageTimes(
            ref=Ref(Audit.noun, audit.id),
            title=f"{audit.reference} {audit.theme}",
            is_over=tx.playbook.definition(audit.definition_id).states[audit.state].final,
            stages=tuple(_stages(tx, audit, lines[audit.id], titles)),
        )
        for audit in audits
    )


def stays_of(tx: Tx, audits: Sequence[int]) -> dict[int, tuple[Stay, ...]]:
    """Give in which stage each audit was from when until when, in order; the last stay goes on until today."""
    return {audit_id: tuple(_stays(lines, tx.today)) for audit_id, lines in _lines(tx, list(audits)).items()}


def _lines(tx: Tx, audits: list[int]) -> Mapping[int, list[tuple[str, date, bool]]]:
    """Give to which state each audit came on which day; whether it was only called otherwise from then on."""
    query = (
        sa.select(Event.subject_id, Event.kind, Event.at, Event.data)
        .where(
            Event.subject_kind == Audit.noun,
            among(Event.subject_id, "audits"),
            Event.data.contains('"to":'),
        )
        .order_by(Event.subject_id, Event.seq)
    )
    found: dict[int, list[tuple[str, date, bool]]] = defaultdict(list)
    for audit_id, kind, at, data in tx.session.execute(query, {"audits": audits}):
        said = json.loads(data)
        if "to" in said:
            found[audit_id].append(
                (said["to"], tx.calendar.today(datetime.fromisoformat(at)), kind == MIGRATED)
            )
    return found


def _stages(
    tx: Tx, audit: Audit, lines: list[tuple[str, date, bool]], titles: Mapping[str, str]
) -> Iterator[Stage]:
    workflow = tx.playbook.definition(audit.definition_id)
    stays: dict[str, list[Stay]] = defaultdict(list)
    for stay in _stays(lines, tx.today):
        stays[stay.state].append(stay)
    for state, some in stays.items():
        known = workflow.states.get(state)
        if known is not None and known.final:
            continue
        yield Stage(
            title=titles.get(state, state),
            days=sum((stay.until - stay.since).days for stay in some),
            working_days=sum(tx.calendar.working_days_between(stay.since, stay.until) for stay in some),
            expected=None if known is None else known.expected,
        )


def _stays(lines: list[tuple[str, date, bool]], today: date) -> Iterator[Stay]:
    """Put the lines of one audit into stays; a stage that a definition calls otherwise goes on under its new name."""
    state, since = "", today
    for to, on, is_renamed in lines:
        # A step that stays where it was says `to` as well.
        if to == state:
            continue
        if state and not is_renamed:
            yield Stay(state, since, on)
        state, since = to, (since if is_renamed and state else on)
    if state:
        yield Stay(state, since, today)
