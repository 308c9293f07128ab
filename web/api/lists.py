"""The lists for programs: each a page at a time, narrowed by what is asked, and only what the caller may see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from assurance.access import Viewer
from assurance.office import Tx
from assurance.queries import around, lists, meetings, named
from assurance.queries.overview import overview as counted
from assurance.queries.references import audit_id_of
from assurance.queries.rows import Listed, Wanted
from assurance.queries.tracker import Order, Search, Sign, tracked
from web.api.asked import Page, PerPage, Word
from web.api.caller import Caller
from web.api.shapes import answered, one_page, written

State = Annotated[Word | None, Query(description="Only those in this state.")]
OfAudit = Annotated[Word | None, Query(description="Only those of this audit, such as 2014-15/1.")]
Late = Annotated[bool, Query(description="Only those that are late.")]


def audits(caller: Caller, state: State = None, page: Page = 1, per_page: PerPage = 50) -> Response:
    """List audits in the order in which they were proposed."""
    return _listed(caller, lists.audits, page, per_page, state=state)


def returns(
    caller: Caller,
    *,
    state: State = None,
    audit: OfAudit = None,
    late: Late = False,
    page: Page = 1,
    per_page: PerPage = 50,
) -> Response:
    """List agency returns by audit and case."""
    return _listed(caller, lists.returns, page, per_page, state=state, audit=audit, late=late)


def recommendations(
    caller: Caller, state: State = None, audit: OfAudit = None, page: Page = 1, per_page: PerPage = 50
) -> Response:
    """List recommendations by audit and number."""
    return _listed(caller, lists.recommendations, page, per_page, state=state, audit=audit)


def actions(
    caller: Caller,
    state: Annotated[Word | None, Query(description="Only those in this state, or ‘open’.")] = None,
    audit: OfAudit = None,
    agency: Annotated[Word | None, Query(description="Only those of the agency with this key.")] = None,
    sign: Annotated[list[Sign] | None, Query(description="One of these signs is enough.")] = None,
    words: Annotated[str, Query(max_length=200, description="Every word must be found.")] = "",
    order: Order = Order.URGENT,
    page: Page = 1,
) -> Response:
    """List actions with what was promised first beside what is promised now, fifty to a page."""
    with caller.reading() as (tx, viewer):
        search = Search(
            agency_id=None if agency is None else named.agency_named(tx, agency),
            audit_id=None if audit is None else audit_id_of(tx, viewer, audit),
            state=state,
            signs=frozenset(sign or ()),
            words=words,
            order=order,
        )
        found = tracked(tx, viewer, search, page=page)
    place = found.place
    beyond = page > place.pages
    return answered(
        {
            "items": [] if beyond else [written(row) for row in found.rows],
            "page": page,
            "pages": place.pages,
            "total": place.number,
            "hidden": 0,
        }
    )


def approvals(caller: Caller, state: State = None, page: Page = 1, per_page: PerPage = 50) -> Response:
    """List decisions in the order in which they were asked for, each with whoever can take it today."""
    return _listed(caller, around.approvals, page, per_page, state=state)


def all_meetings(caller: Caller, state: State = None, page: Page = 1, per_page: PerPage = 50) -> Response:
    """List the group's meetings, the earliest first."""
    return _listed(caller, meetings.meetings, page, per_page, state=state)


def concerns(caller: Caller, state: State = None, page: Page = 1, per_page: PerPage = 50) -> Response:
    """List immediate concerns; their words stand with each one."""
    return _listed(caller, lists.concerns, page, per_page, state=state)


def findings(caller: Caller, audit: OfAudit = None, page: Page = 1, per_page: PerPage = 50) -> Response:
    """List findings by audit and number, pooled; from which case one came is told to few."""
    return _listed(caller, around.findings, page, per_page, audit=audit)


def cases(caller: Caller, audit: OfAudit = None, page: Page = 1, per_page: PerPage = 50) -> Response:
    """List cases by audit, under their references only."""
    return _listed(caller, around.cases, page, per_page, audit=audit)


def people(caller: Caller, page: Page = 1, per_page: PerPage = 50) -> Response:
    """List the people of the group and the posts that they hold today."""
    with caller.reading() as (tx, viewer):
        found = around.people(tx, viewer)
    return one_page(found, page, per_page)


def agencies(caller: Caller, page: Page = 1, per_page: PerPage = 50) -> Response:
    """List the partner agencies by their keys, with the records that they answer for."""
    with caller.reading() as (tx, viewer):
        found = around.agencies(tx, viewer)
    return one_page(found, page, per_page)


def posts(caller: Caller, page: Page = 1, per_page: PerPage = 50) -> Response:
    """List the posts by their keys, with whoever holds them today."""
    with caller.reading() as (tx, viewer):
        found = named.posts(tx, viewer)
    return one_page(found, page, per_page)


def overview(caller: Caller) -> Response:
    """Count what there is, by noun and state, and say what waits or is late."""
    with caller.reading() as (tx, viewer):
        found = counted(tx, viewer)
    return answered([written(line) for line in found])


def _listed(
    caller: Caller,
    query: Callable[[Tx, Viewer, Wanted], Listed[Any]],
    page: int,
    per_page: int,
    *,
    state: str | None = None,
    audit: str | None = None,
    late: bool = False,
) -> Response:
    with caller.reading() as (tx, viewer):
        audit_id = None if audit is None else audit_id_of(tx, viewer, audit)
        found = query(tx, viewer, Wanted(state=state, audit_id=audit_id, only_late=late))
    return one_page(found, page, per_page)
