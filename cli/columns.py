"""The columns of every list: a heading each, and what stands under it for one row."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import shorten

from assurance.deciders import WAITING
from assurance.queries.addresses import AddressRow
from assurance.queries.holds import HoldRow
from assurance.queries.references import SHORT
from assurance.queries.rows import (
    ActionRow,
    AgencyRow,
    ApprovalRow,
    AuditRow,
    CaseRow,
    ConcernRow,
    FindingRow,
    MailRow,
    MatterRow,
    MeetingRow,
    Overview,
    PersonRow,
    RecommendationRow,
    ReturnRow,
)
from cli.shown import Column, in_words
from engine.moved import Ref
from notifications.outbox import State

LONGEST_TEXT = 90
SHORT_OF = {kind: word for word, kind in SHORT.items()}


def short(ref: Ref) -> str:
    """Write a subject as briefly as every command understands it: return/12 for an agency's return."""
    return f"{SHORT_OF.get(ref.kind, ref.kind)}/{ref.id}"


def _in_of(there: int, of: int) -> str:
    return f"{there}/{of}" if of else ""


def _cut(text: str) -> str:
    return shorten(text, LONGEST_TEXT, placeholder=" ...")


def _recommended(row: RecommendationRow) -> str:
    kind = "" if row.agency is None else f"(individual practice, {row.agency}) "
    return f"{row.audit}, {row.number}: {kind}{_cut(row.text)}"


def _planned(row: ActionRow) -> str:
    return f"{row.agency}: {_cut(row.text)}"


def _action_state(row: ActionRow) -> str:
    waits = row.waiting_on is not None
    return "\n".join([row.state_title, *["overdue"] * row.is_overdue, *["waits for others"] * waits])


def _decided(row: ApprovalRow) -> str:
    if row.decided_by is not None:
        return row.decided_by
    if row.state != WAITING:
        return ""
    waits_for = f"waits for {' or '.join(row.waits_for)}" if row.waits_for else "waits for nobody in post"
    return row.so_far or waits_for


def _cause(row: MailRow) -> str:
    """Write `immediate_concern/1 line 2` as briefly as every other reference."""
    subject, _, line = row.cause.partition(" ")
    kind, slash, number = subject.partition("/")
    return f"{SHORT_OF.get(kind, kind)}/{number} {line}" if slash else row.cause


def _mail_state(row: MailRow) -> str:
    if row.held_until is None:
        return row.state
    return f"held until\n{row.held_until:%a} {in_words(row.held_until)}"


def _cause_and_end(row: MailRow) -> str:
    """Say what a mail is about, and of one that was withdrawn also why."""
    return f"{_cause(row)}\n{row.answer}" if row.state == State.WITHDRAWN and row.answer else _cause(row)


def _leads_to(row: FindingRow) -> str:
    if row.leads_to:
        return ", ".join(short(ref) for ref in row.leads_to)
    return "none needed" if row.none_needed else ""


