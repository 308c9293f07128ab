"""What waits for the people of an agency besides actions: returns, answers to recommendations, learning, concerns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import sqlalchemy as sa

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
    ImmediateConcern,
    Recommendation,
    RecordSet,
)
from engine.moved import Ref


def agency_duties(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Duty]:
    """Give what waits for somebody as one of an agency."""
    if not me.agencies:
        return
    yield from _returns(tx, viewer, me)
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
