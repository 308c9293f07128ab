"""The outbox: every message is a row, written in the same transaction as what caused it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.prepared import Prepared
from engine.store import Base

LONGEST_KEY = 200
_OWED_NOW = "owed_now"
_ROWS_AT_ONCE = 25


class State(StrEnum):
    """Where a message is on its way."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    BOUNCED = "bounced"
    WITHDRAWN = "withdrawn"


# What is still to be handed over, and what needs a person's eye: no state is both.
OWED = (State.QUEUED, State.SENDING)
_ON_THEIR_WAY = (State.SENDING, State.SENT, State.UNCERTAIN, State.BOUNCED)
TROUBLED = (State.FAILED, State.BOUNCED, State.UNCERTAIN)


class Severity(StrEnum):
    """How much a message matters; a decision is never sent again by itself when its fate is unknown.

    What is urgent waits for no morning: quiet hours hold everything else.
    """

    NEWS = "news"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    DECISION = "decision"
    URGENT = "urgent"


class Message(Base):
    """One message to one person.

    `not_before` moves forward while a message waits for its next attempt; `attempts` counts those that
    count (a mail server that turns everybody away does not); `doubts` counts attempts whose fate is unknown.
    `told_as` says as whom this person is told, `rests_on` (a list in JSON) on what the message rests: once none
    of it is true any more, there is nothing left to say.
    `address_refused` is set while a mail server's word that the address is dead has not been taken note of.
    `withdrawn_by` is whoever took the message back by hand: it is never owed again, whatever rules say.
    The rendered bytes stand last, so that reading the other columns never touches them.
    """

    __tablename__ = "message"
    # Everything that is still on its way or in trouble, which a sent message leaves; and what counts and lists go by.
    __table_args__ = (
        sa.Index("ix_message_state", "group_id", "state", "id"),
        sa.Index(
            "ix_message_unsent",
            "state",
            "not_before",
            "id",
            sqlite_where=sa.text("sent_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int]
    key: Mapped[str] = mapped_column(unique=True)
    to_address: Mapped[str]
    to_name: Mapped[str]
    person_ref: Mapped[str]
    template: Mapped[str]
    context: Mapped[str]
    thread: Mapped[str]
    subject: Mapped[str]
    severity: Mapped[str]
    cause: Mapped[str]
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default=State.QUEUED)
    attempts: Mapped[int] = mapped_column(server_default="0")
    doubts: Mapped[int] = mapped_column(server_default="0")
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[str | None]
    first_try_at: Mapped[datetime | None]
    last_try_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    last_code: Mapped[int | None]
    last_text: Mapped[str | None]
    told_as: Mapped[str] = mapped_column(server_default=sa.text("''"))
    rests_on: Mapped[str] = mapped_column(server_default="[]")
    address_refused: Mapped[bool] = mapped_column(server_default=sa.false())
    withdrawn_by: Mapped[str | None]
    message_id: Mapped[str | None]
    rendered: Mapped[bytes | None]


@dataclass(frozen=True, slots=True)
class Notice:
    """One message that somebody is owed.

    `key` says why at most once (200 characters at most); `thread` and the constant `subject` keep the mails
    about one thing together; `cause` names the entry of the ledger that called for it; `context` holds plain
    text, whole numbers and lists of mappings of these, for the template. Without `not_before` it goes at once.
    """

    key: str
    group_id: int
    to_address: str
    to_name: str
    person_ref: str
    template: str
    context: Mapping[str, object]
    thread: str
    subject: str
    cause: str
    severity: str = Severity.REMINDER
    not_before: datetime | None = None
    told_as: str = ""
    rests_on: Sequence[Mapping[str, object]] = ()


def put(session: Session, notices: Sequence[Notice], *, at: datetime) -> None:
    """Write messages into the outbox within the caller's transaction; the same key twice is one message.

    Raises ValueError for a key that is empty or too long, TypeError for a context that is not plain data.
    """
    dialect = session.info["dialect"].name
    if any(notice.not_before is None or notice.not_before <= at for notice in notices):
        session.info[_OWED_NOW] = True
    for start in range(0, len(notices), _ROWS_AT_ONCE):
        some = notices[start : start + _ROWS_AT_ONCE]
        values: dict[str, object] = {"created_at": at}
        for number, notice in enumerate(some):
            values.update(_values(notice, number, at))
        _insert(dialect, len(some)).tell(session, values)


def is_owed_now(session: Session) -> bool:
    """Say whether this transaction has owed anything that may go at once."""
    return _OWED_NOW in session.info


def withdraw(session: Session, *, key: str, reason: str, at: datetime, by: str | None = None) -> bool:
    """Take back a message that is not on the wire and has not gone; tell whether there was one to take back.

    `by` names the person who takes it back for good (`person/3`); what is taken back without it may be owed again.
    """
    still_here = Message.state.in_([State.QUEUED, *TROUBLED])
    change = sa.update(Message).where(Message.key == key, still_here)
    changed = change.values(state=State.WITHDRAWN, last_text=reason, last_try_at=at, withdrawn_by=by)
    return session.connection().execute(changed).rowcount == 1


def owe_again(
    session: Session, *, key: str, to_address: str, not_before: datetime, reason: str | None = None
) -> bool:
    """Queue again what was taken back, by nobody's hand, and cannot have arrived; tell whether there was such a message.

    What was worded already is sent as it is, unless its addressee has another address by now.
    """
    by_itself = sa.and_(Message.state == State.WITHDRAWN, Message.withdrawn_by.is_(None))
    never_left = (by_itself, Message.sent_at.is_(None), Message.doubts == 0)
    bytes_kept = sa.case((Message.to_address == to_address, Message.rendered), else_=None)
    afresh = {"attempts": 0, "first_try_at": None, "address_refused": False, "last_text": reason}
    change = sa.update(Message).where(Message.key == key, *never_left)
    changed = change.values(
        state=State.QUEUED, not_before=not_before, to_address=to_address, rendered=bytes_kept, **afresh
    )
    return session.connection().execute(changed).rowcount == 1


def resend(session: Session, *, key: str, at: datetime) -> bool:
    """Queue a message afresh that is in trouble, same bytes, same Message-ID; tell whether there was one."""
    change = sa.update(Message).where(Message.key == key, Message.state.in_(TROUBLED))
    afresh = {"attempts": 0, "doubts": 0, "first_try_at": None, "sent_at": None, "address_refused": False}
    changed = change.values(state=State.QUEUED, not_before=at, **afresh)
    session.info[_OWED_NOW] = True
    return session.connection().execute(changed).rowcount == 1


def come_back(session: Session, number: int, *, code: int | None, text: str) -> bool:
    """Mark a message that was handed over and has come back; tell whether it was one that could."""
    handed_over = Message.state.in_([State.SENT, State.UNCERTAIN])
    change = sa.update(Message).where(Message.id == number, handed_over)
    changed = change.values(state=State.BOUNCED, last_code=code, last_text=text)
    return session.connection().execute(changed).rowcount == 1


def readdress(session: Session, *, group_id: int, dead: str, to_address: str) -> int:
    """Address to another address what has not arrived at a dead one (in small letters); give its number.

    The letter is made anew, since the old one names the old address; its Message-ID stays.
    """
    not_arrived = Message.state.in_([State.QUEUED, *TROUBLED])
    change = sa.update(Message).where(
        Message.group_id == group_id, sa.func.lower(Message.to_address) == dead, not_arrived
    )
    changed = change.values(to_address=to_address, rendered=None, address_refused=False)
    session.info[_OWED_NOW] = True
    return session.connection().execute(changed).rowcount


def counts(session: Session, *, group_id: int) -> Mapping[str, int]:
    """Count the messages of a group by state; every state has an entry."""
    question = sa.select(Message.state, sa.func.count()).where(Message.group_id == group_id)
    found = session.connection().execute(question.group_by(Message.state))
    return dict.fromkeys([str(state) for state in State], 0) | dict(iter(found))


_NOTICE_COLUMNS = (
    "key",
    "group_id",
    "to_address",
    "to_name",
    "person_ref",
    "template",
    "context",
    "thread",
    "subject",
    "cause",
    "severity",
    "not_before",
    "told_as",
    "rests_on",
)


# Made once: json.dumps would make one for each call.
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _values(notice: Notice, number: int, at: datetime) -> dict[str, object]:
    if not 0 < len(notice.key) <= LONGEST_KEY:
        raise ValueError(f"a message's key has 1 to {LONGEST_KEY} characters; this one has {len(notice.key)}")
    return {
        f"key_{number}": notice.key,
        f"group_id_{number}": notice.group_id,
        f"to_address_{number}": notice.to_address,
        f"to_name_{number}": notice.to_name,
        f"person_ref_{number}": notice.person_ref,
        f"template_{number}": notice.template,
        f"context_{number}": written(notice.context),
        f"thread_{number}": notice.thread,
        f"subject_{number}": notice.subject,
        f"cause_{number}": notice.cause,
        f"severity_{number}": str(notice.severity),
        f"not_before_{number}": notice.not_before or at,
        f"told_as_{number}": notice.told_as,
        f"rests_on_{number}": _JSON.encode(list(notice.rests_on)),
    }


def may_have_arrived() -> sa.ColumnElement[bool]:
    """Ask of messages whether somebody can have read them: sent, under way, or of unknown fate at least once.

    Not what was tried and never taken: a server that said “later”, a refusal, an attempt that was put back.
    """
    return sa.or_(Message.state.in_(_ON_THEIR_WAY), Message.doubts > 0)


def written(context: Mapping[str, object]) -> str:
    """Write a context as it is kept; raises TypeError for one that is not plain data."""
    return _JSON.encode(context)


@lru_cache
def _insert(dialect: str, rows: int) -> Prepared:
    """One statement for so many rows: one round trip and one look at the unique index each."""
    # Only the first row of several would learn its types from the table.
    types = {column.name: column.type for column in Message.__table__.columns}
    values = [
        {name: sa.bindparam(f"{name}_{row}", type_=types[name]) for name in _NOTICE_COLUMNS}
        | {"created_at": sa.bindparam("created_at", type_=types["created_at"])}
        for row in range(rows)
    ]
    if dialect == "postgresql":
        return Prepared(
            postgresql_insert(Message).values(values).on_conflict_do_nothing(index_elements=["key"])
        )
    return Prepared(sqlite_insert(Message).values(values).on_conflict_do_nothing(index_elements=["key"]))
