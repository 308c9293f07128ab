"""The links in mails that were sent about one subject, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from assurance.access import Viewer, require_sight
from assurance.linked_letters import good_ones
from assurance.links import last_day, whose_links
from assurance.office import Tx
from assurance.records import LinkUse, MailLink, Person
from engine.moved import Ref

GOOD, SERVED, WITHDRAWN, OVER, NOT_THEIRS = STATES = ("good", "served", "withdrawn", "over", "not_theirs")


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One link about a subject, as whoever may see the subject sees it; times in the group's own zone.

    `state` is one of `STATES`.
    """

    number: int
    to: str
    made_by: str
    made_at: datetime
    last_on: date
    withdrawn_at: datetime | None
    spent_at: datetime | None
    last_used_at: datetime | None
    state: str

    @property
    def is_good(self) -> bool:
        """Whether somebody can use it now."""
        return self.state == GOOD


def links_about(tx: Tx, viewer: Viewer, ref: Ref) -> tuple[LinkRow, ...]:
    """Give the links that were sent about a subject, the newest first, each with its last use.

    Raises Refused where there is no such subject for this viewer.
    """
    require_sight(tx.session, viewer, ref)
    about = (MailLink.subject_kind == ref.kind, MailLink.subject_id == ref.id)
    to, by = aliased(Person), aliased(Person)
    rows = tx.session.execute(
        sa.select(MailLink, to.name, by.name, sa.and_(*good_ones(tx)))
        .join(to, to.id == MailLink.person_id)
        .join(by, by.id == MailLink.made_by_id)
        .where(MailLink.group_id == tx.actor.group_id, *about)
        .order_by(MailLink.id.desc())
    )
    last = dict(
        tx.session.execute(
            sa.select(LinkUse.link_id, sa.func.max(LinkUse.at))
            .join(MailLink, MailLink.id == LinkUse.link_id)
            .where(*about)
            .group_by(LinkUse.link_id)
        ).all()
    )
    zone, theirs = tx.calendar.zone, whose_links(tx, ref)
    return tuple(
        LinkRow(
            number=row.id,
            to=person,
            made_by=maker,
            made_at=row.made_at.astimezone(zone),
            last_on=last_day(tx, row),
            withdrawn_at=None if row.withdrawn_at is None else row.withdrawn_at.astimezone(zone),
            spent_at=None if row.spent_at is None else row.spent_at.astimezone(zone),
            last_used_at=last[row.id].astimezone(zone) if row.id in last else None,
            state=_state(tx, row, is_theirs=is_good and row.person_id in theirs),
        )
        for row, person, maker, is_good in rows
    )


def _state(tx: Tx, row: MailLink, *, is_theirs: bool) -> str:
    """Say how a link stands; the first that ended it counts."""
    if row.spent_at is not None:
        return SERVED
    if row.withdrawn_at is not None:
        return WITHDRAWN
    if row.expires_at <= tx.now:
        return OVER
    return GOOD if is_theirs else NOT_THEIRS
