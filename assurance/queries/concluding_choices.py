"""What the group can choose from when it concludes: meetings that were, aims, cases, findings, agencies."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from assurance.access import Viewer, sees_cases, visible
from assurance.office import Tx
from assurance.queries.tracker import Choice
from assurance.reasons import day_in_words
from assurance.records import Agency, Aim, Case, Finding, Meeting, RecommendationFinding
from engine.moved import Ref


@dataclass(frozen=True, slots=True)
class FindingToChoose:
    """A finding from which a recommendation can come; `is_answered` where one has, or none is needed."""

    number: int
    finding_id: int
    aim_id: int
    aim: int
    kind: str
    text: str
    is_answered: bool


def meetings_that_were(tx: Tx, viewer: Viewer) -> tuple[Choice, ...]:
    """Give the meetings at which the group can have looked at returns, the last first."""
    found = tx.session.scalars(
        sa.select(Meeting)
        .where(visible(viewer, Meeting), Meeting.on <= tx.today, Meeting.state != "cancelled")
        .order_by(Meeting.on.desc(), Meeting.id.desc())
    )
    return tuple(Choice(str(row.id), f"{row.title}, {day_in_words(row.on)}") for row in found)


def aims_of(tx: Tx, viewer: Viewer, audit: Ref) -> tuple[Choice, ...]:
    """Give the aims of an audit by their numbers."""
    found = tx.session.scalars(
        sa.select(Aim).where(visible(viewer, Aim), Aim.audit_id == audit.id).order_by(Aim.number)
    )
    return tuple(Choice(str(row.id), f"{row.number}. {row.text}") for row in found)


def cases_of(tx: Tx, viewer: Viewer, audit: Ref) -> tuple[Choice, ...]:
    """Give the cases of an audit, to those only who may see from which one a finding came."""
    if not sees_cases(viewer):
        return ()
    found = tx.session.scalars(
        sa.select(Case).where(visible(viewer, Case), Case.audit_id == audit.id).order_by(Case.id)
    )
    return tuple(Choice(str(row.id), f"{row.case_ref} ({row.kind})") for row in found)


def agencies_to_ask(tx: Tx, viewer: Viewer) -> tuple[Choice, ...]:
    """Give the agencies by name."""
    found = tx.session.scalars(sa.select(Agency).where(visible(viewer, Agency)).order_by(Agency.name))
    return tuple(Choice(str(row.id), row.name) for row in found)


def findings_to_choose(tx: Tx, viewer: Viewer, audit: Ref) -> tuple[FindingToChoose, ...]:
    """Give the findings of an audit, those first to which nothing has followed yet; strengths ask for nothing."""
    has_followed = sa.exists().where(RecommendationFinding.finding_id == Finding.id)
    found = tx.session.execute(
        sa.select(Finding, Aim.number, has_followed)
        .join(Aim, Aim.id == Finding.aim_id)
        .where(visible(viewer, Finding), Finding.audit_id == audit.id)
        .order_by(Finding.number)
    )
    rows = [
        FindingToChoose(
            row.number,
            row.id,
            row.aim_id,
            aim,
            row.kind,
            row.text,
            is_answered=bool(followed) or row.none_needed is not None or row.kind == "strength",
        )
        for row, aim, followed in found
    ]
    return tuple(sorted(rows, key=lambda row: row.is_answered))
