"""The programme: a year as a timeline, with the same in a table beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from starlette.exceptions import HTTPException
from starlette.responses import Response

from assurance.queries.programme_page import Running, YearPage, year_page
from web.desk import Desk
from web.pages.audits import MAY_OPEN

WIDTH = 1000  # of the whole year, in units of the drawing
LETTER = 9  # of a figure in a bar, so that it is left out where it does not fit
LONGEST_THEME = 80


@dataclass(frozen=True, slots=True)
class Bar:
    """One stay of an audit in a stage, as a bar: from where, how wide, and what it says."""

    x: float
    width: float
    number: str
    state: str
    words: str


@dataclass(frozen=True, slots=True)
class Mark:
    """One day on the drawing, and what it says."""

    x: float
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """One audit on the drawing."""

    audit: Running
    theme: str
    bars: tuple[Bar, ...]
    returns_due: Mark | None
    re_audit: Mark | None


def one(desk: Desk, year: str = "") -> Response:
    """Show one year of the programme."""
    with desk.reading() as (tx, viewer):
        found = year_page(tx, viewer, year)
    if found is None:
        if year:
            raise HTTPException(404)
        return desk.page("audits/no_programme.html", title="Programme")
    scale = _Scale(found)
    return desk.page(
        "audits/programme.html",
        title=f"Programme {found.year.replace('-', '–')}",
        found=found,
        rows=tuple(scale.row(audit) for audit in found.audits),
        months=tuple(scale.months()),
        meetings=[(scale.x(meeting.on), meeting) for meeting in found.meetings],
        today=scale.mark(found.today, "today"),
        width=WIDTH,
        may_open=MAY_OPEN.admits(desk.roles),
    )


class _Scale:
    """Where the days of one year stand on the drawing."""

    def __init__(self, year: YearPage) -> None:
        self._year = year
        self._first, self._last = year.starts_on, year.ends_on + timedelta(days=1)
        self._numbers = {stage.state: stage for stage in year.stages}

    def x(self, day: date) -> float:
        """Give the place of a day; days outside the year stand at its edge."""
        within = min(max(day, self._first), self._last)
        return round(WIDTH * (within - self._first).days / (self._last - self._first).days, 1)

    def mark(self, day: date | None, words: str) -> Mark | None:
        """Give the mark of a day of this year."""
        if day is None or not self._first <= day < self._last:
            return None
        return Mark(self.x(day), words)

    def months(self) -> Iterator[Mark]:
        """Give the first day of each month with its name."""
        day = self._first.replace(day=1)
        while day < self._last:
            yield Mark(self.x(day), f"{day:%b}")
            day = (day + timedelta(days=32)).replace(day=1)

    def row(self, audit: Running) -> Row:
        """Lay one audit out."""
        theme = audit.theme if len(audit.theme) <= LONGEST_THEME else f"{audit.theme[: LONGEST_THEME - 1]}…"
        return Row(
            audit,
            theme,
            tuple(self._bars(audit)),
            self.mark(audit.returns_due_on, "returns due"),
            self.mark(audit.re_audit_due_on, "to be audited again"),
        )

    def _bars(self, audit: Running) -> Iterable[Bar]:
        for stay in audit.stays:
            is_over = stay == audit.stays[-1] and audit.signed_off_on is not None
            if is_over or stay.since >= self._last or stay.until < self._first:
                continue
            stage = self._numbers.get(stay.state)
            x, end = self.x(stay.since), self.x(stay.until)
            width = round(max(end - x, 2), 1)
            number = "" if stage is None or width < LETTER + 4 else str(stage.number)
            title = stay.state if stage is None else stage.title
            yield Bar(x, width, number, stay.state, f"{title}, {_day(stay.since)} to {_day(stay.until)}")


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
