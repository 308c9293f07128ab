"""The reports: which there are, and each of them as at any day: on a page, on paper, and as a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response

from assurance.office import Tx
from assurance.queries.actions_as_at import actions_as_at
from assurance.queries.annual import day_to_report, year_as_at, years_to_report
from assurance.queries.tracker import tracker_choices
from engine.errors import Refused
from reports.annual import AnnualReport, annual_report, report_of
from reports.render import render_docx, render_markdown
from reports.standing_report import standing_sections
from reports.wording import years
from web.addresses import day_in, fields_in, number_in
from web.desk import Desk
from web.forms.reports import DayForm, report_form
from web.fresh import require_fresh

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ANY_AUDIT, ANY_AGENCY = ("", "All audits"), ("", "All agencies")


@dataclass(frozen=True, slots=True)
class File:
    """One form in which a report can be taken away."""

    ending: str
    media_type: str
    write: Callable[[AnnualReport], bytes]


FILES: Mapping[str, File] = {
    "word": File("docx", WORD, render_docx),
    "markdown": File("md", "text/markdown; charset=utf-8", lambda report: render_markdown(report).encode()),
}


def overview(desk: Desk) -> Response:
    """Ask for a year and a day, and say which reports there are as at that day."""
    asked = fields_in(desk.request)
    with desk.reading() as (tx, _):
        known = years_to_report(tx)
        form = report_form(known, asked if "year" in asked else None, year=known[0] if known else "")
        on, status = None, 200
        if known and ("year" not in asked or form.validate()):
            try:
                on = day_to_report(tx, str(form.year.data), form.on.data)
            except Refused as refused:
                form.refuse(refused)
        if known and on is None:
            status = 422
    year = str(form.year.data)
    address = urlencode({"year": year, "on": on.isoformat()}) if on else ""
    return desk.page(
        "reports/overview.html",
        status=status,
        title="Reports",
        form=form,
        known=known,
        on=on,
        year=years(year),
        address=address,
    )


def annual(desk: Desk, year: str = "", on: str = "") -> Response:
    """Show the annual report of a year as at a day."""
    day = day_in(on)
    with desk.reading() as (tx, _):
        report = annual_report(tx, _year(tx, year), day)
    address = urlencode({"year": report.year, "on": report.as_at.isoformat()})
    return desk.page(
        "reports/annual.html",
        title=report.title,
        report=report,
        address=address,
        chooser=_chooser(report.year, report.as_at),
    )


def annual_file(desk: Desk, form: str, year: str = "", on: str = "") -> Response:
    """Give the annual report as a file, to whoever has lately shown that it is them."""
    file = FILES.get(form)
    if file is None:
        raise HTTPException(404)
    require_fresh(desk)
    day = day_in(on)
    with desk.reading() as (tx, _):
        report = annual_report(tx, _year(tx, year), day)
    name = f"annual-report-{report.year}-as-at-{report.as_at.isoformat()}.{file.ending}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(file.write(report), media_type=file.media_type, headers=headers)


def standing(desk: Desk, year: str = "", on: str = "") -> Response:
    """Show where the recommendations of a year stand as at a day."""
    day = day_in(on)
    with desk.reading() as (tx, _):
        then = year_as_at(tx, _year(tx, year), day)
    report = report_of(then)
    return desk.page(
        "reports/standing.html",
        title=f"Where the recommendations of {years(then.year)} stand",
        report=report,
        sections=standing_sections(then),
        chooser=_chooser(then.year, then.as_at),
    )


def tracker(desk: Desk, on: str = "", audit: str = "", agency: str = "", page: str = "") -> Response:
    """Show the tracker as it stood at the end of a day."""
    asked = fields_in(desk.request)
    is_chosen = "on-day" in asked
    with desk.reading() as (tx, viewer):
        form = DayForm(asked if is_chosen else None, on=day_in(on) or tx.today)
        day, found = None, None
        choices = tracker_choices(tx, viewer)
        if not is_chosen or form.validate():
            try:
                day = form.on.data or tx.today
                found = actions_as_at(
                    tx,
                    viewer,
                    day,
                    audit_id=number_in(audit),
                    agency_id=number_in(agency),
                    page=number_in(page) or 1,
                )
            except Refused as refused:
                form.refuse(refused)
    kept = {"on": (day or date.min).isoformat(), "audit": audit, "agency": agency}
    return desk.page(
        "reports/tracker.html",
        status=422 if found is None else 200,
        title="The tracker on a past day",
        form=form,
        on=day,
        found=found,
        audit=audit,
        agency=agency,
        audits=(ANY_AUDIT, *choices.audits),
        agencies=(ANY_AGENCY, *choices.agencies),
        kept=urlencode(kept),
    )


def _year(tx: Tx, written: str) -> str:
    """Give the year that an address names; where it names none, the newest that has begun."""
    return written or next(iter(years_to_report(tx)), "")


def _chooser(year: str, on: date) -> str:
    """Write a choice of year and day as the form of the reports does."""
    return urlencode({"year": year, "on-day": on.day, "on-month": on.month, "on-year": on.year})
