"""Where recommendations and actions stand: the dates first agreed decide, not those that were moved."""

from __future__ import annotations

from typing import Any

import pytest

from reports.standing import Standing, action_words, cited, days_past_original, standing_of
from tests.reports.years import AS_AT, a_recommendation, a_year, an_action, an_audit, on

YESTERDAY, TODAY, TOMORROW = on("2015-03-30"), AS_AT, on("2015-04-01")


@pytest.mark.parametrize(
    ("state", "standing"),
    [
        ("proposed", Standing.PROPOSED),
        ("agreed", Standing.ON_TARGET),
        ("in_progress", Standing.ON_TARGET),
        ("implemented", Standing.COMPLETED),
        ("embedded", Standing.COMPLETED),
        ("not_embedded", Standing.NOT_LASTED),
        ("not_accepted", Standing.NOT_ACCEPTED),
        ("superseded", Standing.SUPERSEDED),
        ("risk_accepted", Standing.RISK_ACCEPTED),
    ],
)
def test_every_state_has_its_standing(state: str, standing: Standing) -> None:
    assert standing_of(a_recommendation(state=state), as_at=AS_AT) is standing


def test_on_its_original_date_a_recommendation_is_still_on_target() -> None:
    action = an_action(original_due_on=TODAY, current_due_on=TODAY)
    assert standing_of(a_recommendation(actions=(action,)), as_at=TODAY) is Standing.ON_TARGET
    assert standing_of(a_recommendation(actions=(action,)), as_at=TOMORROW) is Standing.PAST_ORIGINAL


def test_a_moved_date_does_not_make_a_late_recommendation_good() -> None:
    action = an_action(original_due_on=YESTERDAY, current_due_on=on("2016-01-01"), times_moved=1)
    assert standing_of(a_recommendation(actions=(an_action(), action)), as_at=TODAY) is Standing.PAST_ORIGINAL


def test_a_date_moved_before_it_came_is_not_called_on_target() -> None:
    action = an_action(original_due_on=TOMORROW, current_due_on=on("2016-01-01"), times_moved=1)
    assert standing_of(a_recommendation(actions=(an_action(), action)), as_at=TODAY) is Standing.MOVED


@pytest.mark.parametrize("state", ["verified", "closed"])
def test_an_action_that_is_done_with_no_longer_counts(state: str) -> None:
    done = an_action(state=state, original_due_on=YESTERDAY, confirmed_on=TODAY)
    assert standing_of(a_recommendation(actions=(done,)), as_at=TODAY) is Standing.ON_TARGET


def test_without_an_action_or_with_one_without_a_date_it_is_undated() -> None:
    undated = an_action(original_due_on=None, current_due_on=None)
    assert standing_of(a_recommendation(actions=()), as_at=TODAY) is Standing.UNDATED
    assert standing_of(a_recommendation(actions=(an_action(), undated)), as_at=TODAY) is Standing.UNDATED


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "proposed"}, "Planned, not yet agreed"),
        ({"state": "confirmed"}, "Reported complete, to be verified"),
        ({"state": "verified"}, "Completed"),
        ({"state": "closed"}, "Closed without being done"),
        ({"state": "agreed", "called": "Agreed"}, "Agreed and on target"),
        ({}, "In progress and on target"),
        ({"original_due_on": None, "current_due_on": None}, "In progress, no date set"),
        ({"original_due_on": YESTERDAY, "current_due_on": YESTERDAY}, "In progress, overdue"),
        ({"original_due_on": YESTERDAY}, "In progress, past its original date"),
        ({"original_due_on": TOMORROW}, "In progress, date moved"),
    ],
)
def test_an_action_is_told_with_its_dates(changes: dict[str, Any], words: str) -> None:
    assert action_words(an_action(**changes), as_at=TODAY) == words


@pytest.mark.parametrize(
    ("changes", "days"),
    [
        ({}, 0),
        ({"original_due_on": None}, 0),
        ({"original_due_on": on("2014-12-19")}, 102),
        ({"original_due_on": on("2014-12-19"), "state": "verified", "confirmed_on": on("2015-01-16")}, 28),
        ({"original_due_on": on("2014-12-19"), "state": "closed"}, 0),
    ],
)
def test_days_past_the_original_date_end_with_completion(changes: dict[str, Any], days: int) -> None:
    assert days_past_original(an_action(**changes), as_at=TODAY) == days


def test_recommendations_are_cited_by_audit_and_number() -> None:
    year = a_year(an_audit(1), an_audit(2, strategic=(a_recommendation(1), a_recommendation(2))))
    assert [citation for citation, _ in cited(year)] == ["1.1", "2.1", "2.2"]
