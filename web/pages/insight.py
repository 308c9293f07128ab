"""The pages that look at the whole: the dashboard, and whether what was completed has lasted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.responses import Response

from assurance.queries.dashboard import dashboard as figures_of
from assurance.queries.embedded import Lasting, has_it_lasted
from assurance.queries.figures import Choice, Scope
from reports.annual_improvement import share_words
from reports.charts import draw
from reports.dashboard import panels_of
from reports.embedded import measured_words
from web.addresses import number_in
from web.desk import Desk

ANY_YEAR, ANY_AUDIT, ANY_AGENCY = ("", "All years"), ("", "All audits"), ("", "All agencies")
SORTS = {
    Lasting.DUE: "To be asked now",
    Lasting.LATER: "To be asked later",
    Lasting.LASTED: "Has lasted",
    Lasting.NOT_LASTED: "Has not lasted",
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody has picked, as it stands in the address; empty is everything."""

    year: str
    audit: str
    agency: str


def dashboard(desk: Desk, year: str = "", audit: str = "", agency: str = "") -> Response:
    """Show the figures, each with its sentence, its chart and its table."""
    scope = Scope(year or None, number_in(audit), number_in(agency))
    with desk.reading() as (tx, viewer):
        found = figures_of(tx, viewer, scope)
    panels = [(panel, draw(panel.chart, key=panel.key) if panel.chart else "") for panel in panels_of(found)]
    choices = found.choices
    return desk.page(
        "insight/dashboard.html",
        title="Dashboard",
        found=found,
        panels=panels,
        chosen=Chosen(year, audit, agency),
        is_narrowed=scope != Scope(),
        years=(ANY_YEAR, *((one, one.replace("-", "–")) for one in choices.years)),
        audits=(ANY_AUDIT, *_picked(choices.audits)),
        agencies=(ANY_AGENCY, *_picked(choices.agencies)),
    )


def embedded(desk: Desk, show: str = "", page: str = "") -> Response:
    """Show what was completed, before and after side by side, and what is due to be asked."""
    if show not in ("", *Lasting):
        raise HTTPException(404)
    lasting = Lasting(show) if show else None
    with desk.reading() as (tx, viewer):
        found = has_it_lasted(tx, viewer, lasting, page=number_in(page) or 1)
    tabs = [("", "All", sum(found.counts.values()))]
    tabs += [(sort.value, words, found.counts[sort]) for sort, words in SORTS.items()]
    return desk.page(
        "insight/embedded.html",
        title="Has it lasted?",
        rows=found.page.rows,
        place=found.page.place,
        tabs=tabs,
        show=show,
        sorts=SORTS,
        measured_words=measured_words,
        share_words=share_words,
    )


def _picked(choices: Iterable[Choice]) -> Iterable[tuple[str, str]]:
    return ((str(one.id), one.title) for one in choices)
