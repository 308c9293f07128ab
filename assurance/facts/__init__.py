"""What workflows and rules may speak of: for each noun its facts, each declared once.

A fact has a name (the word in YAML), a kind, the words people read, and the SQL expression from which it
comes. The same declaration is the vocabulary of the YAML and the query on the hot path.
"""

from __future__ import annotations

from collections.abc import Mapping

from assurance.facts.noun import Belonging, Fact, Known, Noun, one
from assurance.facts.of_addresses import address_facts
from assurance.facts.of_audits import audit_facts, return_facts
from assurance.facts.of_holds import hold_facts
from assurance.facts.of_meetings import meeting_facts
from assurance.facts.of_outcomes import action_facts, approval_facts, concern_facts, recommendation_facts
from assurance.facts.words import (
    ADDRESSEES,
    CONFLICTS,
    ROLES,
    SETTLED_ACTIONS,
    SETTLED_RECOMMENDATIONS,
    SETTLED_RETURNS,
)
from assurance.records import (
    Action,
    AgencyReturn,
    Approval,
    Audit,
    DeadAddress,
    ImmediateConcern,
    Meeting,
    Recommendation,
    RecordSet,
    RuleHold,
)
from engine.conditions import Field, Kind, Vocabulary

__all__ = [
    "ADDRESSEES",
    "CONFLICTS",
    "NOUNS",
    "ROLES",
    "SETTLED_ACTIONS",
    "SETTLED_RECOMMENDATIONS",
    "SETTLED_RETURNS",
    "Belonging",
    "Fact",
    "Known",
    "Noun",
    "common_words",
    "vocabularies",
]

_LEAD_OF_RECORDS = one(RecordSet.lead_post_id, RecordSet.id == AgencyReturn.record_set_id)
_MEETING_OF_RETURN = one(Audit.meeting_id, Audit.id == AgencyReturn.audit_id)

NOUNS: Mapping[str, Noun] = {
    noun.kind: noun
    for noun in (
        Noun(
            Audit,
            audit_facts(),
            audit=Audit.__table__.c.id,
            parents={"meeting": Audit.__table__.c.meeting_id},
        ),
        Noun(
            AgencyReturn,
            return_facts(),
            audit=AgencyReturn.__table__.c.audit_id,
            agency=AgencyReturn.__table__.c.agency_id,
            owner=_LEAD_OF_RECORDS,
            parents={"audit": AgencyReturn.__table__.c.audit_id, "meeting": _MEETING_OF_RETURN},
        ),
        Noun(
            Recommendation,
            recommendation_facts(),
            audit=Recommendation.__table__.c.audit_id,
            agency=Recommendation.__table__.c.agency_id,
            parents={"audit": Recommendation.__table__.c.audit_id},
        ),
        Noun(
            Action,
            action_facts(),
            audit=Action.__table__.c.audit_id,
            agency=Action.__table__.c.agency_id,
            owner=Action.__table__.c.owner_post_id,
            awaited=Action.__table__.c.waiting_on_agency_id,
            parents={
                "audit": Action.__table__.c.audit_id,
                "recommendation": Action.__table__.c.recommendation_id,
            },
            # Whoever moves the date moves both clocks; only waiting for another agency sets them apart.
            follows={"chased_from_on": "current_due_on"},
        ),
        Noun(
            Approval,
            approval_facts(),
            audit=Approval.__table__.c.audit_id,
            agency=Approval.__table__.c.agency_id,
        ),
        Noun(
            ImmediateConcern,
            concern_facts(),
            audit=ImmediateConcern.__table__.c.audit_id,
            agency=ImmediateConcern.__table__.c.agency_id,
        ),
        Noun(DeadAddress, address_facts()),
        Noun(
            RuleHold,
            hold_facts(),
            audit=RuleHold.__table__.c.audit_id,
            agency=RuleHold.__table__.c.agency_id,
            requester=RuleHold.__table__.c.placed_by_id,
        ),
        Noun(Meeting, meeting_facts()),
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
