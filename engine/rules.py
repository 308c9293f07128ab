"""Judges rules: which speak for a subject today, which wait and why, and on which day somebody must look again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from engine.conditions import Calendar, Facts
from engine.errors import BadDefinition
from engine.opinions import SPEAKS, verdict_of
from engine.outlook import Outlook
from engine.rule import (
    Fired,
    FiredBefore,
    Hold,
    HoldKind,
    Opinion,
    Outcome,
    Past,
    Repeat,
    RightOfReply,
    Rule,
    RuleBook,
    Severity,
    Unless,
    Verdict,
)
from engine.rule_clock import QuietHours, RuleClock
from engine.rule_file import HasVocabulary, load_rules

__all__ = [
    "Fired",
    "FiredBefore",
    "HasVocabulary",
    "Hold",
    "HoldKind",
    "Opinion",
    "Outcome",
    "Outlook",
    "Past",
    "QuietHours",
    "Repeat",
    "RightOfReply",
    "Rule",
    "RuleBook",
    "RuleClock",
    "Severity",
    "Unless",
    "Verdict",
    "consider",
    "joined",
    "judge",
    "load_rules",
    "next_look",
]


def judge(
    rules: Sequence[Rule], facts: Facts, *, today: date, calendar: Calendar, past: Past
) -> tuple[Verdict, ...]:
    """Return the firings and notices that are due today for one subject, given what has happened.

    After days without a judgement only the current repeat fires, and a quieted rule not at all.
    """
    opinions = consider(rules, facts, today=today, calendar=calendar, past=past)
    return tuple(
        verdict_of(opinion, facts, today=today, calendar=calendar)
        for opinion in opinions
        if opinion.outcome in SPEAKS
    )


def consider(
    rules: Sequence[Rule], facts: Facts, *, today: date, calendar: Calendar, past: Past
) -> tuple[Opinion, ...]:
    """Return what each rule makes of one subject today; a rule whose condition is not true has no opinion.

    A rule that is to give notice first has one as soon as its condition will be true after the time of notice.
    """
    return Outlook(rules, facts, past, today=today, calendar=calendar).opinions()


def next_look(
    rules: Sequence[Rule], facts: Facts, *, today: date, calendar: Calendar, past: Past
) -> date | None:
    """Return the first day after today on which judging again may give something new; None means never.

    What is due today and not yet in `past` is taken to happen today.
    """
    return Outlook(rules, facts, past, today=today, calendar=calendar).next_day()


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
    known: dict[str, Rule] = {}
    problems = []
    for rule in rules:
        if rule.id in known:
            first_place = known[rule.id].place
            message = f"the id '{rule.id}' is used already, at {first_place.file}:{first_place.line}"
            problems.append(rule.place.problem(message))
        known.setdefault(rule.id, rule)
    if problems:
        raise BadDefinition(problems)
    warnings = tuple(warning for book in books for warning in book.warnings)
    return RuleBook(rules, first.clock, "+".join(book.hash for book in books), warnings, by_kind)
