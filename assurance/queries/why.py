"""Why a mail was sent: what happened, which rule spoke in which words, on which values, and who decided whom it tells."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from assurance.access import Viewer, nothing_like, visible
from assurance.digest import TEMPLATE as DIGEST
from assurance.digest import Day
from assurance.office import Tx
from assurance.queries.history import Told, history_of
from assurance.reasons import day_in_words
from assurance.records import AdoptedRule, DigestItem, Person
from assurance.roster import roster
from engine.errors import Refused
from engine.ledger import Event
from engine.moved import Ref, ref_of
from notifications.outbox import OWED, Message

LARGEST_ID = 2**31 - 1
_NUMBER = re.compile(r"(?:mail/)?(\d+)")
_CAUSE = re.compile(r"(\S+/\d+) line (\d+)")


@dataclass(frozen=True, slots=True)
class RuleThen:
    """A rule in the words that it had when it spoke; `in_force` says since when and by whom."""

    id: str
    title: str
    when: str
    once_per: str
    tells: tuple[str, ...]
    copies: tuple[str, ...]
    notice: str
    in_force: str


@dataclass(frozen=True, slots=True)
class Cause:
    """One entry of a history that called for a mail: what happened, why, and as whom this person was told."""

    ref: Ref
    line: int
    at: datetime
    sentence: str
    because: tuple[str, ...]
    occasion: str
    told_as: str
    rule: RuleThen | None


@dataclass(frozen=True, slots=True)
class Why:
    """One mail and everything that led to it. `posts` are those that the person held on the day it was owed.

    Instants are in the group's own zone.
    """

    mail: str
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
    decided: str


def why(tx: Tx, viewer: Viewer, mail: str) -> Why:
    """Explain a mail: `mail/12`, its number, its key or its Message-ID.

    Raises Refused for a mail that does not exist or is not for the viewer.
    """
    message = _found(tx, viewer, mail)
    causes = tuple(_causes(tx, viewer, message))
    zone = tx.calendar.zone
    return Why(
        mail=f"mail/{message.id}",
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
        causes=causes,
        decided=_decided(causes),
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


def _causes(tx: Tx, viewer: Viewer, message: Message) -> Iterator[Cause]:
    """Give what called for a mail: of a digest each of its items, of a letter each firing on which it rests."""
    items = tx.session.scalars(_told_by(message).order_by(DigestItem.id)).all()
    for item in items:
        yield from _cause(tx, viewer, Ref(item.subject_kind, item.subject_id), item.seq, item.told_as)
    if items:
        return
    for ref, line in _lines(tx, message):
        yield from _cause(tx, viewer, ref, line, message.told_as)


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


def _lines(tx: Tx, message: Message) -> list[tuple[Ref, int]]:
    """Give the lines that a letter stands for: the one that caused it, and those of all firings told with it."""
    found: dict[tuple[Ref, int], None] = {}
    cause = _CAUSE.fullmatch(message.cause)
    if cause is not None:
        found[ref_of(cause[1]), int(cause[2])] = None
    for rest in json.loads(message.rests_on):
        if "rule" in rest:
            line = _line_of(tx, rest)
            found |= {} if line is None else {(ref_of(rest["ref"]), line): None}
    return list(found)


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


def _cause(tx: Tx, viewer: Viewer, ref: Ref, line: int, told_as: str) -> Iterator[Cause]:
    try:
        lines: Sequence[Told] = history_of(tx, viewer, ref)
    except Refused:
        return  # told once, and may no longer be seen
    told = next((one for one in lines if one.number == line), None)
    data = tx.session.scalar(
        sa.select(Event.data).where(
            Event.subject_kind == ref.kind, Event.subject_id == ref.id, Event.seq == line
        )
    )
    if told is None or data is None:
        return
    said = json.loads(data)
    yield Cause(
        ref=ref,
        line=line,
        at=told.at,
        sentence=told.sentence,
        because=told.because,
        occasion=str(said.get("occasion", "")),
        told_as=told_as,
        rule=_rule_then(tx, said, told.at) if "rule" in said else None,
    )


def _rule_then(tx: Tx, said: Mapping[str, Any], at: datetime) -> RuleThen | None:
    """Find the rule's text as it was: by the fingerprint in the line, else the last one in force by then."""
    query = sa.select(AdoptedRule).where(
        AdoptedRule.group_id == tx.actor.group_id, AdoptedRule.rule == said["rule"]
    )
    if "rule_hash" in said:
        query = query.where(AdoptedRule.hash.startswith(said["rule_hash"]))
    else:
        query = query.where(AdoptedRule.adopted_at <= at)
    row = tx.session.scalars(query.order_by(AdoptedRule.adopted_at.desc(), AdoptedRule.id.desc())).first()
    if row is None:
        return _rule_now(tx, said["rule"])
    return _as_written(row.rule, json.loads(row.text), _in_force(tx, row))


def _rule_now(tx: Tx, rule_id: str) -> RuleThen | None:
    """Give the rule as it stands on the shelf: what spoke before rules were taken into force has no other text."""
    rule = next((rule for rule in tx.playbook.book.rules if rule.id == rule_id), None)
    if rule is None:
        return None
    return _as_written(
        rule.id, json.loads(rule.text), "shown as it stands now; its text of that day was not kept"
    )


def _as_written(rule_id: str, entry: Mapping[str, Any], in_force: str) -> RuleThen:
    notice = entry.get("notice")
    return RuleThen(
        id=rule_id,
        title=entry["title"],
        when=" ".join(str(entry["when"]).split()),
        once_per=entry["once_per"],
        tells=_words(entry.get("tell")),
        copies=_words(entry.get("copy")),
        notice="" if notice is None else f"{notice['to']}, {notice['before']} before",
        in_force=in_force,
    )


def _in_force(tx: Tx, row: AdoptedRule) -> str:
    by = "by itself"
    if row.adopted_by.startswith("person/"):
        person = tx.session.get(Person, int(row.adopted_by.removeprefix("person/")))
        by = f"by {row.adopted_by if person is None else person.name}"
    backlog = {
        "accepted": ", with its backlog",
        "only_from": f", for what began on {row.only_from_on} or later",
    }.get(row.backlog, "")
    return f"in force since {day_in_words(tx.calendar.today(row.adopted_at))}, taken in {by}{backlog}"


def _words(value: str | list[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _posts(tx: Tx, message: Message) -> tuple[str, ...]:
    """Give the posts that the person held on the day on which the mail was owed."""
    ref = message.person_ref.partition("/")[2]
    on: date = tx.calendar.today(message.created_at)
    people = roster(tx.session, group_id=message.group_id, today=on)
    return tuple(dict.fromkeys(seat.post for seat in people.of(int(ref)))) if ref.isdecimal() else ()


def _decided(causes: Sequence[Cause]) -> str:
    """Say who decided that this person is told."""
    rules = {cause.rule.id: cause.rule for cause in causes if cause.rule is not None}
    if rules:
        told = "; ".join(
            f"‘{rule.id}’ tells {', '.join((*rule.tells, *rule.copies)).replace('_', ' ')}"
            for rule in rules.values()
        )
        return f"The group's rules: {told}."
    return "The group's workflow, which names with each step who is told."
