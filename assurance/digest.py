"""The daily digest: at most one mail to a person on a working day, whose lines are chosen when it is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.digest_words import words_of
from assurance.linked_letters import OwnLinks
from assurance.office import Office, Tx, clock_of
from assurance.outlook import Outlook
from assurance.reasons import day_in_words
from assurance.records import DigestItem, Person
from assurance.reminders import STILL_WAITS, ground_of, is_put_aside, listener_of, next_hour, subject_of
from engine.fences import EVERY
from engine.prepared import Prepared
from notifications import outbox
from notifications.leases import Claimed
from notifications.outbox import Message, Notice, Severity, State
from notifications.review import Answer, Goes, Overtaken

TEMPLATE = "digest"
NOTHING_LEFT = "Nothing of what this digest would have said is still so."


class _Waits(NamedTuple):
    """Somebody for whom reminders wait, and the digest hour for which the first of them was meant."""

    person_id: int
    name: str
    email: str
    due_at: datetime


class Day(NamedTuple):
    """One person's digest of one civil day."""

    person_id: int
    on: date

    @property
    def key(self) -> str:
        """Give the key of its message, of which there can be only one."""
        return f"{TEMPLATE}:person/{self.person_id}:{self.on.isoformat()}"

    @classmethod
    def of(cls, key: str) -> Day:
        """Read the key of a digest's message."""
        person, on = key.removeprefix(f"{TEMPLATE}:person/").split(":")
        return cls(int(person), date.fromisoformat(on))


# -- owing -------------------------------------------------------------------------------------------------


def owe_all_digests(office: Office) -> None:
    """Owe the digests of every group; where nothing is to be owed, nothing is written."""
    for group_id in _groups_with(office, _WAITING):
        clock = clock_of(group_id)
        with office.reading(clock) as tx:
            is_owed = bool(_owed(tx))
        if is_owed:
            with office.begin(clock) as tx:
                owe_digests(tx)


# Asked of all groups at once: of hundreds, few have anything to be told at one moment.
_WAITING = Prepared(sa.select(DigestItem.group_id).where(*STILL_WAITS).distinct())
_UNSENT = Prepared(
    sa.select(Message.group_id)
    .where(
        Message.sent_at.is_(None),
        Message.state.in_((State.QUEUED, State.FAILED)),
        Message.template == TEMPLATE,
    )
    .distinct()
)


def _groups_with(office: Office, question: Prepared) -> list[int]:
    """Give the groups that a question finds, of those that this process knows."""
    with office.store.reading(group=EVERY) as session:
        found = {row[0] for row in question.rows(session, {})}
    return [group_id for group_id in office.groups() if group_id in found]


# Added to nought, so that the planner walks the index of what waits, and not back through all that was ever told.
_NEWEST_WAITING = Prepared(sa.select(sa.func.max(DigestItem.id + 0)).where(*STILL_WAITS))


def newest_waiting(session: Session) -> int | None:
    """Give the number of the newest reminder that waits, of all groups; None where none waits."""
    row = _NEWEST_WAITING.first(session, {})
    return None if row is None else row[0]


def renew_all_digests(office: Office) -> None:
    """Owe the digests of every group to be sent now: those whose day has passed are owed anew for today.

    What stood in one that has failed for good waits for the next.
    """
    for group_id in _groups_with(office, _UNSENT):
        clock = clock_of(group_id)
        with office.reading(clock) as tx:
            waits_again = bool(_past_days(tx) or _failed(tx))
        if waits_again:
            with office.begin(clock) as tx:
                let_go_of_past_days(tx)
                let_go_of_failed(tx)
    owe_all_digests(office)


def owe_digests(tx: Tx) -> None:
    """Owe a digest to everybody for whom reminders wait that are due by the next digest hour.

    Never two that say nothing yet, and never two for one civil day: where that day's has been written, it is the next
    working day's.
    """
    outbox.put(tx.session, _owed(tx), at=tx.now)


def let_go_of_past_days(tx: Tx) -> None:
    """Withdraw the digests that nobody has taken on their day: what they would have said waits again."""
    for key in _past_days(tx):
        if outbox.withdraw(tx.session, key=key, reason=_too_late(key), at=tx.now):
            let_go(tx, key)


