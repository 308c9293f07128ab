"""What follows from an attempt."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from notifications.leases import Claimed, Settlement
from notifications.letters import Outcome, Result
from notifications.outbox import Severity, State
from notifications.retries import GIVE_UP_AFTER, follow_up, wait_after
from tests.notifications.examples import MORNING

CLAIMED = Claimed(
    id=1,
    group_id=1,
    key="k",
    to_address="bo@trust.example.org",
    to_name="Bo",
    person_ref="person/3",
    template="reminder",
    context_text="{}",
    thread="audit/2",
    subject="Audit A2-2014",
    severity=Severity.REMINDER,
    cause="action/12 line 4",
    created_at=MORNING,
    not_before=MORNING,
    attempts=1,
    doubts=0,
    first_try_at=MORNING,
    lease_until=MORNING + timedelta(minutes=20),
    lease_token="t",
    told_as="owner",
    rests_on="[]",
    message_id=None,
    rendered=None,
)


def _after(result: Result, message: Claimed = CLAIMED, *, at: datetime = MORNING) -> Settlement:
    return follow_up(message, Outcome(result, 451, "words"), at=at, chance=lambda: 0.5)


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (Result.SENT, State.SENT),
        (Result.GONE, State.FAILED),
        (Result.REFUSED, State.FAILED),
        (Result.REJECTED, State.FAILED),
        (Result.DEAD, State.FAILED),
        (Result.BROKEN, State.FAILED),
        (Result.OVERTAKEN, State.WITHDRAWN),
    ],
)
def test_some_outcomes_are_the_end(result: Result, state: State) -> None:
    settled = _after(result)
    assert (settled.state, settled.code, settled.text, settled.attempts) == (state, 451, "words", 1)
    assert settled.address_refused == (result is Result.GONE)


def test_what_is_denied_to_us_waits_like_what_is_put_off_and_fails_after_72_hours() -> None:
    settled = _after(Result.DENIED)
    assert (settled.state, settled.not_before) == (State.QUEUED, MORNING + timedelta(minutes=1))
    assert _after(Result.DENIED, at=MORNING + GIVE_UP_AFTER).state is State.FAILED


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 1), (2, 5), (3, 15), (4, 60), (5, 240), (6, 240), (50, 240)]
)
def test_the_waits_grow_to_four_hours(attempts: int, minutes: int) -> None:
    assert wait_after(attempts, chance=lambda: 0.5) == timedelta(minutes=minutes)
    settled = _after(Result.LATER, replace(CLAIMED, attempts=attempts))
    assert (settled.state, settled.not_before) == (State.QUEUED, MORNING + timedelta(minutes=minutes))
    assert settled.attempts == attempts


def test_chance_moves_a_wait_by_a_tenth_at_most() -> None:
    assert wait_after(3, chance=lambda: 0.0) == timedelta(minutes=13.5)
    assert wait_after(3, chance=lambda: 1.0) == timedelta(minutes=16.5)


def test_nobody_tries_beyond_72_hours_after_the_first_attempt() -> None:
    end = MORNING + GIVE_UP_AFTER
    shortly_before = _after(Result.LATER, replace(CLAIMED, attempts=9), at=end - timedelta(minutes=10))
    assert (shortly_before.state, shortly_before.not_before) == (State.QUEUED, end)
    assert _after(Result.LATER, at=end).state is State.FAILED
    assert _after(Result.BUSY, at=end).state is State.FAILED


def test_the_72_hours_begin_with_the_first_attempt_and_not_when_it_was_written() -> None:
    written_long_ago = replace(CLAIMED, not_before=MORNING - timedelta(days=30))
    assert _after(Result.LATER, written_long_ago).state is State.QUEUED


@pytest.mark.parametrize(("result", "minutes"), [(Result.BUSY, 1), (Result.ALL_REFUSED, 15)])
def test_a_busy_server_costs_a_pause_and_no_attempt(result: Result, minutes: int) -> None:
    settled = _after(result, replace(CLAIMED, attempts=4))
    assert (settled.state, settled.attempts) == (State.QUEUED, 3)
    assert settled.not_before == MORNING + timedelta(minutes=minutes)
    assert settled.first_try_at == MORNING


@pytest.mark.parametrize("result", [Result.UNTRIED, Result.UNREACHABLE, Result.SENDER_WRONG])
def test_what_is_not_about_the_letter_leaves_it_as_it_was(result: Result) -> None:
    untouched = _after(result)
    assert (untouched.state, untouched.attempts, untouched.first_try_at) == (State.QUEUED, 0, None)
    assert untouched.not_before == MORNING
    tried_before = _after(result, replace(CLAIMED, attempts=3))
    assert (tried_before.attempts, tried_before.first_try_at) == (2, MORNING)


def test_a_reminder_whose_fate_is_unknown_is_sent_once_more() -> None:
    first = _after(Result.UNCERTAIN)
    assert (first.state, first.doubts) == (State.QUEUED, 1)
    assert first.not_before == MORNING + timedelta(minutes=15)
    second = _after(Result.UNCERTAIN, replace(CLAIMED, doubts=1))
    assert (second.state, second.doubts) == (State.UNCERTAIN, 2)


def test_a_decision_whose_fate_is_unknown_is_shown_and_not_sent_again() -> None:
    assert _after(Result.UNCERTAIN, replace(CLAIMED, severity=Severity.DECISION)).state is State.UNCERTAIN
