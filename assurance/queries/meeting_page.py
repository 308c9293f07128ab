"""One meeting as its page shows it: what it looks at, who is invited, who was there, and what it has decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.commands.attending import expected_at
from assurance.facts import NOUNS
from assurance.mail import name_of
from assurance.office import Tx
from assurance.queries.doors import Doors, doors_of
from assurance.queries.lists import names, state_title, whole
from assurance.queries.references import subject_of
from assurance.records import (
    Agency,
    Approval,
    Attendance,
    Audit,
    Invitation,
    Meeting,
    Moderation,
    Person,
    Post,
)
from engine.moved import Ref
from notifications.outbox import Message, State


@dataclass(frozen=True, slots=True)
class LookedAt:
    """One audit whose returns a meeting looks at, and how many of them are in."""

    ref: Ref
    reference: str
    theme: str
    state: str
    stage: str
    returns: int
    returns_in: int
    returns_due_on: date | None
    has_looked: bool


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody who is invited, the number of the newest invitation that they were sent, and what became of that mail."""

    name: str
    sequence: int
    mail: str


@dataclass(frozen=True, slots=True)
class Attended:
    """One post at a meeting: its holder, whether they were there, and who came in their place."""

    post_id: int
    person_id: int
    person: str
    post: str
    agency: str | None
    presence: str
    deputy: str


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision that was taken at a meeting."""

    ref: Ref
    what: str
    state: str
    state_title: str


@dataclass(frozen=True, slots=True)
class MeetingPage:
    """One meeting as one viewer may see it; `attendance` holds who was there, or who is expected with no word yet."""

    ref: Ref
    title: str
    at: datetime
    ends_at: datetime
    on: date
    place: str
    state: str
    state_title: str
    changed: int
    doors: Doors
    audits: tuple[LookedAt, ...]
    decided: tuple[Decided, ...]
    invited: tuple[Invited, ...]
    attendance: tuple[Attended, ...]
    is_recorded: bool


def meeting_page(tx: Tx, viewer: Viewer, number: int) -> MeetingPage:
    """Give everything that the page of a meeting shows to a viewer; raises Refused where there is none for them."""
    ref = subject_of(tx, viewer, Meeting.noun, number)
    row = tx.session.get_one(Meeting, ref.id)
    zone = tx.calendar.zone
    recorded = _recorded(tx, row)
    return MeetingPage(
        ref=ref,
        title=row.title,
        at=row.starts_at.astimezone(zone),
        ends_at=row.ends_at.astimezone(zone),
        on=row.on,
        place=row.place,
        state=row.state,
        state_title=state_title(tx, row),
        changed=row.sequence,
        doors=doors_of(tx, ref),
        audits=tuple(_audits(tx, viewer, row)),
        decided=tuple(_decided(tx, viewer, row)),
        invited=tuple(_invited(tx, viewer, row)),
        attendance=tuple(_attendance(tx, row, recorded)),
        is_recorded=bool(recorded),
    )


def attendance_of(tx: Tx, viewer: Viewer, number: int) -> tuple[Attended, ...]:
    """Give who was at a meeting, or who is expected there; raises Refused where there is none for this viewer."""
    ref = subject_of(tx, viewer, Meeting.noun, number)
    row = tx.session.get_one(Meeting, ref.id)
    return tuple(_attendance(tx, row, _recorded(tx, row)))


def _audits(tx: Tx, viewer: Viewer, row: Meeting) -> Iterable[LookedAt]:
    found = {
        one.id: one
        for one in tx.session.scalars(
            sa.select(Audit).where(Audit.meeting_id == row.id, visible(viewer, Audit)).order_by(Audit.id)
        )
    }
    looked = set(
        tx.session.scalars(sa.select(Moderation.audit_id).where(Moderation.audit_id.in_(found.keys())))
    )
    for known in NOUNS[Audit.noun].load_many(tx.session, list(found)):
        one, returns = found[known.ref.id], whole(known.facts["returns"])
        yield LookedAt(
            known.ref,
            one.reference,
            one.theme,
            one.state,
            state_title(tx, one),
            returns,
            returns - whole(known.facts["returns_outstanding"]),
            one.returns_due_on,
            one.id in looked,
        )


def _decided(tx: Tx, viewer: Viewer, row: Meeting) -> Iterable[Decided]:
    found = tx.session.scalars(
        sa.select(Approval)
        .where(Approval.meeting_id == row.id, visible(viewer, Approval))
        .order_by(Approval.id)
    )
    for one in found:
        what = f"{one.title}: {name_of(Ref(one.subject_kind, one.subject_id)).lower()}"
        yield Decided(Ref(Approval.noun, one.id), what, one.state, state_title(tx, one))


def _invited(tx: Tx, viewer: Viewer, row: Meeting) -> Iterable[Invited]:
    """Give who is invited; what became of the mail is told to whoever may see that mail."""
    thread = f"{Meeting.noun}/{row.id}"
    mails = tx.session.execute(
        sa.select(Message.person_ref, Message.state)
        .where(Message.thread == thread, visible(viewer, Message), Message.state != State.WITHDRAWN)
        .order_by(Message.id)
    )
    newest: dict[str, str] = dict(mails.all())
    people = tx.session.execute(
        sa.select(Person.id, Person.name, Invitation.sequence)
        .join(Invitation, Invitation.person_id == Person.id)
        .where(Invitation.meeting_id == row.id, Invitation.is_invited)
        .order_by(Person.name)
    )
    for number, name, sequence in people:
        yield Invited(name, sequence, newest.get(f"person/{number}", ""))


def _recorded(tx: Tx, row: Meeting) -> Mapping[tuple[int, int], Attendance]:
    found = tx.session.scalars(sa.select(Attendance).where(Attendance.meeting_id == row.id))
    return {(one.post_id, one.person_id): one for one in found}


def _attendance(tx: Tx, row: Meeting, recorded: Mapping[tuple[int, int], Attendance]) -> Iterable[Attended]:
    """Give everybody who belonged there on the day of the meeting, and whoever was recorded besides."""
    agencies = names(tx, Agency, Agency.name)
    seats = {
        (seat.post_id, seat.person_id): (seat.person, seat.post, seat.agency_id)
        for seat in expected_at(tx, row)
    }
    besides = recorded.keys() - seats.keys()
    if besides:
        people, posts = names(tx, Person, Person.name), names(tx, Post, Post.title)
        seats |= {(post, person): (people[person], posts[post], None) for post, person in sorted(besides)}
    for (post_id, person_id), (person, post, agency_id) in seats.items():
        one = recorded.get((post_id, person_id))
        yield Attended(
            post_id,
            person_id,
            person,
            post,
            None if agency_id is None else agencies[agency_id],
            "" if one is None else one.presence,
            "" if one is None else one.deputy,
        )
