"""One subject in full, as one viewer may see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from assurance.access import Viewer, require_sight, sees_cases, visible
from assurance.deciders import answers_of
from assurance.mail import name_of
from assurance.matters import MatterNoun
from assurance.office import Tx
from assurance.queries import meetings, one_approval, one_audit, one_change
from assurance.queries.addresses import address_grids, address_lines
from assurance.queries.card import Card, Grid, Line
from assurance.queries.holds import hold_grid, hold_lines
from assurance.queries.lists import names, parent_of, return_days_late, state_title
from assurance.queries.references import CASE
from assurance.reasons import day_in_words
from assurance.records import (
    Action,
    Agency,
    AgencyReturn,
    Aim,
    Answer,
    Approval,
    Audit,
    Case,
    DeadAddress,
    ImmediateConcern,
    Matter,
    Meeting,
    Person,
    Post,
    Recommendation,
    RecordSet,
    RuleHold,
)
from engine.ledger import texts
from engine.moved import Moved, Ref
from engine.vocabulary import Field


def card_of(tx: Tx, viewer: Viewer, ref: Ref) -> Card:
    """Give everything that a viewer may see of one subject.

    Raises Refused where there is none, or none for this viewer.
    """
    if ref.kind == CASE:
        return _case(tx, viewer, tx.session.get_one(Case, ref.id))
    require_sight(tx.session, viewer, ref)
    row: Any = tx.session.get_one(tx.playbook.noun(ref.kind).table, ref.id)
    workflow = tx.playbook.definition(row.definition_id)
    state = workflow.states[row.state]
    return Card(
        ref=ref,
        name=_name(tx, row, ref),
        about=workflow.about,
        state=row.state,
        state_title=state.title,
        state_about=state.about,
        since_on=row.state_since_on,
        version=row.version,
        lines=tuple(_lines(tx, viewer, row)),
        grids=tuple(
            grid
            for grid in (*_grids(tx, viewer, row), _decisions(tx, viewer, ref), hold_grid(tx, viewer, ref))
            if grid.rows or grid.note
        ),
    )


def values_of(tx: Tx, viewer: Viewer, ref: Ref) -> tuple[Line, ...]:
    """Give a subject's own values, without the tables that go with it; raises Refused as `card_of` does."""
    require_sight(tx.session, viewer, ref)
    row: Any = tx.session.get_one(tx.playbook.noun(ref.kind).table, ref.id)
    return tuple(_lines(tx, viewer, row))


def title_of(tx: Tx, viewer: Viewer, ref: Ref) -> str:
    """Call a subject as the top of its page does; raises Refused as `card_of` does."""
    require_sight(tx.session, viewer, ref)
    return _name(tx, tx.session.get_one(tx.playbook.noun(ref.kind).table, ref.id), ref)


def _case(tx: Tx, viewer: Viewer, row: Case) -> Card:
    return Card(
        ref=Ref(CASE, row.id),
        name=f"Case {row.case_ref}",
        about="A child, family or adult whose file is read; who it is stays with each agency.",
        state="",
        state_title="",
        state_about="",
        since_on=None,
        version=None,
        lines=tuple(one_audit.case_lines(tx, row)),
        grids=tuple(one_audit.case_grids(tx, viewer, row)),
    )


def _name(tx: Tx, row: Any, ref: Ref) -> str:
    match row:
        case Audit():
            return f"Audit {row.reference}: {row.theme}"
        case Recommendation():
            reference = tx.session.get_one(Audit, row.audit_id).reference
            return f"Recommendation {row.number} of audit {reference}"
        case Meeting():
            return f"{row.title}, {day_in_words(row.on)}"
        case Matter():
            return f"{tx.playbook.newest(ref.kind).title} {ref.id}: {row.title}"
    return name_of(ref)


def _lines(tx: Tx, viewer: Viewer, row: Moved) -> Iterable[Line]:
    return _LINES[type(row)](tx, viewer, row)


def _grids(tx: Tx, viewer: Viewer, row: Moved) -> Iterable[Grid]:
    grids: Iterable[Grid] = ()
    match row:
        case Audit():
            grids = one_audit.audit_grids(tx, viewer, row)
        case AgencyReturn():
            grids = [_answers(tx, row)]
        case Recommendation():
            grids = one_change.recommendation_grids(tx, viewer, row)
        case Action():
            grids = one_change.action_grids(tx, viewer, row)
        case DeadAddress():
            grids = address_grids(tx, row)
        case Approval():
            grids = one_approval.approval_grids(tx, viewer, row)
        case Meeting():
            grids = meetings.meeting_grids(tx, viewer, row)
        case Matter():
            grids = [_children(tx, viewer, row)]
    return grids


def _return_lines(tx: Tx, row: AgencyReturn) -> Iterable[Line]:
    yield Line("audit", "Audit", tx.session.get_one(Audit, row.audit_id).reference)
    yield Line("case", "Case", tx.session.get_one(Case, row.case_id).case_ref)
    yield Line("agency", "Agency", tx.session.get_one(Agency, row.agency_id).name)
    yield Line("records", "Records", tx.session.get_one(RecordSet, row.record_set_id).name)
    yield Line("tool", "Read with", row.tool)
    yield Line("original_due_on", "First due", row.original_due_on)
    yield Line("due_on", "Now due", row.due_on)
    yield Line("submitted_on", "Submitted", row.submitted_on)
    yield Line("days_late", "Days late", return_days_late(row, tx.today))


