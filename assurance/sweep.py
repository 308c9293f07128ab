"""The night watch: looks at every subject whose instant has come, and says each thing once.

What keeps a firing from happening twice is the ledger's unique key, not a lock: any number of sweeps may run.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple
from weakref import WeakKeyDictionary

from assurance.attendance import keep_invitations
from assurance.batches import BATCH, work_through
from assurance.checkpointing import take_daily
from assurance.clearing import clear_away
from assurance.daily import is_owed_today, note_done, repair
from assurance.digest import newest_waiting, owe_all_digests
from assurance.firing import look, look_at_free
from assurance.office import Office, clock_of
from assurance.reckoning import make_ready
from assurance.tally import SweepTally
from assurance.telemetry import sweeping
from engine import timers
from engine.fences import EVERY
from engine.only_one import only_one
from engine.timers import Due

A_WHILE = timedelta(minutes=5)


class _Owed(NamedTuple):
    """For which digest hours a process has owed digests, and the newest reminder that waited then."""

    hours: tuple[datetime | None, ...]
    newest: int | None


# A minute in which nothing happens asks for no more than this.
_OWED: WeakKeyDictionary[Office, _Owed] = WeakKeyDictionary()

__all__ = ["SweepTally", "sweep", "sweep_all", "watch"]


def sweep(office: Office, *, beside_others: bool = False) -> SweepTally:
    """Look at every subject whose timer is due, in batches; one bad subject stops nobody else.

    Whoever works `beside_others` leaves to them what they hold, and goes on to what they do not.
    """
    look_at = look_at_free if beside_others else look
    tally, withheld = SweepTally(), dict[int, frozenset[str]]()
    for group_id in office.groups():
        ready = make_ready(office, group_id)
        withheld[group_id] = ready.withheld
        tally.add(ready.tally)
    # What becomes due while we look, because somebody moves it, has its turn at the next sweep.
    at, last = office.clock.now(), None
    while True:
        with office.store.reading(group=EVERY) as session:
            due = timers.due(session, at=at, most=BATCH, after=last)
            newest = None if due else newest_waiting(session)
        if not due:
            break
        last = due[-1]
        groups: dict[int, list[Due]] = defaultdict(list)
        for one in due:
            groups[one.group_id].append(one)
        for group_id, some in groups.items():
            work = partial(look_at, withheld=withheld.get(group_id, frozenset()))
            tally.add(work_through(office, clock_of(group_id), some, work))
    _owe_digests(office, tally, _Owed(_digest_hours(office, at), newest))
    return tally


def _owe_digests(office: Office, tally: SweepTally, owed: _Owed) -> None:
    """Owe digests, unless nothing was looked at since this process owed those of the next digest hours.

    Another process may have looked and been killed before it owed them.
    """
    if tally.looked or _OWED.get(office) != owed:
        owe_all_digests(office)
        _OWED[office] = owed


def _digest_hours(office: Office, at: datetime) -> tuple[datetime | None, ...]:
    """Give the next digest hour of each group."""
    clock, playbook = office.playbook.book.clock, office.playbook
    if clock.digest_at is None:
        return tuple(None for _ in office.groups())
    return tuple(clock.digest_after(at, playbook.calendar(group_id)) for group_id in office.groups())


def sweep_all(office: Office) -> SweepTally:
    """Look at what is due, then ask every rule of every subject: the daily truth that repairs a lost timer.

    Whoever has joined or left a group is told of its meetings first. Files to which nothing points are cleared away.
    At the end a checkpoint says, signed, where everything stands.
    """
    tally = keep_invitations(office)
    tally.add(sweep(office))
    for group_id in office.groups():
        tally.add(repair(office, group_id, withheld=make_ready(office, group_id).withheld))
    tally.add(sweep(office))
    clear_away(office)
    for group_id in office.groups():
        note_done(office, group_id)
        take_daily(office, group_id)
    return tally


def stands_still(office: Office) -> bool:
    """Say whether rules should have looked at something a while ago and nobody let them."""
    with office.store.reading(group=EVERY) as session:
        return bool(timers.due(session, at=office.clock.now() - A_WHILE, most=1))


def watch(office: Office, *, beside_others: bool = False) -> SweepTally:
    """Look at what is due, and once a day, from the hour at which rules look, at everything.

    Of several who watch at once, one looks at everything, the others at what is due.
    """
    with sweeping(office.clock):
        if is_owed_today(office):
            with only_one(office.store, "the daily look") as is_mine:
                if is_mine:
                    return sweep_all(office)
        return sweep(office, beside_others=beside_others)


def many_are_due(office: Office) -> bool:
    """Say whether more subjects are due than one process should look at alone."""
    with office.store.reading(group=EVERY) as session:
        return len(timers.due(session, at=office.clock.now(), most=BATCH + 1)) > BATCH
