"""Every row that is kept, by cluster: people, audits, returns, findings, actions, approvals."""

from __future__ import annotations

from assurance.records.actions import Action, Evidence, ImmediateConcern, ProgressNote
from assurance.records.addresses import DeadAddress
from assurance.records.approvals import Approval
from assurance.records.audits import Aim, Audit, Case, PlannedAudit, Programme
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
from assurance.records.matters import Matter
from assurance.records.meetings import Invitation, Meeting
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
from assurance.records.returns import AgencyReturn, Answer
from assurance.records.rules import AdoptedRule, DigestItem, RuleHold

__all__ = [
    "Absence",
    "Action",
    "AdoptedRule",
    "Agency",
    "AgencyAnswer",
    "AgencyReturn",
    "Aim",
    "Answer",
    "Approval",
    "Audit",
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
    "Matter",
    "Meeting",
    "Moderation",
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
    "RuleHold",
    "StoredFile",
]