def _answers(tx: Tx, row: AgencyReturn) -> Grid:
    query = (
        sa.select(Aim.number, Aim.text, Answer.answer, Answer.text)
        .join_from(Aim, Answer, sa.and_(Answer.aim_id == Aim.id, Answer.return_id == row.id), isouter=True)
        .where(Aim.audit_id == row.audit_id)
        .order_by(Aim.number)
    )
    rows = [
        (number, aim, answer or "not yet answered", text or None)
        for number, aim, answer, text in tx.session.execute(query)
    ]
    columns = (("aim", "No."), ("text", "Aim"), ("answer", "Answer"), ("words", "In the reader's words"))
    return Grid("answers", "Answers", columns, rows)


def _concern_lines(tx: Tx, viewer: Viewer, row: ImmediateConcern) -> Iterable[Line]:
    audit = None if row.audit_id is None else tx.session.get_one(Audit, row.audit_id).reference
    is_told = row.case_id is not None and (sees_cases(viewer) or row.agency_id in viewer.agencies)
    yield Line("audit", "Audit", audit)
    yield Line("case", "Case", tx.session.get_one(Case, row.case_id).case_ref if is_told else None)
    yield Line("agency", "Agency that must act", tx.session.get_one(Agency, row.agency_id).name)
    yield Line("raised_on", "Raised", row.raised_on)
    yield Line("acknowledged_on", "Taken up", row.acknowledged_on)
    text = texts(tx.session, Ref(ImmediateConcern.noun, row.id)).get((1, "concern"))
    yield Line("concern", "What it is", text)


def _matter_lines(tx: Tx, row: Matter) -> Iterable[Line]:
    noun = tx.playbook.noun(row.kind)
    known = noun.load_many(tx.session, [row.id])[0]
    own = tx.playbook.newest(row.kind).own if isinstance(noun, MatterNoun) else None
    fields: dict[str, Field] = {} if own is None else dict(own.fields)
    yield Line("title", "Title", row.title)
    yield Line("parent", "Under", parent_of(row))
    agency = None if row.agency_id is None else tx.session.get_one(Agency, row.agency_id).name
    yield Line("agency", "Agency", agency)
    owner = None if row.owner_post_id is None else tx.session.get_one(Post, row.owner_post_id).title
    yield Line("owner", "Owner", owner)
    for name, field in fields.items():
        yield Line(name, (field.title or _spoken(name)).capitalize(), known.facts[name])
    for name in () if own is None else own.children:
        yield Line(name, _spoken(name), known.facts[name])


def _children(tx: Tx, viewer: Viewer, row: Matter) -> Grid:
    found = tx.session.scalars(
        sa.select(Matter)
        .where(Matter.parent_kind == row.kind, Matter.parent_id == row.id, visible(viewer, Matter))
        .order_by(Matter.id)
    )
    rows = [(Ref(one.kind, one.id), one.title, state_title(tx, one)) for one in found]
    return Grid("children", "Under it", (("ref", "Ref"), ("title", "Title"), ("state", "State")), rows)


def _decisions(tx: Tx, viewer: Viewer, ref: Ref) -> Grid:
    people = names(tx, Person, Person.name)
    found = tx.session.scalars(
        sa.select(Approval)
        .where(Approval.subject_kind == ref.kind, Approval.subject_id == ref.id, visible(viewer, Approval))
        .order_by(Approval.id)
    ).all()
    given = answers_of(tx, [one.id for one in found])
    rows = [
        (
            Ref(Approval.noun, one.id),
            one.title,
            people[one.requested_by_id],
            one.asked_on,
            state_title(tx, one),
            one_approval.decided_by(one, given.get(one.id, ()), people),
        )
        for one in found
    ]
    columns = (
        ("ref", "Ref"),
        ("step", "Step"),
        ("asked_by", "Asked by"),
        ("asked_on", "On"),
        ("state", "State"),
        ("decided_by", "Decided by"),
    )
    return Grid("decisions", "Decisions", columns, rows)


def _spoken(name: str) -> str:
    return name.replace("_", " ").capitalize()


_LINES: Mapping[type[Moved], Callable[[Tx, Viewer, Any], Iterable[Line]]] = {
    Audit: lambda tx, _, row: one_audit.audit_lines(tx, row),
    AgencyReturn: lambda tx, _, row: _return_lines(tx, row),
    Recommendation: lambda tx, _, row: one_change.recommendation_lines(tx, row),
    Action: one_change.action_lines,
    Approval: one_approval.approval_lines,
    ImmediateConcern: _concern_lines,
    DeadAddress: lambda tx, _, row: address_lines(tx, row),
    Meeting: lambda tx, _, row: meetings.meeting_lines(tx, row),
    RuleHold: hold_lines,
    Matter: lambda tx, _, row: _matter_lines(tx, row),
}
