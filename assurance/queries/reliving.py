"""Lives the days of the past again, and lets several books of rules look at each of them side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy.orm import InstrumentedAttribute, Session

from assurance.calendar import WorkingCalendar
from assurance.facts import Known, Noun
from assurance.office import Tx, clock_of
from assurance.past import FIRED, NOTICED, PASSED_OVER, holds_on
from assurance.past_world import PastWorld, about
from assurance.recipients import recipients
from assurance.records import Meeting, RuleHold
from assurance.roster import roster
from engine.condition_tree import facts_in
from engine.conditions import Value
from engine.ledger import Entry
from engine.moved import Ref
from engine.rule import FiredBefore
from engine.rules import Opinion, Outlook, Past, RuleBook, Severity

DAY = timedelta(days=1)
_BY_RULES = (FIRED, NOTICED, PASSED_OVER)


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


@dataclass(slots=True)
class Track:
    """One book of rules on its way through the past: what it has said and set, and when it has to look again."""

    book: RuleBook
    calendar: WorkingCalendar
    pasts: dict[Ref, Past] = field(default_factory=dict)
    looks: dict[Ref, date] = field(default_factory=dict)
    sets: dict[Ref, dict[str, Value]] = field(default_factory=dict)
    said: dict[Saying, Said] = field(default_factory=dict)

    def due(self, day: date) -> list[Ref]:
        """Give the subjects that it has to look at by a day."""
        return [ref for ref, look in self.looks.items() if look <= day]

    def remember(self, line: Entry) -> None:
        """Take over what the history says was said, or passed over, and what the rules have set with it."""
        past, data = self.pasts.get(line.ref, Past()), line.data
        key, on = (data["rule"], data["occasion"]), date.fromisoformat(data["on"])
        if line.kind == NOTICED:
            self.pasts[line.ref] = replace(past, noticed={**past.noticed, key: on})
            return
        earlier = past.fired.get(key, FiredBefore(on, frozenset(), line.kind == PASSED_OVER))
        numbers = earlier.numbers | {data.get("number", 0)}
        self.pasts[line.ref] = replace(
            past, fired={**past.fired, key: earlier._replace(numbers=numbers, last_on=on)}
        )
        if "set" in data:
            changed = {name: _read(value) for name, value in data["set"].items()}
            self.sets[line.ref] = {**self.sets.get(line.ref, {}), **changed}

    def forget_sets(self, line: Entry) -> None:
        """Let go of what rules have set where a line sets it again."""
        own = self.sets.get(line.ref)
        if own:
            for name in line.data.get("set", ()):
                own.pop(name, None)


class Stage:
    """The past on one day after another, and the tracks that look at it."""

    def __init__(self, tx: Tx, session: Session, world: PastWorld, tracks: Sequence[Track]) -> None:
        self._world, self._tracks = world, tracks
        self._tx = replace(tx, session=session, actor=clock_of(tx.actor.group_id))
        self._reaching = frozenset(
            kind for kind, noun in tx.playbook.nouns.items() if _reaches_out(noun, tracks)
        )
        self._alive: dict[str, set[Ref]] = defaultdict(set)
        for line in world.taken_over:
            self._alive[line.ref.kind].add(line.ref)
        self._below: dict[Ref, set[Ref]] = defaultdict(set)

    def play(self, first: date, last: date) -> dict[Saying, date]:
        """Live the days, both included; give what the history holds as said on them."""
        begins = self._morning(first)
        for line in self._live_until(begins):
            if line.kind in (FIRED, NOTICED):
                for track in self._tracks:
                    track.remember(line)
        everything = self._everything()
        self._look([everything] * len(self._tracks), first)
        really: dict[Saying, date] = {}
        day = first
        while day <= last:
            self._look([track.due(day) for track in self._tracks], day)
            lines = self._live_until(self._morning(day + DAY))
            really.update(_really(line) for line in lines if line.kind in (FIRED, NOTICED))
            touched = self._touched(lines)
            self._look([touched] * len(self._tracks), day)
            day += DAY
        return really

    def _morning(self, day: date) -> datetime:
        """Give the instant at which a civil day of the group begins."""
        return self._tx.calendar.instant(day, time.min)

    def _live_until(self, end: datetime) -> list[Entry]:
        lines = self._world.live_until(self._tx.session, end)
        for line in lines:
            self._alive[line.ref.kind].add(line.ref)
            for track in self._tracks:
                if line.kind == PASSED_OVER:
                    track.remember(line)
                elif line.kind not in _BY_RULES:
                    track.forget_sets(line)
        return lines

    def _everything(self, kinds: Collection[str] | None = None) -> set[Ref]:
        return {ref for kind, refs in self._alive.items() if kinds is None or kind in kinds for ref in refs}

    # -- who is looked at ----------------------------------------------------------------------------------

    def _touched(self, lines: Iterable[Entry]) -> set[Ref]:
        """Give the subjects about which the rules may think anew after what people did on a day."""
        moved: set[Ref] = set()
        more: set[Ref] = set()
        for line in lines:
            if line.kind in _BY_RULES:
                continue
            moved |= about(line)
            if line.ref.kind == Meeting.noun:
                more |= self._everything(self._reaching)
            elif line.ref.kind == RuleHold.noun:
                held = self._world.held_by(line.ref.id)
                more |= self._everything() if held is None else {held}
        beside = {parent for known in self._load(moved) for parent in known.belongs.parents}
        below = {ref for one in moved for ref in self._below[one] if ref.kind in self._reaching}
        return moved | more | beside | below

    def _load(self, refs: Iterable[Ref]) -> Iterator[Known]:
        by_kind: dict[str, list[int]] = defaultdict(list)
        for ref in refs:
            by_kind[ref.kind].append(ref.id)
        for kind, ids in by_kind.items():
            for known in self._tx.playbook.noun(kind).load_many(self._tx.session, ids):
                for parent in known.belongs.parents:
                    self._below[parent].add(known.ref)
                yield known

    # -- what is said --------------------------------------------------------------------------------------

    def _look(self, wanted: Sequence[Collection[Ref]], day: date) -> None:
        """Let each track look at its subjects on a day; what several look at is loaded once."""
        every = {ref for refs in wanted for ref in refs}
        if not every:
            return
        knowns = {known.ref: known for known in self._load(every)}
        holds = self._holds(every, day)
        for track, refs in zip(self._tracks, wanted, strict=True):
            for ref in sorted(refs):
                if ref in knowns:
                    past = replace(track.pasts.get(ref, Past()), holds=holds.get(ref, ()))
                    self._judge(track, knowns[ref], past, day)

    def _holds(self, refs: Collection[Ref], day: date) -> Mapping[Ref, tuple[Any, ...]]:
        if not self._world.knows_holds:
            return {}
        return holds_on(self._tx.session, refs, group_id=self._tx.actor.group_id, today=day)

    def _judge(self, track: Track, known: Known, past: Past, day: date) -> None:
        ref = known.ref
        facts = {**known.facts, **track.sets.get(ref, {})}
        rules = track.book.about(ref.kind)
        outlook = Outlook(rules, facts, past, today=day, calendar=track.calendar)
        for opinion in outlook.says():
            self._say(track, opinion, replace(known, facts=outlook.facts), day)
        changed = {name: value for name, value in outlook.facts.items() if facts[name] != value}
        if changed:
            track.sets[ref] = {**track.sets.get(ref, {}), **changed}
        track.pasts[ref] = outlook.past
        look = outlook.next_day()
        if look is None:
            track.looks.pop(ref, None)
        else:
            track.looks[ref] = look

    def _say(self, track: Track, opinion: Opinion, known: Known, day: date) -> None:
        rule = opinion.rule
        warned = rule.notice if opinion.is_notice else None
        words = (*rule.tell, *rule.copy) if warned is None else (warned.to,)
        people = roster(self._tx.session, group_id=self._tx.actor.group_id, today=day)
        found = recipients(replace(self._tx, today=day), people, known, words)
        told = tuple(sorted(one.seat.person for one in found))
        saying = Saying(rule.id, known.ref, opinion.occasion, opinion.number, opinion.is_notice)
        track.said[saying] = Said(day, rule.severity, told)


def _reaches_out(noun: object, tracks: Sequence[Track]) -> bool:
    """Tell whether rules about a noun ask for anything that stands in another row than its own."""
    if not isinstance(noun, Noun):
        return False  # of these the rules see the fields, and what counts them is looked at as their parent
    own = {
        fact.field.name
        for fact in noun.facts
        if isinstance(fact.expression, InstrumentedAttribute) and fact.expression.class_ is noun.table
    }
    rules = (rule for track in tracks for rule in track.book.about(noun.kind))
    asked = {name for rule in rules for name in (*facts_in(rule.when.tree), rule.once_per)}
    return bool(asked - own - {"state"})


def _really(line: Entry) -> tuple[Saying, date]:
    """Read what a line of the history says was said, and when."""
    data = line.data
    saying = Saying(data["rule"], line.ref, data["occasion"], data.get("number", 0), line.kind == NOTICED)
    return saying, date.fromisoformat(data["on"])


def _read(value: Any) -> Value:
    """Read what a rule has set: true or false, or a day."""
    return date.fromisoformat(value) if isinstance(value, str) else bool(value)
