"""The past under changed rules: what would have been said in addition, earlier, later, to others, or not at all.

The history is lived again day by day in memory, and two books of rules look at it side by side: the one in force and
the changed one. Each morning at the hour of its clock a book looks at what time has made due, and each evening at what
has moved that day; something that came and went within one day is not seen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy.orm import Session

from assurance.facts import Known
from assurance.office import Actor, Tx
from assurance.past import FIRED, NOTICED, PASSED_OVER, holds_on
from assurance.past_world import PastWorld, about
from assurance.recipients import recipients
from assurance.roster import roster
from engine.conditions import Value
from engine.errors import Reason, Refused
from engine.ledger import Entry
from engine.moved import Ref
from engine.rule import FiredBefore
from engine.rules import Opinion, Outlook, Past, RuleBook, Severity

DAY = timedelta(days=1)


class Change(StrEnum):
    """How what is said differs under the changed rules."""

    ADDED = "in addition"
    EARLIER = "earlier"
    LATER = "later"
    OTHERS = "to others"
    DROPPED = "not at all"


class Saying(NamedTuple):
    """What is said once: a rule, a subject, an occasion, the number of the repeat; or the notice before it."""

    rule: str
    ref: Ref
    occasion: str
    number: int
    is_notice: bool


@dataclass(frozen=True, slots=True)
class Said:
    """On which day something was said, how loudly, and who was told."""

    on: date
    severity: Severity
    told: tuple[str, ...]


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

    Without days: from the first line of the history to today. Raises Refused where there is no history, or the
    days are the wrong way round.
    """
    world = PastWorld.of(tx.session, tx.actor.group_id)
    try:
        if not world.lines:
            raise Refused(Reason("nothing_there", "There is no history yet that could be rehearsed."))
        first = max(from_on or date.min, tx.calendar.today(world.lines[0].at))
        last = min(until_on or tx.today, tx.today)
        if first > last:
            sentence = f"There is nothing between {first} and {last}; give an earlier --from or a later --to."
            raise Refused(Reason("wrong_days", sentence))
        with world.store.begin() as session:
            stage = _Stage(tx, session, world)
            before, after = _Track(tx.playbook.book), _Track(changed)
            really = stage.play((before, after), first, last)
    finally:
        world.close()
    agreed = sum(_is_again(before.said.get(saying), on) for saying, on in really.items())
    return Rehearsal(first, last, before.said, after.said, len(really), agreed)


@dataclass(slots=True)
class _Track:
    """One book of rules on its way through the past: what it has said, and when it has to look again."""

    book: RuleBook
    pasts: dict[Ref, Past] = field(default_factory=dict)
    looks: dict[Ref, date] = field(default_factory=dict)
    sets: dict[Ref, dict[str, Value]] = field(default_factory=dict)
    said: dict[Saying, Said] = field(default_factory=dict)


