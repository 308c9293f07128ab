"""The words of the action in good_workflows/, its workflow, and the circumstances of an ordinary day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from engine.vocabulary import Field, Kind, Value, Vocabulary
from engine.workflow import Circumstances, Workflow
from tests.engine.action_words import ENGLAND

GOOD = Path(__file__).parent / "good_workflows"
BAD = Path(__file__).parent / "bad_workflows"
TODAY = date(2026, 3, 2)

ACTION = Vocabulary(
    "action",
    {
        field.name: field
        for field in (
            Field("evidence_count", Kind.WHOLE),
            Field("times_moved", Kind.WHOLE),
            Field("times_sent_back", Kind.WHOLE),
            Field("current_due_on", Kind.DATE, optional=True),
            Field("last_note_on", Kind.DATE, optional=True),
            Field("verified_on", Kind.DATE, optional=True),
            Field("check_again_on", Kind.DATE, optional=True),
            Field("opened_on", Kind.DATE),
            Field("is_verified", Kind.YES_NO),
            Field("outcome", Kind.CHOICE, optional=True, choices=("lasted", "faded")),
            Field("owner_post", Kind.TEXT, optional=True),
            Field("remark", Kind.TEXT, optional=True),
        )
    },
    roles=("chair", "deputy_chair", "agency_lead", "owner", "coordinator", "member"),
    conflicts=("own_agency",),
    addressees=("owner", "chair", "coordinator", "agency_lead"),
)
FACTS: Mapping[str, Value] = {
    "evidence_count": 0,
    "times_moved": 0,
    "times_sent_back": 0,
    "current_due_on": date(2026, 4, 30),
    "last_note_on": None,
    "verified_on": None,
    "check_again_on": None,
    "opened_on": date(2026, 1, 5),
    "is_verified": False,
    "outcome": None,
    "owner_post": "Named nurse",
    "remark": None,
}


def action() -> Workflow:
    path = GOOD / "action.yaml"
    return Workflow.from_text(path.read_text(encoding="utf-8"), ACTION, file="action.yaml")


def as_(
    *roles: str,
    facts: Mapping[str, Value] | None = None,
    conflicts: Mapping[str, str] | None = None,
    form: Mapping[str, Value] | None = None,
    **given: Value,
) -> Circumstances:
    """An actor in these roles who gives these values, one by one or as a form, on an ordinary Monday."""
    return Circumstances(
        {**FACTS, **(facts or {})},
        frozenset(roles),
        TODAY,
        ENGLAND,
        conflicts=conflicts or {},
        given={**(form or {}), **given},
    )
