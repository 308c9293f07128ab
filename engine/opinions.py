"""What each rule makes of one subject on one day, once it is known which conditions are true: pure weighing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from engine.conditions import Calendar, Facts, Value
from engine.rule import (
    FiredBefore,
    Hold,
    HoldKind,
    Opinion,
    Outcome,
    Past,
    RightOfReply,
    Rule,
    Verdict,
)

SPEAKS = (Outcome.FIRES, Outcome.NOTICES)
_QUIETABLE = (*SPEAKS, Outcome.WAITS, Outcome.HELD)


class Answer(NamedTuple):
    """A rule whose condition is true today, or else will be once the time of its notice is over; and its occasion."""

    rule: Rule
    is_true: bool
    occasion: str


def weigh(answers: Iterable[Answer], *, today: date, calendar: Calendar, past: Past) -> tuple[Opinion, ...]:
    """Return the opinion of each rule that has one: what it does, or what keeps it."""
    opinions, due = [], set()
    for rule, is_true, occasion in answers:
        if is_true:
            opinions.append(_opinion(rule, occasion, today, calendar, past))
            due.add(rule.id)
        else:
            opinions.append(_ahead(rule, occasion, today, past))
    if not any(opinion.outcome in _QUIETABLE for opinion in opinions):
        return tuple(opinions)
    # Whoever has spoken for this occasion, or speaks now, keeps those quiet whom it quiets. One that is held,
    # or still waits for a reply, has not spoken: the lower level goes on meanwhile.
    loud = [opinion for opinion in opinions if _is_heard(opinion, past)]
    # Whoever was, or is being, given notice of the higher level needs no notice of a lower one beside it.
    open_to_reply = [opinion for opinion in opinions if opinion.rule.id in due and _hears_out(opinion)]
    return tuple(_quieted(opinion, loud, open_to_reply) for opinion in opinions)


def verdict_of(opinion: Opinion, facts: Facts, *, today: date, calendar: Calendar) -> Verdict:
    """Return what an opinion comes to that speaks: a firing or a notice, with its reasons."""
    rule = opinion.rule
    reasons = rule.when.comparisons(facts, today=today, calendar=calendar)
    if opinion.is_notice:
        return Verdict(rule, opinion.occasion, opinion.number, reasons, {}, is_notice=True)
    sets = values_set(opinion, facts, today=today, calendar=calendar)
    return Verdict(rule, opinion.occasion, opinion.number, reasons, sets)


def values_set(opinion: Opinion, facts: Facts, *, today: date, calendar: Calendar) -> dict[str, Value]:
    """Return the facts that a rule sets as it speaks; a notice sets none."""
    if opinion.is_notice or not opinion.rule.sets:
        return {}
    return {
        name: value.value(facts, today=today, calendar=calendar) for name, value in opinion.rule.sets.items()
    }


def _opinion(rule: Rule, occasion: str, today: date, calendar: Calendar, past: Past) -> Opinion:
    """Say what a rule does whose condition is true today."""
    if rule.id in past.withheld:
        return Opinion(rule, occasion, Outcome.WITHHELD)
    number = _due_number(rule, occasion, today, calendar, past)
    if number is None:
        return Opinion(rule, occasion, Outcome.SAID)
    hold = _hold_on(rule, occasion, today, past)
    if hold is not None:
        return Opinion(rule, occasion, Outcome.HELD, number, day_after(hold.until_on), hold)
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
        return Opinion(rule, occasion, Outcome.HELD, until_on=day_after(hold.until_on), hold=hold)
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
    if opinion.outcome not in _QUIETABLE:
        return opinion
    above = (*loud, *open_to_reply) if opinion.outcome is Outcome.NOTICES else loud
    louder = next((other.rule.id for other in above if opinion.rule.id in other.rule.quiets), None)
    if louder is None:
        return opinion
    rule, occasion, number = opinion.rule, opinion.occasion, opinion.number
    return Opinion(rule, occasion, Outcome.QUIETED, number, opinion.until_on, opinion.hold, louder)


def day_after(day: date) -> date:
    """Return the next day; the last day of the calendar is followed by itself."""
    return day if day == date.max else day + timedelta(days=1)
