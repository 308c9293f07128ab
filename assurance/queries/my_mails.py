"""The mails to one person, the newest first: what each said, when it went, and what became of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from assurance.access import Viewer
from assurance.office import Tx
from assurance.queries.pages import Page, page_of
from notifications.outbox import Message, State


@dataclass(frozen=True, slots=True)
class MyMail:
    """One mail: its number, its subject, its first sentence, and its fate; instants are in the group's own zone."""

    number: int
    subject: str
    said: str
    template: str
    owed_at: datetime
    sent_at: datetime | None
    not_before: datetime
    state: str
    fate: str
    answer: str


def my_mails(tx: Tx, viewer: Viewer, *, page: int = 1) -> Page[MyMail]:
    """Give one page of the mails to the viewer; nobody sees another person's mails here, whatever their post."""
    mine = (Message.group_id == viewer.group_id, Message.person_ref == f"person/{viewer.person_id}")
    number = tx.session.scalar(sa.select(sa.func.count()).select_from(Message).where(*mine)) or 0
    place = page_of(number, page)
    columns = (
        Message.id,
        Message.subject,
        Message.context,
        Message.template,
        Message.created_at,
        Message.sent_at,
        Message.not_before,
        Message.state,
        Message.last_text,
    )
    query = sa.select(*columns).where(*mine).order_by(Message.id.desc())
    rows = tx.session.execute(query.offset(place.offset).limit(place.limit))
    zone = tx.calendar.zone
    return Page(
        tuple(
            MyMail(
                number=number,
                subject=subject,
                said=str(json.loads(context).get("said", "")),
                template=template,
                owed_at=owed_at.astimezone(zone),
                sent_at=None if sent_at is None else sent_at.astimezone(zone),
                not_before=not_before.astimezone(zone),
                state=state,
                fate=FATES[State(state)],
                # What a server has answered is for whoever looks after the mail; why one was taken back is for its reader.
                answer=(answer or "") if state == State.WITHDRAWN else "",
            )
            for number, subject, context, template, owed_at, sent_at, not_before, state, answer in rows
        ),
        place,
    )


FATES = {
    State.QUEUED: "waits to go",
    State.SENDING: "is on its way",
    State.SENT: "sent",
    State.UNCERTAIN: "may have arrived",
    State.FAILED: "could not be delivered",
    State.BOUNCED: "came back",
    State.WITHDRAWN: "taken back",
}
