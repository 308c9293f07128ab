"""Judges rules: which speak for a subject today, which wait and why, and on which day somebody must look again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from engine.conditions import Calendar, Facts
from engine.errors import BadDefinition
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
from engine.spans import Span

__all__ = [
    "Fired",
    "FiredBefore",
    "HasVocabulary",
    "Hold",
    "HoldKind",
    "Opinion",
    "Outcome",
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

_SPEAKS = (Outcome.FIRES, Outcome.NOTICES)


def judge(
    rules: Sequence[Rule], facts: Facts, *, today: date, calendar: Calendar, past: Past
) -> tuple[Verdict, ...]:
    """Return the firings and notices that are due today for one subject, given what has happened.

    After days without a judgement only the current repeat fires, and a quieted rule not at all.
    """
    opinions = consider(rules, facts, today=today, calendar=calendar, past=past)
    return tuple(
        _verdict(opinion, facts, today, calendar) for opinion in opinions if opinion.outcome in _SPEAKS
    )


def consider(
    rules: Sequence[Rule], facts: Facts, *, today: date, calendar: Calendar, past: Past
) -> tuple[Opinion, ...]:
    """Return what each rule makes of one subject today; a rule whose condition is not true has no opinion.

    A rule that is to give notice first has one as soon as its condition will be true after the time of notice.
    """
    opinions, due = [], set()
    for rule in rules:
        if rule.when.holds(facts, today=today, calendar=calendar):
            opinions.append(_opinion(rule, rule.occasion(facts), today, calendar, past))
            due.add(rule.id)
        elif rule.notice and _will_hold(rule, rule.notice, facts, today, calendar):
            opinions.append(_ahead(rule, rule.occasion(facts), today, past))
    # Whoever has spoken for this occasion, or speaks now, keeps those quiet whom it quiets. One that is held,
    # or still waits for a reply, has not spoken: the lower level goes on meanwhile.
    loud = [opinion for opinion in opinions if _is_heard(opinion, past)]
    # Whoever was, or is being, given notice of the higher level needs no notice of a lower one beside it.
    open_to_reply = [opinion for opinion in opinions if opinion.rule.id in due and _hears_out(opinion)]
    return tuple(_quieted(opinion, loud, open_to_reply) for opinion in opinions)


def next_look(
    rules: Sequence[Rule], facts: Facts, *, today: date, calendar: Calendar, past: Past
) -> date | None:
    """Return the first day after today on which judging again may give something new; None means never.

    What is due today and not yet in `past` is taken to happen today.
    """
    days = [rule.when.next_change(facts, today=today, calendar=calendar) for rule in rules]
    for rule in rules:
        holds = (rule.notice or rule.repeat) and rule.when.holds(facts, today=today, calendar=calendar)
        if rule.notice:
            days.append(_notice_day(rule, rule.notice, facts, today, calendar, past))
        if rule.repeat and holds:
            before = past.fired.get((rule.id, rule.occasion(facts)))
            days.append(rule.repeat.next_day(before.first_on if before else today, today, calendar))
    days += [_day_after(hold.until_on) for hold in past.holds if hold.until_on >= today]
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


def _verdict(opinion: Opinion, facts: Facts, today: date, calendar: Calendar) -> Verdict:
    rule = opinion.rule
    reasons = rule.when.comparisons(facts, today=today, calendar=calendar)
    if opinion.outcome is Outcome.NOTICES:
        return Verdict(rule, opinion.occasion, opinion.number, reasons, {}, is_notice=True)
    sets = {name: value.value(facts, today=today, calendar=calendar) for name, value in rule.sets.items()}
    return Verdict(rule, opinion.occasion, opinion.number, reasons, sets)


def _opinion(rule: Rule, occasion: str, today: date, calendar: Calendar, past: Past) -> Opinion:
    """Say what a rule does whose condition is true today."""
    if rule.id in past.withheld:
        return Opinion(rule, occasion, Outcome.WITHHELD)
    number = _due_number(rule, occasion, today, calendar, past)
    if number is None:
        return Opinion(rule, occasion, Outcome.SAID)
    hold = _hold_on(rule, occasion, today, past)
    if hold is not None:
        return Opinion(rule, occasion, Outcome.HELD, number, _day_after(hold.until_on), hold)
    if rule.notice and number == 0:
        return _after_notice(rule, rule.notice, occasion, today, calendar, past)
    return Opinion(rule, occasion, Outcome.FIRES, number)


def _after_notice(
    rule: Rule, notice: RightOfReply, occasion: str, today: date, calendar: Calendar, past: Past
) -> Opinion:
    noticed_on = past.noticed.get((rule.id, occasion))
    if noticed_on is None:
        return Opinion(rule, occasion, Outcome.NOTICES)
    fires_on = notice.before.after(noticed_on, calendar)
    if fires_on > today:
        return Opinion(rule, occasion, Outcome.WAITS, until_on=fires_on)
    return Opinion(rule, occasion, Outcome.FIRES)


def _ahead(rule: Rule, occasion: str, today: date, past: Past) -> Opinion:
    """Say what a rule does whose condition will be true once the time of notice is over."""
    if rule.id in past.withheld:
        return Opinion(rule, occasion, Outcome.WITHHELD)
    if (rule.id, occasion) in past.noticed or (rule.id, occasion) in past.fired:
        return Opinion(rule, occasion, Outcome.SAID)
    hold = _hold_on(rule, occasion, today, past)
    if hold is not None:
        return Opinion(rule, occasion, Outcome.HELD, until_on=_day_after(hold.until_on), hold=hold)
    return Opinion(rule, occasion, Outcome.NOTICES)


def _due_number(rule: Rule, occasion: str, today: date, calendar: Calendar, past: Past) -> int | None:
    before = past.fired.get((rule.id, occasion))
    if before is None:
        return 0
    if before.was_passed_over:
        return None
    said = max(before.numbers, default=-1)
    if rule.repeat is not None:
        number = rule.repeat.current(before.first_on, today, calendar)
        if number > said:
            return number
    return said + 1 if _was_accepted(rule, occasion, before, today, past) else None


def _was_accepted(rule: Rule, occasion: str, before: FiredBefore, today: date, past: Past) -> bool:
    """Tell whether somebody accepted what a rule has said, and the last day of that is over: it is said once more."""
    last_on = before.last_on or before.first_on
    return any(
        hold.kind is HoldKind.ACKNOWLEDGEMENT
        and last_on <= hold.until_on < today
        and hold.stops(rule, occasion)
        for hold in past.holds
    )


def _hold_on(rule: Rule, occasion: str, today: date, past: Past) -> Hold | None:
    """Give what holds a rule today, of several the one that lasts longest."""
    holds = (hold for hold in past.holds if hold.until_on >= today and hold.stops(rule, occasion))
    return max(holds, key=lambda hold: hold.until_on, default=None)


def _is_heard(opinion: Opinion, past: Past) -> bool:
    if opinion.outcome is Outcome.FIRES:
        return True
    before = past.fired.get((opinion.rule.id, opinion.occasion))
    return before is not None and not before.was_passed_over


def _hears_out(opinion: Opinion) -> bool:
    """Tell whether a rule gives somebody the right of reply now, or waits because a reply was made."""
    if opinion.outcome is Outcome.HELD:
        return opinion.hold is not None and opinion.hold.kind is HoldKind.REPLY
    return opinion.outcome in (Outcome.NOTICES, Outcome.WAITS)


def _quieted(opinion: Opinion, loud: Sequence[Opinion], open_to_reply: Sequence[Opinion]) -> Opinion:
    if opinion.outcome not in (*_SPEAKS, Outcome.WAITS, Outcome.HELD):
        return opinion
    above = (*loud, *open_to_reply) if opinion.outcome is Outcome.NOTICES else loud
    louder = next((other.rule.id for other in above if opinion.rule.id in other.rule.quiets), None)
    return opinion if louder is None else replace(opinion, outcome=Outcome.QUIETED, quieted_by=louder)


def _will_hold(rule: Rule, notice: RightOfReply, facts: Facts, today: date, calendar: Calendar) -> bool:
    return rule.when.holds(facts, today=notice.before.after(today, calendar), calendar=calendar)


def _notice_day(
    rule: Rule, notice: RightOfReply, facts: Facts, today: date, calendar: Calendar, past: Past
) -> date | None:
    """Return the day after today on which notice is due, or on which the time of a given notice is over."""
    ahead = notice.before.after(today, calendar)
    key = rule.id, rule.occasion(facts)
    days = []
    if key not in past.fired and rule.when.holds(facts, today=ahead, calendar=calendar):
        over_on = notice.before.after(past.noticed.get(key, today), calendar)
        days.append(over_on if over_on > today else None)
    change = rule.when.next_change(facts, today=ahead, calendar=calendar)
    if change is not None:
        days.append(_first_day_with(change, notice.before, today, calendar))
    return min((day for day in days if day is not None), default=None)


def _first_day_with(target: date, span: Span, today: date, calendar: Calendar) -> date:
    """Return the first day after today that the span carries to the target or beyond."""
    # Shifting the target back comes near it; months of different lengths and holidays are within a month of that.
    near = Span(-span.number, span.unit).after(target, calendar)
    start = near - timedelta(days=31) if near > date.min + timedelta(days=31) else date.min
    return next(day for day in _days_after(max(today, start)) if span.after(day, calendar) >= target)


def _days_after(day: date) -> Iterator[date]:
    while day < date.max:
        day += timedelta(days=1)
        yield day


def _day_after(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)
