"""Who would be told what, and when, in the days to come, if nothing else happened: the rules judged ahead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa

from assurance.access import Sight, Viewer, visible
from assurance.facts import Known
from assurance.mail import called
from assurance.matters import MatterNoun
from assurance.office import Tx
from assurance.past import pasts
from assurance.recipients import recipients
from assurance.records import Matter
from assurance.roster import roster
from engine.conditions import Value
from engine.moved import Ref
from engine.rule import Past, Rule, Severity, Verdict
from engine.rules import judge, next_look

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

    def foretell(self, kind: str, refs: Sequence[Ref]) -> Iterator[Foretold]:
        tx = self._tx
        rules = tx.playbook.book.about(kind)
        before = pasts(tx.session, refs, group_id=tx.actor.group_id, today=tx.today)
        for known in tx.playbook.noun(kind).load_many(tx.session, [ref.id for ref in refs]):
            for day, verdict, facing in self._ahead(rules, known, before[known.ref]):
                yield from self._told(day, verdict, facing)

    def _ahead(
        self, rules: Sequence[Rule], known: Known, past: Past
    ) -> Iterator[tuple[date, Verdict, Known]]:
        """Follow one subject from look to look."""
        calendar, day = self._tx.calendar, self._tx.today
        while day <= self._until_on:
            verdicts = judge(rules, known.facts, today=day, calendar=calendar, past=past)
            yield from ((day, verdict, known) for verdict in verdicts)
            past = past.after(verdicts, today=day)
            known = _with(known, verdicts)
            look = next_look(rules, known.facts, today=day, calendar=calendar, past=past)
            if look is None:
                return
            day = look

    def _told(self, day: date, verdict: Verdict, known: Known) -> Iterator[Foretold]:
        tx, rule = self._tx, verdict.rule
        people = roster(tx.session, group_id=tx.actor.group_id, today=day)
        if verdict.is_notice and rule.notice is not None:
            words: Sequence[str] = (rule.notice.to,)
        else:
            words = (*rule.tell, *rule.copy)
        way, goes_at = self._goes(day, verdict)
        for seat, word in recipients(tx, people, known, words):
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
                occasion=verdict.occasion,
                number=verdict.number,
            )

    def _goes(self, day: date, verdict: Verdict) -> tuple[Way, datetime]:
        """Say how and when a mail would go that the rules owe on a day."""
        tx, clock, severity = self._tx, self._clock, verdict.rule.severity
        owed_at = max(tx.now, tx.calendar.instant(day, clock.look_at))
        way = Way.NOTICE if verdict.is_notice else Way.AT_ONCE
        if severity is Severity.URGENT:
            goes_at = owed_at
        elif way is Way.AT_ONCE and severity is Severity.REMINDER and clock.digest_at is not None:
            way, goes_at = Way.DIGEST, clock.digest_after(owed_at, tx.calendar)
        else:
            goes_at = clock.released_at(owed_at, tx.calendar)
        return way, goes_at.astimezone(tx.calendar.zone)


def _with(known: Known, verdicts: Sequence[Verdict]) -> Known:
    """Give a subject with what these verdicts set."""
    sets: Mapping[str, Value] = {name: value for one in verdicts for name, value in one.sets.items()}
    return replace(known, facts={**known.facts, **sets}) if sets else known
