"""Years as they might be read, for tests of what a report makes of them; every test changes what it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from assurance.queries.year import (
    ActionThen,
    AuditThen,
    CaseCount,
    DateRequests,
    FindingCounts,
    GroupThen,
    MeetingThen,
    PostThen,
    RecommendationThen,
    RecordsRead,
    ReturnCounts,
    Spread,
    YearThen,
)
from reports.document import Block, Bullets, Numbered, Paragraph, Section, Table

AS_AT = date(2015, 3, 31)


def on(text: str) -> date:
    """Give a day such as 2014-09-16."""
    return date.fromisoformat(text)


def an_action(agency: str = "The Council", **changes: Any) -> ActionThen:
    """Give an action in progress and on target."""
    action = ActionThen(
        agency=agency,
        state="in_progress",
        called="In progress",
        original_due_on=on("2015-06-30"),
        current_due_on=on("2015-06-30"),
        times_moved=0,
        confirmed_on=None,
        escalated_on=None,
    )
    return replace(action, **changes)


def a_recommendation(number: int = 1, **changes: Any) -> RecommendationThen:
    """Give a recommendation in progress, with one action on target."""
    recommendation = RecommendationThen(
        number=number,
        text=f"Agencies should do thing {number}.",
        state="in_progress",
        came_by="begin",
        came_on=on("2014-10-22"),
        reason="",
        agreed_on=on("2014-09-22"),
        implemented_on=None,
        embedded_check_on=None,
        embedded_on=None,
        not_lasted_on=None,
        answers=(),
        actions=(an_action(),),
        measured=(),
        later_evidence=0,
    )
    return replace(recommendation, **changes)


def records_read(agency: str = "The Council", **changes: Any) -> RecordsRead:
    """Give a record set whose four returns all came in time."""
    read = RecordsRead(
        agency=agency,
        records="School records",
        tools=("File audit form",),
        asked=4,
        late=0,
        waived=0,
        longest_delay=0,
        escalated_on=None,
    )
    return replace(read, **changes)


def an_audit(number: int = 1, **changes: Any) -> AuditThen:
    """Give an audit of four families that was held, with one recommendation."""
    audit = AuditThen(
        reference=f"2014-15/{number}",
        theme=f"Theme {number}",
        source_kind="review",
        source="the review of Family L",
        scope="cases open for three years",
        look_back_months=12,
        state="actions",
        meeting_on=on("2014-09-16"),
        held_on=on("2014-09-16"),
        case_target=4,
        cases=(CaseCount("family", 4),),
        aims=("Was information shared?", "Were men considered?"),
        returns=ReturnCounts(asked=4, accepted=4, not_known=0, waived=0, outstanding=0, late=0, overdue=0),
        records_read=(records_read(),),
        findings=FindingCounts(0, 0, 0),
        strategic=(a_recommendation(),),
        individual_practice=0,
        spread=Spread(0, 1, 0),
        re_audit_due_on=None,
    )
    return replace(audit, **changes)


def a_year(*audits: AuditThen, **changes: Any) -> YearThen:
    """Give the year 2014-15 of a small group as at its last day."""
    year = YearThen(
        year="2014-15",
        starts_on=on("2014-04-01"),
        ends_on=AS_AT,
        as_at=AS_AT,
        read_at=datetime(2015, 4, 20, 9, 5, tzinfo=ZoneInfo("Europe/London")),
        group=GroupThen(
            name="Quality Assurance sub group",
            board="Safeguarding Children Board",
            purpose="To read case files together.",
            functions=("Choose themes", "Spread the learning"),
            frequency="The group meets every quarter.",
            note="",
        ),
        chair=PostThen("Designated Nurse", "The CCG"),
        members=(
            PostThen("Service Manager", "The Council", ("School records",)),
            PostThen("Lay Member", None),
        ),
        changes=(),
        meetings=(MeetingThen(on("2014-09-16"), "September meeting"),),
        audits=audits,
        repeated_aims=(),
        date_requests=DateRequests(0, 0, 0),
        next_year="2015-16",
        next_themes=("Neglect",),
    )
    return replace(year, **changes)


def lines(section: Section) -> list[str]:
    """Give everything that stands in a section and below it, as lines of text; a row's cells are set apart by |."""
    own = [line for block in section.blocks for line in _lines(block)]
    return [*own, *(line for inner in section.sections for line in lines(inner))]


def told(section: Section) -> str:
    """Give the whole of a section as one text."""
    return "\n".join(lines(section))


def _lines(block: Block) -> list[str]:
    match block:
        case Paragraph(text):
            return [text]
        case Bullets(items) | Numbered(items):
            return list(items)
        case Table():
            titles = tuple(column.title for column in block.columns)
            return [block.caption, *("|".join(row) for row in (titles, *block.rows))]
