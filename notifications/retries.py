"""What follows from an attempt: when a message is tried again, and when nobody tries any more. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from notifications.leases import Claimed, Settlement
from notifications.letters import Outcome, Result
from notifications.outbox import Severity, State

WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
GIVE_UP_AFTER = timedelta(hours=72)
PAUSE_AFTER_DOUBT = timedelta(minutes=15)
# Attempts that do not count, but must not come back at once either.
_PAUSES = {Result.BUSY: timedelta(minutes=1), Result.ALL_REFUSED: timedelta(minutes=15)}

_FINAL = {
    Result.SENT: State.SENT,
    Result.GONE: State.FAILED,
    Result.REFUSED: State.FAILED,
    Result.REJECTED: State.FAILED,
    Result.DEAD: State.FAILED,
    Result.BROKEN: State.FAILED,
    Result.OVERTAKEN: State.WITHDRAWN,
}
_NOT_ABOUT_THIS_LETTER = frozenset({Result.UNTRIED, Result.SENDER_WRONG, Result.UNREACHABLE})


def follow_up(message: Claimed, outcome: Outcome, *, at: datetime, chance: Callable[[], float]) -> Settlement:
    """Decide what to write about a message after an attempt; `chance` gives a number from 0 up to 1.

    The waits are 1, 5, 15, 60 and 240 minutes, each a tenth more or less by chance; 72 hours after the first
    attempt a message has failed. A server that is not there or turns everybody away costs no attempt; one that does
    not take this letter from us is asked again, since somebody may see to that. When a letter may have arrived, it is
    sent once more with the same Message-ID, unless it carries a decision. The time for which a message is held
    costs no attempt and is none of the 72 hours.
    """
    if outcome.result in _FINAL:
        return _settle(message, outcome, _FINAL[outcome.result])
    if outcome.result in _NOT_ABOUT_THIS_LETTER:
        return _put_back(message, outcome)
    if outcome.result is Result.HELD:
        return _hold(message, outcome, at)
    if outcome.result is Result.UNCERTAIN:
        return _doubt(message, outcome, at)
    return _wait(message, outcome, at, chance)


def wait_after(attempts: int, *, chance: Callable[[], float]) -> timedelta:
    """Give the time to wait after so many attempts (1 or more)."""
    return WAITS[min(attempts, len(WAITS)) - 1] * (0.9 + 0.2 * chance())


def _wait(message: Claimed, outcome: Outcome, at: datetime, chance: Callable[[], float]) -> Settlement:
    end = message.first_try_at + GIVE_UP_AFTER
    if at >= end:
        return _settle(message, outcome, State.FAILED)
    if outcome.result in _PAUSES:
        again = min(at + _PAUSES[outcome.result], end)
        return _settle(message, outcome, State.QUEUED, again=again, attempts=message.attempts - 1)
    again = min(at + wait_after(message.attempts, chance=chance), end)
    return _settle(message, outcome, State.QUEUED, again=again)


def _doubt(message: Claimed, outcome: Outcome, at: datetime) -> Settlement:
    doubts = message.doubts + 1
    if doubts > 1 or message.severity == Severity.DECISION:
        return _settle(message, outcome, State.UNCERTAIN, doubts=doubts)
    return _settle(message, outcome, State.QUEUED, again=at + PAUSE_AFTER_DOUBT, doubts=doubts)


def _hold(message: Claimed, outcome: Outcome, at: datetime) -> Settlement:
    until = outcome.until or at
    back = _put_back(message, outcome)
    first_try_at = None if back.first_try_at is None else back.first_try_at + (until - at)
    return replace(back, not_before=until, first_try_at=first_try_at)


def _put_back(message: Claimed, outcome: Outcome) -> Settlement:
    attempts = message.attempts - 1
    return Settlement(
        id=message.id,
        state=State.QUEUED,
        not_before=message.not_before,
        attempts=attempts,
        doubts=message.doubts,
        first_try_at=message.first_try_at if attempts else None,
        code=outcome.code,
        text=outcome.text,
    )


def _settle(
    message: Claimed,
    outcome: Outcome,
    state: State,
    *,
    again: datetime | None = None,
    attempts: int | None = None,
    doubts: int | None = None,
) -> Settlement:
    return Settlement(
        id=message.id,
        state=state,
        not_before=message.not_before if again is None else again,
        attempts=message.attempts if attempts is None else attempts,
        doubts=message.doubts if doubts is None else doubts,
        first_try_at=message.first_try_at,
        code=outcome.code,
        text=outcome.text,
        address_refused=outcome.result is Result.GONE,
    )
