"""The words that all nouns share: who acts, who is told, what keeps somebody out, and which states are settled."""

from __future__ import annotations

ROLES = (
    "chair",
    "deputy_chair",
    "coordinator",
    "agency_lead",
    "awaited_lead",
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
    "awaited_lead",
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
