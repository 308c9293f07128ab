"""Spans of time in days, working days, weeks, months and years; every shift by one is monotone."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol

from engine.words import unknown
from engine.yamlfile import Node

MAX_NUMBER = 9999
_ONE_DAY = timedelta(days=1)


class Calendar(Protocol):
    """Knows the working days and counts them; a later day never gives an earlier result."""

    def is_working(self, day: date) -> bool:
        """Tell whether people work on this day."""
        ...

    def add_working_days(self, day: date, number: int) -> date:
        """Return the working day that many later, or earlier if the number is negative; nought is the day itself.

        Raises OverflowError where it would lie outside the years that a date can have.
        """
        ...


class Unit(StrEnum):
    """A unit of time as it is written in the plural."""

    DAYS = "days"
    WORKING_DAYS = "working days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


_OF_MONTHS = (Unit.MONTHS, Unit.YEARS)
UNITS = {word: unit for unit in Unit for word in (unit.value, unit.value.removesuffix("s"))}


@dataclass(frozen=True, slots=True)
class Span:
    """A number of units of time; a negative number reaches back."""

    number: int
    unit: Unit

    def __str__(self) -> str:
        unit = self.unit.value
        return f"{self.number} {unit.removesuffix('s') if abs(self.number) == 1 else unit}"

    def after(self, day: date, calendar: Calendar) -> date:
        """Return the day shifted by this span; a shift out of the calendar stops at its first or last day."""
        try:
            return _shift(day, self.number, self.unit, calendar)
        except OverflowError:
            return date.max if self.number > 0 else date.min

    def first_reaching(self, target: date, calendar: Calendar) -> date | None:
        """Return the first day whose shift is the target or later; None if no day gets so far."""
        if self.number < 0 and target == date.min:
            return date.min
        try:
            return self._first_reaching(target, calendar)
        except OverflowError:
            return date.min if self.number > 0 else None

    def last_within(self, target: date, calendar: Calendar) -> date | None:
        """Return the last day whose shift is the target or earlier; None if every day gets further."""
        if self.number > 0 and target == date.max:
            return date.max
        try:
            return self._last_within(target, calendar)
        except OverflowError:
            return None if self.number > 0 else date.max

    # The way back ends on a day that gets exactly there. Where none does, because nobody works on the target or
    # a shorter month lacks the day, it ends beside the gap; and where several do, on one of them.
    def _first_reaching(self, target: date, calendar: Calendar) -> date:
        if self.unit is Unit.WORKING_DAYS and self.number < 0:
            return _shift(target - _ONE_DAY, -self.number, self.unit, calendar) + _ONE_DAY
        start = _shift(target, -self.number, self.unit, calendar)
        is_leap = self.unit in _OF_MONTHS and start.day < target.day
        return start + _ONE_DAY if is_leap else start

    def _last_within(self, target: date, calendar: Calendar) -> date:
        if self.unit is Unit.WORKING_DAYS and self.number > 0:
            return _shift(target + _ONE_DAY, -self.number, self.unit, calendar) - _ONE_DAY
        start = _shift(target, -self.number, self.unit, calendar)
        is_leap = self.unit in _OF_MONTHS and target.day == _days_in(target)
        return start.replace(day=_days_in(start)) if is_leap else start


def span_of(node: Node) -> Span:
    """Read a span such as '10 working days' or '1 week'; raises BadDefinition."""
    written = re.fullmatch(r"([0-9]+)\s+(\S.*?)\s*", node.text())
    if written is None:
        raise node.bad(
            f"expected a span of time such as '10 working days' or '1 week', but found '{node.text()}'"
        )
    unit = UNITS.get(" ".join(written[2].split()))
    if unit is None:
        raise node.bad(unknown(written[2], "a unit of time", Unit), offset=written.start(2))
    number = int(written[1]) if len(written[1]) < 5 else 0
    if not 1 <= number <= MAX_NUMBER:
        raise node.bad(f"'{written[1]}' does not do here; write a number from 1 to {MAX_NUMBER}")
    return Span(number, unit)


def _shift(day: date, number: int, unit: Unit, calendar: Calendar) -> date:
    if unit is Unit.WORKING_DAYS:
        return calendar.add_working_days(day, number)
    if unit is Unit.DAYS:
        return day + timedelta(number)
    if unit is Unit.WEEKS:
        return day + timedelta(weeks=number)
    return _add_months(day, number * (12 if unit is Unit.YEARS else 1))


def _add_months(day: date, number: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    if not date.min.year <= year <= date.max.year:
        raise OverflowError
    # 31 January and one month is the last day of February.
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _days_in(day: date) -> int:
    return monthrange(day.year, day.month)[1]