def let_go_of_failed(tx: Tx) -> None:
    """Let what digests that failed would have told wait again, for the next one."""
    for key in _failed(tx):
        let_go(tx, key)


def _failed(tx: Tx) -> list[str]:
    tells = sa.exists().where(DigestItem.told_in == Message.key)
    query = sa.select(Message.key).where(
        Message.group_id == tx.actor.group_id,
        Message.sent_at.is_(None),
        Message.state == State.FAILED,
        Message.template == TEMPLATE,
        tells,
    )
    return list(tx.session.scalars(query.order_by(Message.id)))


def _past_days(tx: Tx) -> list[str]:
    return [key for key in tx.session.scalars(_queued(tx)) if Day.of(key).on < tx.today]


def _queued(tx: Tx) -> sa.Select[str]:
    return sa.select(Message.key).where(
        Message.group_id == tx.actor.group_id,
        Message.sent_at.is_(None),
        Message.state == State.QUEUED,
        Message.template == TEMPLATE,
    )


def _owed(tx: Tx) -> list[Notice]:
    """Give the digests that are to be owed and are not there yet."""
    hour = next_hour(tx, tx.now)
    waiting = _waiting(tx, hour)
    if not waiting:
        return []
    # One for a later day, owed by a clock that was ahead, is no reason to tell nothing until then.
    soon = _queued(tx).where(_SAYS_NOTHING, Message.not_before <= hour)
    open_for = {Day.of(key).person_id for key in tx.session.scalars(soon)}
    goes_at = {one: _goes_at(tx, one.due_at, hour) for one in waiting if one.person_id not in open_for}
    is_open = _are_open(tx, [_day(tx, one, at) for one, at in goes_at.items()])
    return [_notice(tx, one, *_free_day(tx, _day(tx, one, at), at, is_open)) for one, at in goes_at.items()]


def _free_day(tx: Tx, day: Day, at: datetime, is_open: Mapping[str, bool]) -> tuple[Day, datetime]:
    """Give the day and the instant of a digest: the next working day's where that day's says already what it says."""
    if is_open.get(day.key, True):
        return day, at
    later = hour_after(tx, day.on)
    return Day(day.person_id, tx.calendar.today(later)), later


def _waiting(tx: Tx, by: datetime) -> list[_Waits]:
    query = (
        sa.select(Person.id, Person.name, Person.email, sa.func.min(DigestItem.due_at))
        .join(Person, Person.id == DigestItem.person_id)
        .where(DigestItem.group_id == tx.actor.group_id, *STILL_WAITS, DigestItem.due_at <= by)
        .group_by(Person.id, Person.name, Person.email)
        .order_by(Person.id)
    )
    return [_Waits(*row) for row in tx.session.execute(query)]


def _goes_at(tx: Tx, due_at: datetime, hour: datetime) -> datetime:
    """Give when a digest goes: at its hour, or at once where that is past and mail goes today."""
    if due_at > tx.now:
        return hour
    clock = tx.playbook.book.clock
    is_open = clock.released_at(tx.now, tx.calendar) <= tx.now
    has_struck = clock.digest_at is None or tx.calendar.civil(tx.now).time() >= clock.digest_at
    return tx.now if is_open and has_struck else hour


def _day(tx: Tx, one: _Waits, at: datetime) -> Day:
    return Day(one.person_id, tx.calendar.today(at))


def _next_day(tx: Tx, day: date) -> datetime:
    return tx.calendar.instant(day + timedelta(days=1), time.min)


def _are_open(tx: Tx, days: Sequence[Day]) -> dict[str, bool]:
    """Say of the digests that are there whether they can still take something up: they say nothing yet."""
    is_open = sa.and_(Message.state.in_(outbox.OWED), _SAYS_NOTHING)
    query = sa.select(Message.key, is_open).where(Message.key.in_([day.key for day in days]))
    return {key: bool(is_open) for key, is_open in tx.session.execute(query)}


def _notice(tx: Tx, one: _Waits, day: Day, at: datetime) -> Notice:
    """Owe a digest that says nothing yet; what it will say is chosen when it is written."""
    group = tx.playbook.groups[tx.actor.group_id]
    return Notice(
        key=day.key,
        group_id=tx.actor.group_id,
        to_address=one.email,
        to_name=one.name,
        person_ref=f"person/{one.person_id}",
        template=TEMPLATE,
        context={},
        thread=f"{TEMPLATE}/person/{one.person_id}",
        subject=f"{group.name}: what is waiting",
        cause=f"the digest of {day_in_words(day.on)}",
        severity=Severity.REMINDER,
        not_before=at,
    )


