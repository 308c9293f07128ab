"""Is what a rule has said, or given notice of, still so? Asked of whatever waits to be told, before it is told. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from engine.conditions import Calendar, Facts
from engine.rule import Hold, Opinion, Outcome, Past, Rule
from engine.rules import consider


class Lapsed(StrEnum):
    """What has happened to something that a rule had to say."""

    GONE = "gone"  # the rule is no longer among the rules, or no longer gives notice
    OVER = "over"  # its condition no longer holds, or another occasion has come
    FOLLOWED = "followed"  # it has spoken again since, or what was given notice of has happened
    QUIETED = "quieted"  # a louder rule has spoken
    HELD = "held"  # something holds it, until a last day


@dataclass(frozen=True, slots=True)
class Lapse:
    """Why something is not to be told now; `until_on` is the day from which it may be told again, for what is held."""

    what: Lapsed
    quieted_by: str | None = None
    hold: Hold | None = None
    until_on: date | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What a rule has said for an occasion, with the number of its repeat where that is known, or its notice."""

    rule: str
    occasion: str
    number: int | None = None
    is_notice: bool = False


def lapse_of(
    said: Said,
    rules: Sequence[Rule],
    facts: Facts,
    *,
    today: date,
    calendar: Calendar,
    past: Past,
    opinions: Sequence[Opinion] | None = None,
) -> Lapse | None:
    """Give why something that was said is not to be told today; None where it is as true as when it was said.

    `rules` are all rules about the subject, `past` what has happened up to now, and `opinions` what the rules make of
    it today, where that is known already. A firing stays true while its condition is true for its occasion, nothing
    holds it, and no louder rule has spoken or speaks today. A notice stays true while what it gives notice of lies ahead.
    """
    rule = next((one for one in rules if one.id == said.rule), None)
    if rule is None or (said.is_notice and rule.notice is None):
        return Lapse(Lapsed.GONE)
    is_due = _is_due(rule, facts, today, calendar, is_notice=said.is_notice)
    if rule.occasion(facts) != said.occasion or not is_due:
        return Lapse(Lapsed.OVER)
    if _was_followed(said, past):
        return Lapse(Lapsed.FOLLOWED)
    if opinions is None:
        opinions = consider(rules, facts, today=today, calendar=calendar, past=past)
    louder = _louder(rule, opinions, past)
    if louder is not None:
        return Lapse(Lapsed.QUIETED, quieted_by=louder)
    holds = [hold for hold in past.holds if hold.until_on >= today and hold.stops(rule, said.occasion)]
    if holds:
        hold = max(holds, key=lambda one: one.until_on)
        return Lapse(Lapsed.HELD, hold=hold, until_on=_day_after(hold.until_on))
    return None


def due_since(
    rule: Rule, facts: Facts, *, is_notice: bool, since: date, today: date, calendar: Calendar
) -> date:
    """Give the first day from `since` to today on which a rule had to say what it says today, as far as facts tell."""
    day = since
    while day < today and not _is_due(rule, facts, day, calendar, is_notice=is_notice):
        day = _day_after(day)
    return day


def _is_due(rule: Rule, facts: Facts, today: date, calendar: Calendar, *, is_notice: bool) -> bool:
    if rule.when.holds(facts, today=today, calendar=calendar):
        return True
    if not is_notice or rule.notice is None:
        return False
    return rule.when.holds(facts, today=rule.notice.before.after(today, calendar), calendar=calendar)


def _was_followed(said: Said, past: Past) -> bool:
    since = past.fired.get((said.rule, said.occasion))
    if said.is_notice:
        return since is not None
    return since is not None and said.number is not None and max(since.numbers, default=0) > said.number


def _louder(rule: Rule, opinions: Iterable[Opinion], past: Past) -> str | None:
    """Name a rule that keeps this one quiet: it has spoken for what is so today, or speaks today."""
    for opinion in opinions:
        before = past.fired.get((opinion.rule.id, opinion.occasion))
        has_spoken = before is not None and not before.was_passed_over
        if rule.id in opinion.rule.quiets and (has_spoken or opinion.outcome is Outcome.FIRES):
            return opinion.rule.id
    return None


def _day_after(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)
