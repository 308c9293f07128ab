"""One programme year of a group as it stood on a day: the values from which reports are made.

Nothing here is about a single case: no reference, no finding, no answer of one return.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from assurance.queries.checkpoints import Printed


@dataclass(frozen=True, slots=True)
class GroupThen:
    """Who reports: the group's own words about itself; `note` says what in the data is only illustrative."""

    name: str
    board: str
    purpose: str
    functions: tuple[str, ...]
    frequency: str
    note: str


@dataclass(frozen=True, slots=True)
class PostThen:
    """A post, never its holder; `records` are the record sets for which it answers."""

    title: str
    agency: str | None
    records: tuple[str, ...] = ()
    is_vacant: bool = False


class ChangeKind(StrEnum):
    """What happened to a post."""

    JOINED = "joined"
    CHANGED_HANDS = "changed hands"
    FELL_VACANT = "fell vacant"


@dataclass(frozen=True, slots=True)
class PostChange:
    """A change in who sits in the group, reckoned from the days on which posts were held."""

    on: date
    kind: ChangeKind
    post: PostThen


@dataclass(frozen=True, slots=True)
class MeetingThen:
    """A meeting of the year."""

    on: date
    title: str


@dataclass(frozen=True, slots=True)
class Share:
    """How many answers said `yes`, of all that were applicable."""

    yes: int
    asked: int


@dataclass(frozen=True, slots=True)
class CaseCount:
    """How many cases of one kind an audit looked at."""

    kind: str
    number: int


@dataclass(frozen=True, slots=True)
class ReturnCounts:
    """What came of the returns that were asked for, over all agencies and cases together.

    `late` ones first came after the day on which they were first due; `overdue` ones are still owed after it.
    """

    asked: int
    accepted: int
    not_known: int
    waived: int
    outstanding: int
    late: int
    overdue: int


@dataclass(frozen=True, slots=True)
class RecordsRead:
    """One agency's record set in one audit: its own tools, and how late its returns came or are, in days."""

    agency: str
    records: str
    tools: tuple[str, ...]
    asked: int
    late: int
    waived: int
    longest_delay: int
    escalated_on: date | None


@dataclass(frozen=True, slots=True)
class FindingCounts:
    """How many findings of each kind the group recorded, pooled over all cases."""

    strengths: int
    areas_for_development: int
    learning_points: int


@dataclass(frozen=True, slots=True)
class ActionThen:
    """One agency's action, with the date first agreed beside the present one; `called` is its state in words."""

    agency: str
    state: str
    called: str
    original_due_on: date | None
    current_due_on: date | None
    times_moved: int
    confirmed_on: date | None
    escalated_on: date | None


@dataclass(frozen=True, slots=True)
class AgencyAnswerThen:
    """Whether one agency takes a recommendation on: `asked`, `accepted` or `not_accepted`."""

    agency: str
    answer: str
    reason: str


@dataclass(frozen=True, slots=True)
class MeasuredThen:
    """The same aim asked again by a later audit: shares of `yes` before and after."""

    on: date
    later_reference: str
    later_theme: str
    before: Share
    after: Share
    is_better: bool


@dataclass(frozen=True, slots=True)
class RecommendationThen:
    """A multi-agency strategic recommendation. `reason` belongs to the move by which it came to its state.

    `not_lasted_on` is the last day on which it was judged not to have lasted, also where it was opened again since.
    """

    number: int
    text: str
    state: str
    came_by: str
    came_on: date
    reason: str
    agreed_on: date | None
    implemented_on: date | None
    embedded_check_on: date | None
    embedded_on: date | None
    not_lasted_on: date | None
    answers: tuple[AgencyAnswerThen, ...]
    actions: tuple[ActionThen, ...]
    measured: tuple[MeasuredThen, ...]
    later_evidence: int


@dataclass(frozen=True, slots=True)
class Spread:
    """How far the learning of an audit has gone: agencies that have spread it, of those that took part."""

    agencies: int
    took_part: int
    reached: int


@dataclass(frozen=True, slots=True)
class AuditThen:
    """One thematic audit. `held_on` is the day of the group's joint look at the returns."""

    reference: str
    theme: str
    source_kind: str
    source: str
    scope: str
    look_back_months: int
    state: str
    meeting_on: date | None
    held_on: date | None
    case_target: int
    cases: tuple[CaseCount, ...]
    aims: tuple[str, ...]
    returns: ReturnCounts
    records_read: tuple[RecordsRead, ...]
    findings: FindingCounts
    strategic: tuple[RecommendationThen, ...]
    individual_practice: int
    spread: Spread
    re_audit_due_on: date | None


@dataclass(frozen=True, slots=True)
class AskedIn:
    """One audit's answers to a repeated aim."""

    reference: str
    theme: str
    share: Share


@dataclass(frozen=True, slots=True)
class RepeatedAim:
    """An aim that several audits asked, oldest first; `text` is the wording of the first."""

    text: str
    asked_in: tuple[AskedIn, ...]


@dataclass(frozen=True, slots=True)
class DateRequests:
    """What became of the requests to move an action's date."""

    granted: int
    refused: int
    waiting: int


@dataclass(frozen=True, slots=True)
class YearThen:
    """A programme year as it stood at the end of `as_at`; `checkpoint` is the newest one when it was read."""

    year: str
    starts_on: date
    ends_on: date
    as_at: date
    read_at: datetime
    group: GroupThen
    chair: PostThen | None
    members: tuple[PostThen, ...]
    changes: tuple[PostChange, ...]
    meetings: tuple[MeetingThen, ...]
    audits: tuple[AuditThen, ...]
    repeated_aims: tuple[RepeatedAim, ...]
    date_requests: DateRequests
    next_year: str | None
    next_themes: tuple[str, ...]
    checkpoint: Printed | None = None
