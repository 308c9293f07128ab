"""Lists of what stands around the work: decisions that wait, cases, findings, people, agencies and mails."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import sqlalchemy as sa

from assurance.access import Viewer, sees_cases, visible
from assurance.deciders import WAITING, answers_of, requests_of
from assurance.facts import SETTLED_RETURNS
from assurance.office import Tx
from assurance.queries.lists import hidden_of, names, rows_of, state_title
from assurance.queries.one_approval import decided_by
from assurance.queries.rows import (
    AgencyRow,
    ApprovalRow,
    CaseRow,
    FindingRow,
    Listed,
    MailRow,
    PersonRow,
    Wanted,
)
from assurance.records import (
    Absence,
    Agency,
    AgencyReturn,
    Aim,
    Approval,
    Audit,
    Case,
    Finding,
    Person,
    Recommendation,
    RecommendationFinding,
    RecordSet,
)
from assurance.roster import Roster, roster
from engine.errors import Reason, Refused
from engine.moved import Ref
from engine.words import unknown
from notifications.outbox import Message, State

HELD = "held"


def approvals(tx: Tx, viewer: Viewer, wanted: Wanted) -> Listed[ApprovalRow]:
    """List decisions in the order in which they were asked for, each with whoever can take it today."""
    found = rows_of(tx, viewer, Approval, wanted)
    given = answers_of(tx, [row.id for row in found.rows])
    waiting = requests_of(tx, [row for row in found.rows if row.state == WAITING])
    references, people = names(tx, Audit, Audit.reference), names(tx, Person, Person.name)
    return Listed(
        tuple(
            ApprovalRow(
                ref=Ref(Approval.noun, row.id),
                about=Ref(row.subject_kind, row.subject_id),
                audit=None if row.audit_id is None else references[row.audit_id],
                step=row.title,
                asked_by=people[row.requested_by_id],
                asked_on=row.asked_on,
                state=row.state,
                state_title=state_title(tx, row),
                waits_for=waiting[row.id].names_to_answer() if row.id in waiting else (),
                so_far=waiting[row.id].so_far() if row.id in waiting else "",
                decided_by=decided_by(row, given.get(row.id, ()), people),
                decided_on=row.decided_on,
            )
            for row in found.rows
        ),
        found.hidden,
    )


def cases(tx: Tx, viewer: Viewer, wanted: Wanted) -> Listed[CaseRow]:
    """List cases by audit, under their references only."""
    where = [] if wanted.audit_id is None else [Case.audit_id == wanted.audit_id]
    references = names(tx, Audit, Audit.reference)
    counted = tx.session.execute(
        sa.select(
            AgencyReturn.case_id,
            sa.func.count(),
            sa.func.sum(sa.case((AgencyReturn.state.in_(SETTLED_RETURNS), 0), else_=1)),
        )
        .where(visible(viewer, AgencyReturn))
        .group_by(AgencyReturn.case_id)
    )
    returns = {case_id: (asked, owed) for case_id, asked, owed in counted}
    found = tx.session.scalars(sa.select(Case).where(visible(viewer, Case), *where).order_by(Case.id))
    shown = []
    for row in found:
        asked, owed = returns.get(row.id, (0, 0))
        shown.append(CaseRow(row.case_ref, references[row.audit_id], row.kind, row.criterion, asked, owed))
    return Listed(tuple(shown), hidden_of(tx, viewer, Case, *where))


def findings(tx: Tx, viewer: Viewer, wanted: Wanted) -> Listed[FindingRow]:
    """List findings by audit and number; from which case one came is told to few."""
    where = [] if wanted.audit_id is None else [Finding.audit_id == wanted.audit_id]
    references, aims = names(tx, Audit, Audit.reference), names(tx, Aim, Aim.number)
    known_cases = names(tx, Case, Case.case_ref) if sees_cases(viewer) else {}
    leads: dict[int, list[Ref]] = defaultdict(list)
    links = tx.session.execute(
        sa.select(RecommendationFinding.finding_id, RecommendationFinding.recommendation_id)
        .join(Recommendation, Recommendation.id == RecommendationFinding.recommendation_id)
        .where(visible(viewer, Recommendation))
        .order_by(RecommendationFinding.recommendation_id)
    )
    for finding_id, recommendation_id in links:
        leads[finding_id].append(Ref(Recommendation.noun, recommendation_id))
    query = sa.select(Finding).where(visible(viewer, Finding), *where)
    found = tx.session.scalars(query.order_by(Finding.audit_id, Finding.number))
    return Listed(
        tuple(
            FindingRow(
                audit=references[row.audit_id],
                number=row.number,
                aim=aims[row.aim_id],
                kind=row.kind,
                text=row.text,
                case=None if row.case_id is None else known_cases.get(row.case_id),
                leads_to=tuple(leads[row.id]),
                none_needed=row.none_needed,
            )
            for row in found
        )
    )


def people(tx: Tx, viewer: Viewer) -> Listed[PersonRow]:
    """List the people of the group and the posts that they hold today."""
    held, agencies = roster(tx.session, group_id=tx.actor.group_id, today=tx.today), _agency_names(tx)
    away = tx.session.execute(
        sa.select(Absence.person_id, sa.func.max(Absence.until_on))
        .where(visible(viewer, Absence), Absence.from_on <= tx.today, Absence.until_on >= tx.today)
        .group_by(Absence.person_id)
    )
    until = dict(away.all())
    found = tx.session.scalars(sa.select(Person).where(visible(viewer, Person)).order_by(Person.id))
    return Listed(
        tuple(
            PersonRow(row.key, row.name, row.email, _posts(held, row.id, agencies), until.get(row.id))
            for row in found
        )
    )


def agencies(tx: Tx, viewer: Viewer) -> Listed[AgencyRow]:
    """List the partner agencies with the records that they answer for."""
    held = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    records: dict[int, list[str]] = defaultdict(list)
    for row in tx.session.scalars(
        sa.select(RecordSet).where(visible(viewer, RecordSet)).order_by(RecordSet.id)
    ):
        records[row.agency_id].append(row.name)
    found = tx.session.scalars(sa.select(Agency).where(visible(viewer, Agency)).order_by(Agency.id))
    return Listed(
        tuple(
            AgencyRow(
                row.key,
                row.name,
                tuple(records[row.id]),
                tuple(seat.person for seat in held.holding("agency_lead", agency_id=row.id)),
            )
            for row in found
        )
    )


def mails(tx: Tx, viewer: Viewer, wanted: Wanted, *, most: int | None = None) -> Listed[MailRow]:
    """List messages, the newest first, at most so many; `hidden` counts the older ones left out and others' mails."""
    where = [visible(viewer, Message)]
    if wanted.state is not None:
        where.append(in_state(tx, wanted.state))
    if wanted.audit_id is not None:
        where.append(Message.thread == f"audit/{wanted.audit_id}")
    columns: tuple[Any, ...] = (
        Message.id,
        Message.to_name,
        Message.to_address,
        Message.subject,
        Message.template,
        Message.severity,
        Message.cause,
        sa.case((is_held(tx), HELD), else_=Message.state),
        Message.created_at,
        Message.sent_at,
        Message.attempts,
        Message.last_text,
        sa.case((is_held(tx), Message.not_before)),
    )
    query = sa.select(*columns).where(*where).order_by(Message.id.desc())
    rows = tx.session.execute(query if most is None else query.limit(most)).all()
    count = sa.select(sa.func.count()).select_from(Message).where(*where)
    return Listed(
        tuple(_mail(tx, *row) for row in rows),
        (tx.session.scalar(count) or 0) - len(rows),
    )


