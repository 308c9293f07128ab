"""Every row that is kept, by cluster: people, audits, returns, findings, actions, approvals."""

from __future__ import annotations

from assurance.records.accounts import (
    Account,
    AccountEvent,
    AccountIdentity,
    AccountTicket,
    RecoveryCode,
    SignedInSession,
    Tries,
)
from assurance.records.actions import Action, Evidence, ImmediateConcern, ProgressNote
from assurance.records.addresses import DeadAddress
from assurance.records.approvals import Approval
from assurance.records.audits import Aim, Audit, Case, PlannedAudit, Programme
from assurance.records.feeds import CalendarFeed
from assurance.records.files import StoredFile
from assurance.records.findings import (
    AgencyAnswer,
    Dissemination,
    Finding,
    Moderation,
    ReAudit,
    Recommendation,
    RecommendationAim,
    RecommendationFinding,
)
from assurance.records.links import LinkUse, MailLink
from assurance.records.matters import Matter
from assurance.records.meetings import Attendance, Invitation, Meeting
from assurance.records.people import (
    Absence,
    Agency,
    ClosedDay,
    Group,
    Person,
    Post,
    PostHolding,
    RecordSet,
)
from assurance.records.removals import RemovedGroup
from assurance.records.returns import AgencyReturn, Answer
from assurance.records.rules import AdoptedRule, DigestItem, RuleHold
from assurance.records.shapes import OldestShape
from assurance.records.tokens import AnsweredRequest, ApiToken

__all__ = [
    "Absence",
    "Account",
    "AccountEvent",
    "AccountIdentity",
    "AccountTicket",
    "Action",
    "AdoptedRule",
    "Agency",
    "AgencyAnswer",
    "AgencyReturn",
    "Aim",
    "Answer",
    "AnsweredRequest",
    "ApiToken",
    "Approval",
    "Attendance",
    "Audit",
    "CalendarFeed",
    "Case",
    "ClosedDay",
    "DeadAddress",
    "DigestItem",
    "Dissemination",
    "Evidence",
    "Finding",
    "Group",
    "ImmediateConcern",
    "Invitation",
    "LinkUse",
    "MailLink",
    "Matter",
    "Meeting",
    "Moderation",
    "OldestShape",
    "Person",
    "PlannedAudit",
    "Post",
    "PostHolding",
    "Programme",
    "ProgressNote",
    "ReAudit",
    "Recommendation",
    "RecommendationAim",
    "RecommendationFinding",
    "RecordSet",
    "RecoveryCode",
    "RemovedGroup",
    "RuleHold",
    "SignedInSession",
    "StoredFile",
    "Tries",
]
