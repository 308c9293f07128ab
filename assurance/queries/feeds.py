"""What a person's own calendar may show: meetings, and the days on which something of theirs is due. No case, no text."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from assurance.access import Sight, Viewer, viewer_of, visible
from assurance.accounts.tokens import fingerprint
from assurance.facts import SETTLED_ACTIONS, SETTLED_RETURNS
from assurance.office import Actor, Office, Tx
from assurance.queries.lists import names
from assurance.records import (
    Action,
    Agency,
    AgencyReturn,
    Audit,
    CalendarFeed,
    Meeting,
    Person,
    Recommendation,
    RecordSet,
)
from assurance.roster import roster
from engine.fences import EVERY
from engine.moved import Ref

LOOKS_BACK = timedelta(days=180)
CANCELLED = "cancelled"

log = logging.getLogger("auditloop.feeds")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a calendar: a meeting from an instant to another, or a whole day on which something is due.

    `uid` stays the same for as long as the subject is there; `sequence` grows whenever its day is changed.
    """

    uid: str
    title: str
    ref: Ref
    on: date
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    place: str = ""
    sequence: int = 0
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Feed:
    """Everything that one person's calendar shows now: the name of their group, and the entries by day."""

    group: str
    now: datetime
    entries: tuple[Entry, ...]


def own_feed(tx: Tx) -> datetime | None:
    """Say since when the actor has a calendar address that is good; None where there is none."""
    return tx.session.scalar(
        sa.select(sa.func.max(CalendarFeed.made_at)).where(
            CalendarFeed.person_id == tx.actor.person_id, CalendarFeed.revoked_at.is_(None)
        )
    )


def feed_at(office: Office, token: str) -> Feed | None:
    """Give what the address with this secret part shows; None where it is not known, taken back, or its person has left.

    What may be seen is asked anew each time, by the posts that the person holds today.
    """
    with office.store.reading(group=EVERY) as session:
        row = session.execute(
            sa.select(CalendarFeed.id, CalendarFeed.group_id, Person.id, Person.name)
            .join(Person, Person.id == CalendarFeed.person_id)
            .where(CalendarFeed.token_hash == fingerprint(token), CalendarFeed.revoked_at.is_(None))
        ).first()
    if row is None:
        return None
    number, group_id, person_id, name = row
    with office.reading(Actor(group_id, person_id, name)) as tx:
        people = roster(tx.session, group_id=group_id, today=tx.today)
        viewer = viewer_of(people, tx.actor)
        if viewer.sight is Sight.NOTHING:
            log.info("the calendar feed %d was asked for; its person holds no post today", number)
            return None
        log.info("the calendar feed %d was read", number)
        return feed_of(tx, viewer)


def feed_of(tx: Tx, viewer: Viewer) -> Feed:
    """Give what somebody's calendar shows: meetings, what their posts owe, and for those who see everything the audits' days."""
    entries = [*_meetings(tx, viewer), *_returns(tx, viewer), *_actions(tx, viewer)]
    if viewer.sight is Sight.EVERYTHING:
        entries += [*_audits(tx, viewer), *_checks(tx, viewer)]
    group = tx.playbook.groups[tx.actor.group_id].name
    return Feed(group, tx.now, tuple(sorted(entries, key=lambda entry: (entry.on, entry.uid))))


def _meetings(tx: Tx, viewer: Viewer) -> Iterator[Entry]:
    query = sa.select(Meeting).where(visible(viewer, Meeting), Meeting.on >= tx.today - LOOKS_BACK)
    for row in tx.session.scalars(query):
        yield Entry(
            uid=row.uid,
            title=row.title,
            ref=Ref(Meeting.noun, row.id),
            on=row.on,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            place=row.place,
            sequence=row.sequence,
            is_cancelled=row.state == CANCELLED,
        )


