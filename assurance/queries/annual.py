"""Reads one programme year of a group as it stood on a day, for its annual report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from assurance.office import Tx
from assurance.queries.annual_audits import audits_then
from assurance.queries.as_at import PastDay
from assurance.queries.checkpoints import newest_checkpoint
from assurance.queries.meetings import meetings_by
from assurance.queries.year import ChangeKind, GroupThen, MeetingThen, PostChange, PostThen, YearThen
from assurance.records import Agency, Group, PlannedAudit, Post, PostHolding, Programme, RecordSet
from engine.errors import Reason, Refused
from engine.words import unknown

__all__ = ["Tx", "day_to_report", "year_as_at", "years_to_report"]

# Posts that are told of in a sentence of their own, or that serve the group without sitting in it.
CHAIR = "chair"
LEAD = "agency_lead"


def year_as_at(tx: Tx, year: str, as_at: date | None = None) -> YearThen:
    """Give a programme year of the actor's group as it stood at the end of a civil day of the group.

    Without a day it is the last one of the year, or today while the year still runs.
    Raises Refused for a year without a programme, and for a day before the year or still to come.
    """
    programme = _programme(tx, year)
    group = tx.session.get_one(Group, tx.actor.group_id)
    past = PastDay(_day(tx, programme, as_at), ZoneInfo(group.zone))
    read = audits_then(tx, programme, past)
    following = _following(tx, programme)
    # Who sits in the group is a matter of the year itself, however much later the report is asked for.
    seats = _Seats(tx, programme, min(past.on, programme.ends_on))
    return YearThen(
        year=programme.year,
        starts_on=programme.starts_on,
        ends_on=programme.ends_on,
        as_at=past.on,
        read_at=tx.now.astimezone(past.zone),
        group=_group(group),
        chair=seats.chair(),
        members=seats.members(),
        changes=seats.changes(),
        meetings=_meetings(tx, programme, past),
        audits=read.audits,
        repeated_aims=read.repeated_aims,
        date_requests=read.date_requests,
        next_year=None if following is None else following.year,
        next_themes=() if following is None else _themes(tx, following),
        checkpoint=newest_checkpoint(tx),
    )


def years_to_report(tx: Tx) -> tuple[str, ...]:
    """Give the years of the actor's group that have begun, the newest first."""
    begun = (Programme.group_id == tx.actor.group_id, Programme.starts_on <= tx.today)
    query = sa.select(Programme.year).where(*begun).order_by(Programme.starts_on.desc())
    return tuple(tx.session.scalars(query))


def day_to_report(tx: Tx, year: str, as_at: date | None = None) -> date:
    """Give the day as at which `year_as_at` would report; raises Refused as it does."""
    return _day(tx, _programme(tx, year), as_at)


def _programme(tx: Tx, year: str) -> Programme:
    query = sa.select(Programme).where(Programme.group_id == tx.actor.group_id).order_by(Programme.starts_on)
    programmes = tx.session.scalars(query).all()
    found = next((programme for programme in programmes if programme.year == year), None)
    if found is None:
        known = [programme.year for programme in programmes]
        raise Refused(Reason("unknown_year", unknown(year, "a year with a programme", known) + "."))
    return found


def _day(tx: Tx, programme: Programme, as_at: date | None) -> date:
    on = as_at or min(programme.ends_on, tx.today)
    if on < programme.starts_on:
        sentence = f"The year {programme.year} begins on {_said(programme.starts_on)}; "
        ask = "give a day from then on." if as_at else "there is nothing to report of it yet."
        raise Refused(Reason("before_the_year", sentence + ask))
    if on > tx.today:
        sentence = (
            f"{_said(on)} is still to come; a report says how things stood, {_said(tx.today)} at the latest."
        )
        raise Refused(Reason("still_to_come", sentence))
    return on


