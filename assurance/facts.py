"""What workflows and rules may speak of: for each noun its facts, each declared once.

A fact has a name (the word in YAML), a kind, the words people read, and the SQL expression from which it
comes. The same declaration is the vocabulary of the YAML and the query on the hot path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from assurance.records import (
    Action,
    AgencyAnswer,
    AgencyReturn,
    Aim,
    Answer,
    Approval,
    Audit,
    Case,
    Dissemination,
    Evidence,
    Finding,
    ImmediateConcern,
    Moderation,
    ReAudit,
    Recommendation,
    RecommendationFinding,
    RecordSet,
)
from engine.conditions import Field, Kind, Value, Vocabulary
from engine.moved import Moved, Ref, Standing
from engine.store import Prepared, RowLock

ROLES = (
    "chair",
    "deputy_chair",
    "coordinator",
    "agency_lead",
    "owner",
    "member",
    "lay_member",
    "administrator",
    "board_chair",
    "requester",
    "approver",
    "clock",
)
ADDRESSEES = (
    "chair",
    "deputy_chair",
    "coordinator",
    "agency_lead",
    "agency_leads",
    "owner",
    "members",
    "board_chair",
    "requester",
    "approver",
)
CONFLICTS = ("own_agency", "requester")

SETTLED_RETURNS = ("accepted", "not_known", "waived")
SETTLED_RECOMMENDATIONS = ("embedded", "not_accepted", "superseded", "risk_accepted")
SETTLED_ACTIONS = ("verified", "closed")
ASKED_AGENCY = "asked"


@dataclass(frozen=True, slots=True)
class Fact:
    """One word of the YAML: its kind, what people call it, and where it comes from."""

    field: Field
    expression: Any


@dataclass(frozen=True, slots=True)
class Belonging:
    """To what and to whom a subject belongs: who acts on it, who is told, and in which thread.

    `parents` are the subjects whose facts count this one.
    """

    audit_id: int | None
    audit_reference: str | None
    agency_id: int | None
    owner_post_id: int | None
    parents: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """A subject as it stands: its place in the history, to whom it belongs, and its facts."""

    standing: Standing
    belongs: Belonging
    facts: Mapping[str, Value]

    @property
    def ref(self) -> Ref:
        """Name the subject."""
        return self.standing.ref


class Noun:
    """One noun that moves: its table, its facts and the two queries that load them."""

    def __init__(
        self,
        table: type[Moved],
        facts: Sequence[Fact],
        *,
        audit: sa.ColumnElement[Any] | None = None,
        agency: sa.ColumnElement[Any] | None = None,
        owner: sa.ColumnElement[Any] | None = None,
        parents: Mapping[str, sa.ColumnElement[Any]] | None = None,
    ) -> None:
        self.table = table
        self.kind = table.noun
        self.facts = (*_common_facts(table), *facts)
        nothing = sa.null()
        # An alias, because the noun itself may be the audit, and would then be compared with itself.
        named = aliased(Audit)
        reference = nothing if audit is None else _one(named.reference, named.id == audit)
        query = sa.select(
            table.id,
            table.group_id,
            table.state,
            table.version,
            table.material_version,
            table.head,
            table.definition_id,
            (nothing if audit is None else audit).label("belongs_audit"),
            reference.label("belongs_reference"),
            (nothing if agency is None else agency).label("belongs_agency"),
            (nothing if owner is None else owner).label("belongs_owner"),
            *(column.label(f"parent_{kind}") for kind, column in (parents or {}).items()),
            *(fact.expression.label(f"fact_{fact.field.name}") for fact in self.facts),
        )
        self._parents = tuple(parents or {})
        self._names = tuple(fact.field.name for fact in self.facts)
        self._yes_no = frozenset(fact.field.name for fact in self.facts if fact.field.kind is Kind.YES_NO)
        self._lock = RowLock(table.id)
        self._one = Prepared(query.where(table.id == sa.bindparam("subject", required=False)))
        self._query = query

    def vocabulary(self) -> Vocabulary:
        """Give the words that workflows and rules about this noun may use."""
        return Vocabulary(
            about=self.kind,
            fields={fact.field.name: fact.field for fact in self.facts},
            roles=ROLES,
            conflicts=CONFLICTS,
            addressees=ADDRESSEES,
        )

    def load(self, session: Session, subject: int) -> Known | None:
        """Lock one subject's row, where the database can, and read it with all its facts in one query."""
        self.lock(session, [subject])
        row = self._one.first(session, {"subject": subject})
        return None if row is None else self._known(row)

    def lock(self, session: Session, subjects: Iterable[int]) -> None:
        """Lock the rows of subjects, where the database can."""
        self._lock.take(session, subjects)

    def load_many(self, session: Session, subjects: Sequence[int]) -> list[Known]:
        """Read many subjects with all their facts in one query."""
        rows = session.execute(self._query.where(self.table.id.in_(subjects)).order_by(self.table.id))
        return [self._known(tuple(row)) for row in rows]

    def changed_columns(self, _known: Known, changes: Mapping[str, Value]) -> dict[str, Any]:
        """Turn changed facts into changed columns: of these nouns each has a column of its own."""
        return dict(changes)

    def _known(self, row: tuple[Any, ...]) -> Known:
        subject, group, state, version, material, head, definition, audit, reference, agency, owner = row[:11]
        first_fact = 11 + len(self._parents)
        above = zip(self._parents, row[11:first_fact], strict=True)
        parents = tuple(Ref(kind, number) for kind, number in above if number is not None)
        facts: dict[str, Value] = dict(zip(self._names, row[first_fact:], strict=True))
        for name in self._yes_no:
            facts[name] = bool(facts[name])
        facts["state"] = state
        standing = Standing(Ref(self.kind, subject), group, state, version, material, head, definition)
        return Known(standing, Belonging(audit, reference, agency, owner, parents), facts)