def _returns(tx: Tx, viewer: Viewer) -> Iterator[Entry]:
    """Give the days of the returns that the person has to send: as leader of these records, or of the agency."""
    led, posts = _leads(tx, viewer), _posts(tx, viewer)
    if not led and not posts:
        return
    query = (
        sa.select(AgencyReturn.id, AgencyReturn.due_on, Audit.reference, RecordSet.name)
        .join(Audit, Audit.id == AgencyReturn.audit_id)
        .join(RecordSet, RecordSet.id == AgencyReturn.record_set_id)
        .where(
            visible(viewer, AgencyReturn),
            AgencyReturn.state.not_in((*SETTLED_RETURNS, "submitted")),
            sa.or_(AgencyReturn.agency_id.in_(led), RecordSet.lead_post_id.in_(posts)),
        )
    )
    for number, due_on, audit, records in tx.session.execute(query):
        ref = Ref(AgencyReturn.noun, number)
        yield Entry(_uid(tx, ref), f"Return due: audit {audit}, {records}", ref, due_on)


def _actions(tx: Tx, viewer: Viewer) -> Iterator[Entry]:
    """Give the days of the actions that the person has to do: as owner, or as leader of the agency."""
    led, posts = _leads(tx, viewer), _posts(tx, viewer)
    query = (
        sa.select(Action.id, Action.current_due_on, Action.times_moved, Audit.reference, Action.agency_id)
        .join(Audit, Audit.id == Action.audit_id)
        .where(
            visible(viewer, Action),
            Action.state.not_in(SETTLED_ACTIONS),
            Action.confirmed_on.is_(None),
            sa.or_(Action.agency_id.in_(led), Action.owner_post_id.in_(posts)),
        )
    )
    agencies = names(tx, Agency, Agency.name)
    for number, due_on, moved, audit, agency_id in tx.session.execute(query):
        ref = Ref(Action.noun, number)
        if due_on is not None:
            title = f"Action due: audit {audit}, {agencies[agency_id]}"
            yield Entry(_uid(tx, ref), title, ref, due_on, sequence=moved)


def _audits(tx: Tx, viewer: Viewer) -> Iterator[Entry]:
    """Give the days on which the returns of an audit are due, and on which its theme is to be audited again."""
    since = tx.today - LOOKS_BACK
    query = sa.select(Audit.id, Audit.reference, Audit.returns_due_on, Audit.re_audit_due_on)
    for number, audit, due_on, again_on in tx.session.execute(query.where(visible(viewer, Audit))):
        ref = Ref(Audit.noun, number)
        if due_on is not None and due_on >= since:
            yield Entry(_uid(tx, ref, "returns-due"), f"Returns due: audit {audit}", ref, due_on)
        if again_on is not None and again_on >= since:
            yield Entry(_uid(tx, ref, "re-audit"), f"Audit again: theme of audit {audit}", ref, again_on)


def _checks(tx: Tx, viewer: Viewer) -> Iterator[Entry]:
    """Give the days on which to ask whether a recommendation has lasted."""
    query = (
        sa.select(Recommendation.id, Recommendation.number, Recommendation.embedded_check_on, Audit.reference)
        .join(Audit, Audit.id == Recommendation.audit_id)
        .where(visible(viewer, Recommendation), Recommendation.embedded_on.is_(None))
    )
    for number, written, check_on, audit in tx.session.execute(query):
        ref = Ref(Recommendation.noun, number)
        if check_on is not None and check_on >= tx.today - LOOKS_BACK:
            title = f"Has it lasted? Audit {audit}, recommendation {written}"
            yield Entry(_uid(tx, ref), title, ref, check_on)


def _leads(tx: Tx, viewer: Viewer) -> frozenset[int]:
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    seats = people.of(viewer.person_id)
    return frozenset(
        seat.agency_id for seat in seats if seat.role == "agency_lead" and seat.agency_id is not None
    )


def _posts(tx: Tx, viewer: Viewer) -> frozenset[int]:
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    return frozenset(seat.post_id for seat in people.of(viewer.person_id))


def _uid(tx: Tx, ref: Ref, what: str = "due") -> str:
    """Name an entry so that no other calendar entry has the name, and it stays when the day is changed."""
    host = tx.playbook.base_url.partition("://")[2].partition("/")[0].partition(":")[0] or "auditloop"
    return f"{ref.kind}-{ref.id}-{what}.{tx.actor.group_id}@{host}"
