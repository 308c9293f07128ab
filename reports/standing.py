"""Where a recommendation or an action stands, in the words that the group itself uses. Pure."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from assurance.queries.year import ActionThen, RecommendationThen, YearThen

DONE_ACTIONS = ("verified", "closed")


class Standing(StrEnum):
    """What a board asks of every recommendation, in the order in which a report tells it."""

    COMPLETED = "completed"
    ON_TARGET = "in progress and on target"
    MOVED = "in progress to a later date than first agreed"
    PAST_ORIGINAL = "in progress and past the original date"
    UNDATED = "in progress with no date agreed"
    NOT_LASTED = "completed, but found not to have lasted"
    PROPOSED = "not yet agreed"
    NOT_ACCEPTED = "not accepted"
    SUPERSEDED = "superseded"
    RISK_ACCEPTED = "closed by accepting the risk"


CLOSED_WITH_REASON = (Standing.NOT_ACCEPTED, Standing.SUPERSEDED, Standing.RISK_ACCEPTED)

_BY_STATE = {
    "implemented": Standing.COMPLETED,
    "embedded": Standing.COMPLETED,
    "not_embedded": Standing.NOT_LASTED,
    "proposed": Standing.PROPOSED,
    "not_accepted": Standing.NOT_ACCEPTED,
    "superseded": Standing.SUPERSEDED,
    "risk_accepted": Standing.RISK_ACCEPTED,
}

_ACTION_STATES = {
    "proposed": "Planned, not yet agreed",
    "confirmed": "Reported complete, to be verified",
    "verified": "Completed",
    "closed": "Closed without being done",
}


def cited(then: YearThen) -> list[tuple[str, RecommendationThen]]:
    """Give every strategic recommendation of the year as a report cites it: 1.3 is the third of the first audit."""
    return [
        (f"{place}.{one.number}", one)
        for place, audit in enumerate(then.audits, start=1)
        for one in audit.strategic
    ]


def standing_of(recommendation: RecommendationThen, *, as_at: date) -> Standing:
    """Say where a recommendation stands; while it is in progress, the dates first agreed decide.

    One open action past its original date is enough to be past it, however often that date was moved since.
    """
    known = _BY_STATE.get(recommendation.state)
    if known is not None:
        return known
    still_open = [action for action in recommendation.actions if action.state not in DONE_ACTIONS]
    if any(days_past_original(action, as_at=as_at) for action in still_open):
        return Standing.PAST_ORIGINAL
    if not recommendation.actions or any(action.original_due_on is None for action in still_open):
        return Standing.UNDATED
    return Standing.MOVED if any(is_moved(action) for action in still_open) else Standing.ON_TARGET


def action_words(action: ActionThen, *, as_at: date) -> str:
    """Say where an action stands: its state, and while it is open how it stands to its dates."""
    known = _ACTION_STATES.get(action.state)
    if known is not None:
        return known
    words = action.called
    if action.current_due_on is None or action.original_due_on is None:
        return f"{words}, no date set"
    if action.current_due_on < as_at:
        return f"{words}, overdue"
    if action.original_due_on < as_at:
        return f"{words}, past its original date"
    return f"{words}, date moved" if is_moved(action) else f"{words} and on target"


def is_moved(action: ActionThen) -> bool:
    """Say whether an action's date is no longer the one first agreed."""
    return action.current_due_on != action.original_due_on


def days_past_original(action: ActionThen, *, as_at: date) -> int:
    """Count the days from the date first agreed to completion, or to the day of the report; nought if in time.

    An action that was closed without being done has no completion and counts nought.
    """
    if action.original_due_on is None or action.state == "closed":
        return 0
    return max(((action.confirmed_on or as_at) - action.original_due_on).days, 0)