def _said(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _group(group: Group) -> GroupThen:
    functions = tuple(line.strip() for line in group.functions.splitlines() if line.strip())
    return GroupThen(group.name, group.board, group.purpose, functions, group.frequency, note=group.note)


def _meetings(tx: Tx, programme: Programme, past: PastDay) -> tuple[MeetingThen, ...]:
    first, last = programme.starts_on, programme.ends_on
    return tuple(MeetingThen(one.on, one.title) for one in meetings_by(tx, past) if first <= one.on <= last)


def _following(tx: Tx, programme: Programme) -> Programme | None:
    query = (
        sa.select(Programme)
        .where(Programme.group_id == tx.actor.group_id, Programme.starts_on > programme.ends_on)
        .order_by(Programme.starts_on)
        .limit(1)
    )
    return tx.session.scalar(query)


def _themes(tx: Tx, programme: Programme) -> tuple[str, ...]:
    query = (
        sa.select(PlannedAudit.theme)
        .where(PlannedAudit.programme_id == programme.id)
        .order_by(PlannedAudit.id)
    )
    return tuple(tx.session.scalars(query))


class _Seats:
    """Posts and the days on which they were held; who held them stays unsaid."""

    def __init__(self, tx: Tx, programme: Programme, on: date) -> None:
        self._programme, self._on = programme, on
        mine = Post.group_id == tx.actor.group_id
        self._posts: Sequence[Post] = tx.session.scalars(sa.select(Post).where(mine).order_by(Post.id)).all()
        self._agencies = {
            agency.id: agency.name
            for agency in tx.session.scalars(sa.select(Agency).where(Agency.group_id == tx.actor.group_id))
        }
        self._records: Sequence[RecordSet] = tx.session.scalars(
            sa.select(RecordSet).where(RecordSet.group_id == tx.actor.group_id).order_by(RecordSet.id)
        ).all()
        held = sa.select(PostHolding).where(PostHolding.group_id == tx.actor.group_id)
        self._held: dict[int, list[PostHolding]] = {}
        for holding in tx.session.scalars(held.order_by(PostHolding.from_on, PostHolding.id)):
            self._held.setdefault(holding.post_id, []).append(holding)

    def chair(self) -> PostThen | None:
        """Give the post that chairs the group, if it has one."""
        return next((self._then(post) for post in self._posts if post.role == CHAIR), None)

    def members(self) -> tuple[PostThen, ...]:
        """Give the posts that sit in the group and were held at least once by the day."""
        return tuple(
            self._then(post)
            for post in self._posts
            if post.is_member and post.role != CHAIR and self._known_by(post, self._on)
        )

    def changes(self) -> tuple[PostChange, ...]:
        """Give what happened to these posts, and to the chair's, during the year and up to the day."""
        found = [
            PostChange(on, kind, self._then(post))
            for post in self._posts
            if post.is_member or post.role == CHAIR
            for on, kind in self._changes_of(post)
        ]
        return tuple(sorted(found, key=lambda change: change.on))

    def _changes_of(self, post: Post) -> Iterator[tuple[date, ChangeKind]]:
        holdings = self._known_by(post, self._on)
        for number, holding in enumerate(holdings):
            if self._programme.starts_on < holding.from_on:
                yield holding.from_on, ChangeKind.CHANGED_HANDS if number else ChangeKind.JOINED
        ends = [holding.until_on for holding in holdings if holding.until_on is not None]
        if len(ends) == len(holdings) and ends and self._programme.starts_on <= max(ends) < self._on:
            yield max(ends), ChangeKind.FELL_VACANT

    def _known_by(self, post: Post, on: date) -> list[PostHolding]:
        return [holding for holding in self._held.get(post.id, []) if holding.from_on <= on]

    def _then(self, post: Post) -> PostThen:
        holdings = self._known_by(post, self._on)
        is_held = any(holding.until_on is None or holding.until_on >= self._on for holding in holdings)
        agency = None if post.agency_id is None else self._agencies[post.agency_id]
        return PostThen(post.title, agency, self._records_of(post), is_vacant=not is_held)

    def _records_of(self, post: Post) -> tuple[str, ...]:
        leads = {one.agency_id: one.id for one in reversed(self._posts) if one.role == LEAD and one.agency_id}
        return tuple(
            records.name
            for records in self._records
            if post.id == (records.lead_post_id or leads.get(records.agency_id))
        )
