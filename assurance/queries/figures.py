"""What a dashboard is made of: frozen counts, as one viewer may know them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from assurance.queries.year import RepeatedAim
from engine.moved import Ref


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of the work figures are about; nothing given is all of it."""

    year: str | None = None
    audit_id: int | None = None
    agency_id: int | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One audit or agency by which figures can be narrowed."""

    id: int
    title: str


@dataclass(frozen=True, slots=True)
class Choices:
    """By what figures can be narrowed; audits with the newest first."""

    years: tuple[str, ...]
    audits: tuple[Choice, ...]
    agencies: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """Actions of one audit or agency by state; `counts` stand in the order of the states."""

    title: str
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """Give how many actions there are."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Stage:
    """How long an audit was in one stage, in all; `expected` is in working days, where its workflow says so."""

    title: str
    days: int
    working_days: int
    expected: int | None

    @property
    def is_longer(self) -> bool:
        """Say whether it took longer than expected."""
        return self.expected is not None and self.working_days > self.expected


@dataclass(frozen=True, slots=True)
class StageTimes:
    """One audit's way: its stages in the order in which it came to them; the last is where it stands."""

    ref: Ref
    title: str
    is_over: bool
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """Actions that are overdue by so many working days; no `most` for the last band."""

    least: int
    most: int | None
    number: int


@dataclass(frozen=True, slots=True)
class Overdue:
    """Open actions past the date agreed now, by age; and what no such count shows."""

    bands: tuple[Band, ...]
    open: int
    undated: int
    moved: int

    @property
    def total(self) -> int:
        """Give how many are overdue."""
        return sum(band.number for band in self.bands)


@dataclass(frozen=True, slots=True)
class InTime:
    """Actions first due in one quarter that has come: confirmed by that day, later, or still open."""

    first_on: date
    last_on: date
    in_time: int
    later: int
    open: int

    @property
    def total(self) -> int:
        """Give how many were first due in the quarter."""
        return self.in_time + self.later + self.open


@dataclass(frozen=True, slots=True)
class ReturnsOf:
    """One agency's returns, pooled over all cases: when they first came, beside the day first agreed."""

    agency: str
    in_time: int
    late: int
    overdue: int
    not_due: int
    waived: int

    @property
    def came(self) -> int:
        """Give how many have come."""
        return self.in_time + self.late

    @property
    def asked(self) -> int:
        """Give how many were asked for."""
        return self.came + self.overdue + self.not_due + self.waived


@dataclass(frozen=True, slots=True)
class Dashboard:
    """How the group's work stands today, as far as one viewer may know it.

    `states` names the states of actions in the order of their life; `settled` those in which nothing is left to do.
    """

    on: date
    scope: Scope
    choices: Choices
    states: tuple[str, ...]
    settled: frozenset[str]
    by_audit: tuple[Progress, ...]
    by_agency: tuple[Progress, ...]
    stages: tuple[StageTimes, ...]
    overdue: Overdue
    closed: tuple[InTime, ...]
    returns: tuple[ReturnsOf, ...]
    repeated: tuple[RepeatedAim, ...]
