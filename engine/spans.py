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


class Calendar(Protocol):
    """Knows the working days; a later day never gives an earlier result."""

    def is_working(self, day: date) -> bool:
        """Tell whether people work on this day."""
        ...

    def add_working_days(self, day: date, number: int) -> date:
        """Return the day that many working days later, or earlier if the number is negative."""
        ...


class Unit(StrEnum):
    """A unit of time as it is written in the plural."""

    DAYS = "days"
    WORKING_DAYS = "working days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


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
            return self._after(day, calendar)
        except OverflowError:
            return date.max if self.number > 0 else date.min

    def _after(self, day: date, calendar: Calendar) -> date:
        match self.unit:
            case Unit.WORKING_DAYS:
                return calendar.add_working_days(day, self.number)
            case Unit.DAYS | Unit.WEEKS:
                return day + timedelta(days=self.number * (7 if self.unit is Unit.WEEKS else 1))
        return _add_months(day, self.number * (12 if self.unit is Unit.YEARS else 1))


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


def _add_months(day: date, number: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    if not date.min.year <= year <= date.max.year:
        raise OverflowError
    # 31 January and one month is the last day of February.
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
