"""The tracker and the list of recommendations: narrowed by their address, fifty rows a page, and as files."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from assurance.access import Viewer
from assurance.office import Tx
from assurance.queries.choosing import agencies_to_choose, audits_to_choose
from assurance.queries.recommendation_list import recommendation_page, recommendation_states
from assurance.queries.tracker import Tracked, all_tracked, tracked, tracker_choices
from assurance.reasons import day_in_words
from reports.tracker import tracker_as_csv, tracker_as_xlsx
from web.desk import Desk
from web.forms.filters import (
    KIND_CHOICES,
    NEEDS,
    ORDERS,
    SIGNS,
    RecommendationFilter,
    TrackerFilter,
    any_or,
)
from web.fresh import require_fresh

ACTIONS, RECOMMENDATIONS = "/actions", "/recommendations"
MOST_ON_PAPER = 500
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def actions(desk: Desk, page: int = 1) -> Response:
    """Show one page of the tracker."""
    with desk.reading() as (tx, viewer):
        chosen = _tracker_filter(desk, tx, viewer)
        found, today = tracked(tx, viewer, chosen.search, page=page), tx.today
    return desk.page(
        "actions/tracker.html",
        title="Actions",
        filter=chosen,
        rows=found.rows,
        place=found.place,
        today=today,
        address=lambda number: chosen.address(ACTIONS, page=number),
    )


def on_paper(desk: Desk) -> Response:
    """Show the rows of the tracker on one page, to be printed, as far as anybody reads paper."""
    with desk.reading() as (tx, viewer):
        chosen = _tracker_filter(desk, tx, viewer)
        found, today = tracked(tx, viewer, chosen.search, limit=MOST_ON_PAPER), tx.today
    return desk.page(
        "actions/paper.html",
        title="Actions to print",
        filter=chosen,
        rows=found.rows,
        place=found.place,
        today=today,
    )


def as_csv(desk: Desk) -> Response:
    """Hand the rows of the tracker over as CSV."""
    rows, _, day = _all_rows(desk)
    return _file(tracker_as_csv(rows), CSV, f"actions-{day}.csv")


def as_xlsx(desk: Desk) -> Response:
    """Hand the rows of the tracker over as an Excel file, which says to what they were narrowed."""
    rows, about, day = _all_rows(desk)
    return _file(tracker_as_xlsx(rows, about=about), XLSX, f"actions-{day}.xlsx")


def recommendations(desk: Desk, page: int = 1) -> Response:
    """Show one page of the recommendations."""
    with desk.reading() as (tx, viewer):
        chosen = RecommendationFilter(
            desk.request.query_params,
            show=NEEDS,
            agency=any_or(agencies_to_choose(tx, viewer)),
            audit=any_or(audits_to_choose(tx, viewer)),
            state=any_or(recommendation_states(tx)),
            kind=KIND_CHOICES,
        )
        found = recommendation_page(tx, viewer, chosen.wanted, page=page)
    return desk.page(
        "recommendations/list.html",
        title="Recommendations",
        filter=chosen,
        rows=found.rows,
        place=found.place,
        address=lambda number: chosen.address(RECOMMENDATIONS, page=number),
        needs=NEEDS,
    )


def _tracker_filter(desk: Desk, tx: Tx, viewer: Viewer) -> TrackerFilter:
    choices = tracker_choices(tx, viewer)
    return TrackerFilter(
        desk.request.query_params,
        show=SIGNS,
        agency=any_or(choices.agencies),
        audit=any_or(choices.audits),
        state=any_or(choices.states),
        kind=KIND_CHOICES,
        sort=ORDERS,
    )


def _all_rows(desk: Desk) -> tuple[tuple[Tracked, ...], Sequence[str], str]:
    require_fresh(desk)
    with desk.reading() as (tx, viewer):
        chosen = _tracker_filter(desk, tx, viewer)
        rows, today = all_tracked(tx, viewer, chosen.search), tx.today
    about = [
        f"Actions on {day_in_words(today)}, as {desk.actor.name} may see them",
        *(chosen.said or ["Not narrowed"]),
    ]
    return rows, about, today.isoformat()


def _file(content: bytes, media_type: str, name: str) -> Response:
    return Response(
        content, media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'}
    )
