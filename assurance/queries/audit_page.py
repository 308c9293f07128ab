"""One audit as its page shows it: where it stands, its aims and cases, who has answered, and what it waits for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from assurance.access import Sight, Viewer, reads_texts_of, visible
from assurance.deciders import WAITING, requests_of
from assurance.facts import SETTLED_RETURNS
from assurance.mail import name_of
from assurance.office import Tx
from assurance.queries.card import Line
from assurance.queries.checkpoints import Printed, newest_checkpoint
from assurance.queries.doors import Doors, doors_of
from assurance.queries.lists import hidden_of, names, recommendations, return_days_late, state_title
from assurance.queries.one_audit import audit_lines
from assurance.queries.references import subject_of
from assurance.queries.rows import Listed, RecommendationRow, Wanted
from assurance.records import (
    Agency,
    AgencyReturn,
    Aim,
    Approval,
    Audit,
    Case,
    Dissemination,
    Finding,
    ImmediateConcern,
    Meeting,
    Moderation,
    RecordSet,
)
from engine.checkpoints import spaced
from engine.ledger import history
from engine.moved import Ref
from engine.refusals import one_of

GIVEN_UP = "cancelled"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage on the way of an audit; `came_on` is the day on which it came there last, if it did."""

    state: str
    title: str
    about: str
    is_present: bool
    is_past: bool
    came_on: date | None