AUDITS: Sequence[Column[AuditRow]] = (
    Column("Audit", lambda row: row.reference),
    Column("Theme", lambda row: row.theme, is_wide=True),
    Column("Stage", lambda row: row.stage),
    Column("Since", lambda row: row.since_on),
    Column("Meeting", lambda row: row.meeting_on),
    Column("Cases", lambda row: row.cases, is_number=True),
    Column("Aims", lambda row: row.aims, is_number=True),
    Column(
        "Returns\nin", lambda row: _in_of(row.returns - row.returns_outstanding, row.returns), is_number=True
    ),
    Column(
        "Recommen-\ndations\nsettled",
        lambda row: _in_of(row.recommendations - row.recommendations_unfinished, row.recommendations),
        is_number=True,
    ),
)
RETURNS: Sequence[Column[ReturnRow]] = (
    Column("Return", lambda row: short(row.ref)),
    Column("Case", lambda row: row.case),
    Column("Records", lambda row: row.records, is_wide=True),
    Column("Agency", lambda row: row.agency, is_wide=True),
    Column("State", lambda row: row.state_title),
    Column("Due", lambda row: row.due_on),
    Column("Days\nlate", lambda row: row.days_late or None, is_number=True),
)
RECOMMENDATIONS: Sequence[Column[RecommendationRow]] = (
    Column("Ref", lambda row: short(row.ref)),
    Column("What should change", _recommended, is_wide=True),
    Column("State", lambda row: row.state_title),
    Column("Actions\ndone", lambda row: _in_of(row.actions - row.actions_open, row.actions), is_number=True),
    Column("Look\nagain on", lambda row: row.embedded_check_on),
)
ACTIONS: Sequence[Column[ActionRow]] = (
    Column("Ref", lambda row: short(row.ref)),
    Column("What the agency will do", _planned, is_wide=True),
    Column("State", _action_state),
    Column("First due", lambda row: row.original_due_on),
    Column("Now due", lambda row: row.current_due_on or "undated"),
    Column("Times\nmoved", lambda row: row.times_moved or None, is_number=True),
    Column("Days past\nfirst due", lambda row: row.days_past_original or None, is_number=True),
)
APPROVALS: Sequence[Column[ApprovalRow]] = (
    Column("Ref", lambda row: short(row.ref)),
    Column("Step", lambda row: f"{row.step}: {short(row.about)}", is_wide=True),
    Column("Asked by", lambda row: row.asked_by),
    Column("On", lambda row: row.asked_on),
    Column("State", lambda row: row.state_title),
    Column("Decided by", _decided, is_wide=True),
)
CONCERNS: Sequence[Column[ConcernRow]] = (
    Column("Ref", lambda row: short(row.ref)),
    Column("Audit", lambda row: row.audit),
    Column("Agency that must act", lambda row: row.agency, is_wide=True),
    Column("State", lambda row: row.state_title),
    Column("Raised", lambda row: row.raised_on),
    Column("Taken up", lambda row: row.acknowledged_on),
)
HOLDS: Sequence[Column[HoldRow]] = (
    Column("Ref", lambda row: short(row.ref)),
    Column("What", lambda row: row.what),
    Column("About", lambda row: "everything" if row.about is None else short(row.about)),
    Column("Rule", lambda row: row.rule or "every rule", is_wide=True),
    Column("By", lambda row: row.placed_by, is_wide=True),
    Column("Until", lambda row: row.until_on),
    Column("State", lambda row: row.state_title),
)
ADDRESSES: Sequence[Column[AddressRow]] = (
    Column("Ref", lambda row: short(row.ref)),
    Column("Address", lambda row: row.address, is_wide=True),
    Column("Whose", lambda row: row.people, is_wide=True),
    Column("State", lambda row: row.state_title),
    Column("Since", lambda row: row.since_on),
    Column("Mails not\narrived", lambda row: row.mails_undelivered or None, is_number=True),
    Column("Status", lambda row: row.status),
)
MATTERS: Sequence[Column[MatterRow]] = (
    Column("Ref", lambda row: short(row.ref)),
    Column("Title", lambda row: row.title, is_wide=True),
    Column("State", lambda row: row.state_title),
    Column("Since", lambda row: row.since_on),
    Column("Agency", lambda row: row.agency),
    Column("Under", lambda row: None if row.parent is None else short(row.parent)),
)
CASES: Sequence[Column[CaseRow]] = (
    Column("Case", lambda row: row.case),
    Column("Audit", lambda row: row.audit),
    Column("Kind", lambda row: row.kind),
    Column("Drawn because", lambda row: row.criterion, is_wide=True),
    Column(
        "Returns\nin", lambda row: _in_of(row.returns - row.returns_outstanding, row.returns), is_number=True
    ),
)
FINDINGS: Sequence[Column[FindingRow]] = (
    Column("Audit", lambda row: row.audit),
    Column("No.", lambda row: row.number, is_number=True),
    Column("Aim", lambda row: row.aim, is_number=True),
    Column("Kind and what was seen", lambda row: f"{row.kind.capitalize()}: {row.text}", is_wide=True),
    Column("Case", lambda row: row.case),
    Column("Leads to", _leads_to),
)
MEETINGS: Sequence[Column[MeetingRow]] = (
    Column("Ref", lambda row: short(row.ref)),
    Column("Key", lambda row: row.key),
    Column("Meeting", lambda row: row.title, is_wide=True),
    Column("When", lambda row: row.at),
    Column("Where", lambda row: row.place, is_wide=True),
    Column("State", lambda row: row.state_title),
    Column("Audits", lambda row: row.audits),
)
PEOPLE: Sequence[Column[PersonRow]] = (
    Column("Key", lambda row: row.key),
    Column("Name", lambda row: row.name),
    Column("Posts held today", lambda row: "; ".join(row.posts) or "none", is_wide=True),
    Column("Away until", lambda row: row.away_until),
)
AGENCIES: Sequence[Column[AgencyRow]] = (
    Column("Key", lambda row: row.key),
    Column("Agency", lambda row: row.name, is_wide=True),
    Column("Answers for", lambda row: row.records, is_wide=True),
    Column("Led by", lambda row: row.leads),
)
MAILS: Sequence[Column[MailRow]] = (
    Column("Mail", lambda row: str(row.ref)),
    Column("Written", lambda row: row.created_at.date()),
    Column("To", lambda row: row.to),
    Column("What", lambda row: f"{row.subject}: {row.template.replace('_', ' ')}", is_wide=True),
    Column("State", _mail_state),
    Column("Because of", _cause_and_end, is_wide=True),
)
TROUBLED_MAILS: Sequence[Column[MailRow]] = (
    Column("Mail", lambda row: str(row.ref)),
    Column("Written", lambda row: row.created_at.date()),
    Column("To", lambda row: f"{row.to}\n{row.address}", is_wide=True),
    Column("What", lambda row: row.template.replace("_", " ")),
    Column("Why it has not arrived", lambda row: row.answer, is_wide=True),
)
OVERVIEW: Sequence[Column[Overview]] = (
    Column("Number", lambda row: row.number, is_number=True),
    Column("What", lambda row: row.what),
    Column(
        "States", lambda row: ", ".join(f"{number} {state}" for state, number in row.states), is_wide=True
    ),
    Column("To look at", lambda row: row.note),
)
