"""Working days: what the group's calendar says, from England and Wales bank holidays and its own closed days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays

SATURDAY = 5
KNOWN_CALENDARS = ("england-and-wales", "weekdays")


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Knows the working days of one group. Source of bank holidays: the `holidays` library, GB/ENG."""

    zone: ZoneInfo
    bank: holidays.HolidayBase
    closed: frozenset[date] = field(default_factory=frozenset)

    def is_working(self, day: date) -> bool:
        """Say whether the group works on this day."""
        return day.weekday() < SATURDAY and day not in self.closed and day not in self.bank

    def add_working_days(self, day: date, number: int) -> date:
        """Give the day that lies this many working days later (or earlier, for a negative number).

        Monotone in `day`: a later start never gives an earlier end. Nought gives the day itself.
        """
        step = timedelta(days=1 if number > 0 else -1)
        left = abs(number)
        while left:
            day += step
            left -= self.is_working(day)
        return day

    def today(self, now: datetime) -> date:
        """Give the civil day that an instant is to the group."""
        return now.astimezone(self.zone).date()

    def instant(self, day: date, at: time) -> datetime:
        """Give the instant of a civil day and hour of the group (the first of two when clocks go back)."""
        return datetime.combine(day, at, tzinfo=self.zone)


def working_calendar(name: str, *, zone: str, closed: Iterable[date] = ()) -> WorkingCalendar:
    """Make a calendar by its name in the rules' clock file; raises ValueError for a name that is not known."""
    if name not in KNOWN_CALENDARS:
        raise ValueError(f"{name!r} is not a calendar; known: {', '.join(KNOWN_CALENDARS)}")
    bank = (
        holidays.country_holidays("GB", subdiv="ENG")
        if name == "england-and-wales"
        else holidays.HolidayBase()
    )
    return WorkingCalendar(ZoneInfo(zone), bank, frozenset(closed))
