"""One recommendation and one action in full: what should change, who does what by when, and whether it has lasted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa

from assurance.access import STRATEGIC, Sight, Viewer, reads_texts_of, visible
from assurance.office import Tx
from assurance.queries.card import Grid, Line
from assurance.queries.lists import action_days_past, action_is_overdue, days_waited, names
from assurance.records import (
    Action,
    Agency,
    AgencyAnswer,
    Aim,
    Audit,
    Evidence,
    Finding,
    Person,
    Post,
    ProgressNote,
    ReAudit,
    Recommendation,
    RecommendationAim,
    RecommendationFinding,
)
from assurance.roster import roster
from engine.ledger import history, texts
from engine.moved import Ref

ANSWERS = {"asked": "asked, has not answered", "accepted": "accepted", "not_accepted": "not accepted"}
NOT_FOR_YOU = "(for its own agency)"


def recommendation_lines(tx: Tx, row: Recommendation) -> Iterable[Line]:
    """Give a recommendation's own values."""
    agency = None if row.agency_id is None else tx.session.get_one(Agency, row.agency_id).name
    kind = "multi-agency strategic" if row.type == STRATEGIC else "individual practice"
    yield Line("audit", "Audit", tx.session.get_one(Audit, row.audit_id).reference)
    yield Line("number", "Number", row.number)
    yield Line("type", "Kind", kind)
    yield Line("agency", "Agency", agency)
    yield Line("text", "What should change", row.text)
    yield Line("agreed_on", "Agreed", row.agreed_on)
    yield Line("implemented_on", "Implemented", row.implemented_on)
    yield Line("embedded_check_on", "Look whether it lasts", row.embedded_check_on)
    yield Line("embedded_on", "Embedded", row.embedded_on)


def recommendation_grids(tx: Tx, viewer: Viewer, row: Recommendation) -> Iterable[Grid]:
    """Give where a recommendation comes from, who takes it on, what is done, and what was measured since."""
    aims, references = names(tx, Aim, Aim.number), names(tx, Audit, Audit.reference)
    yield Grid("aims", "Comes from the aims", (("number", "No."), ("text", "Aim")), _aims(tx, row))
    yield Grid(
        "findings",
        "Comes from the findings",
        (("number", "No."), ("kind", "Kind"), ("text", "What was seen")),
        _findings(tx, row),
    )
    yield _agencies(tx, viewer, row)
    yield _actions(tx, viewer, row)
    measured = tx.session.scalars(
        sa.select(ReAudit).where(ReAudit.recommendation_id == row.id).order_by(ReAudit.id)
    )
    audits = names(tx, Aim, Aim.audit_id)
    rows = [
        (
            one.measured_on,
            f"{references[audits[one.earlier_aim_id]]}, aim {aims[one.earlier_aim_id]}",
            f"{one.before_yes} of {one.before_asked}",
            f"{references[audits[one.later_aim_id]]}, aim {aims[one.later_aim_id]}",
            f"{one.after_yes} of {one.after_asked}",
            "better" if one.is_better else "not better",
        )
        for one in measured
    ]
    columns = (
        ("measured_on", "On"),
        ("earlier", "Asked in"),
        ("before", "Said yes"),
        ("later", "Asked again in"),
        ("after", "Said yes"),
        ("outcome", "Now"),
    )
    yield Grid("re_audits", "The same aim asked again", columns, rows)
    yield evidence_grid(tx, Ref(Recommendation.noun, row.id), reads=reads_texts_of(viewer, row.agency_id))


def action_lines(tx: Tx, viewer: Viewer, row: Action) -> Iterable[Line]:
    """Give an action's own values, with the date first agreed beside the present one."""
    made = tx.session.get_one(Recommendation, row.recommendation_id)
    waits_for = (
        None if row.waiting_on_agency_id is None else tx.session.get_one(Agency, row.waiting_on_agency_id)
    )
    yield Line("audit", "Audit", tx.session.get_one(Audit, row.audit_id).reference)
    yield Line("recommendation", "Recommendation", Ref(Recommendation.noun, made.id))
    is_own = made.type == STRATEGIC or viewer.sight is Sight.EVERYTHING or row.agency_id in viewer.agencies
    yield Line("recommendation_text", "It asks", made.text if is_own else NOT_FOR_YOU)
    yield Line("agency", "Agency", tx.session.get_one(Agency, row.agency_id).name)
    yield Line("text", "What it will do", row.text)
    yield Line("owner", "Owner", _owner(tx, row))
    yield Line("measure", "Done when", row.measure)
    yield Line("original_due_on", "First due", row.original_due_on)
    yield Line("current_due_on", "Now due", row.current_due_on)
    yield Line("times_moved", "Times moved", row.times_moved)
    yield Line("days_past_original", "Days past first due", action_days_past(row, tx.today))
    yield Line("is_overdue", "Overdue", action_is_overdue(row, tx.today))
    yield Line("waiting_on", "Waits for", None if waits_for is None else waits_for.name)
    yield Line("waiting_since_on", "Since", row.waiting_since_on)
    yield Line("working_days_waited", "Working days waited", days_waited(tx, row))
    yield Line("awaited", "What is awaited", _awaited(tx, viewer, row))
    yield Line("chased_from_on", "Owner is chased from", _chased_from(row))
    yield Line("agreed_on", "Agreed", row.agreed_on)
    yield Line("confirmed_on", "Confirmed by the agency", row.confirmed_on)
    yield Line("verified_on", "Verified by the chair", row.verified_on)