class _Stage:
    """The past on one day after another, and the tracks that look at it."""

    def __init__(self, tx: Tx, session: Session, world: PastWorld) -> None:
        self._tx, self._session, self._world = tx, session, world
        self._actor = Actor(tx.actor.group_id, None, "the clock")

    def play(self, tracks: Sequence[_Track], first: date, last: date) -> dict[Saying, date]:
        """Live the days; give what the history holds as said between them."""
        for line in self._world.live_until(self._session, self._morning(first)):
            for track in tracks:
                _remember(track, line)
        everything = {line.ref for line in self._world.lines if line.at < self._morning(first)}
        self._look(tracks, dict.fromkeys(range(len(tracks)), everything), first)
        really: dict[Saying, date] = {}
        day = first
        while day <= last:
            due = {number: _due(track, day) for number, track in enumerate(tracks)}
            self._look(tracks, due, day)
            lines = self._world.live_until(self._session, self._morning(day + DAY))
            really |= {saying: on for line in lines for saying, on in _really(line)}
            moved = {
                ref for line in lines if line.kind not in (FIRED, NOTICED, PASSED_OVER) for ref in about(line)
            }
            self._look(tracks, dict.fromkeys(range(len(tracks)), self._with_parents(moved)), day)
            day += DAY
        return really

    def _morning(self, day: date) -> datetime:
        """Give the instant at which a civil day of the group begins."""
        return self._tx.calendar.instant(day, time.min)

    def _look(self, tracks: Sequence[_Track], refs: Mapping[int, Iterable[Ref]], day: date) -> None:
        """Let each track look at its subjects on a day; what both look at is loaded once."""
        wanted = {ref for some in refs.values() for ref in some}
        if not wanted:
            return
        knowns = {known.ref: known for known in self._load(wanted)}
        holds = holds_on(self._session, wanted, group_id=self._actor.group_id, today=day)
        for number, track in enumerate(tracks):
            for ref in sorted(refs.get(number, ())):
                if ref in knowns:
                    past = replace(track.pasts.get(ref, Past()), holds=holds.get(ref, ()))
                    self._judge(track, knowns[ref], past, day)

    def _judge(self, track: _Track, known: Known, past: Past, day: date) -> None:
        ref = known.ref
        known = replace(known, facts={**known.facts, **track.sets.get(ref, {})})
        outlook = Outlook(
            track.book.about(ref.kind), known.facts, past, today=day, calendar=self._tx.calendar
        )
        for opinion in outlook.says():
            self._say(track, opinion, known, day)
        changed = {name: value for name, value in outlook.facts.items() if known.facts[name] != value}
        if changed:
            track.sets[ref] = {**track.sets.get(ref, {}), **changed}
        track.pasts[ref] = outlook.past
        look = outlook.next_day()
        if look is None:
            track.looks.pop(ref, None)
        else:
            track.looks[ref] = look

    def _say(self, track: _Track, opinion: Opinion, known: Known, day: date) -> None:
        rule = opinion.rule
        warned = rule.notice if opinion.is_notice else None
        words = (*rule.tell, *rule.copy) if warned is None else (warned.to,)
        tx = replace(self._tx, session=self._session, today=day, actor=self._actor)
        people = roster(self._session, group_id=self._actor.group_id, today=day)
        told = tuple(sorted(one.seat.person for one in recipients(tx, people, known, words)))
        saying = Saying(rule.id, known.ref, opinion.occasion, opinion.number, opinion.is_notice)
        track.said[saying] = Said(day, rule.severity, told)

    def _load(self, refs: Iterable[Ref]) -> Iterator[Known]:
        by_kind: dict[str, list[int]] = defaultdict(list)
        for ref in refs:
            by_kind[ref.kind].append(ref.id)
        for kind, ids in by_kind.items():
            yield from self._tx.playbook.noun(kind).load_many(self._session, ids)

    def _with_parents(self, refs: set[Ref]) -> set[Ref]:
        """Add the subjects whose facts count these."""
        return refs | {parent for known in self._load(refs) for parent in known.belongs.parents}


def _due(track: _Track, day: date) -> list[Ref]:
    return [ref for ref, look in track.looks.items() if look <= day]


def _remember(track: _Track, line: Entry) -> None:
    """Keep what the history says was said before the rehearsal begins."""
    if line.kind not in (FIRED, NOTICED, PASSED_OVER):
        return
    past = track.pasts.get(line.ref, Past())
    key, on = (line.data["rule"], line.data["occasion"]), date.fromisoformat(line.data["on"])
    if line.kind == NOTICED:
        track.pasts[line.ref] = replace(past, noticed={**past.noticed, key: on})
        return
    earlier = past.fired.get(key, FiredBefore(on, frozenset(), line.kind == PASSED_OVER))
    number = line.data.get("number", 0)
    now = earlier._replace(numbers=earlier.numbers | {number}, last_on=on)
    track.pasts[line.ref] = replace(past, fired={**past.fired, key: now})


def _really(line: Entry) -> Iterator[tuple[Saying, date]]:
    """Read what a line of the history says was said."""
    if line.kind in (FIRED, NOTICED):
        data = line.data
        saying = Saying(data["rule"], line.ref, data["occasion"], data.get("number", 0), line.kind == NOTICED)
        yield saying, date.fromisoformat(data["on"])


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
