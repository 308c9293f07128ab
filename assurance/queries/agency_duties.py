"""What waits for the people of an agency: returns, actions, answers to recommendations, learning to be spread, concerns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from assurance.access import Viewer, visible
from assurance.facts.words import ASKED_AGENCY
from assurance.office import Tx
from assurance.queries.duties import Duty, Me, can_take, sources
from assurance.records import (
    Action,
    Agency,
    AgencyAnswer,
    AgencyReturn,
    Audit,
    Case,
    Dissemination,
    Evidence,
    ImmediateConcern,
    Recommendation,
    RecordSet,
)
from engine.moved import Ref

# Under another name than its own: who may see an action is asked of the recommendation under its own.
_MADE = aliased(Recommendation)


def agency_duties(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Duty]:
    """Give what waits for somebody as one of an agency."""
    if not me.agencies:
        return
    yield from _returns(tx, viewer, me)
    yield from _actions(tx, viewer, me)
    if me.leads:
        yield from _concerns(tx, viewer, me)
        yield from _answers(tx, viewer, me)
        yield from _learning(tx, viewer, me)


def _returns(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Duty]:
    """A return is for whoever leads those records, else for the agency's lead; and for the lead too once it is late."""
    query = (
        sa.select(
            AgencyReturn.id,
            AgencyReturn.state,
            AgencyReturn.state_since_on,
            AgencyReturn.due_on,
            AgencyReturn.submitted_on,
            AgencyReturn.agency_id,
            RecordSet.lead_post_id,
            RecordSet.name,
            Case.case_ref,
            Audit.reference,
        )
        .join(RecordSet, RecordSet.id == AgencyReturn.record_set_id)
        .join(Case, Case.id == AgencyReturn.case_id)
        .join(Audit, Audit.id == AgencyReturn.audit_id)
        .where(
            visible(viewer, AgencyReturn),
            can_take(tx, AgencyReturn, "start", "submit"),
            AgencyReturn.agency_id.in_(me.agencies),
        )
    )
    asked = sources(tx, AgencyReturn.noun, "start")
    for row in tx.session.execute(query):
        number, state, since_on, due_on, submitted_on, agency_id, post_id, records, case, audit = row
        has_reader = post_id is not None and bool(me.people.in_post(post_id))
        if post_id in me.posts or (agency_id in me.leads and (not has_reader or due_on < tx.today)):
            why = "You have begun to read the records of this case."
            if state in asked:
                why = "Your agency was asked to read its records of this case."
            elif submitted_on is not None:
                why = "It was sent back to you: something is missing or unclear."
            yield Duty(
                Ref(AgencyReturn.noun, number),
                f"Return for case {case} from {records}",
                why,
                since_on,
                due_on,
                ("answer",) if submitted_on is not None else ("start", "submit", "answer"),
                audit,
            )


def _actions(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Duty]:
    """An action is for its owner; for the agency's lead what only a lead does, and what is late or nobody's."""
    proof = (Evidence.subject_kind == Action.noun, Evidence.subject_id == Action.id)
    query = (
        sa.select(
            Action.id,
            Action.state,
            Action.state_since_on,
            Action.chased_from_on,
            Action.waiting_since_on,
            Action.waiting_on_agency_id,
            Action.agency_id,
            Action.owner_post_id,
            Action.text,
            Audit.reference,
            sa.exists().where(*proof).label("is_proved"),
            can_take(tx, _MADE, "plan_action"),
        )
        .join(Audit, Audit.id == Action.audit_id)
        .join(_MADE, _MADE.id == Action.recommendation_id)
        .where(
            visible(viewer, Action),
            can_take(tx, Action, "agree", "begin", "confirm"),
            sa.or_(
                Action.agency_id.in_(me.leads),
                Action.owner_post_id.in_(me.posts),
                Action.waiting_on_agency_id.in_(me.leads),
            ),
        )
    )
    planned = sources(tx, Action.noun, "agree")
    for row in tx.session.execute(query):
        (
            number,
            state,
            since_on,
            due_on,
            waits_since,
            awaited,
            agency_id,
            post_id,
            text,
            audit,
            proved,
            agreed,
        ) = row
        leads, owns = agency_id in me.leads, post_id in me.posts
        said: tuple[str, tuple[str, ...]] | None
        if awaited is not None:
            said = _AWAITED if awaited in me.leads else None
            since_on, due_on = waits_since or since_on, None
        elif state in planned:
            said = _PLANNED if leads and agreed else None
        else:
            is_late = due_on is None or due_on < tx.today or not me.people.in_post(post_id)
            said = _doing(owns=owns, leads=leads, is_proved=bool(proved), is_late=is_late)
        if said is not None:
            yield Duty(Ref(Action.noun, number), text, said[0], since_on, due_on, said[1], audit)