def _mail(tx: Tx, number: int, *row: Any) -> MailRow:
    *told, held_until = row
    told.append(None if held_until is None else held_until.astimezone(tx.calendar.zone))
    return MailRow(Ref("mail", number), *told)


def in_state(tx: Tx, word: str) -> sa.ColumnElement[bool]:
    """Leave the messages of one state, `held` among them; raises Refused for a word that is none."""
    known = [str(state) for state in State] + [HELD]
    if word not in known:
        raise Refused(Reason("unknown_word", unknown(word, "a state of mails", known) + "."))
    if word == HELD:
        return is_held(tx)
    return sa.and_(Message.state == word, sa.not_(is_held(tx)))


def is_held(tx: Tx) -> sa.ColumnElement[bool]:
    """Say of a message that was not tried yet that it waits for its hour."""
    return sa.and_(Message.state == State.QUEUED, Message.attempts == 0, Message.not_before > tx.now)


def _posts(held: Roster, person_id: int, agencies: dict[int, str]) -> tuple[str, ...]:
    return tuple(
        seat.post if seat.agency_id is None else f"{seat.post}, {agencies[seat.agency_id]}"
        for seat in held.of(person_id)
    )


def _agency_names(tx: Tx) -> dict[int, str]:
    return names(tx, Agency, Agency.name)
