"""The audits of a group, by year and stage, with what each still waits for."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.office import Tx
from assurance.queries.lists import audits
from assurance.queries.rows import AuditRow, Wanted
from assurance.records import Audit, Programme


@dataclass(frozen=True, slots=True)
class Stated:
    """One stage in which an audit can stand."""

    state: str
    title: str


@dataclass(frozen=True, slots=True)
class AuditList:
    """The audits that were asked for, the newest first, and what one can ask for; `number` counts all of the viewer's."""

    rows: tuple[AuditRow, ...]
    number: int
    years: tuple[str, ...]
    stages: tuple[Stated, ...]


def audit_list(tx: Tx, viewer: Viewer, *, year: str = "", state: str = "") -> AuditList:
    """List audits of one year and stage, or of all of them; a year or stage that nobody knows has none."""
    found = audits(tx, viewer, Wanted()).rows
    wanted = [
        row for row in found if year in ("", row.reference.rpartition("/")[0]) and state in ("", row.state)
    ]
    years = tx.session.scalars(
        sa.select(Programme.year).where(visible(viewer, Programme)).order_by(Programme.year.desc())
    )
    stages = tuple(Stated(name, title) for name, title in tx.playbook.state_titles(Audit.noun).items())
    return AuditList(tuple(reversed(wanted)), len(found), tuple(years), stages)