def action_grids(tx: Tx, viewer: Viewer, row: Action) -> Iterable[Grid]:
    """Give how an action goes, in the owner's words, and what proves it."""
    reads, people = reads_texts_of(viewer, row.agency_id), names(tx, Person, Person.name)
    notes = tx.session.scalars(
        sa.select(ProgressNote).where(ProgressNote.action_id == row.id).order_by(ProgressNote.id)
    )
    rows = [(one.on, people[one.person_id], one.rating, one.text if reads else NOT_FOR_YOU) for one in notes]
    columns = (("on", "On"), ("by", "By"), ("rating", "Says it is"), ("text", "Note"))
    yield Grid("notes", "Progress, in the owner's words", columns, rows)
    yield evidence_grid(tx, Ref(Action.noun, row.id), reads=reads)


def evidence_grid(tx: Tx, ref: Ref, *, reads: bool) -> Grid:
    """Give what proves a subject; its words only to whoever may read them."""
    people = names(tx, Person, Person.name)
    found = tx.session.scalars(
        sa.select(Evidence)
        .where(Evidence.subject_kind == ref.kind, Evidence.subject_id == ref.id)
        .order_by(Evidence.id)
    )
    rows = [
        (one.on, people[one.person_id], one.title if reads else NOT_FOR_YOU, one.text if reads else None)
        for one in found
    ]
    columns = (("on", "On"), ("by", "By"), ("title", "Evidence"), ("text", "What it shows"))
    return Grid("evidence", "Evidence", columns, rows)


def _aims(tx: Tx, row: Recommendation) -> list[tuple[int, str]]:
    query = sa.select(Aim.number, Aim.text).join(RecommendationAim, RecommendationAim.aim_id == Aim.id)
    rows = tx.session.execute(query.where(RecommendationAim.recommendation_id == row.id).order_by(Aim.number))
    return list(rows)


def _findings(tx: Tx, row: Recommendation) -> list[tuple[int, str, str]]:
    query = sa.select(Finding.number, Finding.kind, Finding.text).join(
        RecommendationFinding, RecommendationFinding.finding_id == Finding.id
    )
    rows = tx.session.execute(
        query.where(RecommendationFinding.recommendation_id == row.id).order_by(Finding.number)
    )
    return list(rows)


def _agencies(tx: Tx, viewer: Viewer, row: Recommendation) -> Grid:
    agencies = names(tx, Agency, Agency.name)
    found = tx.session.scalars(
        sa.select(AgencyAnswer).where(AgencyAnswer.recommendation_id == row.id).order_by(AgencyAnswer.id)
    )
    rows = [
        (
            agencies[one.agency_id],
            ANSWERS[one.answer],
            one.reason if one.reason is None or reads_texts_of(viewer, one.agency_id) else NOT_FOR_YOU,
        )
        for one in found
    ]
    columns = (("agency", "Agency"), ("answer", "Answer"), ("reason", "Because"))
    return Grid("agencies", "Agencies asked", columns, rows)


def _actions(tx: Tx, viewer: Viewer, row: Recommendation) -> Grid:
    agencies = names(tx, Agency, Agency.name)
    found = tx.session.execute(
        sa.select(*Action.__table__.c)
        .where(Action.recommendation_id == row.id, visible(viewer, Action))
        .order_by(Action.number)
    )
    rows = [
        (
            Ref(Action.noun, one.id),
            agencies[one.agency_id],
            one.text,
            tx.playbook.definition(one.definition_id).states[one.state].title,
            one.original_due_on,
            one.current_due_on,
        )
        for one in found
    ]
    columns = (
        ("ref", "Ref"),
        ("agency", "Agency"),
        ("text", "What it will do"),
        ("state", "State"),
        ("original_due_on", "First due"),
        ("current_due_on", "Now due"),
    )
    return Grid("actions", "Actions", columns, rows)


def _awaited(tx: Tx, viewer: Viewer, row: Action) -> str | None:
    """Give what an action waits for, in words that the agency which has to do it may read too."""
    if row.waiting_since_on is None:
        return None
    if not reads_texts_of(viewer, row.agency_id) and row.waiting_on_agency_id not in viewer.agencies:
        return NOT_FOR_YOU
    ref = Ref(Action.noun, row.id)
    asked = [line.seq for line in history(tx.session, ref) if line.data.get("trigger") == "wait_for"]
    return texts(tx.session, ref).get((asked[-1], "reason")) if asked else None


def _chased_from(row: Action) -> date | None:
    """Give the day from which the owner is chased where that is not simply the date now agreed."""
    return None if row.chased_from_on == row.current_due_on else row.chased_from_on


def _owner(tx: Tx, row: Action) -> str | None:
    if row.owner_post_id is None:
        return None
    post = tx.session.get_one(Post, row.owner_post_id).title
    held = roster(tx.session, group_id=tx.actor.group_id, today=tx.today).in_post(row.owner_post_id)
    return f"{post} ({', '.join(seat.person for seat in held) or 'vacant'})"
