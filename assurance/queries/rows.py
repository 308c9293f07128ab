"""What lists are made of: one frozen row for each noun, as pages, tables and programs read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

from engine.moved import Ref

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows of a list are asked for; nothing given is everything."""

    state: str | None = None
    audit_id: int | None = None
    only_late: bool = False


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """The rows that the viewer may see, and the number of those that are for others."""

    rows: tuple[T, ...]
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One audit; `returns_outstanding` and `recommendations_unfinished` are what it still waits for."""

    ref: Ref
    reference: str
    theme: str
    state: str
    stage: str
    since_on: date
    meeting_on: date | None
    cases: int
    aims: int
    returns: int
    returns_outstanding: int
    recommendations: int
    recommendations_unfinished: int


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """One return; `days_late` counts from the day on which it was first due."""

    ref: Ref
    audit: str
    case: str
    agency: str
    records: str
    state: str
    state_title: str
    due_on: date
    original_due_on: date
    submitted_on: date | None
    days_late: int
    answers: int
    answers_missing: int
    tool: str | None


@dataclass(frozen=True, slots=True)
class RecommendationRow:
    """One recommendation; `agency` is set for an individual practice one."""

    ref: Ref
    audit: str
    number: int
    type: str
    agency: str | None
    text: str
    state: str
    state_title: str
    actions: int
    actions_open: int
    implemented_on: date | None
    embedded_check_on: date | None
    embedded_on: date | None


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One action with its honest dates: what was agreed first, what is agreed now, and what the owner says.

    While it waits for another agency the owner's clock stands still; `chased_from_on` is the day on which it runs out.
    """

    ref: Ref
    recommendation: Ref
    audit: str
    agency: str
    text: str
    owner: str | None
    state: str
    state_title: str
    original_due_on: date | None
    current_due_on: date | None
    times_moved: int
    days_past_original: int
    is_overdue: bool
    rating: str | None
    waiting_on: str | None
    waiting_since_on: date | None
    working_days_waited: int
    chased_from_on: date | None


@dataclass(frozen=True, slots=True)
class ConcernRow:
    """One immediate concern; its words stay on its own page."""

    ref: Ref
    audit: str | None
    agency: str
    state: str
    state_title: str
    raised_on: date
    acknowledged_on: date | None


@dataclass(frozen=True, slots=True)
class MatterRow:
    """One subject of a kind that stands in YAML only."""

    ref: Ref
    title: str
    state: str
    state_title: str
    since_on: date
    agency: str | None
    parent: Ref | None


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """One decision that was asked for; `waits_for` names who may answer today, `so_far` how far several are."""

    ref: Ref
    about: Ref
    audit: str | None
    step: str
    asked_by: str
    asked_on: date
    state: str
    state_title: str
    waits_for: tuple[str, ...]
    so_far: str
    decided_by: str | None
    decided_on: date | None


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case under its random reference, and how far its returns are."""

    case: str
    audit: str
    kind: str
    criterion: str
    returns: int
    returns_outstanding: int


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding, pooled; `case` stays empty for whoever may not see it. `leads_to` holds recommendations."""

    audit: str
    number: int
    aim: int
    kind: str
    text: str
    case: str | None
    leads_to: tuple[Ref, ...]
    none_needed: str | None


@dataclass(frozen=True, slots=True)
class MeetingRow:
    """One meeting, from its instant on, and the audits whose returns it looks at."""

    ref: Ref
    key: str
    title: str
    at: datetime
    ends_at: datetime
    on: date
    place: str
    state: str
    state_title: str
    audits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person by the key that `--as` takes, with the posts held today."""

    key: str
    name: str
    email: str
    posts: tuple[str, ...]
    away_until: date | None


@dataclass(frozen=True, slots=True)
class AgencyRow:
    """One agency, its record sets and who leads there today."""

    key: str
    name: str
    records: tuple[str, ...]
    leads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MailRow:
    """One message on its way; `answer` is what the mail server, or the maildir, said last, or why it was withdrawn.

    One that waits for its hour is `held`, in the group's own time until `held_until`.
    """

    ref: Ref
    to: str
    address: str
    subject: str
    template: str
    severity: str
    cause: str
    state: str
    created_at: datetime
    sent_at: datetime | None
    attempts: int
    answer: str | None
    held_until: datetime | None


@dataclass(frozen=True, slots=True)
class Overview:
    """One line of what there is: how many of a kind, in which states, and how many wait or are late."""

    what: str
    number: int
    states: tuple[tuple[str, int], ...] = ()
    note: str = ""