@dataclass(frozen=True, slots=True)
class AimShown:
    """One aim, and the earlier aim that it asks again."""

    number: int
    text: str
    asks_again: str
    earlier: Ref | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One return in the grid: what it is called, where it stands and how many days late it came or is."""

    ref: Ref
    state: str
    state_title: str
    due_on: date
    days_late: int


@dataclass(frozen=True, slots=True)
class RecordsRow:
    """One record set: a cell for each case of the grid, None where it was not asked; and the counts that all may see."""

    records: str
    agency: str
    cells: tuple[Cell | None, ...]
    asked: int
    settled: int
    not_known: int
    days_late: int
    is_own: bool


@dataclass(frozen=True, slots=True)
class CaseShown:
    """One case under its random reference."""

    ref: str
    kind: str
    criterion: str


@dataclass(frozen=True, slots=True)
class Awaited:
    """One decision that waits: about what, and whom it waits for."""

    ref: Ref
    what: str
    with_whom: str
    since_on: date


@dataclass(frozen=True, slots=True)
class Spread:
    """How one agency that took part has spread the learning; without a day it has not yet."""

    agency: str
    on: date | None
    how: str
    reached: int


@dataclass(frozen=True, slots=True)
class Look:
    """One joint look of the group at the returns; `meeting` is the meeting at which it was, where there was one."""

    on: date
    note: str | None
    meeting: Ref | None


@dataclass(frozen=True, slots=True)
class SignOff:
    """What stands on paper for an audit that is signed off: the day, its newest line with its seal, the newest checkpoint."""

    on: date
    line: int
    seal: str
    checkpoint: Printed | None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """One audit as one viewer may see it. `hidden_cases` counts the cases that are not theirs to read."""

    ref: Ref
    reference: str
    theme: str
    state: str
    state_title: str
    state_about: str
    since_on: date
    lines: tuple[Line, ...]
    stages: tuple[Stage, ...]
    doors: Doors
    aims: tuple[AimShown, ...]
    cases: tuple[CaseShown, ...]
    hidden_cases: int
    rows: tuple[RecordsRow, ...]
    sees_all: bool
    findings: Mapping[str, int]
    looks: tuple[Look, ...]
    recommendations: Listed[RecommendationRow]
    meeting: Ref | None
    decisions: tuple[Awaited, ...]
    concerns: tuple[Ref, ...]
    spread: tuple[Spread, ...]
    sign_off: SignOff | None


def audit_page(tx: Tx, viewer: Viewer, number: int) -> AuditPage:
    """Give everything that the page of an audit shows to a viewer; raises Refused where there is none for them."""
    ref = subject_of(tx, viewer, Audit.noun, number)
    row = tx.session.get_one(Audit, ref.id)
    state = tx.playbook.definition(row.definition_id).states[row.state]
    cases = tx.session.scalars(
        sa.select(Case).where(Case.audit_id == row.id, visible(viewer, Case)).order_by(Case.id)
    ).all()
    rows = tuple(_records(tx, viewer, row, cases))
    return AuditPage(
        ref=ref,
        reference=row.reference,
        theme=row.theme,
        state=row.state,
        state_title=state.title,
        state_about=state.about,
        since_on=row.state_since_on,
        lines=tuple(audit_lines(tx, row)),
        stages=_stages(tx, row),
        doors=doors_of(tx, ref),
        aims=tuple(_aims(tx, row)),
        cases=tuple(CaseShown(one.case_ref, one.kind, one.criterion) for one in cases),
        hidden_cases=hidden_of(tx, viewer, Case, Case.audit_id == row.id),
        rows=rows,
        sees_all=viewer.sight is Sight.EVERYTHING,
        findings=_findings(tx, viewer, row),
        looks=tuple(_looks(tx, viewer, row)),
        recommendations=recommendations(tx, viewer, Wanted(audit_id=row.id)),
        meeting=None if row.meeting_id is None else Ref(Meeting.noun, row.meeting_id),
        decisions=tuple(_decisions(tx, viewer, row)),
        concerns=_concerns(tx, viewer, row),
        spread=tuple(_spread(tx, row, sorted({one.agency for one in rows}))),
        sign_off=_sign_off(tx, row),
    )


def _sign_off(tx: Tx, row: Audit) -> SignOff | None:
    if row.signed_off_on is None:
        return None
    return SignOff(row.signed_off_on, row.version, spaced(row.head), newest_checkpoint(tx))


def _stages(tx: Tx, row: Audit) -> tuple[Stage, ...]:
    """Give the stages in the order of the workflow; that an audit was given up stands among them only once it was."""
    workflow = tx.playbook.definition(row.definition_id)
    came: dict[str, date] = {}
    for line in history(tx.session, Ref(Audit.noun, row.id)):
        if "to" in line.data:
            came[str(line.data["to"])] = tx.calendar.today(line.at)
    states = [
        one for one in workflow.states.values() if one.name in (row.state, *came) or one.name != GIVEN_UP
    ]
    names_in_order = [one.name for one in states]
    here = names_in_order.index(row.state)
    return tuple(
        Stage(
            one.name,
            one.title,
            one.about,
            is_present=place == here,
            # Of one that was given up only the stages that it has reached are behind it.
            is_past=place < here and (row.state != GIVEN_UP or one.name in came),
            came_on=came.get(one.name) if place <= here else None,
        )
        for place, one in enumerate(states)
    )


def _aims(tx: Tx, row: Audit) -> Iterable[AimShown]:
    earlier = aliased(Aim)
    asked_in = aliased(Audit)
    found = tx.session.execute(
        sa.select(Aim.number, Aim.text, Aim.asks_again_id, earlier.number, asked_in.reference, asked_in.id)
        .join(earlier, earlier.id == Aim.asks_again_id, isouter=True)
        .join(asked_in, asked_in.id == earlier.audit_id, isouter=True)
        .where(Aim.audit_id == row.id)
        .order_by(Aim.number)
    )
    for number, text, asks_again_id, earlier_number, reference, audit_id in found:
        if asks_again_id is None:
            yield AimShown(number, text, "", None)
        else:
            yield AimShown(number, text, f"{reference}, aim {earlier_number}", Ref(Audit.noun, audit_id))


def _records(tx: Tx, viewer: Viewer, row: Audit, cases: Sequence[Case]) -> Iterable[RecordsRow]:
    """Give a row for each record set that was asked: each return for whoever may see it, and counts for everybody."""
    records, agencies = names(tx, RecordSet, RecordSet.name), names(tx, Agency, Agency.name)
    found: dict[int, list[AgencyReturn]] = defaultdict(list)
    for one in tx.session.scalars(
        sa.select(AgencyReturn).where(AgencyReturn.audit_id == row.id).order_by(AgencyReturn.id)
    ):
        found[one.record_set_id].append(one)
    for number in sorted(found):
        some = found[number]
        agency_id = some[0].agency_id
        is_seen = viewer.sight is Sight.EVERYTHING or agency_id in viewer.agencies
        by_case = {one.case_id: _cell(tx, one) for one in some} if is_seen else {}
        yield RecordsRow(
            records=records[number],
            agency=agencies[agency_id],
            cells=tuple(by_case.get(case.id) for case in cases) if is_seen else (),
            asked=len(some),
            settled=sum(one.state in SETTLED_RETURNS for one in some),
            not_known=sum(one.state == "not_known" for one in some),
            days_late=max(return_days_late(one, tx.today) for one in some),
            is_own=is_seen,
        )


def _cell(tx: Tx, row: AgencyReturn) -> Cell:
    return Cell(
        Ref(AgencyReturn.noun, row.id),
        row.state,
        state_title(tx, row),
        row.due_on,
        return_days_late(row, tx.today),
    )


def _findings(tx: Tx, viewer: Viewer, row: Audit) -> dict[str, int]:
    counted = tx.session.execute(
        sa.select(Finding.kind, sa.func.count())
        .where(Finding.audit_id == row.id, visible(viewer, Finding))
        .group_by(Finding.kind)
        .order_by(Finding.kind)
    )
    return dict(counted.all())


def _looks(tx: Tx, viewer: Viewer, row: Audit) -> Iterable[Look]:
    reads = reads_texts_of(viewer, None)
    found = tx.session.scalars(
        sa.select(Moderation).where(Moderation.audit_id == row.id).order_by(Moderation.id)
    )
    for one in found:
        meeting = None if one.meeting_id is None else Ref(Meeting.noun, one.meeting_id)
        yield Look(one.held_on, one.note if reads else None, meeting)


def _decisions(tx: Tx, viewer: Viewer, row: Audit) -> Iterable[Awaited]:
    waiting = tx.session.scalars(
        sa.select(Approval)
        .where(Approval.audit_id == row.id, Approval.state == WAITING, visible(viewer, Approval))
        .order_by(Approval.id)
    ).all()
    requests = requests_of(tx, waiting)
    for one in waiting:
        subject = Ref(one.subject_kind, one.subject_id)
        what = one.title if subject.kind == Audit.noun else f"{one.title}: {name_of(subject).lower()}"
        request = requests[one.id]
        who = request.so_far() or one_of(request.names_to_answer() or ("nobody in post",))
        yield Awaited(Ref(Approval.noun, one.id), what, who, one.asked_on)


def _concerns(tx: Tx, viewer: Viewer, row: Audit) -> tuple[Ref, ...]:
    numbers = tx.session.scalars(
        sa.select(ImmediateConcern.id)
        .where(ImmediateConcern.audit_id == row.id, visible(viewer, ImmediateConcern))
        .order_by(ImmediateConcern.id)
    )
    return tuple(Ref(ImmediateConcern.noun, number) for number in numbers)


def _spread(tx: Tx, row: Audit, took_part: Sequence[str]) -> Iterable[Spread]:
    found = {
        agency: Spread(agency, one.on, one.how, one.reached)
        for one, agency in tx.session.execute(
            sa.select(Dissemination, Agency.name)
            .join(Agency, Agency.id == Dissemination.agency_id)
            .where(Dissemination.audit_id == row.id)
        )
    }
    for agency in sorted({*took_part, *found}):
        yield found.get(agency) or Spread(agency, None, "", 0)
