"""Collections of records, who answers for each today, and whether that is by links from mail."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.office import Tx
from assurance.records import Agency, Post, RecordSet
from assurance.roster import roster


@dataclass(frozen=True, slots=True)
class RecordSetRow:
    """One collection of records: the post that leads it, or the agency's lead, and who holds that today."""

    number: int
    name: str
    agency: str
    lead: str
    holders: tuple[str, ...]
    answers_by_link: bool


def record_sets(tx: Tx, viewer: Viewer) -> tuple[RecordSetRow, ...]:
    """List the collections of records by agency."""
    held = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    rows = tx.session.execute(
        sa.select(RecordSet, Agency.name, Post.title)
        .join(Agency, Agency.id == RecordSet.agency_id)
        .outerjoin(Post, Post.id == RecordSet.lead_post_id)
        .where(visible(viewer, RecordSet))
        .order_by(Agency.name, RecordSet.id)
    )
    shown = []
    for row, agency, lead in rows:
        own = held.in_post(row.lead_post_id)
        seats = own or held.holding("agency_lead", agency_id=row.agency_id)
        names = tuple(seat.person for seat in seats)
        title = lead or "The agency’s lead"
        shown.append(RecordSetRow(row.id, row.name, agency, title, names, row.answers_by_link))
    return tuple(shown)