def _one(column: Any, *where: Any) -> sa.ColumnElement[Any]:
    return sa.select(column).where(*where).scalar_subquery()


def _count(table: Any, *where: Any) -> sa.ColumnElement[Any]:
    return sa.select(sa.func.count()).select_from(table).where(*where).scalar_subquery()


def _whole(name: str, title: str, expression: Any) -> Fact:
    return Fact(Field(name, Kind.WHOLE, title=title), expression)


def _date(name: str, title: str, expression: Any, *, optional: bool = True) -> Fact:
    return Fact(Field(name, Kind.DATE, optional=optional, title=title), expression)


def _text(name: str, title: str, expression: Any) -> Fact:
    return Fact(Field(name, Kind.TEXT, optional=True, title=title), expression)


def _yes_no(name: str, title: str, expression: Any) -> Fact:
    return Fact(Field(name, Kind.YES_NO, title=title), expression)


def _common_facts(table: type[Moved]) -> tuple[Fact, ...]:
    since = _date(
        "state_since_on", "the day on which it came to this state", table.state_since_on, optional=False
    )
    if table is Approval:
        return (since,)
    waiting = _count(
        Approval,
        Approval.subject_kind == table.noun,
        Approval.subject_id == table.id,
        Approval.state == "waiting",
    )
    return since, _whole("approvals_waiting", "decisions that wait", waiting)


