"""The daily truth: every rule asked of the whole table, in SQL, so that what a lost timer has left unsaid is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from assurance.backlog import subjects
from assurance.batches import work_through
from assurance.finding import not_accounted_for
from assurance.judging import judged, lock
from assurance.matters import MatterNoun
from assurance.office import Office, Tx, clock_of
from assurance.records import RuleHold
from assurance.records.rules import DailySweep
from assurance.tally import SweepTally
from engine import timers
from engine.fences import EVERY
from engine.moved import Ref
from engine.rules import HoldKind
from engine.timers import Appointment, Due


def repair(office: Office, group_id: int, *, withheld: frozenset[str]) -> SweepTally:
    """Have everything looked at now of which something was lost; give how many subjects that are.

    Who will have something to say on a later day only, and has lost their timer, is found on that day.
    """
    tally = SweepTally()
    for kind in office.playbook.nouns:
        with office.reading(clock_of(group_id)) as tx:
            due = [Due(ref, group_id, _since(tx)) for ref in _suspects(tx, kind, withheld)]
        work = partial(_repair, withheld=withheld)
        tally.add(work_through(office, clock_of(group_id), due, work))
    return tally


def is_owed_today(office: Office) -> bool:
    """Say whether in any group the hour of the day has come at which everything is looked at, and nobody has done it yet."""
    now, look_at = office.clock.now(), office.playbook.book.clock.look_at
    with office.store.reading(group=EVERY) as session:
        done = dict(session.execute(sa.select(DailySweep.group_id, DailySweep.done_on)).all())
    for group_id in office.groups():
        calendar = office.playbook.calendar(group_id)
        today = calendar.today(now)
        # Not only before today: a clock that was ahead once must not stop everything until that day.
        if now >= calendar.instant(today, look_at) and done.get(group_id) != today:
            return True
    return False


def note_done(office: Office, group_id: int) -> None:
    """Keep that everything was looked at today."""
    with office.begin(clock_of(group_id)) as tx:
        insert = sqlite_insert if tx.session.info["dialect"].name == "sqlite" else postgresql_insert
        done = {"done_on": tx.today, "done_at": tx.now}
        row = insert(DailySweep).values(group_id=group_id, **done)
        tx.session.execute(row.on_conflict_do_update(index_elements=["group_id"], set_=done))


def _suspects(tx: Tx, kind: str, withheld: frozenset[str]) -> list[Ref]:
    """Name the subjects of which something may have been lost, as far as the database can tell."""
    noun = tx.playbook.noun(kind)
    rules = [rule for rule in tx.playbook.book.about(kind) if rule.id not in withheld]
    if not rules:
        return []
    if isinstance(noun, MatterNoun):
        return subjects(tx, kind)
    found = {ref for rule in rules for ref in not_accounted_for(tx, noun, rule, rules)}
    return sorted(found.union(_accepted(tx, kind)))


def _accepted(tx: Tx, kind: str) -> Iterator[Ref]:
    """Name the subjects about which somebody accepted something until a day that is over: it is said once more."""
    query = sa.select(RuleHold.subject_id).where(
        RuleHold.group_id == tx.actor.group_id,
        RuleHold.subject_kind == kind,
        RuleHold.kind == HoldKind.ACKNOWLEDGEMENT,
        RuleHold.until_on < tx.today,
    )
    return (Ref(kind, number) for number in tx.session.scalars(query) if number is not None)


def _since(tx: Tx) -> datetime:
    """Give the instant at which what is found today was due: a reminder is then for today's digest."""
    return min(tx.now, tx.calendar.instant(tx.today, tx.playbook.book.clock.look_at))


def _repair(tx: Tx, due: Sequence[Due], *, withheld: frozenset[str]) -> SweepTally:
    """Have those looked at about whom a rule speaks although no timer says so, and set the timers that are missing."""
    refs, since = [one.ref for one in due], due[0].due_at
    lock(tx, refs)
    set_at = timers.set_for(tx.session, refs[0].kind, [ref.id for ref in refs])
    lost = []
    for one in judged(tx, refs, withheld=withheld):
        seen_at = set_at.get(one.known.ref.id)
        due_at = since if one.verdicts else one.look_at
        is_lost = seen_at is None or (seen_at > tx.now and one.verdicts)
        if due_at is not None and is_lost:
            lost.append(Appointment(one.known.ref, seen_at, due_at))
    timers.appoint(tx.session, lost, group_id=tx.actor.group_id)
    return SweepTally(repaired=len(lost))
