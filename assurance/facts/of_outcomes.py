"""The facts of recommendations and actions, of the decisions about them, and of concerns that cannot wait."""

from __future__ import annotations

import sqlalchemy as sa

from assurance.facts.noun import Fact, count, date, one, text, whole, yes_no
from assurance.facts.of_meetings import next_meeting_on
from assurance.facts.words import ASKED_AGENCY, SETTLED_ACTIONS
from assurance.records import (
    Action,
    AgencyAnswer,
    Approval,
    Evidence,
    ImmediateConcern,
    ReAudit,
    Recommendation,
)
from engine.conditions import Field, Kind


def recommendation_facts() -> tuple[Fact, ...]:
    """Give the facts of a recommendation."""
    of = Recommendation.id
    evidence = (Evidence.subject_kind == "recommendation", Evidence.subject_id == of)
    return (
        Fact(
            Field("type", Kind.CHOICE, choices=("strategic", "individual_practice"), title="the kind"),
            Recommendation.type,
        ),
        whole("actions", "actions", count(Action, Action.recommendation_id == of)),
        whole(
            "actions_open",
            "actions not yet verified or closed",
            count(Action, Action.recommendation_id == of, Action.state.not_in(SETTLED_ACTIONS)),
        ),
        whole(
            "actions_verified",
            "verified actions",
            count(Action, Action.recommendation_id == of, Action.state == "verified"),
        ),
        whole(
            "agencies_asked",
            "agencies that were asked and have not answered",
            count(AgencyAnswer, AgencyAnswer.recommendation_id == of, AgencyAnswer.answer == ASKED_AGENCY),
        ),
        whole(
            "better_re_audits",
            "later audits that asked the same aim and found it better",
            count(
                ReAudit,
                ReAudit.recommendation_id == of,
                ReAudit.measured_on > Recommendation.implemented_on,
                ReAudit.is_better,
            ),
        ),
        whole(
            "later_evidence",
            "pieces of evidence recorded after completion",
            count(Evidence, *evidence, Evidence.on > Recommendation.implemented_on),
        ),
        whole(
            "measurements",
            "measurements later than completion",
            count(
                ReAudit,
                ReAudit.recommendation_id == of,
                ReAudit.measured_on > Recommendation.implemented_on,
                ReAudit.is_better,
            )
            + count(Evidence, *evidence, Evidence.on > Recommendation.implemented_on),
        ),
        date("agreed_on", "the day on which it was agreed", Recommendation.agreed_on),
        date("implemented_on", "the day on which it was implemented", Recommendation.implemented_on),
        date(
            "embedded_check_on", "the day for asking whether it has lasted", Recommendation.embedded_check_on
        ),
        date("embedded_on", "the day on which it was judged embedded", Recommendation.embedded_on),
        next_meeting_on(Recommendation.group_id),
    )


def action_facts() -> tuple[Fact, ...]:
    """Give the facts of an action."""
    evidence = count(Evidence, Evidence.subject_kind == "action", Evidence.subject_id == Action.id)
    agreed = one(Recommendation.state, Recommendation.id == Action.recommendation_id)
    return (
        text("owner", "the owner's post", sa.cast(Action.owner_post_id, sa.Text)),
        text("measure", "the measure by which it will be known", Action.measure),
        text("waiting_on", "the agency for which it waits", sa.cast(Action.waiting_on_agency_id, sa.Text)),
        date("waiting_since_on", "the day since which it waits", Action.waiting_since_on),
        date("original_due_on", "the date first agreed", Action.original_due_on),
        date("current_due_on", "the date now agreed", Action.current_due_on),
        date("chased_from_on", "the day from which its owner is chased", Action.chased_from_on),
        whole("times_moved", "times that the date was moved", Action.times_moved),
        whole("evidence", "pieces of evidence", evidence),
        date("agreed_on", "the day on which it was agreed", Action.agreed_on),
        date("last_note_on", "the day of the last progress note", Action.last_note_on),
        date("confirmed_on", "the day on which it was confirmed", Action.confirmed_on),
        date("verified_on", "the day on which it was verified", Action.verified_on),
        next_meeting_on(Action.group_id),
        yes_no(
            "recommendation_is_agreed",
            "the recommendation is agreed",
            agreed.not_in(("proposed", "not_accepted", "superseded")),
        ),
    )


def approval_facts() -> tuple[Fact, ...]:
    """Give the facts of a decision that somebody was asked for."""
    return (
        date("asked_on", "the day on which it was asked", Approval.asked_on, optional=False),
        yes_no("deputy_called", "the deputy was called in", Approval.deputy_called),
        date("late_on", "the day from which answers are late", Approval.late_on),
        date("decided_on", "the day of the decision", Approval.decided_on),
    )


def concern_facts() -> tuple[Fact, ...]:
    """Give the facts of an immediate concern."""
    return (
        date("raised_on", "the day on which it was raised", ImmediateConcern.raised_on, optional=False),
        date("acknowledged_on", "the day on which it was taken up", ImmediateConcern.acknowledged_on),
    )
