"""The facts of audits and of the returns that they ask for."""

from __future__ import annotations

import sqlalchemy as sa

from assurance.facts.noun import Fact, count, date, text, whole
from assurance.facts.of_meetings import meeting_on, next_meeting_on
from assurance.facts.words import ASKED_AGENCY, SETTLED_RECOMMENDATIONS, SETTLED_RETURNS
from assurance.records import (
    Action,
    AgencyAnswer,
    AgencyReturn,
    Aim,
    Answer,
    Audit,
    Case,
    Dissemination,
    Finding,
    Moderation,
    Recommendation,
    RecommendationFinding,
    RecordSet,
)


def audit_facts() -> tuple[Fact, ...]:
    """Give the facts of an audit."""
    of = Audit.id
    area = (Finding.audit_id == of, Finding.kind != "strength")
    linked = sa.exists().where(RecommendationFinding.finding_id == Finding.id)
    has_action = sa.exists().where(
        Action.recommendation_id == AgencyAnswer.recommendation_id, Action.agency_id == AgencyAnswer.agency_id
    )
    unanswered = (
        sa.select(sa.func.count())
        .select_from(AgencyAnswer)
        .join(Recommendation, Recommendation.id == AgencyAnswer.recommendation_id)
        .where(
            Recommendation.audit_id == of,
            Recommendation.state.not_in(SETTLED_RECOMMENDATIONS),
            sa.or_(
                AgencyAnswer.answer == ASKED_AGENCY, sa.and_(AgencyAnswer.answer == "accepted", ~has_action)
            ),
        )
        .scalar_subquery()
    )
    answering_agencies = (
        sa.select(AgencyReturn.agency_id).where(AgencyReturn.audit_id == of).distinct().subquery()
    )
    spread = sa.exists().where(
        Dissemination.audit_id == of, Dissemination.agency_id == answering_agencies.c.agency_id
    )
    return (
        whole("aims", "aims", count(Aim, Aim.audit_id == of)),
        whole("case_target", "cases to be drawn", Audit.case_target),
        whole("cases", "cases drawn", count(Case, Case.audit_id == of)),
        whole(
            "cases_to_draw",
            "cases still to be drawn",
            Audit.case_target - count(Case, Case.audit_id == of),
        ),
        text("meeting", "the meeting that will look at the returns", sa.cast(Audit.meeting_id, sa.Text)),
        meeting_on(Audit.meeting_id),
        next_meeting_on(Audit.group_id),
        date("returns_due_on", "the day on which returns are due", Audit.returns_due_on),
        whole("returns", "returns asked for", count(AgencyReturn, AgencyReturn.audit_id == of)),
        whole(
            "returns_outstanding",
            "returns outstanding",
            count(AgencyReturn, AgencyReturn.audit_id == of, AgencyReturn.state.not_in(SETTLED_RETURNS)),
        ),
        whole(
            "returns_missing",
            "returns that were never asked for",
            count(Case, Case.audit_id == of)
            * count(RecordSet, RecordSet.group_id == Audit.group_id, RecordSet.closed_on.is_(None))
            - count(AgencyReturn, AgencyReturn.audit_id == of),
        ),
        whole(
            "answers_missing",
            "answers that accepted returns lack",
            count(AgencyReturn, AgencyReturn.audit_id == of, AgencyReturn.state == "accepted")
            * count(Aim, Aim.audit_id == of)
            - sa.select(sa.func.count())
            .select_from(Answer)
            .join(AgencyReturn, AgencyReturn.id == Answer.return_id)
            .where(AgencyReturn.audit_id == of, AgencyReturn.state == "accepted")
            .scalar_subquery(),
        ),
        whole("moderations", "joint looks at the returns", count(Moderation, Moderation.audit_id == of)),
        whole("findings", "findings", count(Finding, Finding.audit_id == of)),
        whole(
            "aims_without_finding",
            "aims without a finding",
            count(Aim, Aim.audit_id == of, ~sa.exists().where(Finding.aim_id == Aim.id)),
        ),
        whole(
            "findings_without_outcome",
            "findings without a recommendation and without a reason why none is needed",
            count(Finding, *area, ~linked, Finding.none_needed.is_(None)),
        ),
        whole("recommendations", "recommendations", count(Recommendation, Recommendation.audit_id == of)),
        whole(
            "recommendations_proposed",
            "recommendations not yet agreed",
            count(Recommendation, Recommendation.audit_id == of, Recommendation.state == "proposed"),
        ),
        whole(
            "agencies_without_answer",
            "agencies that have neither an action nor a reason for a recommendation",
            unanswered,
        ),
        whole(
            "recommendations_unfinished",
            "recommendations neither embedded nor closed with a reason",
            count(
                Recommendation,
                Recommendation.audit_id == of,
                Recommendation.state.not_in(SETTLED_RECOMMENDATIONS),
            ),
        ),
        whole(
            "agencies_without_dissemination",
            "agencies that have not yet spread the learning",
            sa.select(sa.func.count()).select_from(answering_agencies).where(~spread).scalar_subquery(),
        ),
        date("held_on", "the day of the joint look at the returns", Audit.held_on),
        date("signed_off_on", "the day of sign-off", Audit.signed_off_on),
        date("re_audit_due_on", "the day on which the theme is to be audited again", Audit.re_audit_due_on),
    )


def return_facts() -> tuple[Fact, ...]:
    """Give the facts of an agency's return."""
    aims = count(Aim, Aim.audit_id == AgencyReturn.audit_id)
    answers = count(Answer, Answer.return_id == AgencyReturn.id)
    of_audit = sa.select(Audit.meeting_id).where(Audit.id == AgencyReturn.audit_id)
    # Named, because it also stands two selects deep, where SQLAlchemy would join every return by itself.
    meeting = of_audit.correlate(AgencyReturn).scalar_subquery()
    return (
        date("due_on", "the day on which it is due", AgencyReturn.due_on, optional=False),
        date(
            "original_due_on",
            "the day on which it was first due",
            AgencyReturn.original_due_on,
            optional=False,
        ),
        date("submitted_on", "the day on which it was submitted", AgencyReturn.submitted_on),
        whole("answers", "aims answered", answers),
        whole("answers_missing", "aims not yet answered", aims - answers),
        text("meeting", "the meeting that will look at it", sa.cast(meeting, sa.Text)),
        meeting_on(meeting),
    )
