"""Follows subjects ahead: what their rules will say, to whom, and when each mail goes, if nothing else happens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from functools import cache

from assurance.digest import already_written, hour_after, leaves_at
from assurance.facts import Known
from assurance.judging import known_to_rules
from assurance.mail import Told, called
from assurance.office import Tx
from assurance.past import pasts
from assurance.queries.owed import Owed
from assurance.recipients import ASKED_ALONE, Audience
from assurance.roster import Roster, Seat, roster
from engine import timers
from engine.conditions import Facts
from engine.moved import Ref
from engine.outlook import Day
from engine.rule import Opinion
from engine.rule_truth import Lapse, Said, lapse_of
from engine.rules import Outlook, Past, Rule, Severity


class Way(StrEnum):
    """How somebody would hear of it."""

    DIGEST = "digest"
    AT_ONCE = "at once"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Foretold:
    """One person is told of one firing or notice: by which rule, as whom, about what, and when the mail goes.

    `on` is the day on which the rule speaks, and one that is past where it has spoken and the mail waits.
    `goes_at` is in the group's own zone.
    """

    on: date
    goes_at: datetime
    way: Way
    person: str
    person_id: int
    told_as: str
    rule: str
    title: str
    severity: Severity
    ref: Ref
    subject: str
    audit: str | None
    occasion: str
    number: int


@dataclass(frozen=True, slots=True)
class _Saying:
    """Something that a rule says, or has said, and that waits to be told: to whom it means, or to one person."""

    rule: Rule
    said: Said
    on: date
    facts: Facts | None
    way: Way
    goes_at: datetime
    owed: Owed | None = None

    @property
    def goes_on(self) -> date:
        """The civil day on which its mail goes."""
        return self.goes_at.date()


def on_day(tx: Tx, day: date) -> Tx:
    """Give a transaction that takes another day for today: the hour at which rules look on it."""
    return replace(tx, today=day, now=tx.calendar.instant(day, tx.playbook.book.clock.look_at))


class Foreteller:
    """Judges subjects ahead until a day, and knows who holds which post on each of those days."""

    def __init__(
        self, tx: Tx, until_on: date, *, withheld: frozenset[str], owed: Mapping[Ref, Sequence[Owed]]
    ) -> None:
        self._tx, self._until_on = tx, until_on
        self._withheld, self._owed = withheld, owed
        self._rules = {rule.id: rule for rule in tx.playbook.book.rules}
        self._on = cache(lambda day: on_day(tx, day))
        self._today = cache(
            lambda kind: Day(tx.playbook.book.about(kind), today=tx.today, calendar=tx.calendar)
        )
        self._departs = cache(self._departure)
        self._rosters: dict[tuple[Seat, ...], Roster] = {}
        self._together: Sequence[Known] = ()
        self._audiences: dict[object, Audience] = {}
        people = {seat.person_id for seat in self._people(tx.today).seats}
        self._has_digest = already_written(tx, people, tx.today)

    def foretell(self, kind: str, refs: Sequence[Ref]) -> Iterator[Foretold]:
        """Give what is said and told about some subjects of one kind until the day."""
        tx, subjects = self._tx, [ref.id for ref in refs]
        group_id = tx.actor.group_id
        before = pasts(tx.session, refs, group_id=group_id, today=tx.today, withheld=self._withheld)
        due_at = timers.set_for(tx.session, kind, subjects)
        self._together, self._audiences = known_to_rules(tx, kind, subjects), {}
        for known in self._together:
            yield from self._follow(known, before[known.ref], due_at.get(known.ref.id))

    # -- what is said --------------------------------------------------------------------------------------

    def _follow(self, known: Known, past: Past, due_at: datetime | None) -> Iterator[Foretold]:
        """Follow one subject from day to day on which something is due; each mail is asked again as it goes."""
        outlook = self._today(known.ref.kind).outlook(known.facts, past)
        waiting = self._said_already(known.ref)
        while True:
            waiting += [self._saying(opinion, outlook, due_at) for opinion in outlook.says()]
            day = outlook.next_day()
            if day is None or day > self._until_on:
                day = None
            # Until it goes a mail may be overtaken by what is said on a later day.
            ready = [saying for saying in waiting if day is None or saying.goes_on < day]
            waiting = [saying for saying in waiting if day is not None and saying.goes_on >= day]
            for saying in ready:
                lapse = self._lapse(saying, outlook)
                if lapse is None:
                    yield from self._tell(saying, known)
                elif lapse.until_on is not None and day is not None:
                    waiting.append(self._held(saying, lapse.until_on))
            if day is None:
                return
            outlook.go_to(day)

    def _saying(self, opinion: Opinion, outlook: Outlook, due_at: datetime | None) -> _Saying:
        rule, day = opinion.rule, outlook.today
        number = None if opinion.is_notice else opinion.number
        said = Said(rule.id, opinion.occasion, number, opinion.is_notice)
        seen_at = due_at if day == self._tx.today else None
        way, goes_at = self._departs(day, rule.severity, seen_at, is_notice=opinion.is_notice)
        return _Saying(rule, said, day, outlook.facts, way, goes_at)

    def _said_already(self, ref: Ref) -> list[_Saying]:
        """Give what was said of a subject and waits to be told, by rules that still stand in a file."""
        found = []
        for owed in self._owed.get(ref, ()):
            rule = self._rules.get(owed.said.rule)
            if rule is not None:
                way = Way.NOTICE if owed.said.is_notice else Way.AT_ONCE
                goes_at = owed.goes_at.astimezone(self._tx.calendar.zone)
                found.append(
                    _Saying(
                        rule,
                        owed.said,
                        owed.on,
                        None,
                        Way.DIGEST if owed.is_for_digest else way,
                        goes_at,
                        owed,
                    )
                )
        return found

    def _lapse(self, saying: _Saying, outlook: Outlook) -> Lapse | None:
        """Say why something is no longer to be told when its mail goes; None where it is as true as when it was said."""
        if saying.facts is outlook.facts and saying.on == saying.goes_on:
            return None
        day = self._today(saying.rule.about).on(saying.goes_on)
        return lapse_of(
            saying.said,
            self._tx.playbook.book.about(saying.rule.about),
            outlook.facts,
            today=saying.goes_on,
            calendar=self._tx.calendar,
            past=outlook.past,
            opinions=day.outlook(outlook.facts, outlook.past).opinions(),
        )

    def _held(self, saying: _Saying, until_on: date) -> _Saying:
        """Put off what is held: its mail goes on the first day on which it may."""
        _, goes_at = self._departs(until_on, saying.rule.severity, None, is_notice=saying.said.is_notice)
        return replace(saying, goes_at=goes_at)

    # -- when a mail goes ----------------------------------------------------------------------------------

    def _departure(
        self, day: date, severity: Severity, due_at: datetime | None, *, is_notice: bool
    ) -> tuple[Way, datetime]:
        """Say how and when a mail goes that the rules owe on a day; `due_at` is when a timer is due on it."""
        tx, clock = self._tx, self._tx.playbook.book.clock
        look_at = tx.calendar.instant(day, clock.look_at)
        since = look_at if due_at is None or due_at > max(tx.now, look_at) else due_at
        owed_at = max(tx.now, since)
        way = Way.NOTICE if is_notice else Way.AT_ONCE
        if severity is Severity.URGENT:
            goes_at = owed_at
        elif way is Way.AT_ONCE and severity is Severity.REMINDER and clock.digest_at is not None:
            way, goes_at = Way.DIGEST, leaves_at(tx, clock.digest_after(since, tx.calendar))
        else:
            goes_at = clock.released_at(owed_at, tx.calendar)
        return way, goes_at.astimezone(tx.calendar.zone)

    def _goes_to(self, saying: _Saying, person: int) -> datetime:
        """Say when a mail goes to one person: of two digests on one day the second one waits for the next."""
        today = self._tx.today
        if saying.way is Way.DIGEST and saying.goes_on == today and person in self._has_digest:
            return hour_after(self._tx, today).astimezone(self._tx.calendar.zone)
        return saying.goes_at

    # -- who is told ---------------------------------------------------------------------------------------

    def _tell(self, saying: _Saying, known: Known) -> Iterator[Foretold]:
        rule, said = saying.rule, saying.said
        if saying.facts is not None and saying.facts is not known.facts:
            known = replace(known, facts=saying.facts)
        for seat, word in self._told_of(saying, known):
            goes_at = self._goes_to(saying, seat.person_id)
            if goes_at.date() <= self._until_on:
                yield Foretold(
                    on=saying.on,
                    goes_at=goes_at,
                    way=saying.way,
                    person=seat.person,
                    person_id=seat.person_id,
                    told_as=word,
                    rule=rule.id,
                    title=rule.title,
                    severity=rule.severity,
                    ref=known.ref,
                    subject=called(known),
                    audit=known.belongs.audit_reference,
                    occasion=said.occasion,
                    number=said.number or 0,
                )

    def _told_of(self, saying: _Saying, known: Known) -> Iterable[Told]:
        """Give who is told, and of a mail that goes later who is so by then: whoever is meant no more is followed."""
        rule, owed = saying.rule, saying.owed
        if owed is not None:
            return self._followed(saying.goes_on, known, [(owed.person_id, owed.told_as)])
        warned = rule.notice if saying.said.is_notice else None
        words = (*rule.tell, *rule.copy) if warned is None else (warned.to,)
        told = self._recipients(saying.on, known, words)
        if saying.goes_on == saying.on:
            return told
        return self._followed(saying.goes_on, known, [(seat.person_id, word) for seat, word in told])

    def _followed(self, day: date, known: Known, told: Sequence[tuple[int, str]]) -> Iterable[Told]:
        """Give those who are still meant on a day, and whoever is meant then in the place of the others, each once."""
        still: dict[int, Told] = {}
        instead: dict[int, Told] = {}
        for person, word in told:
            now = {one.seat.person_id: one for one in self._recipients(day, known, (word,))}
            if person in now:
                still.setdefault(person, now[person])
            else:
                instead |= now
        return (instead | still).values()

    def _recipients(self, day: date, known: Known, words: tuple[str, ...]) -> tuple[Told, ...]:
        """Give who is told on a day; of days on which the same people are in post it is asked once."""
        people, kind = self._people(day), known.ref.kind
        key: object = (kind, day) if kind in ASKED_ALONE else id(people)
        if key not in self._audiences:
            self._audiences[key] = Audience(self._on(day), people, self._together)
        return self._audiences[key].of(known, words)

    def _people(self, day: date) -> Roster:
        """Give who holds which post on a day: one and the same roster for days on which nobody comes or goes."""
        found = roster(self._tx.session, group_id=self._tx.actor.group_id, today=day)
        return self._rosters.setdefault(found.seats, found)
