"""The programme of a year: which audits ran, where each stood when, the meetings, what falls due, and what is planned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.office import Tx
from assurance.queries.lists import names, state_title
from assurance.queries.stage_times import Stay, stays_of
from assurance.records import Audit, Meeting, PlannedAudit, Programme
from engine.moved import Ref


@dataclass(frozen=True, slots=True)
class StageOf:
    """One stage that audits go through, in their order from 1."""

    number: int
    state: str
    title: str


@dataclass(frozen=True, slots=True)
class Running:
    """One audit that ran in the year, with its stages from day to day; each stay ends on the day on which the next began."""

    ref: Ref
    reference: str
    theme: str
    state: str
    stage: str
    stays: tuple[Stay, ...]
    returns_due_on: date | None
    meeting_on: date | None
    signed_off_on: date | None
    re_audit_due_on: date | None


@dataclass(frozen=True, slots=True)
class Met:
    """One meeting of the year."""

    ref: Ref
    title: str
    on: date
    state: str
    state_title: str


@dataclass(frozen=True, slots=True)
class YearPage:
    """One year of the programme; `planned` are its themes that no audit has taken up, `due` the audits to be repeated in it."""

    year: str
    starts_on: date
    ends_on: date
    today: date
    years: tuple[str, ...]
    stages: tuple[StageOf, ...]
    audits: tuple[Running, ...]
    meetings: tuple[Met, ...]
    planned: tuple[str, ...]
    due: tuple[Running, ...]


def year_page(tx: Tx, viewer: Viewer, year: str = "") -> YearPage | None:
    """Give one year of the programme, that of today where none is named; None where there is no such year."""
    rows = tx.session.scalars(
        sa.select(Programme).where(visible(viewer, Programme)).order_by(Programme.starts_on)
    ).all()
    row = _chosen(rows, year, tx.today)
    if row is None:
        return None
    everything = tuple(_audits(tx, viewer))
    return YearPage(
        year=row.year,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        today=tx.today,
        years=tuple(one.year for one in rows),
        stages=_stages(tx),
        audits=tuple(one for one in everything if _ran(one, row)),
        meetings=tuple(_meetings(tx, viewer, row)),
        planned=tuple(
            tx.session.scalars(
                sa.select(PlannedAudit.theme)
                .where(PlannedAudit.programme_id == row.id, PlannedAudit.audit_id.is_(None))
                .order_by(PlannedAudit.id)
            )
        ),
        due=tuple(
            one
            for one in everything
            if one.re_audit_due_on is not None and row.starts_on <= one.re_audit_due_on <= row.ends_on
        ),
    )


def _chosen(rows: Sequence[Programme], year: str, today: date) -> Programme | None:
    if year:
        return next((row for row in rows if row.year == year), None)
    begun = [row for row in rows if row.starts_on <= today]
    return begun[-1] if begun else next(iter(rows), None)


def _audits(tx: Tx, viewer: Viewer) -> Iterable[Running]:
    rows = tx.session.scalars(sa.select(Audit).where(visible(viewer, Audit)).order_by(Audit.id)).all()
    stays = stays_of(tx, [row.id for row in rows])
    meetings = names(tx, Meeting, Meeting.on)
    for row in rows:
        yield Running(
            ref=Ref(Audit.noun, row.id),
            reference=row.reference,
            theme=row.theme,
            state=row.state,
            stage=state_title(tx, row),
            stays=stays.get(row.id, ()),
            returns_due_on=row.returns_due_on,
            meeting_on=None if row.meeting_id is None else meetings[row.meeting_id],
            signed_off_on=row.signed_off_on,
            re_audit_due_on=row.re_audit_due_on,
        )


def _ran(audit: Running, row: Programme) -> bool:
    """Say whether an audit was on its way on any day of a year; one that has ended is not."""
    end = audit.signed_off_on or (audit.stays[-1].until if audit.stays else row.starts_on)
    return bool(audit.stays) and audit.stays[0].since <= row.ends_on and end >= row.starts_on


def _stages(tx: Tx) -> tuple[StageOf, ...]:
    states = [one for one in tx.playbook.newest(Audit.noun).states.values() if one.name != "cancelled"]
    return tuple(StageOf(number, one.name, one.title) for number, one in enumerate(states, start=1))


def _meetings(tx: Tx, viewer: Viewer, row: Programme) -> Iterable[Met]:
    found = tx.session.scalars(
        sa.select(Meeting)
        .where(visible(viewer, Meeting), Meeting.on >= row.starts_on, Meeting.on <= row.ends_on)
        .order_by(Meeting.starts_at)
    )
    for one in found:
        yield Met(Ref(Meeting.noun, one.id), one.title, one.on, one.state, state_title(tx, one))
