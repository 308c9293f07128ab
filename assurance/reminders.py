"""What becomes of reminders that wait for a digest: told, dropped with the reason, passed on, or waiting again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time

import sqlalchemy as sa

from assurance.office import Tx
from assurance.outlook import Ground, Listener, Outlook
from assurance.records import DigestItem, Person
from assurance.telling import firing_key, keep_items
from engine.moved import Ref
from engine.rule_truth import Said
from engine.store import among

STILL_WAITS = (DigestItem.told_in.is_(None), DigestItem.dropped_because.is_(None))
_WAS_DROPPED = (DigestItem.told_in.is_(None), DigestItem.dropped_because.is_not(None))


def next_hour(tx: Tx, at: datetime) -> datetime:
    """Give the next digest hour; where the group wants no digest any more, as soon as mail may go."""
    clock = tx.playbook.book.clock
    if clock.digest_at is None:
        return clock.released_at(at, tx.calendar)
    return clock.digest_after(at, tx.calendar)


def waiting_about(tx: Tx, refs: Iterable[Ref]) -> list[tuple[DigestItem, str]]:
    """Give the reminders that wait about these subjects, each with the name of whom it is for, and hold them.

    What was said a moment ago, in this very transaction, is still so and not among them.
    """
    return _items_about(tx, refs, STILL_WAITS)


def dropped_about(tx: Tx, refs: Iterable[Ref]) -> list[tuple[DigestItem, str]]:
    """Give the reminders about these subjects that were dropped before anybody was told, each with its addressee."""
    return _items_about(tx, refs, _WAS_DROPPED)


def _items_about(
    tx: Tx, refs: Iterable[Ref], are: Iterable[sa.ColumnElement[bool]]
) -> list[tuple[DigestItem, str]]:
    by_kind: dict[str, list[int]] = {}
    for ref in refs:
        by_kind.setdefault(ref.kind, []).append(ref.id)
    # However many they are, the query stays the same, and is compiled once.
    about = [sa.and_(DigestItem.subject_kind == kind, among(DigestItem.subject_id, kind)) for kind in by_kind]
    query = (
        sa.select(DigestItem, Person.name)
        .join(Person, Person.id == DigestItem.person_id)
        .where(DigestItem.group_id == tx.actor.group_id, *are, sa.or_(*about))
        .where(DigestItem.made_at < tx.now)
        .order_by(DigestItem.id)
        .with_for_update(of=DigestItem)
    )
    return [(item, name) for item, name in tx.session.execute(query, by_kind)]


def look_again(tx: Tx, outlook: Outlook, waiting: Iterable[tuple[DigestItem, str]]) -> None:
    """Look again at reminders that wait: what is no longer so is dropped, what is held waits longer."""
    for item, name in waiting:
        if not is_put_aside(tx, outlook, item, name):
            # What held it may have been lifted.
            item.due_at = min(item.due_at, next_hour(tx, tx.now))
    tx.session.flush()


def remind_again(tx: Tx, outlook: Outlook, dropped: Iterable[tuple[DigestItem, str]]) -> None:
    """Let reminders wait again that were dropped and are so again, for whoever is the one to hear them now."""
    for item, name in dropped:
        listener = listener_of(item, name)
        doubt = outlook.doubt(ground_of(item), listener)
        if doubt is None:
            item.dropped_because, item.due_at = None, next_hour(tx, tx.now)
        elif doubt.until_on is not None:
            until = tx.calendar.instant(doubt.until_on, time.min)
            item.dropped_because, item.due_at = None, next_hour(tx, until)
        elif doubt.for_others and not _is_told_by_word(tx, item):
            _pass_on(tx, outlook, item, listener)
    tx.session.flush()


def _is_told_by_word(tx: Tx, item: DigestItem) -> bool:
    """Say whether a reminder waits for somebody, or was told to them, by the word by which one was dropped."""
    same = (DigestItem.subject_kind, DigestItem.subject_id, DigestItem.rule, DigestItem.occasion)
    where = [column == getattr(item, column.key) for column in (*same, DigestItem.number, DigestItem.told_as)]
    there = sa.exists().where(DigestItem.dropped_because.is_(None), *where)
    return tx.session.scalar(sa.select(there)) or False


def is_put_aside(tx: Tx, outlook: Outlook, item: DigestItem, name: str) -> bool:
    """Say whether a reminder is not told now, and write down what becomes of it instead."""
    listener = listener_of(item, name)
    doubt = outlook.doubt(ground_of(item), listener)
    if doubt is None:
        word = outlook.other_word(ground_of(item), listener)
        if word is not None:
            # Whoever is meant by the old word by now hears it too.
            _pass_on(tx, outlook, item, listener)
            item.told_as = word
        return False
    item.told_in = None
    if doubt.until_on is not None:
        item.due_at = next_hour(tx, tx.calendar.instant(doubt.until_on, time.min))
    else:
        item.dropped_because = doubt.sentence
        if doubt.for_others:
            _pass_on(tx, outlook, item, listener)
    return True


def _pass_on(tx: Tx, outlook: Outlook, item: DigestItem, listener: Listener) -> None:
    """Let a reminder wait for whoever is now the one to hear it, unless they hear it already."""
    ground = ground_of(item)
    rule = outlook.rule(item.rule)
    key = firing_key(rule, ground.ref, item.occasion, item.number)
    kept = {column.name: getattr(item, column.name) for column in DigestItem.__table__.columns}
    rows: list[Mapping[str, object]] = [
        {
            **kept,
            "key": f"{key}:{seat.person_id}",
            "person_id": seat.person_id,
            "made_at": tx.now,
            "due_at": max(item.due_at, next_hour(tx, tx.now)),
        }
        for seat in outlook.successors(ground, listener)
    ]
    keep_items(tx, rows)
    # Whoever is in the post again has the one that was dropped when they left it.
    for row in rows:
        again = sa.update(DigestItem).where(DigestItem.key == row["key"], *_WAS_DROPPED)
        change = again.values(dropped_because=None, due_at=row["due_at"])
        tx.session.execute(change, execution_options={"synchronize_session": "fetch"})


def subject_of(item: DigestItem) -> Ref:
    """Give the subject of a reminder."""
    return Ref(item.subject_kind, item.subject_id)


def ground_of(item: DigestItem) -> Ground:
    """Give on what a reminder rests."""
    return Ground(subject_of(item), Said(item.rule, item.occasion, item.number))


def listener_of(item: DigestItem, name: str) -> Listener:
    """Give who is to be told by a reminder, and by which word."""
    return Listener(item.person_id, name, item.told_as)
