"""Makes a group ready for a sweep: takes rules in, and reckons timers anew where rules, calendar or hour have changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from importlib.metadata import version
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from assurance.adopted import not_in_force
from assurance.batches import work_through
from assurance.calendar import WorkingCalendar
from assurance.in_force import take_in
from assurance.judging import judged, lock
from assurance.matters import MatterNoun
from assurance.office import Office, Tx, clock_of
from assurance.records import Matter
from assurance.records.rules import RuleStamp
from assurance.tally import SweepTally, Withheld
from engine import timers
from engine.ledger import canonical
from engine.moved import Ref
from engine.rules import Rule, RuleBook
from engine.timers import Appointment, Due

PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a group's sweep begins with: the rules that wait for somebody's word, and what was done to get so far."""

    waiting: tuple[Withheld, ...] = ()
    tally: SweepTally = field(default_factory=SweepTally)

    @property
    def withheld(self) -> frozenset[str]:
        """Name the rules that are not in force."""
        return frozenset(one.rule for one in self.waiting)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was found when a group was last made ready, for these rules and this calendar; where rules wait, that day."""

    book: RuleBook
    calendar: WorkingCalendar
    on: date
    not_in_force: tuple[Rule, ...]
    waiting: tuple[Withheld, ...]


# Once every rule is in force, a sweep asks no more: what one process knows of a group, for as long as it lives.
_SEEN: WeakKeyDictionary[Office, dict[int, _Seen]] = WeakKeyDictionary()


def make_ready(office: Office, group_id: int) -> Readiness:
    """Take in the rules that are new to a group, and reckon its timers anew where what they rest on has changed."""
    seen = _SEEN.setdefault(office, {})
    before = seen.get(group_id)
    book, calendar = office.playbook.book, office.playbook.calendar(group_id)
    is_unchanged = before is not None and before.book == book and before.calendar == calendar
    if is_unchanged and before is not None and not before.waiting:
        return Readiness()
    with office.reading(clock_of(group_id)) as tx:
        missing, today = not_in_force(tx.session, book.rules, group_id=group_id), tx.today
    if is_unchanged and before is not None and (before.on, before.not_in_force) == (today, missing):
        return Readiness(before.waiting, SweepTally(withheld=list(before.waiting)))
    waiting = take_in(office, group_id)
    ready = Readiness(waiting, SweepTally(withheld=list(waiting)))
    ready.tally.add(_reckon_anew(office, group_id, ready.withheld))
    left = tuple(rule for rule in missing if rule.id in ready.withheld)
    seen[group_id] = _Seen(book, calendar, today, left, waiting)
    return ready


def _reckon_anew(office: Office, group_id: int, withheld: frozenset[str]) -> SweepTally:
    """Reckon the timers of each kind whose rules, calendar or hour are others than those of its timers."""
    tally = SweepTally()
    with office.reading(clock_of(group_id)) as tx:
        query = sa.select(RuleStamp).where(RuleStamp.group_id == group_id)
        stamped = {row.kind: row.stamp for row in tx.session.scalars(query)}
        stamps = {kind: _stamp(tx, kind, withheld) for kind in tx.playbook.nouns}
    for kind, stamp in stamps.items():
        if stamped.get(kind) != stamp and (kind in stamped or office.playbook.book.about(kind)):
            for page in _pages(office, group_id, kind):
                tally.add(work_through(office, clock_of(group_id), page, partial(_reckon, withheld=withheld)))
            with office.begin(clock_of(group_id)) as tx:
                _keep_stamp(tx, kind, stamp)
    # Nothing was said yet: who is due now is looked at by the sweep that follows.
    return SweepTally(moved=tally.moved, parked=tally.parked, parked_refs=tally.parked_refs)


def _keep_stamp(tx: Tx, kind: str, stamp: str) -> None:
    """Write down from what the timers of a kind were reckoned; of two who do so at once the later one counts."""
    insert = sqlite_insert if tx.session.info["dialect"].name == "sqlite" else postgresql_insert
    reckoned = {"stamp": stamp, "reckoned_at": tx.now}
    row = insert(RuleStamp).values(group_id=tx.actor.group_id, kind=kind, **reckoned)
    tx.session.execute(row.on_conflict_do_update(index_elements=["group_id", "kind"], set_=reckoned))


def _stamp(tx: Tx, kind: str, withheld: frozenset[str]) -> str:
    """Give the fingerprint of all that the timers of a kind rest on, besides the subjects themselves."""
    calendar, book = tx.calendar, tx.playbook.book
    rests_on = (
        [rule.hash for rule in book.about(kind) if rule.id not in withheld],
        book.clock.look_at.isoformat(),
        calendar.name,
        str(calendar.zone),
        sorted(day.isoformat() for day in calendar.closed),
        version("holidays"),
    )
    return hashlib.sha256(canonical(rests_on).encode()).hexdigest()


def _pages(office: Office, group_id: int, kind: str) -> Iterator[Sequence[Due]]:
    """Name every subject of a kind, some thousands at a time."""
    noun = office.playbook.noun(kind)
    key = noun.table.id
    query = sa.select(key).where(noun.table.group_id == group_id).order_by(key).limit(PAGE)
    if isinstance(noun, MatterNoun):
        query = query.where(Matter.kind == kind)
    last = 0
    while True:
        with office.reading(clock_of(group_id)) as tx:
            page = list(tx.session.scalars(query.where(key > last)))
        if not page:
            return
        yield [Due(Ref(kind, number), group_id, tx.now) for number in page]
        last = page[-1]


def _reckon(tx: Tx, due: Sequence[Due], *, withheld: frozenset[str]) -> SweepTally:
    """Set the timers of a batch of one kind to what the rules say now; what is due already stays due."""
    refs = [one.ref for one in due]
    lock(tx, refs)
    set_at = timers.set_for(tx.session, refs[0].kind, [ref.id for ref in refs])
    appointments = []
    for one in judged(tx, refs, withheld=withheld):
        seen_at = set_at.get(one.known.ref.id)
        due_at = tx.now if one.verdicts else one.look_at
        if due_at != seen_at and (seen_at is None or seen_at > tx.now):
            appointments.append(Appointment(one.known.ref, seen_at, due_at))
    timers.appoint(tx.session, appointments, group_id=tx.actor.group_id)
    return SweepTally(moved=len(appointments))