def _too_late(key: str) -> str:
    on = day_in_words(Day.of(key).on)
    return f"It did not go on {on}; what is still so goes into a later digest."


def let_go(tx: Tx, key: str) -> None:
    """Let what a digest would have told, or has told in vain, wait again."""
    tx.session.execute(sa.update(DigestItem).where(DigestItem.told_in == key).values(told_in=None))


def leaves_at(tx: Tx, due_at: datetime) -> datetime:
    """Give when a reminder goes that is meant for a digest hour, past or to come, if no digest has gone that day."""
    hour = next_hour(tx, tx.now)
    return due_at if due_at > hour else _goes_at(tx, due_at, hour)


def already_written(tx: Tx, people: Iterable[int], day: date) -> frozenset[int]:
    """Give those whose digest of a day can take nothing up any more: theirs is the next working day's."""
    there = _are_open(tx, [Day(person, day) for person in people])
    return frozenset(Day.of(key).person_id for key, is_open in there.items() if not is_open)


def hour_after(tx: Tx, day: date) -> datetime:
    """Give the first digest hour after a civil day."""
    return next_hour(tx, _next_day(tx, day))


# -- writing -----------------------------------------------------------------------------------------------


def hold_reminders(tx: Tx, digests: Sequence[Claimed]) -> None:
    """Hold what the digests of a batch may tell, the lowest first, so that two who want the same wait in one line."""
    if not digests or not tx.session.info["locks_rows"]:
        return
    told_here = DigestItem.told_in.in_([message.key for message in digests])
    query = (
        sa.select(DigestItem.id)
        .where(DigestItem.group_id == tx.actor.group_id)
        .where(DigestItem.person_id.in_([Day.of(message.key).person_id for message in digests]))
        .where(sa.or_(told_here, _is_due(tx)))
        .order_by(DigestItem.id)
        .with_for_update()
    )
    tx.session.execute(query)


def word_digest(tx: Tx, message: Claimed, *, is_dead: bool = False, own: OwnLinks | None = None) -> Answer:
    """Choose what a digest says, and mark that it has told it; one with nothing left to say is overtaken.

    Written again after a crash, it chooses again. What has bytes already says what it says. One to an address that
    `is_dead` tells nobody: what it would have said waits on. Pages for which its reader has a link of their `own` are
    opened by that.
    """
    if Day.of(message.key).on != tx.today:
        let_go(tx, message.key)
        return Overtaken(_too_late(message.key))
    items = _items_for(tx, message)
    outlook = Outlook(tx, [subject_of(item) for item in items])
    name = message.to_name
    if is_dead:
        let_go(tx, message.key)
    elif message.rendered is not None:
        is_so = any(outlook.doubt(ground_of(item), listener_of(item, name)) is None for item in items)
        return Goes() if is_so else Overtaken(NOTHING_LEFT)
    kept = [item for item in items if not is_put_aside(tx, outlook, item, name)]
    if kept and is_dead:
        return Goes()
    for item in kept:
        item.told_in = message.key
    tx.session.flush()
    if not kept:
        return Overtaken(NOTHING_LEFT)
    return Goes(words_of(tx, outlook, kept, name=name, own=own or {}))


def _items_for(tx: Tx, message: Claimed) -> list[DigestItem]:
    """Give what this digest may tell, and hold it: no other digest tells it then."""
    told_here = DigestItem.told_in == message.key
    query = (
        sa.select(DigestItem)
        .where(DigestItem.group_id == tx.actor.group_id)
        .where(DigestItem.person_id == Day.of(message.key).person_id)
        .where(told_here if message.rendered is not None else sa.or_(told_here, _is_due(tx)))
        .order_by(DigestItem.id)
        .with_for_update()
    )
    return list(tx.session.scalars(query, execution_options={"populate_existing": True}))


def _is_due(tx: Tx) -> sa.ColumnElement[bool]:
    return sa.and_(*STILL_WAITS, DigestItem.due_at <= tx.now)


_SAYS_NOTHING = Message.rendered.is_(None)
