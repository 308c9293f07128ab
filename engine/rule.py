"""What a rule is: when it fires, for which occasion, how often, whom it tells and warns, and what keeps it quiet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from engine.conditions import Calendar, Comparison, Condition, Expression, Facts, Value
from engine.errors import Problem
from engine.rule_clock import RuleClock
from engine.spans import Span
from engine.workflow_parts import Place


class Severity(StrEnum):
    """How loudly a rule speaks: a reminder can wait for the daily digest, what is urgent waits for no morning."""

    REMINDER = "reminder"
    ESCALATION = "escalation"
    URGENT = "urgent"


class Unless(StrEnum):
    """What holds a rule, as it is written behind `unless`."""

    ACCEPTED = "escalation accepted"


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
class RightOfReply:
    """Who is heard before a rule names anybody, and how long before."""

    to: str
    before: Span


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule about one kind of subject; `quiets` also holds the rules that a quieted rule quiets.

    `text` is the entry of its file as canonical JSON and `hash` its SHA-256: another hash is a changed rule.
    """

    id: str
    about: str
    title: str
    when: Condition
    once_per: str
    repeat: Repeat | None
    notice: RightOfReply | None
    unless: Unless | None
    tell: tuple[str, ...]
    copy: tuple[str, ...]
    severity: Severity
    quiets: frozenset[str]
    sets: Mapping[str, Expression] = field(hash=False)
    text: str = field(repr=False)
    hash: str
    place: Place = field(compare=False)

    def occasion(self, facts: Facts) -> str:
        """Return the value that this firing belongs to: another value is another occasion."""
        return _spelled(facts[self.once_per])


class FiredBefore(NamedTuple):
    """What is known of earlier firings of one rule for one occasion: the day of number 0, and all numbers.

    An occasion that was passed over, as part of a backlog that somebody chose not to send, is never told. `last_on`
    is the day of the newest firing, where it is another one than the first.
    """

    first_on: date
    numbers: frozenset[int]
    was_passed_over: bool = False
    last_on: date | None = None


Fired: TypeAlias = Mapping[tuple[str, str], FiredBefore]


class HoldKind(StrEnum):
    """What keeps a rule quiet about a subject; each has a last day."""

    REPLY = "reply"
    ACKNOWLEDGEMENT = "acknowledgement"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Hold:
    """Something that keeps rules quiet until its last day: one rule, or every rule where none is named.

    A reply counts for one occasion of its rule; an acknowledgement for rules that say `unless: escalation accepted`.
    What is urgent is silenced by nobody.
    """

    kind: HoldKind
    rule: str | None
    occasion: str | None
    until_on: date

    def stops(self, rule: Rule, occasion: str) -> bool:
        """Tell whether this keeps a rule from speaking for an occasion, on any day up to its last."""
        if self.kind is HoldKind.ACKNOWLEDGEMENT and rule.unless is not Unless.ACCEPTED:
            return False
        if self.kind is HoldKind.SILENCE and rule.severity is Severity.URGENT:
            return False
        return self.rule in (None, rule.id) and self.occasion in (None, occasion)


@dataclass(frozen=True, slots=True)
class Past:
    """What has happened between the rules and one subject: firings, notices with their days, and what holds them.

    Firings and notices are known by the rule's id and the occasion. `holds` are those in force, and acknowledgements
    that have ended. `withheld` are rules that are not in force yet.
    """

    fired: Fired = field(default_factory=dict)
    noticed: Mapping[tuple[str, str], date] = field(default_factory=dict)
    holds: tuple[Hold, ...] = ()
    withheld: frozenset[str] = frozenset()

    def after(self, verdicts: Iterable[Verdict | Opinion], *, today: date) -> Past:
        """Return the past as it is once these verdicts have come true today."""
        fired, noticed = dict(self.fired), dict(self.noticed)
        for verdict in verdicts:
            key = verdict.rule.id, verdict.occasion
            if verdict.is_notice:
                noticed[key] = today
            else:
                before = fired.get(key, FiredBefore(today, frozenset()))
                fired[key] = before._replace(numbers=before.numbers | {verdict.number}, last_on=today)
        return Past(fired, noticed, self.holds, self.withheld)


class Outcome(StrEnum):
    """What becomes of a rule that has something to say."""

    FIRES = "fires"
    NOTICES = "gives notice"
    WAITS = "waits for a reply"
    HELD = "is held"
    QUIETED = "is quieted"
    SAID = "has been said"
    WITHHELD = "is not in force yet"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one rule makes of one subject today.

    `number` is the repeat that is due; `until_on` the day on which it may speak, where it waits or is held;
    `hold` what holds it, `quieted_by` the louder rule.
    """

    rule: Rule
    occasion: str
    outcome: Outcome
    number: int = 0
    until_on: date | None = None
    hold: Hold | None = None
    quieted_by: str | None = None

    @property
    def is_notice(self) -> bool:
        """Tell whether the rule gives notice."""
        return self.outcome is Outcome.NOTICES


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule fires for an occasion, or gives notice that it will: which repeat, why, and what its fields become."""

    rule: Rule
    occasion: str
    number: int
    reasons: tuple[Comparison, ...]
    sets: Mapping[str, Value] = field(hash=False)
    is_notice: bool = False


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
