"""How the whole of the work stands, for programs: what waits, what is escalated, what has lasted, figures, the year."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.exceptions import HTTPException
from starlette.responses import Response

from assurance.queries import agenda as agendas
from assurance.queries import dashboard as dashboards
from assurance.queries import named
from assurance.queries.embedded import has_it_lasted
from assurance.queries.escalated import escalated
from assurance.queries.figures import Scope
from assurance.queries.findings import findings_page
from assurance.queries.ladder import ladder_of
from assurance.queries.my_work import my_work
from assurance.queries.programme_page import year_page
from assurance.queries.references import audit_id_of, subject_of
from web.api.asked import Page, Word
from web.api.caller import Caller
from web.api.shapes import answered, written
from web.api.subjects import Kind

OfYear = Annotated[Word | None, Query(description="A year of the programme, such as 2014-15.")]
OfAudit = Annotated[Word | None, Query(description="Only of this audit, such as 2014-15/1.")]
OfAgency = Annotated[Word | None, Query(description="Only of the agency with this key.")]


def work(caller: Caller, page: Page = 1) -> Response:
    """Say what waits for you, the most urgent first, and with whom waits what you have sent."""
    with caller.reading() as (tx, viewer):
        found = my_work(tx, viewer, page=page)
    return answered(written(found))


def escalations(caller: Caller, page: Page = 1) -> Response:
    """List what is escalated, noticed or held, the most urgent first."""
    with caller.reading() as (tx, viewer):
        found = escalated(tx, viewer, page=page)
    return answered(written(found))


def ladder(caller: Caller, kind: Kind, number: int) -> Response:
    """Say how far one matter is escalated, what holds it, and when the next rung speaks."""
    with caller.reading() as (tx, viewer):
        found = ladder_of(tx, viewer, subject_of(tx, viewer, kind, number))
    return answered(written(found))


def embedded(caller: Caller, page: Page = 1) -> Response:
    """List what was completed, and whether it has lasted."""
    with caller.reading() as (tx, viewer):
        found = has_it_lasted(tx, viewer, page=page)
    return answered(written(found))


def dashboard(
    caller: Caller, year: OfYear = None, audit: OfAudit = None, agency: OfAgency = None
) -> Response:
    """Give the figures of the dashboard, as far as you may know them."""
    with caller.reading() as (tx, viewer):
        scope = Scope(
            year,
            None if audit is None else audit_id_of(tx, viewer, audit),
            None if agency is None else named.agency_named(tx, agency),
        )
        found = dashboards.dashboard(tx, viewer, scope)
    return answered(written(found))


def findings(caller: Caller, number: int) -> Response:
    """Give what was seen in an audit, and which agencies have answered which aims."""
    with caller.reading() as (tx, viewer):
        found = findings_page(tx, viewer, subject_of(tx, viewer, "audit", number))
    return answered(written(found))


def agenda(caller: Caller, number: int) -> Response:
    """Give the agenda of a meeting from what stands today."""
    with caller.reading() as (tx, viewer):
        found = agendas.agenda(tx, viewer, subject_of(tx, viewer, "meeting", number))
    return answered(written(found))


def programme(caller: Caller, year: OfYear = None) -> Response:
    """Give a year of the programme; the present one where none is named."""
    with caller.reading() as (tx, viewer):
        found = year_page(tx, viewer, year or "")
    if found is None:
        raise HTTPException(404)
    return answered(written(found))
