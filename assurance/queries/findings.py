"""What an audit has found: the gap map, what readers wrote, the group's joint looks, and the findings themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from assurance.access import Sight, Viewer, reads_texts_of, require_sight, sees_cases, visible
from assurance.commands.concluding import FINDING_KINDS
from assurance.office import Tx
from assurance.queries.around import findings as list_findings
from assurance.queries.doors import Doors, doors_of
from assurance.queries.gap_map import IN, GapMap, gap_map
from assurance.queries.lists import state_title
from assurance.queries.rows import FindingRow, Wanted
from assurance.records import (
    Agency,
    AgencyReturn,
    Aim,
    Answer,
    Audit,
    Case,
    Finding,
    Meeting,
    Moderation,
    RecommendationFinding,
    RecordSet,
)
from engine.moved import Ref


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader answered to an aim, for whoever may see that return."""

    agency_return: Ref
    agency: str
    records: str
    case: str
    answer: str
    words: str


@dataclass(frozen=True, slots=True)
class Look:
    """One joint look of the group at the returns; `note` is None for whoever may not read it."""

    held_on: date
    meeting: Ref | None
    meeting_title: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class FindingsPage:
    """Everything that stands on the page of findings; `readings` by the number of the aim.

    `followed` are the numbers of findings from which something follows, be it a recommendation for others only.
    """

    ref: Ref
    reference: str
    theme: str
    state: str
    state_title: str
    doors: Doors
    gaps: GapMap
    readings: dict[int, tuple[Reading, ...]]
    sees_all: bool
    sees_cases: bool
    looks: tuple[Look, ...]
    findings: tuple[FindingRow, ...]
    followed: frozenset[int]

    def of_kind(self, kind: str) -> tuple[FindingRow, ...]:
        """Give the findings of a kind, in the order of their numbers."""
        return tuple(one for one in self.findings if one.kind == kind)

    @property
    def kinds(self) -> Sequence[str]:
        """Give the kinds of findings in the order of the page."""
        return FINDING_KINDS

    @property
    def aims_without_finding(self) -> tuple[int, ...]:
        """Give the numbers of the aims under which nothing is recorded yet."""
        found = {one.aim for one in self.findings}
        return tuple(aim.number for aim in self.gaps.aims if aim.number not in found)


def findings_page(tx: Tx, viewer: Viewer, ref: Ref) -> FindingsPage:
    """Give the page of findings of an audit; raises Refused where there is none for this viewer."""
    require_sight(tx.session, viewer, ref)
    row = tx.session.get_one(Audit, ref.id)
    readings: dict[int, list[Reading]] = defaultdict(list)
    for number, reading in _readings(tx, viewer, ref.id):
        readings[number].append(reading)
    return FindingsPage(
        ref=ref,
        reference=row.reference,
        theme=row.theme,
        state=row.state,
        state_title=state_title(tx, row),
        doors=doors_of(tx, ref),
        gaps=gap_map(tx, viewer, ref.id),
        readings={number: tuple(some) for number, some in readings.items()},
        sees_all=viewer.sight is Sight.EVERYTHING,
        sees_cases=sees_cases(viewer),
        looks=tuple(_looks(tx, viewer, ref.id)),
        findings=list_findings(tx, viewer, Wanted(audit_id=ref.id)).rows,
        followed=frozenset(tx.session.scalars(_followed(ref.id))),
    )


def _followed(audit_id: int) -> sa.Select[int]:
    linked = sa.exists().where(RecommendationFinding.finding_id == Finding.id)
    return sa.select(Finding.number).where(Finding.audit_id == audit_id, linked)


def _readings(tx: Tx, viewer: Viewer, audit_id: int) -> Iterator[tuple[int, Reading]]:
    """Give what was answered in returns that are in, as far as the viewer may see them."""
    found = tx.session.execute(
        sa.select(
            Aim.number,
            AgencyReturn.id,
            Agency.name,
            RecordSet.name,
            Case.case_ref,
            Answer.answer,
            Answer.text,
        )
        .select_from(Answer)
        .join(AgencyReturn, AgencyReturn.id == Answer.return_id)
        .join(Aim, Aim.id == Answer.aim_id)
        .join(Agency, Agency.id == AgencyReturn.agency_id)
        .join(RecordSet, RecordSet.id == AgencyReturn.record_set_id)
        .join(Case, Case.id == AgencyReturn.case_id)
        .where(AgencyReturn.audit_id == audit_id, AgencyReturn.state.in_(IN), visible(viewer, AgencyReturn))
        .order_by(Aim.number, Case.case_ref, RecordSet.name)
    )
    for number, return_id, agency, records, case, answer, words in found:
        yield number, Reading(Ref(AgencyReturn.noun, return_id), agency, records, case, answer, words)


def _looks(tx: Tx, viewer: Viewer, audit_id: int) -> Iterator[Look]:
    reads = reads_texts_of(viewer, None)
    found = tx.session.execute(
        sa.select(Moderation, Meeting.title)
        .join_from(Moderation, Meeting, Meeting.id == Moderation.meeting_id, isouter=True)
        .where(Moderation.audit_id == audit_id)
        .order_by(Moderation.held_on, Moderation.id)
    )
    for row, title in found:
        meeting = None if row.meeting_id is None else Ref(Meeting.noun, row.meeting_id)
        yield Look(row.held_on, meeting, title, row.note if reads else None)
