"""Notices and readers that many tests of this folder need."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa

from engine.store import Store
from notifications.compose import Sender
from notifications.delivery import DeliverySettings
from notifications.outbox import Message, Notice, put

MORNING = datetime(2015, 3, 2, 7, 45, tzinfo=UTC)
SENDER = Sender("Quality Assurance Sub Group", "audits@board.example.org")
SETTINGS = DeliverySettings(SENDER, workers=2, batch=10, settle_within=0.01)


def context(**changes: Any) -> dict[str, Any]:
    """What a template of ours is filled with."""
    return {
        "said": "Two actions are past their date",
        "group": "Quality Assurance Sub Group",
        "audit": "A2-2014",
        "link": "https://audits.example.org/audits/2",
        "why": "The rule “action-overdue” fired on 2 March 2015.",
        "items": [
            {
                "ref": "action/12",
                "what": "Brief all team managers",
                "due": "27 February 2015",
                "note": "late",
            },
            {"ref": "action/15", "what": "Review the template"},
        ],
    } | changes


def notice(key: str = "rule:action-overdue:action/12:2015-02-27:0/person/3", **changes: Any) -> Notice:
    """A reminder to Bo, who leads nursing."""
    values: dict[str, Any] = {
        "key": key,
        "group_id": 1,
        "to_address": "bo@trust.example.org",
        "to_name": "Bo Adeyemi",
        "person_ref": "person/3",
        "template": "reminder",
        "context": context(),
        "thread": "audit/2",
        "subject": "Audit A2-2014",
        "cause": "action/12 line 4",
    }
    return Notice(**values | changes)


def put_all(store: Store, *notices: Notice, at: datetime = MORNING) -> None:
    """Write notices in a transaction of their own."""
    with store.begin() as session:
        put(session, notices, at=at)


def put_many(store: Store, number: int) -> None:
    """Write so many notices, each to somebody else."""
    put_all(store, *(notice(f"k{n}", to_address=f"member{n}@trust.example.org") for n in range(number)))


def rows(store: Store) -> Mapping[str, Message]:
    """Read the whole outbox, by key."""
    with store.begin() as session:
        return {message.key: message for message in session.scalars(sa.select(Message).order_by(Message.id))}


def row(store: Store) -> Message:
    """Read the only message of the outbox."""
    (message,) = rows(store).values()
    return message


def read(content: bytes) -> EmailMessage:
    """Read a mail as its recipient's program does."""
    return email.message_from_bytes(content, policy=email.policy.default)


def text_of(content: bytes) -> str:
    """Read the text part of a mail."""
    part = read(content).get_body(("plain",))
    assert part is not None
    text: str = part.get_content()
    return text.replace("\r\n", "\n")


def html_of(content: bytes) -> str:
    """Read the HTML part of a mail."""
    part = read(content).get_body(("html",))
    assert part is not None
    html: str = part.get_content()
    return html.replace("\r\n", "\n")
