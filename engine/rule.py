"""What a rule is: when it fires, for which occasion, how often, whom it tells and what it sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from engine.conditions import Calendar, Comparison, Condition, Expression, Facts, Value
from engine.errors import Problem
from engine.spans import Span


class Severity(StrEnum):
    """How loudly a rule speaks."""

    REMINDER = "reminder"
    ESCALATION = "escalation"


@dataclass(frozen=True, slots=True)
class Repeat:
    """How often a rule speaks again for one occasion; `at_most` counts the first firing too."""

    every: Span
    at_most: int

    def day(self, number: int, first_on: date, calendar: Calendar) -> date:
        """Return the day of a repeat, counted from the day of the first firing (number 0)."""
        return Span(number * self.every.number, self.every.unit).after(first_on, calendar)

    def current(self, first_on: date, today: date, calendar: Calendar) -> int:
        """Return the highest number whose day has come; it stays at the last one after the repeats are over."""
        number = 0
        while number + 1 < self.at_most and self.day(number + 1, first_on, calendar) <= today:
            number += 1
        return number

    def next_day(self, first_on: date, today: date, calendar: Calendar) -> date | None:
        """Return the first day of a repeat after today, or None if there is no further one."""
        days = (self.day(number, first_on, calendar) for number in range(1, self.at_most))
        return next((day for day in days if day > today), None)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule about one kind of subject; `quiets` also holds the rules that a quieted rule quiets."""

    id: str
    about: str
    title: str
    when: Condition
    once_per: str
    repeat: Repeat | None
    tell: tuple[str, ...]
    copy: tuple[str, ...]
    severity: Severity
    quiets: frozenset[str]
    sets: Mapping[str, Expression] = field(hash=False)

    def occasion(self, facts: Facts) -> str:
        """Return the value that this firing belongs to: another value is another occasion."""
        return _spelled(facts[self.once_per])


class FiredBefore(NamedTuple):
    """What is known of earlier firings of one rule for one occasion: the day of number 0, and all numbers."""

    first_on: date
    numbers: frozenset[int]


Fired: TypeAlias = Mapping[tuple[str, str], FiredBefore]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule fires for an occasion: which repeat it is, why, and what the rule's fields become."""

    rule: Rule
    occasion: str
    number: int
    reasons: tuple[Comparison, ...]
    sets: Mapping[str, Value] = field(hash=False)


class RuleClock(NamedTuple):
    """Whose working days count, and at what civil time of the group the daily look is."""

    calendar: str
    look_at: time


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules of a folder, the clock, the hash of the content, and what is allowed but looks wrong."""

    rules: tuple[Rule, ...]
    clock: RuleClock
    hash: str
    warnings: tuple[Problem, ...]
    by_kind: Mapping[str, tuple[Rule, ...]] = field(repr=False, hash=False)

    def about(self, kind: str) -> tuple[Rule, ...]:
        """Return the rules about one kind of subject, in the order of the files."""
        return self.by_kind.get(kind, ())


def _spelled(value: Value) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
