"""Messages on their way: leased to one delivery, kept as bytes before they are sent, settled afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from notifications.holders import is_gone
from notifications.outbox import Message, State, written
from notifications.restored import NOT_RELEASED


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that one delivery holds until its lease runs out; `attempts` counts the one about to be made."""

    id: int
    group_id: int
    key: str
    to_address: str
    to_name: str
    person_ref: str
    template: str
    context_text: str
    thread: str
    subject: str
    severity: str
    cause: str
    created_at: datetime
    not_before: datetime
    attempts: int
    doubts: int
    first_try_at: datetime
    lease_until: datetime
    lease_token: str
    told_as: str
    rests_on: str
    message_id: str | None
    rendered: bytes | None

    @property
    def context(self) -> Mapping[str, Any]:
        """What the template is filled with."""
        context: Mapping[str, Any] = json.loads(self.context_text)
        return context


@dataclass(frozen=True, slots=True)
class Kept:
    """The finished bytes of a message, to be stored before they are sent for the first time."""

    id: int
    message_id: str
    rendered: bytes


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is written about a message after an attempt; `address_refused` asks somebody to take note of the address."""

    id: int
    state: State
    not_before: datetime
    attempts: int
    doubts: int
    first_try_at: datetime | None
    code: int | None
    text: str
    address_refused: bool = False


_COLUMNS = (
    Message.id,
    Message.group_id,
    Message.key,
    Message.to_address,
    Message.to_name,
    Message.person_ref,
    Message.template,
    Message.context,
    Message.thread,
    Message.subject,
    Message.severity,
    Message.cause,
    Message.created_at,
    Message.not_before,
    Message.attempts,
    Message.doubts,
    Message.first_try_at,
    Message.lease_until,
    Message.lease_token,
    Message.told_as,
    Message.rests_on,
    Message.message_id,
    Message.rendered,
)
# A CTE that locks rows is worked out once, so the limit holds; an `IN (subquery)` may be asked again.
_DUE = (
    sa.select(Message.id)
    .where(
        Message.sent_at.is_(None),
        Message.state == sa.literal_column("'queued'"),
        Message.not_before <= sa.bindparam("at", type_=Message.not_before.type),
        ~NOT_RELEASED,
    )
    .order_by(Message.not_before, Message.id)
    .limit(sa.bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM = (
    sa.update(Message)
    .where(Message.id.in_(sa.select(_DUE.c.id)))
    .values(
        state=State.SENDING,
        attempts=Message.attempts + 1,
        first_try_at=sa.func.coalesce(
            Message.first_try_at, sa.bindparam("at", type_=Message.first_try_at.type)
        ),
        last_try_at=sa.bindparam("at", type_=Message.last_try_at.type),
        lease_until=sa.bindparam("until", type_=Message.lease_until.type),
        lease_token=sa.bindparam("token"),
    )
    .returning(*_COLUMNS)
)
_HEAL = (
    sa.update(Message)
    .where(
        Message.sent_at.is_(None),
        Message.state == sa.literal_column("'sending'"),
        Message.lease_until <= sa.bindparam("at", type_=Message.lease_until.type),
    )
    .values(state=State.QUEUED, lease_until=None, lease_token=None)
)
_ON_THE_WAY = (Message.sent_at.is_(None), Message.state == sa.literal_column("'sending'"))
_HOLDERS = sa.select(Message.lease_token).where(*_ON_THE_WAY, Message.lease_token.is_not(None)).distinct()
_RELEASE = (
    sa.update(Message)
    .where(*_ON_THE_WAY, Message.lease_token == sa.bindparam("the_token"))
    .values(state=State.QUEUED, lease_until=None, lease_token=None)
)
# A delivery whose lease ran out and was healed no longer holds the message, so it writes nothing.
_STILL_OURS = (
    Message.id == sa.bindparam("the_id"),
    Message.state == sa.literal_column("'sending'"),
    Message.lease_token == sa.bindparam("the_token"),
)
_KEEP = (
    sa.update(Message)
    .where(*_STILL_OURS, Message.rendered.is_(None))
    .values(message_id=sa.bindparam("new_message_id"), rendered=sa.bindparam("new_rendered"))
)
_REWORD = (
    sa.update(Message)
    .where(*_STILL_OURS, Message.rendered.is_(None))
    .values(context=sa.bindparam("new_context"))
)
_SETTLE = (
    sa.update(Message)
    .where(*_STILL_OURS)
    .values(
        state=sa.bindparam("new_state"),
        not_before=sa.bindparam("new_not_before"),
        attempts=sa.bindparam("new_attempts"),
        doubts=sa.bindparam("new_doubts"),
        first_try_at=sa.bindparam("new_first_try_at"),
        last_code=sa.bindparam("new_code"),
        last_text=sa.bindparam("new_text"),
        sent_at=sa.bindparam("new_sent_at"),
        address_refused=sa.bindparam("new_address_refused"),
        lease_until=None,
        lease_token=None,
    )
)


def heal(session: Session, *, at: datetime, gone: Callable[[str], bool] = is_gone) -> int:
    """Queue again what a delivery took and never settled; give their number.

    Its lease has run out, or `gone` is certain that its process is dead: killed, it will never settle.
    """
    healed = session.connection().execute(_HEAL, {"at": at}).rowcount
    for token in session.scalars(_HOLDERS).all():
        if token is not None and gone(token):
            healed += session.connection().execute(_RELEASE, {"the_token": token}).rowcount
    return healed


def claim(session: Session, *, at: datetime, lease: timedelta, limit: int, token: str) -> tuple[Claimed, ...]:
    """Take at most `limit` due messages for the length of the lease, the longest due first.

    Two deliveries never hold the same message: on PostgreSQL each skips what the other has locked, on SQLite
    they write one after the other. After a restore nothing is due until somebody has released the mail.
    """
    values = {"at": at, "most": limit, "until": at + lease, "token": token}
    rows = session.connection().execute(_CLAIM, values)
    return tuple(
        sorted((Claimed(*tuple(row)) for row in rows), key=lambda message: (message.not_before, message.id))
    )


def reword(session: Session, message: Claimed, context: Mapping[str, Any], *, token: str) -> Claimed:
    """Store what a message says, while it has no bytes yet, and give it as it says this.

    Raises TypeError for a context that is not plain data.
    """
    text = written(context)
    session.connection().execute(_REWORD, {"the_id": message.id, "the_token": token, "new_context": text})
    return replace(message, context_text=text)


def keep(session: Session, letters: Sequence[Kept], *, token: str) -> None:
    """Store finished bytes before their first attempt, so that every attempt sends the same."""
    if letters:
        session.connection().execute(
            _KEEP,
            [
                {
                    "the_id": letter.id,
                    "the_token": token,
                    "new_message_id": letter.message_id,
                    "new_rendered": letter.rendered,
                }
                for letter in letters
            ],
        )


def settle(session: Session, settlements: Iterable[Settlement], *, at: datetime, token: str) -> None:
    """Write what became of a batch of messages that this delivery still holds, and give them back."""
    rows = [
        {
            "the_id": settlement.id,
            "the_token": token,
            "new_state": settlement.state,
            "new_not_before": settlement.not_before,
            "new_attempts": settlement.attempts,
            "new_doubts": settlement.doubts,
            "new_first_try_at": settlement.first_try_at,
            "new_code": settlement.code,
            "new_text": settlement.text,
            "new_address_refused": settlement.address_refused,
            "new_sent_at": at if settlement.state is State.SENT else None,
        }
        for settlement in settlements
    ]
    if rows:
        session.connection().execute(_SETTLE, rows)
