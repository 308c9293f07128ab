"""The colour of a state's tag. The word says it; the colour only helps whoever sees it."""

from __future__ import annotations

_TONES = {
    "blue": "stage_said requested agreed waiting planned in_force proposed queued sending theme_agreed cases_selected",
    "turquoise": "rank_accepted stage_held in_progress agency_audits findings recommendations actions submitted held",
    "purple": "confirmed implemented partly",
    "green": "verified accepted embedded approved not_known settled sent mended done yes",
    "yellow": "rank_replied rank_notice stage_notice stage_due changes_requested change_requested returned uncertain",
    "red": "rank_urgent rank_escalated rejected overdue dead failed bounced raised late no missing",
    "grey": "waived closed cancelled withdrawn not_accepted superseded risk_accepted lifted not_applicable",
}
_BY_STATE = {state: tone for tone, states in _TONES.items() for state in states.split()}


def tone_of(state: str) -> str:
    """Give the class of GOV.UK's tag for a state; one that is not named is grey."""
    return f"govuk-tag--{_BY_STATE.get(state, 'grey')}"
