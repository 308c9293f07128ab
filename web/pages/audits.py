"""The audits: all of them, and one with its stages, gates, returns and what has come of it."""

from __future__ import annotations

from starlette.responses import Response

from assurance.queries.audit_list import audit_list
from assurance.queries.audit_page import audit_page
from web.desk import Desk
from web.route import roles

MAY_OPEN = roles("coordinator", "chair", "deputy_chair")


def every(desk: Desk, year: str = "", stage: str = "") -> Response:
    """List the audits, of one year or stage where that is asked."""
    with desk.reading() as (tx, viewer):
        found = audit_list(tx, viewer, year=year, state=stage)
    return desk.page(
        "audits/list.html",
        title="Audits",
        found=found,
        years=(("", "All years"), *((one, one.replace("-", "–")) for one in found.years)),
        stages=(("", "All stages"), *((one.state, one.title) for one in found.stages)),
        year=year,
        stage=stage,
        may_open=MAY_OPEN.admits(desk.roles),
    )


def one(desk: Desk, number: int) -> Response:
    """Show one audit."""
    with desk.reading() as (tx, viewer):
        audit = audit_page(tx, viewer, number)
    own = [row for row in audit.rows if row.is_own]
    lines = [
        line for line in audit.lines if line.name not in ("reference", "theme") and line.value is not None
    ]
    return desk.page(
        "audits/one.html",
        title=f"Audit {audit.reference}: {audit.theme}",
        audit=audit,
        own=own,
        pairs=[(line.title, line.value) for line in lines],
    )
