"""What the forms of an audit let people choose from: earlier aims, meetings to come, agencies that took part, what is asked."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.office import Tx
from assurance.queries.tracker import Choice
from assurance.reasons import day_in_words
from assurance.records import (
    Agency,
    AgencyReturn,
    Aim,
    Audit,
    Case,
    Dissemination,
    Meeting,
    PlannedAudit,
    Programme,
    RecordSet,
)
from engine.moved import Ref


@dataclass(frozen=True, slots=True)
class ToAsk:
    """How many returns would be asked for: of how many cases, from how many record sets of how many agencies."""

    returns: int
    cases: int
    records: int
    agencies: int


def years_to_choose(tx: Tx, viewer: Viewer) -> tuple[Choice, ...]:
    """Give the years that have a programme, the newest first."""
    years = tx.session.scalars(
        sa.select(Programme.year).where(visible(viewer, Programme)).order_by(Programme.year.desc())
    )
    return tuple(Choice(year, year) for year in years)


def planned_themes(tx: Tx, viewer: Viewer) -> tuple[str, ...]:
    """Give the themes of the forward plan that nobody has opened an audit on yet."""
    query = (
        sa.select(PlannedAudit.theme)
        .where(visible(viewer, PlannedAudit), PlannedAudit.audit_id.is_(None))
        .order_by(PlannedAudit.id)
    )
    return tuple(tx.session.scalars(query))


def earlier_aims(tx: Tx, viewer: Viewer, audit: Ref) -> tuple[Choice, ...]:
    """Give the aims of the other audits, the newest audit first: a later one can ask each of them again."""
    query = (
        sa.select(Aim.id, Aim.number, Aim.text, Audit.reference)
        .join(Audit, Audit.id == Aim.audit_id)
        .where(visible(viewer, Aim), Aim.audit_id != audit.id)
        .order_by(Audit.id.desc(), Aim.number)
    )
    rows = tx.session.execute(query)
    return tuple(
        Choice(str(one), f"{reference}, aim {number}: {text}") for one, number, text, reference in rows
    )


def meetings_to_come(tx: Tx, viewer: Viewer) -> tuple[Choice, ...]:
    """Give the meetings that are planned from today on, the next one first."""
    query = (
        sa.select(Meeting.id, Meeting.title, Meeting.on)
        .where(visible(viewer, Meeting), Meeting.state == "planned", Meeting.on >= tx.today)
        .order_by(Meeting.starts_at)
    )
    rows = tx.session.execute(query)
    return tuple(Choice(str(number), f"{title}, {day_in_words(on)}") for number, title, on in rows)


def agencies_to_spread(tx: Tx, viewer: Viewer, audit: Ref) -> tuple[Choice, ...]:
    """Give the agencies that took part, have not said how they spread the learning, and for which the viewer speaks."""
    took_part = sa.exists().where(AgencyReturn.audit_id == audit.id, AgencyReturn.agency_id == Agency.id)
    spread = sa.exists().where(Dissemination.audit_id == audit.id, Dissemination.agency_id == Agency.id)
    query = sa.select(Agency.id, Agency.name).where(visible(viewer, Agency), took_part, ~spread)
    if "coordinator" not in viewer.roles:
        query = query.where(Agency.id.in_(viewer.agencies))
    return tuple(
        Choice(str(number), name) for number, name in tx.session.execute(query.order_by(Agency.name))
    )


def returns_to_ask(tx: Tx, viewer: Viewer, audit: Ref) -> ToAsk:
    """Count the returns that have not been asked for: one for each case and record set."""
    records = tx.session.execute(
        sa.select(RecordSet.id, RecordSet.agency_id).where(visible(viewer, RecordSet))
    ).all()
    cases = tx.session.scalar(sa.select(sa.func.count()).where(Case.audit_id == audit.id)) or 0
    asked = tx.session.scalar(sa.select(sa.func.count()).where(AgencyReturn.audit_id == audit.id)) or 0
    agencies = {agency_id for _, agency_id in records}
    return ToAsk(cases * len(records) - asked, cases, len(records), len(agencies))
