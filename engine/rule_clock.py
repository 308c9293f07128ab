"""The clock file of a folder of rules: whose working days count, when rules look, when mail rests, when it is bundled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple, Protocol

from engine.errors import BadDefinition, Problem
from engine.faults import Faults
from engine.yamlfile import Node

CLOCK_FILE = "clock.yaml"
CAP = 50
ALSO = "non-working days"


class Civil(Protocol):
    """A group's calendar and clock: its working days, its civil time."""

    def is_working(self, day: date) -> bool:
        """Tell whether people work on this day."""
        ...

    def civil(self, at: datetime) -> datetime:
        """Return an instant as the group's civil day and hour, without a zone."""
        ...

    def instant(self, day: date, at: time) -> datetime:
        """Return the instant of a civil day and hour."""
        ...


class QuietHours(NamedTuple):
    """When mail is held: between two civil hours, mostly over midnight, and perhaps on days without work."""

    begins: time
    ends: time
    also_days_off: bool

    def released_at(self, at: datetime, calendar: Civil) -> datetime:
        """Return the instant at which mail owed at `at` may go: `at` itself, or the end of the quiet."""
        moment = calendar.civil(at)
        day, hour = moment.date(), moment.time()
        if self.is_quiet(hour):
            if self.begins > self.ends and hour >= self.begins:
                day += timedelta(days=1)
        elif self._is_open(day, calendar):
            return at
        else:
            day += timedelta(days=1)
        while not self._is_open(day, calendar):
            day += timedelta(days=1)
        return calendar.instant(day, self.ends)

    def is_quiet(self, hour: time) -> bool:
        """Tell whether mail is held at a civil hour."""
        if self.begins <= self.ends:
            return self.begins <= hour < self.ends
        return hour >= self.begins or hour < self.ends

    def _is_open(self, day: date, calendar: Civil) -> bool:
        return not self.also_days_off or calendar.is_working(day)


@dataclass(frozen=True, slots=True)
class RuleClock:
    """What holds for all rules of a folder; hours are civil hours of the group.

    `digest_at` empty: every reminder is a mail of its own. `cap`: a rule that is new or changed and would owe
    more mails than this at its first look waits until somebody has said what becomes of its backlog.
    """

    calendar: str
    look_at: time
    quiet_hours: QuietHours | None = None
    digest_at: time | None = None
    cap: int = CAP

    def released_at(self, at: datetime, calendar: Civil) -> datetime:
        """Return the instant at which mail owed at `at` may go."""
        return at if self.quiet_hours is None else self.quiet_hours.released_at(at, calendar)

    def digest_after(self, at: datetime, calendar: Civil) -> datetime:
        """Return the first digest hour at or after an instant, on a day on which mail goes.

        Raises ValueError for a clock without a digest.
        """
        if self.digest_at is None:
            raise ValueError("this clock knows no digest")
        day = calendar.civil(at).date()
        while (found := calendar.instant(day, self.digest_at)) < at or not self._goes_on(day, calendar):
            day += timedelta(days=1)
        return found

    def _goes_on(self, day: date, calendar: Civil) -> bool:
        return self.quiet_hours is None or not self.quiet_hours.also_days_off or calendar.is_working(day)


def read_clock(node: Node) -> RuleClock:
    """Read a clock file; raises BadDefinition with every fault."""
    faults = Faults()
    keys = node.fields(required=("calendar", "look_at"), optional=("quiet_hours", "digest", "cap"))
    calendar = faults.reading(keys["calendar"].text) or ""
    look_at = faults.reading(_hour, keys["look_at"]) or time.min
    quiet_hours = faults.reading(_quiet_hours, keys["quiet_hours"]) if "quiet_hours" in keys else None
    digest_at = faults.reading(_digest, keys["digest"]) if "digest" in keys else None
    cap = faults.reading(_cap, keys["cap"]) if "cap" in keys else CAP
    faults.settle()
    problems = _clashes(keys, look_at, quiet_hours, digest_at)
    if problems:
        raise BadDefinition(problems)
    return RuleClock(calendar, look_at, quiet_hours, digest_at, CAP if cap is None else cap)


def _clashes(
    keys: Mapping[str, Node], look_at: time, quiet_hours: QuietHours | None, digest_at: time | None
) -> list[Problem]:
    """Name hours that do not go together: what is looked for after the digest waits a whole day."""
    problems = []
    if digest_at is not None and look_at >= digest_at:
        message = f"rules look at {look_at:%H:%M}, which is too late for the digest at {digest_at:%H:%M}"
        problems.append(keys["look_at"].problem(f"{message}; look earlier, or send the digest later"))
    if digest_at is not None and quiet_hours is not None and quiet_hours.is_quiet(digest_at):
        hours = f"{quiet_hours.begins:%H:%M} to {quiet_hours.ends:%H:%M}"
        problems.append(
            keys["digest"].problem(f"the digest at {digest_at:%H:%M} lies in the quiet hours, {hours}")
        )
    return problems


def _hour(node: Node) -> time:
    written = node.text()
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", written):
        raise node.bad(f"expected a time of day such as '07:45', but found '{written}'")
    return time.fromisoformat(written)


def _quiet_hours(node: Node) -> QuietHours:
    keys = node.fields(required=("from", "to"), optional=("also",))
    begins, ends = _hour(keys["from"]), _hour(keys["to"])
    if begins == ends:
        raise keys["to"].bad(f"quiet hours from {begins:%H:%M} to {ends:%H:%M} are none; give two hours")
    also = "also" in keys and keys["also"].one_of([ALSO], "something that can be quiet too") == ALSO
    return QuietHours(begins, ends, also)


def _digest(node: Node) -> time:
    return _hour(node.fields(required=("at",))["at"])


def _cap(node: Node) -> int:
    cap = node.whole()
    if not 1 <= cap <= 100_000:
        raise node.bad(f"expected a whole number from 1 to 100000, but found {cap}")
    return cap
