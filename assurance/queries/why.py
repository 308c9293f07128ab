"""Why a mail was sent: what happened, which rule spoke in which words, on which values, and who decided whom it tells."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from assurance.access import Viewer, nothing_like, visible
from assurance.digest import TEMPLATE as DIGEST
from assurance.digest import Day
from assurance.office import Tx
from assurance.queries.history import line_of
from assurance.queries.who_decided import RuleThen, rule_then, who_decided
from assurance.records import DigestItem
from assurance.roster import roster
from engine.errors import Refused
from engine.ledger import Event, entry_of
from engine.moved import Ref, ref_of
from notifications.outbox import OWED, Message

LARGEST_ID = 2**31 - 1
_NUMBER = re.compile(r"(?:mail/)?(\d+)")
_CAUSE = re.compile(r"(\S+/\d+) line (\d+)")


@dataclass(frozen=True, slots=True)
class Cause:
    """One entry of a history that called for a mail: what happened, why, as whom this person is told, and who says so."""

    ref: Ref
    line: int
    at: datetime
    sentence: str
    because: tuple[str, ...]
    occasion: str
    told_as: str
    decided: str
    rule: RuleThen | None


@dataclass(frozen=True, slots=True)
class Why:
    """One mail and everything that led to it. `posts` are those that the person held on the day it was owed.

    `hidden` counts what led to it and the viewer may not see. Instants are in the group's own zone.
    `person_id` is None where it is for nobody of the group.
    """

    mail: str
    person_id: int | None
    to: str
    address: str
    posts: tuple[str, ...]
    subject: str
    template: str
    state: str
    answer: str | None
    owed_at: datetime
    not_before: datetime
    sent_at: datetime | None
    causes: tuple[Cause, ...]
    hidden: int


def why(tx: Tx, viewer: Viewer, mail: str) -> Why:
    """Explain a mail: `mail/12`, its number, its key or its Message-ID.

    Raises Refused for a mail that does not exist or is not for the viewer.
    """
    message = _found(tx, viewer, mail)
    lines = list(dict.fromkeys(_lines(tx, message)))
    causes = [_cause(tx, viewer, message, *line) for line in lines]
    zone = tx.calendar.zone
    return Why(
        mail=f"mail/{message.id}",
        person_id=_person(message),
        to=message.to_name,
        address=message.to_address,
        posts=_posts(tx, message),
        subject=message.subject,
        template=message.template,
        state=message.state,
        answer=message.last_text,
        owed_at=message.created_at.astimezone(zone),
        not_before=message.not_before.astimezone(zone),
        sent_at=None if message.sent_at is None else message.sent_at.astimezone(zone),
        causes=tuple(cause for cause in causes if cause is not None),
        hidden=causes.count(None),
    )


def _found(tx: Tx, viewer: Viewer, mail: str) -> Message:
    written = mail.strip()
    number = _NUMBER.fullmatch(written)
    where = [visible(viewer, Message)]
    if number is not None and int(number[1]) <= LARGEST_ID:
        where.append(Message.id == int(number[1]))
    else:
        where.append(sa.or_(Message.key == written, Message.message_id == f"<{written.strip('<>')}>"))
    message = tx.session.scalar(sa.select(Message).where(*where))
    if message is None:
        raise nothing_like(viewer, written if number is None else f"mail/{number[1]}")
    return message


def _lines(tx: Tx, message: Message) -> Iterator[tuple[Ref, int, str]]:
    """Give the lines that called for a mail, and as whom each is told: of a digest one for each of its items.

    Of a letter it is the line that caused it, and those of all firings that it tells with it.
    """
    items = tx.session.scalars(_told_by(message).order_by(DigestItem.id)).all()
    for item in items:
        yield Ref(item.subject_kind, item.subject_id), item.seq, item.told_as
    if items:
        return
    cause = _CAUSE.fullmatch(message.cause)
    if cause is not None:
        yield ref_of(cause[1]), int(cause[2]), message.told_as
    for rest in json.loads(message.rests_on):
        if "rule" in rest:
            line = _line_of(tx, rest)
            if line is not None:
                yield ref_of(rest["ref"]), line, message.told_as


def _told_by(message: Message) -> sa.Select[DigestItem]:
    """Ask for the reminders that a digest has told; of one that is not written yet, for those that wait for it."""
    if message.template != DIGEST or message.rendered is not None or message.state not in OWED:
        return sa.select(DigestItem).where(DigestItem.told_in == message.key)
    return sa.select(DigestItem).where(
        DigestItem.group_id == message.group_id,
        DigestItem.person_id == Day.of(message.key).person_id,
        DigestItem.told_in.is_(None),
        DigestItem.dropped_because.is_(None),
        DigestItem.due_at <= message.not_before,
    )


def _line_of(tx: Tx, rest: Mapping[str, Any]) -> int | None:
    """Find the last line in which a rule spoke, or gave notice, for the occasion on which a letter rests."""
    ref = ref_of(rest["ref"])
    kind = "noticed" if rest.get("notice") else "fired"
    rows = tx.session.execute(
        sa.select(Event.seq, Event.data)
        .where(Event.subject_kind == ref.kind, Event.subject_id == ref.id, Event.kind == kind)
        .order_by(Event.seq.desc())
    )
    for seq, data in rows:
        said = json.loads(data)
        if said["rule"] == rest["rule"] and said["occasion"] == rest["occasion"]:
            return int(seq)
    return None


def _cause(tx: Tx, viewer: Viewer, message: Message, ref: Ref, number: int, told_as: str) -> Cause | None:
    """Explain one line; None where the viewer may not see it, or not any more."""
    try:
        told = line_of(tx, viewer, ref, number)
    except Refused:
        return None
    row = tx.session.get(Event, (ref.kind, ref.id, number))
    if told is None or row is None:
        return None
    line = entry_of(row)
    rule = rule_then(tx, line) if "rule" in line.data else None
    return Cause(
        ref=ref,
        line=number,
        at=told.at,
        sentence=told.sentence,
        because=told.because,
        occasion=str(line.data.get("occasion", "")),
        told_as=told_as,
        decided=who_decided(tx, message, line, rule, told_as),
        rule=rule,
    )


def _person(message: Message) -> int | None:
    number = message.person_ref.partition("/")[2]
    return int(number) if number.isdecimal() else None


def _posts(tx: Tx, message: Message) -> tuple[str, ...]:
    """Give the posts that the person held on the day on which the mail was owed."""
    person = _person(message)
    if person is None:
        return ()
    on: date = tx.calendar.today(message.created_at)
    people = roster(tx.session, group_id=message.group_id, today=on)
    return tuple(dict.fromkeys(seat.post for seat in people.of(person)))
