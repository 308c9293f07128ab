"""Working days: what the group's calendar says, from England and Wales bank holidays and its own closed days."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import holidays

SATURDAY = 5
KNOWN_CALENDARS = ("england-and-wales", "weekdays")


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Knows the working days of one group. Source of bank holidays: the `holidays` library, GB/ENG.

    Two calendars are equal if name, zone and closed days are: the rest follows from them.
    """

    name: str
    zone: ZoneInfo
    closed: frozenset[date]
    bank: holidays.HolidayBase = field(repr=False, compare=False)
    # The working days of each year that was asked for. Whoever loses a race has written the same again.
    _years: dict[int, tuple[date, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def is_working(self, day: date) -> bool:
        """Say whether the group works on this day."""
        return day.weekday() < SATURDAY and day not in self.closed and day not in self.bank

    def add_working_days(self, day: date, number: int) -> date:
        """Give the day that lies this many working days later (or earlier, for a negative number).

        Monotone in `day`: a later start never gives an earlier end. Nought gives the day itself. Raises
        OverflowError beyond the first and the last year that a date can have.
        """
        if number == 0:
            return day
        year, days = day.year, self._working_days(day.year)
        if number > 0:
            place = bisect_right(days, day) + number - 1
            while place >= len(days):
                place -= len(days)
                year += 1
                days = self._working_days(year)
        else:
            place = bisect_left(days, day) + number
            while place < 0:
                year -= 1
                days = self._working_days(year)
                place += len(days)
        return days[place]

    def working_days_between(self, start: date, end: date) -> int:
        """Count the working days after one day, up to a later one and with it; none where that is not later."""
        if end <= start:
            return 0
        years = range(start.year, end.year + 1)
        return sum(
            bisect_right(days, end) - bisect_right(days, start) for days in map(self._working_days, years)
        )

    def today(self, now: datetime) -> date:
        """Give the civil day that an instant is to the group."""
        return now.astimezone(self.zone).date()

    def civil(self, at: datetime) -> datetime:
        """Give an instant as the group's civil day and hour, without a zone."""
        return at.astimezone(self.zone).replace(tzinfo=None)

    def instant(self, day: date, at: time) -> datetime:
        """Give the instant of a civil day and hour of the group (the first of two when clocks go back)."""
        return datetime.combine(day, at, tzinfo=self.zone)

    def _working_days(self, year: int) -> tuple[date, ...]:
        known = self._years.get(year)
        if known is None:
            if not date.min.year <= year <= date.max.year:
                raise OverflowError(f"no day has the year {year}")
            first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
            days = map(date.fromordinal, range(first, last + 1))
            known = self._years[year] = tuple(day for day in days if self.is_working(day))
        return known


def working_calendar(name: str, *, zone: str, closed: Iterable[date] = ()) -> WorkingCalendar:
    """Make a calendar by its name in the rules' clock file; raises ValueError for a name that is not known."""
    if name not in KNOWN_CALENDARS:
        raise ValueError(f"{name!r} is not a calendar; known: {', '.join(KNOWN_CALENDARS)}")
    bank = (
        holidays.country_holidays("GB", subdiv="ENG")
        if name == "england-and-wales"
        else holidays.HolidayBase()
    )
    return WorkingCalendar(name, ZoneInfo(zone), frozenset(closed), bank)
