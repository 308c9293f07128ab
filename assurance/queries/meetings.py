"""The group's meetings: the list, one in full, and how they stood on a past day."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.office import Tx
from assurance.queries.as_at import PastDay, stood
from assurance.queries.card import Grid, Line
from assurance.queries.lists import rows_of, state_title
from assurance.queries.rows import Listed, MeetingRow, Wanted
from assurance.records import Attendance, Audit, Invitation, Meeting, Person, Post
from engine.ledger import Event
from engine.moved import Ref


class MeetingThen(NamedTuple):
    """A meeting as it stood on a past day."""

    id: int
    title: str
    on: date


def meetings(tx: Tx, viewer: Viewer, wanted: Wanted) -> Listed[MeetingRow]:
    """List the group's meetings, the earliest first, with the audits that each looks at."""
    audits: dict[int, list[str]] = defaultdict(list)
    looked_at = sa.select(Audit.meeting_id, Audit.reference).where(visible(viewer, Audit))
    for meeting_id, reference in tx.session.execute(looked_at.order_by(Audit.id)):
        if meeting_id is not None:
            audits[meeting_id].append(reference)
    found = rows_of(tx, viewer, Meeting, wanted)
    zone = tx.calendar.zone
    return Listed(
        tuple(
            MeetingRow(
                ref=Ref(Meeting.noun, row.id),
                key=row.key,
                title=row.title,
                at=row.starts_at.astimezone(zone),
                ends_at=row.ends_at.astimezone(zone),
                on=row.on,
                place=row.place,
                state=row.state,
                state_title=state_title(tx, row),
                audits=tuple(audits[row.id]),
            )
            for row in sorted(found.rows, key=lambda row: (row.starts_at, row.id))
        ),
        found.hidden,
    )


def meeting_lines(tx: Tx, row: Meeting) -> Iterable[Line]:
    """Say when and where a meeting is, and how often its invitation was changed."""
    zone = tx.calendar.zone
    yield Line("key", "Called", row.key)
    yield Line("at", "From", row.starts_at.astimezone(zone))
    yield Line("ends_at", "Until", row.ends_at.astimezone(zone))
    yield Line("place", "Where", row.place or None)
    yield Line("sequence", "Changed", f"{row.sequence} times" if row.sequence > 1 else None)


def meeting_grids(tx: Tx, viewer: Viewer, row: Meeting) -> Iterable[Grid]:
    """Give the audits that a meeting looks at, and who is invited to it."""
    audits = tx.session.scalars(
        sa.select(Audit).where(Audit.meeting_id == row.id, visible(viewer, Audit)).order_by(Audit.id)
    )
    looked_at = [(one.reference, one.theme, state_title(tx, one), one.returns_due_on) for one in audits]
    columns = (("audit", "Audit"), ("theme", "Theme"), ("stage", "Stage"), ("returns_due_on", "Returns due"))
    yield Grid("audits", "Looks at", columns, looked_at)
    people = tx.session.execute(
        sa.select(Person.name, Invitation.sequence)
        .join(Invitation, Invitation.person_id == Person.id)
        .where(Invitation.meeting_id == row.id, Invitation.is_invited, visible(viewer, Invitation))
        .order_by(Person.name)
    )
    yield Grid(
        "invited", "Invited", (("name", "Name"), ("sequence", "Invitation")), [tuple(one) for one in people]
    )
    there = tx.session.execute(
        sa.select(Person.name, Post.title, Attendance.presence, Attendance.deputy)
        .join(Person, Person.id == Attendance.person_id)
        .join(Post, Post.id == Attendance.post_id)
        .where(Attendance.meeting_id == row.id, visible(viewer, Attendance))
        .order_by(Post.id, Person.id)
    )
    columns = (
        ("name", "Name"),
        ("post", "Post"),
        ("presence", "At the meeting"),
        ("deputy", "In their place"),
    )
    attendance = [(name, post, presence, deputy or None) for name, post, presence, deputy in there]
    yield Grid("attendance", "Who was there", columns, attendance)


def meetings_by(tx: Tx, past: PastDay) -> tuple[MeetingThen, ...]:
    """Give the group's meetings that stood by the end of a day, each on the day that it had then; in their order.

    One that was already there when meetings got histories stood before, on the day that it had first.
    """
    own = Meeting.group_id == tx.actor.group_id
    rows = {row.id: row for row in tx.session.scalars(sa.select(Meeting).where(own))}
    then = stood(tx.session, Meeting.noun, sa.select(Meeting.id).where(own), past=past)
    found = [
        MeetingThen(number, rows[number].title, one.day("on", kept=rows[number].on) or rows[number].on)
        for number, one in then.items()
        if one.state != "cancelled"
    ]
    first_lines = sa.select(Event.subject_id, Event.data).where(
        Event.subject_kind == Meeting.noun, Event.seq == 1, Event.subject_id.in_(rows.keys() - then.keys())
    )
    for number, data in tx.session.execute(first_lines):
        said = json.loads(data)
        if said.get("taken_over"):
            found.append(MeetingThen(number, rows[number].title, date.fromisoformat(said["set"]["on"])))
    return tuple(sorted(found, key=lambda one: (one.on, one.id)))