_AWAITED = ("Another agency's action waits for yours to do its part.", ("stop_waiting",))
_PLANNED = ("Your agency has planned it; it is still to be agreed.", ("agree", "complete_plan"))


def _doing(*, owns: bool, leads: bool, is_proved: bool, is_late: bool) -> tuple[str, tuple[str, ...]] | None:
    if leads and is_proved:
        return "There is evidence for it; you confirm that it is complete.", ("confirm", "note_progress")
    if owns and is_proved:
        return "It is yours; your agency's lead confirms it once it is complete.", ("begin", "note_progress")
    if owns:
        return "It is yours; evidence shows that it is done.", ("begin", "add_evidence", "note_progress")
    if leads and is_late:
        why = "It is your agency's, and late, undated or without anybody in the owner's post."
        return why, ("complete_plan", "note_progress")
    return None


def _concerns(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Duty]:
    query = sa.select(ImmediateConcern.id, ImmediateConcern.raised_on, Agency.name).join(
        Agency, Agency.id == ImmediateConcern.agency_id
    )
    mine = (
        visible(viewer, ImmediateConcern),
        can_take(tx, ImmediateConcern, "take_up"),
        ImmediateConcern.agency_id.in_(me.leads),
    )
    for number, raised_on, agency in tx.session.execute(query.where(*mine)):
        yield Duty(
            Ref(ImmediateConcern.noun, number),
            f"Immediate concern for {agency}",
            "Somebody may be unsafe now; say today that your agency is acting.",
            raised_on,
            raised_on,
            ("take_up",),
            is_urgent=True,
        )


def _answers(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Duty]:
    """A recommendation asks an agency first whether it takes it on, and then for its action."""
    has_action = sa.exists().where(
        Action.recommendation_id == AgencyAnswer.recommendation_id, Action.agency_id == AgencyAnswer.agency_id
    )
    query = (
        sa.select(
            Recommendation.id,
            Recommendation.state,
            Recommendation.state_since_on,
            Recommendation.text,
            AgencyAnswer.answer,
            Audit.reference,
        )
        .join(AgencyAnswer, AgencyAnswer.recommendation_id == Recommendation.id)
        .join(Audit, Audit.id == Recommendation.audit_id)
        .where(
            visible(viewer, Recommendation),
            can_take(tx, Recommendation, "answer_for_agency"),
            AgencyAnswer.agency_id.in_(me.leads),
            sa.or_(
                AgencyAnswer.answer == ASKED_AGENCY, sa.and_(AgencyAnswer.answer == "accepted", ~has_action)
            ),
        )
    )
    for number, state, since_on, text, answer, audit in tx.session.execute(query):
        ref = Ref(Recommendation.noun, number)
        if answer == ASKED_AGENCY:
            why = "Your agency is asked whether it takes this recommendation on."
            yield Duty(ref, text, why, since_on, None, ("answer_for_agency",), audit)
        elif state != "proposed":
            why = "Your agency has taken it on, and has no action for it yet."
            yield Duty(ref, text, why, since_on, None, ("plan_action",), audit)


def _learning(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Duty]:
    """Every agency that took part spreads the learning; an audit is not signed off before."""
    took_part = sa.exists().where(AgencyReturn.audit_id == Audit.id, AgencyReturn.agency_id == Agency.id)
    spread = sa.exists().where(Dissemination.audit_id == Audit.id, Dissemination.agency_id == Agency.id)
    query = (
        sa.select(Audit.id, Audit.reference, Audit.theme, Audit.state_since_on, Agency.name)
        .join(Agency, Agency.group_id == Audit.group_id)
        .where(
            visible(viewer, Audit),
            can_take(tx, Audit, "sign_off"),
            Agency.id.in_(me.leads),
            took_part,
            ~spread,
        )
    )
    since_on: date
    for number, reference, theme, since_on, agency in tx.session.execute(query):
        yield Duty(
            Ref(Audit.noun, number),
            f"The learning of the audit “{theme}”",
            f"{agency} took part; record how it has spread what was learned.",
            since_on,
            None,
            ("record_dissemination",),
            reference,
        )
