"""The past under changed rules: what would have been said in addition, earlier, later, to others, or not at all.

The history is lived again day by day in memory, and two books of rules look at it side by side: the one in force and
the changed one. Each morning at the hour of its clock a book looks at what time has made due, and each evening at what
has moved that day; something that came and went within one day is not seen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from assurance.calendar import WorkingCalendar, working_calendar
from assurance.office import Tx
from assurance.past_world import PastWorld
from assurance.queries.reliving import DAY, Said, Saying, Stage, Track
from assurance.reasons import day_in_words
from engine.errors import Reason, Refused
from engine.rules import RuleBook


class Change(StrEnum):
    """How what is said differs under the changed rules."""

    ADDED = "in addition"
    EARLIER = "earlier"
    LATER = "later"
    OTHERS = "to others"
    DROPPED = "not at all"


@dataclass(frozen=True, slots=True)
class Difference:
    """One saying that the changed rules change; what is None was not said."""

    saying: Saying
    change: Change
    before: Said | None
    after: Said | None


class OfRule(NamedTuple):
    """One rule before and after: how often it speaks, and how its sayings change."""

    rule: str
    before: int
    after: int
    changes: Mapping[Change, int]


class OfMonth(NamedTuple):
    """One month: how many mails' worth of telling before and after."""

    month: date
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Two books of rules over the same past.

    `really` counts what the history holds, `agreed` how much of it the rules now in force say again when they are
    rehearsed, on its day or the evening before: the measure of how well the past is lived again.
    """

    from_on: date
    until_on: date
    before: Mapping[Saying, Said] = field(repr=False)
    after: Mapping[Saying, Said] = field(repr=False)
    really: int = 0
    agreed: int = 0

    def differences(self) -> tuple[Difference, ...]:
        """Give what the changed rules change, in the order of the days."""
        found = []
        for saying in {**self.before, **self.after}:
            before, after = self.before.get(saying), self.after.get(saying)
            change = _change(before, after)
            if change is not None:
                found.append(Difference(saying, change, before, after))
        return tuple(sorted(found, key=lambda one: (_first_on(one), one.saying)))

    def by_rule(self) -> tuple[OfRule, ...]:
        """Give each rule with its counts, in the order of the names."""
        changes: dict[str, Counter[Change]] = defaultdict(Counter)
        for one in self.differences():
            changes[one.saying.rule][one.change] += 1
        before = Counter(saying.rule for saying in self.before)
        after = Counter(saying.rule for saying in self.after)
        return tuple(
            OfRule(rule, before[rule], after[rule], changes[rule]) for rule in sorted({*before, *after})
        )

    def by_month(self) -> tuple[OfMonth, ...]:
        """Give each month with how many people were told something, counting each once for each saying."""
        before, after = _by_month(self.before.values()), _by_month(self.after.values())
        return tuple(OfMonth(month, before[month], after[month]) for month in sorted({*before, *after}))


def rehearse(
    tx: Tx, changed: RuleBook, *, from_on: date | None = None, until_on: date | None = None
) -> Rehearsal:
    """Live a group's past again under changed rules, from one day to another, both included.

    Without days: from the first line of the history to the last one. Raises Refused where there is no history, or
    the days are the wrong way round.
    """
    world = PastWorld.of(tx.session, tx.actor.group_id)
    try:
        if not world.lines:
            raise Refused(Reason("nothing_there", "There is no history yet that could be rehearsed."))
        first = max(from_on or date.min, tx.calendar.today(world.lines[0].at))
        last = min(until_on or tx.calendar.today(world.lines[-1].at), tx.today)
        if first > last:
            days = f"{day_in_words(first)} and {day_in_words(last)}"
            sentence = f"There is nothing between {days}; give an earlier --from or a later --to."
            raise Refused(Reason("wrong_days", sentence))
        before, after = (Track(book, _calendar(tx, book)) for book in (tx.playbook.book, changed))
        with world.store.begin() as session:
            really = Stage(tx, session, world, (before, after)).play(first, last)
    finally:
        world.close()
    agreed = sum(_is_again(before.said.get(saying), on) for saying, on in really.items())
    return Rehearsal(first, last, before.said, after.said, len(really), agreed)


def _calendar(tx: Tx, book: RuleBook) -> WorkingCalendar:
    """Give the calendar by which a book reckons, with the days on which the group itself is closed."""
    own = tx.calendar
    if book.clock.calendar == own.name:
        return own
    return working_calendar(book.clock.calendar, zone=str(own.zone), closed=own.closed)


def _is_again(said: Said | None, on: date) -> bool:
    """Say whether something was said again: what moved during a day may really have been seen the next morning only."""
    return said is not None and said.on in (on, on - DAY)


def _change(before: Said | None, after: Said | None) -> Change | None:
    if before is None or after is None:
        return Change.ADDED if before is None else Change.DROPPED
    if before.on != after.on:
        return Change.EARLIER if after.on < before.on else Change.LATER
    return Change.OTHERS if before.told != after.told else None


def _first_on(one: Difference) -> date:
    return min(said.on for said in (one.before, one.after) if said is not None)


def _by_month(said: Iterable[Said]) -> Counter[date]:
    months: Counter[date] = Counter()
    for one in said:
        months[one.on.replace(day=1)] += len(one.told)
    return months
