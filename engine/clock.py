"""What time it is: the only file in the house that reads the machine's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the present instant, always aware and in UTC."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)


class FrozenClock:
    """A clock that stands still until it is moved: for tests, stories and rehearsals."""

    def __init__(self, at: datetime) -> None:
        self._at = _aware(at)

    def now(self) -> datetime:
        """Return the instant at which the clock stands."""
        return self._at

    def move_to(self, at: datetime) -> None:
        """Set the clock to another instant."""
        self._at = _aware(at)

    def advance(self, by: timedelta) -> None:
        """Move the clock by a span of time."""
        self._at += by


class OffsetClock:
    """A clock that started at a chosen instant and runs at the pace of another clock."""

    def __init__(self, start: datetime, *, pace: Clock) -> None:
        self._pace = pace
        self._offset = _aware(start) - pace.now()

    def now(self) -> datetime:
        """Return the chosen start plus the time that has passed on the other clock."""
        return self._pace.now() + self._offset


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; give an aware instant")
    return at.astimezone(UTC)
