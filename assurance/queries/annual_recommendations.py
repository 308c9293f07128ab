"""Reads recommendations and their actions as they stood on a day; individual practice ones are only counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.office import Tx
from assurance.queries.as_at import PastDay, Stood, stood
from assurance.queries.year import (
    ActionThen,
    AgencyAnswerThen,
    DateRequests,
    MeasuredThen,
    RecommendationThen,
    Share,
)
from assurance.records import (
    Action,
    Agency,
    AgencyAnswer,
    Aim,
    Approval,
    Audit,
    Evidence,
    ReAudit,
    Recommendation,
)
from engine.ledger import EventText

STRATEGIC = "strategic"
LATER_DATES = ("extend", "extend_by_group")


@dataclass(frozen=True, slots=True)
class Recommended:
    """What audits recommended, by audit."""

    strategic: Mapping[int, tuple[RecommendationThen, ...]]
    individual_practice: Mapping[int, int]
    date_requests: DateRequests


def recommended(tx: Tx, audit_ids: Sequence[int], past: PastDay) -> Recommended:
    """Give the strategic recommendations of some audits, numbered as they are published, and count the others."""
    theirs = Recommendation.audit_id.in_(audit_ids)
    known = stood(tx.session, Recommendation.noun, sa.select(Recommendation.id).where(theirs), past=past)
    query = sa.select(Recommendation).where(theirs).order_by(Recommendation.audit_id, Recommendation.number)
    rows = [row for row in tx.session.scalars(query) if row.id in known]
    wanted = sa.select(Recommendation.id).where(theirs, Recommendation.type == STRATEGIC)
    reader = _Reader(tx, past, known, wanted)
    strategic: dict[int, tuple[RecommendationThen, ...]] = dict.fromkeys(audit_ids, ())
    for row in rows:
        if row.type == STRATEGIC:
            made = strategic[row.audit_id]
            # Numbers count the published ones alone: a gap would tell of the others.
            strategic[row.audit_id] = (*made, reader.recommendation(row, number=len(made) + 1))
    others = Counter(row.audit_id for row in rows if row.type != STRATEGIC)
    return Recommended(strategic, {number: others[number] for number in audit_ids}, reader.date_requests())


class _Reader:
    """What belongs to some strategic recommendations, read at once for all of them."""

    def __init__(
        self,
        tx: Tx,
        past: PastDay,
        known: Mapping[int, Stood],
        wanted: sa.Select[int],
    ) -> None:
        self._session, self._past, self._known = tx.session, past, known
        self._agencies = {
            agency.id: agency.name
            for agency in tx.session.scalars(sa.select(Agency).where(Agency.group_id == tx.actor.group_id))
        }
        planned = sa.select(Action.id).where(Action.recommendation_id.in_(wanted))
        self._planned = planned
        rows = tx.session.scalars(sa.select(Action).where(Action.id.in_(planned)).order_by(Action.id))
        self._actions = {row.id: row for row in rows}
        self._actions_then = stood(tx.session, Action.noun, planned, past=past)
        self._reasons = _reasons(tx.session, wanted)
        self._asked = self._read_asked(wanted)
        self._re_audits = self._read_re_audits(wanted)
        self._evidence = self._read_evidence(wanted)
        self._definitions = {one.hash: one for one in tx.playbook.pinned.values()}

    def recommendation(self, row: Recommendation, *, number: int) -> RecommendationThen:
        """Give one recommendation."""
        then = self._known[row.id]
        implemented_on = then.day("implemented_on", kept=None)
        return RecommendationThen(
            number=number,
            text=row.text,
            state=then.state,
            came_by=then.came_by,
            came_on=then.came_on,
            reason=self._reasons.get((row.id, then.came_line), ""),
            agreed_on=then.day("agreed_on", kept=None),
            implemented_on=implemented_on,
            embedded_check_on=then.day("embedded_check_on", kept=None),
            embedded_on=then.day("embedded_on", kept=None),
            not_lasted_on=then.last_in("not_embedded"),
            answers=self._answers(row, then),
            actions=tuple(
                self._action(action, self._actions_then[action.id])
                for action in self._actions.values()
                if action.recommendation_id == row.id and action.id in self._actions_then
            ),
            measured=tuple(self._measured(then)),
            later_evidence=self._later_evidence(row.id, implemented_on),
        )

    def _later_evidence(self, recommendation_id: int, implemented_on: date | None) -> int:
        if implemented_on is None:
            return 0
        return sum(on > implemented_on for on in self._evidence[recommendation_id])

    def date_requests(self) -> DateRequests:
        """Count what became of the requests to move these actions' dates."""
        asked = sa.select(Approval.id).where(
            Approval.subject_kind == Action.noun,
            Approval.subject_id.in_(self._planned),
            Approval.trigger.in_(LATER_DATES),
        )
        then = stood(self._session, Approval.noun, asked, past=self._past)
        states = Counter(one.state for one in then.values())
        return DateRequests(states["approved"], states["rejected"], states["waiting"])

    def _answers(self, row: Recommendation, then: Stood) -> tuple[AgencyAnswerThen, ...]:
        asked = self._asked[row.id]
        answers = {agency_id: AgencyAnswerThen(self._agencies[agency_id], "asked", "") for agency_id in asked}
        for line in then.lines:
            if line.data.get("trigger") == "answer_for_agency":
                agency_id = line.data["agency"]
                reason = self._reasons.get((row.id, line.seq), "")
                answers[agency_id] = AgencyAnswerThen(self._agencies[agency_id], line.data["answer"], reason)
            if line.data.get("trigger") == "plan_action":
                agency_id = self._actions[line.data["action"]].agency_id
                answers[agency_id] = AgencyAnswerThen(self._agencies[agency_id], "accepted", "")
        return tuple(answers.values())

    def _action(self, row: Action, then: Stood) -> ActionThen:
        original_due_on = then.day("original_due_on", kept=row.original_due_on)
        return ActionThen(
            agency=self._agencies[row.agency_id],
            state=then.state,
            called=self._called(then),
            original_due_on=original_due_on,
            current_due_on=then.day("current_due_on", kept=row.current_due_on) or original_due_on,
            times_moved=then.whole("times_moved", kept=row.times_moved),
            confirmed_on=then.day("confirmed_on", kept=None),
            escalated_on=then.escalated_on(),
        )

    def _called(self, then: Stood) -> str:
        """Give what the definition of that day calls the state."""
        workflow = self._definitions.get(then.definition)
        state = None if workflow is None else workflow.states.get(then.state)
        return then.state if state is None else state.title

    def _measured(self, then: Stood) -> list[MeasuredThen]:
        # A measurement bears the day of the later audit, which may lie long before anybody set the two side by side.
        told = frozenset(then.told("record_re_audit", "re_audit"))
        return [
            MeasuredThen(
                one.measured_on,
                reference,
                theme,
                Share(one.before_yes, one.before_asked),
                Share(one.after_yes, one.after_asked),
                one.is_better,
            )
            for one, reference, theme in self._re_audits
            if one.id in told
        ]

    def _read_asked(self, wanted: sa.Select[int]) -> Mapping[int, list[int]]:
        """Give the agencies that were asked about each recommendation."""
        query = sa.select(AgencyAnswer.recommendation_id, AgencyAnswer.agency_id)
        asked: dict[int, list[int]] = defaultdict(list)
        theirs = query.where(AgencyAnswer.recommendation_id.in_(wanted)).order_by(AgencyAnswer.id)
        for recommendation_id, agency_id in self._session.execute(theirs):
            asked[recommendation_id].append(agency_id)
        return asked

    def _read_re_audits(self, wanted: sa.Select[int]) -> Sequence[tuple[ReAudit, str, str]]:
        found = self._session.execute(
            sa.select(ReAudit, Audit.reference, Audit.theme)
            .join(Aim, Aim.id == ReAudit.later_aim_id)
            .join(Audit, Audit.id == Aim.audit_id)
            .where(ReAudit.recommendation_id.in_(wanted))
            .order_by(ReAudit.measured_on, ReAudit.id)
        )
        return [(one, reference, theme) for one, reference, theme in found]

    def _read_evidence(self, wanted: sa.Select[int]) -> Mapping[int, list[date]]:
        """Give the days of the evidence that was recorded about each recommendation by the day."""
        query = sa.select(Evidence.subject_id, Evidence.on).where(
            Evidence.subject_kind == Recommendation.noun,
            Evidence.subject_id.in_(wanted),
            Evidence.on <= self._past.on,
        )
        days: dict[int, list[date]] = defaultdict(list)
        for recommendation_id, on in self._session.execute(query):
            days[recommendation_id].append(on)
        return days


def _reasons(session: Session, subjects: sa.Select[int]) -> dict[tuple[int, int], str]:
    """Give the reasons written on recommendations, by recommendation and line; one that was erased is left out.

    Those on an agency's own action stay with the agency: they may tell of a single file.
    """
    rows = session.scalars(
        sa.select(EventText).where(
            EventText.subject_kind == Recommendation.noun,
            EventText.subject_id.in_(subjects),
            EventText.name == "reason",
        )
    )
    return {(row.subject_id, row.seq): row.text for row in rows if row.text is not None}
