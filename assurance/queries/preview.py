"""Who would be told what, and when, in the days to come, if nothing else happened: the rules judged ahead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import NamedTuple

import sqlalchemy as sa

from assurance.access import Sight, Viewer, viewer_of, visible
from assurance.facts import Known
from assurance.mail import Told, called
from assurance.matters import MatterNoun
from assurance.office import Actor, Tx
from assurance.past import pasts
from assurance.recipients import meant, recipients
from assurance.records import Approval, Matter
from assurance.roster import Roster, roster
from engine.moved import Ref
from engine.rules import Opinion, Outcome, Outlook, Past, Rule, Severity

AT_ONCE = 1000
LONGEST_IN_DAYS = 366


class Way(StrEnum):
    """How somebody would hear of it."""

    DIGEST = "digest"
    AT_ONCE = "at once"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Foretold:
    """One person would be told of one firing: by which rule, as whom, about what, and when the mail would go.

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


class OneMail(NamedTuple):
    """One mail that somebody would get, with everything that stands in it."""

    goes_at: datetime
    way: Way
    person: str
    tellings: tuple[Foretold, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What the rules would say from one day to another, both included, and of how many subjects."""

    from_on: date
    until_on: date
    subjects: int
    foretold: tuple[Foretold, ...]

    def mails(self) -> tuple[OneMail, ...]:
        """Give the mails: one digest for each person and day, else one for each rule, audit and person."""
        together: dict[tuple[object, ...], list[Foretold]] = defaultdict(list)
        for one in self.foretold:
            apart = () if one.way is Way.DIGEST else (one.rule, one.audit)
            together[one.goes_at, one.way, one.person_id, *apart].append(one)
        mails = (
            OneMail(some[0].goes_at, some[0].way, some[0].person, tuple(some)) for some in together.values()
        )
        return tuple(sorted(mails, key=lambda mail: (mail.goes_at, mail.person, mail.way)))


def preview(tx: Tx, viewer: Viewer, *, days: int) -> Preview:
    """Judge the rules for every subject that the viewer may see, from today on for that many days.

    Whoever does not see everything sees only what they would be told themselves.
    """
    until_on = tx.today + timedelta(days=days)
    foreteller = _Foreteller(tx, until_on)
    subjects, found = 0, list[Foretold]()
    for kind in tx.playbook.nouns:
        if tx.playbook.book.about(kind):
            for some in _in_portions(_refs(tx, viewer, kind)):
                subjects += len(some)
                found += foreteller.foretell(kind, some)
    if viewer.sight is not Sight.EVERYTHING:
        found = [one for one in found if one.person_id == viewer.person_id]
    found.sort(key=lambda one: (one.goes_at, one.person, one.rule, one.ref))
    return Preview(tx.today, until_on, subjects, tuple(found))


def on_day(tx: Tx, day: date) -> Tx:
    """Give a transaction that takes another day for today: the hour at which rules look on it."""
    return replace(tx, today=day, now=tx.calendar.instant(day, tx.playbook.book.clock.look_at))


def _refs(tx: Tx, viewer: Viewer, kind: str) -> list[Ref]:
    noun = tx.playbook.noun(kind)
    query = sa.select(noun.table.id).where(visible(viewer, noun.table))
    if isinstance(noun, MatterNoun):
        query = query.where(Matter.kind == kind)
    return [Ref(kind, number) for number in tx.session.scalars(query.order_by(noun.table.id))]


def _in_portions(refs: Sequence[Ref]) -> Iterator[Sequence[Ref]]:
    for start in range(0, len(refs), AT_ONCE):
        yield refs[start : start + AT_ONCE]


class _Foreteller:
    """Judges subjects ahead, and knows who holds which post on each of those days."""

    def __init__(self, tx: Tx, until_on: date) -> None:
        self._tx, self._until_on = tx, until_on
        self._clock = tx.playbook.book.clock
        self._goes = cache(self._way_of)
        self._meant: dict[tuple[object, ...], tuple[tuple[Told, frozenset[int]], ...]] = {}
        self._seen = cache(self._seen_by)

    def foretell(self, kind: str, refs: Sequence[Ref]) -> Iterator[Foretold]:
        tx = self._tx
        rules = tx.playbook.book.about(kind)
        before = pasts(tx.session, refs, group_id=tx.actor.group_id, today=tx.today)
        for known in tx.playbook.noun(kind).load_many(tx.session, [ref.id for ref in refs]):
            for day, opinion in self._ahead(rules, known, before[known.ref]):
                yield from self._told(day, opinion, known)

    def _ahead(self, rules: Sequence[Rule], known: Known, past: Past) -> Iterator[tuple[date, Opinion]]:
        """Follow one subject from day to day on which something is due."""
        outlook = Outlook(rules, known.facts, past, today=self._tx.today, calendar=self._tx.calendar)
        while True:
            yield from ((outlook.today, opinion) for opinion in outlook.says())
            day = outlook.next_day()
            if day is None or day > self._until_on:
                return
            outlook.go_to(day)

    def _told(self, day: date, opinion: Opinion, known: Known) -> Iterator[Foretold]:
        rule = opinion.rule
        way, goes_at = self._goes(day, rule.severity, opinion.outcome)
        warned = rule.notice if opinion.is_notice else None
        words = (*rule.tell, *rule.copy) if warned is None else (warned.to,)
        for seat, word in self._recipients(day, known, words):
            yield Foretold(
                on=day,
                goes_at=goes_at,
                way=way,
                person=seat.person,
                person_id=seat.person_id,
                told_as=word,
                rule=rule.id,
                title=rule.title,
                severity=rule.severity,
                ref=known.ref,
                subject=called(known),
                audit=known.belongs.audit_reference,
                occasion=opinion.occasion,
                number=opinion.number,
            )

    def _recipients(self, day: date, known: Known, words: tuple[str, ...]) -> Iterator[Told]:
        """Give who is told, as `recipients` does; whom the words mean is asked once for all who belong alike."""
        people = roster(self._tx.session, group_id=self._tx.actor.group_id, today=day)
        if known.ref.kind == Approval.noun:
            yield from recipients(self._tx, people, known, words)
            return
        belongs = known.belongs
        alike = (belongs.agency_id, belongs.owner_post_id, belongs.awaited_agency_id, belongs.requester_id)
        key = (id(people), words, known.ref.kind, alike)
        if key not in self._meant:
            self._meant[key] = self._meant_of(people, known, words)
        for told, seen in self._meant[key]:
            if belongs.agency_id is None or known.ref.id in seen:
                yield told

    def _meant_of(
        self, people: Roster, known: Known, words: tuple[str, ...]
    ) -> tuple[tuple[Told, frozenset[int]], ...]:
        """Give whom the words mean, each person once, with all subjects of the kind that the person may see."""
        told: dict[int, Told] = {}
        for word in words:
            for seat in meant(self._tx, people, known, word):
                told.setdefault(seat.person_id, Told(seat, word))
        found = []
        for one in told.values():
            actor = Actor(self._tx.actor.group_id, one.seat.person_id, one.seat.person)
            found.append((one, self._seen(viewer_of(people, actor), known.ref.kind)))
        return tuple(found)

    def _seen_by(self, viewer: Viewer, kind: str) -> frozenset[int]:
        """Give every subject of a kind that somebody may see."""
        noun = self._tx.playbook.noun(kind)
        return frozenset(
            self._tx.session.scalars(sa.select(noun.table.id).where(visible(viewer, noun.table)))
        )

    def _way_of(self, day: date, severity: Severity, outcome: Outcome) -> tuple[Way, datetime]:
        """Say how and when a mail would go that the rules owe on a day."""
        tx, clock = self._tx, self._clock
        owed_at = max(tx.now, tx.calendar.instant(day, clock.look_at))
        way = Way.NOTICE if outcome is Outcome.NOTICES else Way.AT_ONCE
        if severity is Severity.URGENT:
            goes_at = owed_at
        elif way is Way.AT_ONCE and severity is Severity.REMINDER and clock.digest_at is not None:
            way, goes_at = Way.DIGEST, clock.digest_after(owed_at, tx.calendar)
        else:
            goes_at = clock.released_at(owed_at, tx.calendar)
        return way, goes_at.astimezone(tx.calendar.zone)