def _audit_facts() -> tuple[Fact, ...]:
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
        _whole("aims", "aims", _count(Aim, Aim.audit_id == of)),
        _whole("case_target", "cases to be drawn", Audit.case_target),
        _whole("cases", "cases drawn", _count(Case, Case.audit_id == of)),
        _whole(
            "cases_to_draw",
            "cases still to be drawn",
            Audit.case_target - _count(Case, Case.audit_id == of),
        ),
        _text("meeting", "the meeting that will look at the returns", sa.cast(Audit.meeting_id, sa.Text)),
        _date("returns_due_on", "the day on which returns are due", Audit.returns_due_on),
        _whole("returns", "returns asked for", _count(AgencyReturn, AgencyReturn.audit_id == of)),
        _whole(
            "returns_outstanding",
            "returns outstanding",
            _count(AgencyReturn, AgencyReturn.audit_id == of, AgencyReturn.state.not_in(SETTLED_RETURNS)),
        ),
        _whole(
            "returns_missing",
            "returns that were never asked for",
            _count(Case, Case.audit_id == of) * _count(RecordSet, RecordSet.group_id == Audit.group_id)
            - _count(AgencyReturn, AgencyReturn.audit_id == of),
        ),
        _whole(
            "answers_missing",
            "answers that accepted returns lack",
            _count(AgencyReturn, AgencyReturn.audit_id == of, AgencyReturn.state == "accepted")
            * _count(Aim, Aim.audit_id == of)
            - sa.select(sa.func.count())
            .select_from(Answer)
            .join(AgencyReturn, AgencyReturn.id == Answer.return_id)
            .where(AgencyReturn.audit_id == of, AgencyReturn.state == "accepted")
            .scalar_subquery(),
        ),
        _whole("moderations", "joint looks at the returns", _count(Moderation, Moderation.audit_id == of)),
        _whole("findings", "findings", _count(Finding, Finding.audit_id == of)),
        _whole(
            "aims_without_finding",
            "aims without a finding",
            _count(Aim, Aim.audit_id == of, ~sa.exists().where(Finding.aim_id == Aim.id)),
        ),
        _whole(
            "findings_without_outcome",
            "findings without a recommendation and without a reason why none is needed",
            _count(Finding, *area, ~linked, Finding.none_needed.is_(None)),
        ),
        _whole("recommendations", "recommendations", _count(Recommendation, Recommendation.audit_id == of)),
        _whole(
            "recommendations_proposed",
            "recommendations not yet agreed",
            _count(Recommendation, Recommendation.audit_id == of, Recommendation.state == "proposed"),
        ),
        _whole(
            "agencies_without_answer",
            "agencies that have neither an action nor a reason for a recommendation",
            unanswered,
        ),
        _whole(
            "recommendations_unfinished",
            "recommendations neither embedded nor closed with a reason",
            _count(
                Recommendation,
                Recommendation.audit_id == of,
                Recommendation.state.not_in(SETTLED_RECOMMENDATIONS),
            ),
        ),
        _whole(
            "agencies_without_dissemination",
            "agencies that have not yet spread the learning",
            sa.select(sa.func.count()).select_from(answering_agencies).where(~spread).scalar_subquery(),
        ),
        _date("held_on", "the day of the joint look at the returns", Audit.held_on),
        _date("signed_off_on", "the day of sign-off", Audit.signed_off_on),
        _date("re_audit_due_on", "the day on which the theme is to be audited again", Audit.re_audit_due_on),
    )


def _return_facts() -> tuple[Fact, ...]:
    aims = _count(Aim, Aim.audit_id == AgencyReturn.audit_id)
    answers = _count(Answer, Answer.return_id == AgencyReturn.id)
    meeting = sa.select(Audit.meeting_id).where(Audit.id == AgencyReturn.audit_id).scalar_subquery()
    return (
        _date("due_on", "the day on which it is due", AgencyReturn.due_on, optional=False),
        _date(
            "original_due_on",
            "the day on which it was first due",
            AgencyReturn.original_due_on,
            optional=False,
        ),
        _date("submitted_on", "the day on which it was submitted", AgencyReturn.submitted_on),
        _whole("answers", "aims answered", answers),
        _whole("answers_missing", "aims not yet answered", aims - answers),
        _text("meeting", "the meeting that will look at it", sa.cast(meeting, sa.Text)),
    )


def _recommendation_facts() -> tuple[Fact, ...]:
    of = Recommendation.id
    evidence = (Evidence.subject_kind == "recommendation", Evidence.subject_id == of)
    return (
        Fact(
            Field("type", Kind.CHOICE, choices=("strategic", "individual_practice"), title="the kind"),
            Recommendation.type,
        ),
        _whole("actions", "actions", _count(Action, Action.recommendation_id == of)),
        _whole(
            "actions_open",
            "actions not yet verified or closed",
            _count(Action, Action.recommendation_id == of, Action.state.not_in(SETTLED_ACTIONS)),
        ),
        _whole(
            "actions_verified",
            "verified actions",
            _count(Action, Action.recommendation_id == of, Action.state == "verified"),
        ),
        _whole(
            "agencies_asked",
            "agencies that were asked and have not answered",
            _count(AgencyAnswer, AgencyAnswer.recommendation_id == of, AgencyAnswer.answer == ASKED_AGENCY),
        ),
        _whole(
            "better_re_audits",
            "later audits that asked the same aim and found it better",
            _count(
                ReAudit,
                ReAudit.recommendation_id == of,
                ReAudit.measured_on > Recommendation.implemented_on,
                ReAudit.is_better,
            ),
        ),
        _whole(
            "later_evidence",
            "pieces of evidence recorded after completion",
            _count(Evidence, *evidence, Evidence.on > Recommendation.implemented_on),
        ),
        _whole(
            "measurements",
            "measurements later than completion",
            _count(
                ReAudit,
                ReAudit.recommendation_id == of,
                ReAudit.measured_on > Recommendation.implemented_on,
                ReAudit.is_better,
            )
            + _count(Evidence, *evidence, Evidence.on > Recommendation.implemented_on),
        ),
        _date("agreed_on", "the day on which it was agreed", Recommendation.agreed_on),
        _date("implemented_on", "the day on which it was implemented", Recommendation.implemented_on),
        _date(
            "embedded_check_on", "the day for asking whether it has lasted", Recommendation.embedded_check_on
        ),
        _date("embedded_on", "the day on which it was judged embedded", Recommendation.embedded_on),
    )


