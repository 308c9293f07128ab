"""Judges rules: which fire for a subject today, and on which day somebody must look again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from engine.conditions import Calendar, Facts
from engine.errors import BadDefinition, Problem
from engine.rule import (
    Fired,
    FiredBefore,
    Repeat,
    Rule,
    RuleBook,
    RuleClock,
    Severity,
    Verdict,
)
from engine.rule_file import HasVocabulary, load_rules
from engine.words import listed

__all__ = [
    "Fired",
    "FiredBefore",
    "HasVocabulary",
    "Repeat",
    "Rule",
    "RuleBook",
    "RuleClock",
    "Severity",
    "Verdict",
    "joined",
    "judge",
    "load_rules",
    "next_look",
]


def judge(
    rules: Sequence[Rule], facts: Facts, *, today: date, calendar: Calendar, fired: Fired
) -> tuple[Verdict, ...]:
    """Return the firings that are due today for one subject, given those that have happened.

    After days without a judgement only the current repeat fires, and a quieted rule not at all.
    """
    holding = [rule for rule in rules if rule.when.holds(facts, today=today, calendar=calendar)]
    # Whoever quiets has fired for its occasion or fires now, or is itself quieted by one that quiets all of them.
    quiet = frozenset[str]().union(*(rule.quiets for rule in holding))
    verdicts = []
    for rule in holding:
        occasion = rule.occasion(facts)
        number = _due_number(rule, fired.get((rule.id, occasion)), today, calendar)
        if number is not None and rule.id not in quiet:
            reasons = rule.when.comparisons(facts, today=today, calendar=calendar)
            sets = {
                name: value.value(facts, today=today, calendar=calendar) for name, value in rule.sets.items()
            }
            verdicts.append(Verdict(rule, occasion, number, reasons, sets))
    return tuple(verdicts)


def next_look(
    rules: Sequence[Rule], facts: Facts, *, today: date, calendar: Calendar, fired: Fired
) -> date | None:
    """Return the first day after today on which judging again may give something new; None means never.

    A firing that is due today and not yet in `fired` is taken to happen today.
    """
    days = [rule.when.next_change(facts, today=today, calendar=calendar) for rule in rules]
    for rule in rules:
        if rule.repeat and rule.when.holds(facts, today=today, calendar=calendar):
            before = fired.get((rule.id, rule.occasion(facts)))
            days.append(rule.repeat.next_day(before.first_on if before else today, today, calendar))
    return min((day for day in days if day is not None), default=None)


def joined(books: Sequence[RuleBook]) -> RuleBook:
    """Put several folders' books together; the first one's clock counts.

    Raises BadDefinition where two folders use the same id for a rule.
    """
    first, *others = books
    if not others:
        return first
    by_kind: dict[str, tuple[Rule, ...]] = dict(first.by_kind)
    for book in others:
        for kind, rules in book.by_kind.items():
            by_kind[kind] = (*by_kind.get(kind, ()), *rules)
    rules = tuple(rule for book in books for rule in book.rules)
    twice = sorted({rule.id for rule in rules if [other.id for other in rules].count(rule.id) > 1})
    if twice:
        raise BadDefinition(
            [Problem("rules", 1, 1, f"two folders use the same id for a rule: {listed(twice)}")]
        )
    warnings = tuple(warning for book in books for warning in book.warnings)
    return RuleBook(rules, first.clock, "+".join(book.hash for book in books), warnings, by_kind)


def _due_number(rule: Rule, before: FiredBefore | None, today: date, calendar: Calendar) -> int | None:
    if before is None:
        return 0
    if rule.repeat is None:
        return None
    number = rule.repeat.current(before.first_on, today, calendar)
    return number if number > max(before.numbers, default=-1) else None
