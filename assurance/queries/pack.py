"""The papers of a meeting: agenda, returns, what is late and what waits to be decided, as the whole group may read them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import sqlalchemy as sa

from assurance.access import Sight, Viewer, visible
from assurance.facts import SETTLED_RETURNS
from assurance.office import Tx
from assurance.queries.agenda import Point, agenda
from assurance.queries.around import approvals
from assurance.queries.meeting_page import MeetingPage, meeting_page
from assurance.queries.pages import Page
from assurance.queries.rows import ApprovalRow, Wanted
from assurance.queries.tracker import Search, Sign, Tracked, tracked
from assurance.records import Agency, AgencyReturn, Audit, RecordSet
from engine.moved import Ref

MOST_ACTIONS = 100
HANDED_IN, PLANNED = "submitted", "planned"


@dataclass(frozen=True, slots=True)
class ReturnsIn:
    """The returns from one collection of records to one audit, pooled over its cases."""

    audit: str
    records: str
    agency: str
    asked: int
    settled: int
    handed_in: int
    overdue: int
    due_on: date

    @property
    def missing(self) -> int:
        """Give how many have not come."""
        return self.asked - self.settled - self.handed_in


@dataclass(frozen=True, slots=True)
class Pack:
    """What lies before everybody at a meeting; `late` holds actions that are overdue or have no date.

    A meeting that is over, or was cancelled, has no agenda any more.
    """

    meeting: MeetingPage
    on: date
    points: tuple[Point, ...]
    returns: tuple[ReturnsIn, ...]
    late: Page[Tracked]
    decisions: tuple[ApprovalRow, ...]


def pack_of(tx: Tx, viewer: Viewer, number: int) -> Pack:
    """Give the papers of a meeting.

    Whoever prints them, they hold what is pooled and nothing else: paper goes round, to the lay member too.
    Raises Refused where there is no such meeting for the viewer.
    """
    group = _as_the_group(viewer)
    meeting = meeting_page(tx, group, number)
    late = Search(signs=frozenset({Sign.OVERDUE, Sign.UNDATED}))
    return Pack(
        meeting=meeting,
        on=tx.today,
        points=agenda(tx, group, meeting.ref) if meeting.state == PLANNED else (),
        returns=tuple(_returns(tx, group, meeting.ref)),
        late=tracked(tx, group, late, limit=MOST_ACTIONS),
        decisions=approvals(tx, group, Wanted(state="waiting")).rows,
    )


def _as_the_group(viewer: Viewer) -> Viewer:
    """Give somebody who sees what everybody in the group sees, and nothing that is only this person's."""
    if viewer.sight is Sight.NOTHING:
        return viewer
    return replace(viewer, person_id=None, sight=Sight.POOLED, agencies=frozenset(), roles=frozenset())


def _returns(tx: Tx, viewer: Viewer, meeting: Ref) -> Iterator[ReturnsIn]:
    """Count returns by records: which case one is about is not said."""
    is_settled = AgencyReturn.state.in_(SETTLED_RETURNS)
    is_in = AgencyReturn.state == HANDED_IN
    is_overdue = sa.and_(~is_settled, ~is_in, AgencyReturn.due_on < tx.today)
    counts = (sa.func.sum(sa.case((is_so, 1), else_=0)) for is_so in (is_settled, is_in, is_overdue))
    of = (Audit.id, Audit.reference, RecordSet.id, RecordSet.name, Agency.name)
    rows = tx.session.execute(
        sa.select(*of, sa.func.count(), *counts, sa.func.max(AgencyReturn.due_on))
        .join_from(AgencyReturn, Audit, Audit.id == AgencyReturn.audit_id)
        .join(RecordSet, RecordSet.id == AgencyReturn.record_set_id)
        .join(Agency, Agency.id == AgencyReturn.agency_id)
        .where(Audit.meeting_id == meeting.id, visible(viewer, Audit))
        .group_by(*of)
        .order_by(Audit.id, RecordSet.id)
    )
    for _, audit, _, records, agency, asked, settled, handed_in, overdue, due_on in rows:
        yield ReturnsIn(audit, records, agency, asked, settled, handed_in, overdue, due_on)