def _action_facts() -> tuple[Fact, ...]:
    evidence = _count(Evidence, Evidence.subject_kind == "action", Evidence.subject_id == Action.id)
    agreed = _one(Recommendation.state, Recommendation.id == Action.recommendation_id)
    return (
        _text("owner", "the owner's post", sa.cast(Action.owner_post_id, sa.Text)),
        _text("measure", "the measure by which it will be known", Action.measure),
        _text("waiting_on", "the agency for which it waits", sa.cast(Action.waiting_on_agency_id, sa.Text)),
        _date("original_due_on", "the date first agreed", Action.original_due_on),
        _date("current_due_on", "the date now agreed", Action.current_due_on),
        _whole("times_moved", "times that the date was moved", Action.times_moved),
        _whole("evidence", "pieces of evidence", evidence),
        _date("agreed_on", "the day on which it was agreed", Action.agreed_on),
        _date("last_note_on", "the day of the last progress note", Action.last_note_on),
        _date("confirmed_on", "the day on which it was confirmed", Action.confirmed_on),
        _date("verified_on", "the day on which it was verified", Action.verified_on),
        _yes_no(
            "recommendation_is_agreed",
            "the recommendation is agreed",
            agreed.not_in(("proposed", "not_accepted", "superseded")),
        ),
    )


def _approval_facts() -> tuple[Fact, ...]:
    return (
        _date("asked_on", "the day on which it was asked", Approval.asked_on, optional=False),
        _yes_no("deputy_called", "the deputy was called in", Approval.deputy_called),
        _date("decided_on", "the day of the decision", Approval.decided_on),
    )


def _concern_facts() -> tuple[Fact, ...]:
    return (
        _date("raised_on", "the day on which it was raised", ImmediateConcern.raised_on, optional=False),
        _date("acknowledged_on", "the day on which it was taken up", ImmediateConcern.acknowledged_on),
    )


_LEAD_OF_RECORDS = _one(RecordSet.lead_post_id, RecordSet.id == AgencyReturn.record_set_id)

NOUNS: Mapping[str, Noun] = {
    noun.kind: noun
    for noun in (
        Noun(Audit, _audit_facts(), audit=Audit.__table__.c.id),
        Noun(
            AgencyReturn,
            _return_facts(),
            audit=AgencyReturn.__table__.c.audit_id,
            agency=AgencyReturn.__table__.c.agency_id,
            owner=_LEAD_OF_RECORDS,
            parents={"audit": AgencyReturn.__table__.c.audit_id},
        ),
        Noun(
            Recommendation,
            _recommendation_facts(),
            audit=Recommendation.__table__.c.audit_id,
            agency=Recommendation.__table__.c.agency_id,
            parents={"audit": Recommendation.__table__.c.audit_id},
        ),
        Noun(
            Action,
            _action_facts(),
            audit=Action.__table__.c.audit_id,
            agency=Action.__table__.c.agency_id,
            owner=Action.__table__.c.owner_post_id,
            parents={
                "audit": Action.__table__.c.audit_id,
                "recommendation": Action.__table__.c.recommendation_id,
            },
        ),
        Noun(
            Approval,
            _approval_facts(),
            audit=Approval.__table__.c.audit_id,
            agency=Approval.__table__.c.agency_id,
        ),
        Noun(
            ImmediateConcern,
            _concern_facts(),
            audit=ImmediateConcern.__table__.c.audit_id,
            agency=ImmediateConcern.__table__.c.agency_id,
        ),
    )
}


def common_words() -> Vocabulary:
    """Give the words that every kind shares, also those whose nouns stand in YAML only."""
    since = Field("state_since_on", Kind.DATE, title="the day on which it came to this state")
    waiting = Field("approvals_waiting", Kind.WHOLE, title="decisions that wait")
    return Vocabulary(
        about="",
        fields={field.name: field for field in (since, waiting)},
        roles=ROLES,
        conflicts=CONFLICTS,
        addressees=ADDRESSEES,
    )


def vocabularies() -> dict[str, Vocabulary]:
    """Give the vocabulary of every noun of the field."""
    return {kind: noun.vocabulary() for kind, noun in NOUNS.items()}
