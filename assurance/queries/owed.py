"""What rules have said already and nobody has been told yet: it waits for a digest, or for the end of the quiet hours."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from assurance.digest import leaves_at
from assurance.office import Tx
from assurance.records import DigestItem
from engine.moved import Ref, ref_of
from engine.rule_truth import Said
from notifications.outbox import Message, State


@dataclass(frozen=True, slots=True)
class Owed:
    """Something that a rule has said on a day and that one person is to be told, as whom, and when the mail goes."""

    ref: Ref
    said: Said
    on: date
    person_id: int
    told_as: str
    goes_at: datetime
    is_for_digest: bool


def owed_to(tx: Tx, people: Sequence[int] | None = None) -> Mapping[Ref, Sequence[Owed]]:
    """Give what waits to be told, by what it is about; to some people only, or to everybody."""
    found: dict[Ref, list[Owed]] = defaultdict(list)
    for one in (*_in_digests(tx, people), *_in_letters(tx, people)):
        found[one.ref].append(one)
    return found


def _in_digests(tx: Tx, people: Sequence[int] | None) -> Iterator[Owed]:
    query = sa.select(DigestItem).where(
        DigestItem.group_id == tx.actor.group_id,
        DigestItem.told_in.is_(None),
        DigestItem.dropped_because.is_(None),
    )
    if people is not None:
        query = query.where(DigestItem.person_id.in_(people))
    for item in tx.session.scalars(query.order_by(DigestItem.id)):
        said = Said(item.rule, item.occasion, item.number)
        on, goes_at = tx.calendar.today(item.made_at), leaves_at(tx, item.due_at)
        ref = Ref(item.subject_kind, item.subject_id)
        yield Owed(ref, said, on, item.person_id, item.told_as, goes_at, is_for_digest=True)


def _in_letters(tx: Tx, people: Sequence[int] | None) -> Iterator[Owed]:
    query = sa.select(
        Message.created_at, Message.not_before, Message.person_ref, Message.told_as, Message.rests_on
    ).where(
        Message.group_id == tx.actor.group_id,
        Message.sent_at.is_(None),
        Message.state == State.QUEUED,
        Message.rests_on.contains('"rule":'),
    )
    if people is not None:
        query = query.where(Message.person_ref.in_([f"person/{person}" for person in people]))
    for created_at, not_before, person_ref, told_as, rests_on in tx.session.execute(
        query.order_by(Message.id)
    ):
        on, person = tx.calendar.today(created_at), int(person_ref.removeprefix("person/"))
        for rest in json.loads(rests_on):
            if "rule" in rest:
                said = Said(rest["rule"], rest["occasion"], rest.get("number"), bool(rest.get("notice")))
                goes_at = max(tx.now, not_before)
                yield Owed(ref_of(rest["ref"]), said, on, person, told_as, goes_at, is_for_digest=False)
