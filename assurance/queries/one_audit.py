"""One audit and one case in full: what is pooled for everybody, what is of a case for few."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import sqlalchemy as sa

from assurance.access import Viewer, reads_texts_of, visible
from assurance.facts import SETTLED_RETURNS
from assurance.office import Tx
from assurance.queries import around, lists
from assurance.queries.card import Grid, Line, Shown
from assurance.queries.lists import names, return_days_late
from assurance.queries.rows import Wanted
from assurance.records import (
    Agency,
    AgencyReturn,
    Aim,
    Audit,
    Case,
    Dissemination,
    Meeting,
    Moderation,
    RecordSet,
)
from engine.moved import Ref


def audit_lines(tx: Tx, row: Audit) -> Iterable[Line]:
    """Give an audit's own values."""
    meeting = None if row.meeting_id is None else tx.session.get_one(Meeting, row.meeting_id)
    yield Line("reference", "Reference", row.reference)
    yield Line("theme", "Theme", row.theme)
    yield Line("source", "Why now", f"{row.source} ({row.source_kind})")
    yield Line("scope", "Scope", row.scope)
    yield Line("look_back_months", "Files are read", f"{row.look_back_months} months back")
    yield Line("case_target", "Cases to be drawn", row.case_target)
    yield Line("meeting", "Looked at in", None if meeting is None else meeting.title)
    yield Line("meeting_on", "On", None if meeting is None else meeting.on)
    yield Line("returns_due_on", "Returns due", row.returns_due_on)
    yield Line("held_on", "Looked at together", row.held_on)
    yield Line("signed_off_on", "Signed off", row.signed_off_on)
    yield Line("re_audit_due_on", "To be audited again", row.re_audit_due_on)


def audit_grids(tx: Tx, viewer: Viewer, row: Audit) -> Iterable[Grid]:
    """Give what belongs to an audit, stage by stage."""
    only = Wanted(audit_id=row.id)
    yield _aims(tx, row)
    cases = around.cases(tx, viewer, only)
    yield Grid(
        "cases",
        "Cases",
        (("case", "Case"), ("kind", "Kind"), ("criterion", "Drawn because"), ("returns", "Returns")),
        [(one.case, one.kind, one.criterion, one.returns) for one in cases.rows],
        f"{cases.hidden} more are not yours to read." if cases.hidden else "",
    )
    yield _returns(tx, row)
    yield _moderations(tx, viewer, row)
    yield Grid(
        "findings",
        "Findings",
        (("number", "No."), ("aim", "Aim"), ("kind", "Kind"), ("text", "What was seen"), ("case", "Case")),
        [
            (one.number, one.aim, one.kind, one.text, one.case)
            for one in around.findings(tx, viewer, only).rows
        ],
    )
    made = lists.recommendations(tx, viewer, only)
    yield Grid(
        "recommendations",
        "Recommendations",
        (("ref", "Ref"), ("text", "What should change"), ("state", "State")),
        [(one.ref, one.text, one.state_title) for one in made.rows],
        f"{made.hidden} more, for individual practice, stay with their own agency." if made.hidden else "",
    )
    yield _spread(tx, viewer, row)


def case_lines(tx: Tx, row: Case) -> Iterable[Line]:
    """Give what the group knows of a case; who it is stays with each agency."""
    yield Line("audit", "Audit", tx.session.get_one(Audit, row.audit_id).reference)
    yield Line("kind", "Kind", row.kind)
    yield Line("criterion", "Drawn because", row.criterion)


def case_grids(tx: Tx, viewer: Viewer, row: Case) -> Iterable[Grid]:
    """Give the returns on a case that the viewer may see."""
    records, agencies = names(tx, RecordSet, RecordSet.name), names(tx, Agency, Agency.name)
    mine = tx.session.scalars(
        sa.select(AgencyReturn)
        .where(AgencyReturn.case_id == row.id, visible(viewer, AgencyReturn))
        .order_by(AgencyReturn.id)
    )
    rows = [
        (
            Ref(AgencyReturn.noun, one.id),
            records[one.record_set_id],
            agencies[one.agency_id],
            lists.state_title(tx, one),
            one.due_on,
        )
        for one in mine
    ]
    hidden = lists.hidden_of(tx, viewer, AgencyReturn, AgencyReturn.case_id == row.id)
    columns = (
        ("ref", "Return"),
        ("records", "Records"),
        ("agency", "Agency"),
        ("state", "State"),
        ("due_on", "Due"),
    )
    yield Grid("returns", "Returns", columns, rows, f"{hidden} more are of other agencies." if hidden else "")


def _aims(tx: Tx, row: Audit) -> Grid:
    known = names(tx, Audit, Audit.reference)
    earlier = {
        aim.id: f"{known[aim.audit_id]}, aim {aim.number}"
        for aim in tx.session.scalars(sa.select(Aim).where(Aim.group_id == row.group_id))
    }
    aims = tx.session.scalars(sa.select(Aim).where(Aim.audit_id == row.id).order_by(Aim.number))
    rows = [
        (aim.number, aim.text, None if aim.asks_again_id is None else earlier[aim.asks_again_id])
        for aim in aims
    ]
    return Grid("aims", "Aims", (("number", "No."), ("text", "Aim"), ("asks_again", "Asks again")), rows)


def _returns(tx: Tx, row: Audit) -> Grid:
    """Count the returns by records; which case a return is about is not said, so that everybody may see it."""
    records, agencies = names(tx, RecordSet, RecordSet.name), names(tx, Agency, Agency.name)
    found: dict[int, list[AgencyReturn]] = defaultdict(list)
    for one in tx.session.scalars(sa.select(AgencyReturn).where(AgencyReturn.audit_id == row.id)):
        found[one.record_set_id].append(one)
    rows: list[tuple[Shown, ...]] = []
    for number in sorted(found):
        some = found[number]
        late = [return_days_late(one, tx.today) for one in some]
        rows.append(
            (
                records[number],
                agencies[some[0].agency_id],
                len(some),
                sum(one.state in SETTLED_RETURNS for one in some),
                sum(one.state == "not_known" for one in some) or None,
                max(late) or None,
            )
        )
    columns = (
        ("records", "Records"),
        ("agency", "Agency"),
        ("asked", "Asked"),
        ("settled", "In"),
        ("not_known", "Not known"),
        ("days_late", "Days late"),
    )
    return Grid("returns", "Returns by records", columns, rows)


def _moderations(tx: Tx, viewer: Viewer, row: Audit) -> Grid:
    found = tx.session.scalars(
        sa.select(Moderation).where(Moderation.audit_id == row.id).order_by(Moderation.id)
    )
    reads = reads_texts_of(viewer, None)
    rows = [(one.held_on, one.note if reads else None) for one in found]
    return Grid("moderations", "Looked at together", (("held_on", "On"), ("note", "Note")), rows)


def _spread(tx: Tx, viewer: Viewer, row: Audit) -> Grid:
    agencies = names(tx, Agency, Agency.name)
    found = tx.session.scalars(
        sa.select(Dissemination)
        .where(Dissemination.audit_id == row.id, visible(viewer, Dissemination))
        .order_by(Dissemination.on, Dissemination.id)
    )
    rows = [(agencies[one.agency_id], one.on, one.how, one.reached) for one in found]
    columns = (("agency", "Agency"), ("on", "On"), ("how", "How"), ("reached", "People reached"))
    return Grid("dissemination", "How the learning was spread", columns, rows)
