"""Where the recommendations of a year stand, each with its actions: what a board asks between two annual reports."""

from __future__ import annotations

from assurance.queries.year import AuditThen, YearThen
from reports.document import Block, Column, Paragraph, Section, Table
from reports.standing import action_words, days_past_original, standing_of
from reports.wording import NOTHING, begun, day, several, short_day


def standing_sections(then: YearThen) -> tuple[Section, ...]:
    """Give a section for each audit of the year: its strategic recommendations, and their actions with honest dates."""
    return tuple(
        Section(f"Audit {place}: {audit.theme}", tuple(_blocks(then, audit, place)))
        for place, audit in enumerate(then.audits, start=1)
    )


def _blocks(then: YearThen, audit: AuditThen, place: int) -> list[Block]:
    if not audit.strategic:
        return [Paragraph("No multi-agency strategic recommendation has been made yet.")]
    blocks: list[Block] = [_recommendations(then, audit, place)]
    if any(one.actions for one in audit.strategic):
        blocks.append(_actions(then, audit, place))
    if audit.individual_practice:
        others = several(audit.individual_practice, "recommendation")
        blocks.append(
            Paragraph(f"{begun(others)} for individual practice stay with their own agencies.")
            if audit.individual_practice > 1
            else Paragraph("One recommendation for individual practice stays with its own agency.")
        )
    return blocks


def _recommendations(then: YearThen, audit: AuditThen, place: int) -> Table:
    rows = tuple(
        (
            f"{place}.{one.number}",
            one.text,
            begun(standing_of(one, as_at=then.as_at)),
            short_day(one.implemented_on),
            short_day(one.embedded_on),
        )
        for one in audit.strategic
    )
    columns = (
        Column("No."),
        Column("Recommendation"),
        Column("Standing"),
        Column("Completed", is_day=True),
        Column("Lasted", is_day=True),
    )
    return Table(f"Recommendations of audit {place} as at {day(then.as_at)}", columns, rows)


def _actions(then: YearThen, audit: AuditThen, place: int) -> Table:
    rows = tuple(
        (
            f"{place}.{one.number}",
            action.agency,
            action_words(action, as_at=then.as_at),
            short_day(action.original_due_on),
            short_day(action.current_due_on),
            str(action.times_moved),
            str(days_past_original(action, as_at=then.as_at)) if action.original_due_on else NOTHING,
        )
        for one in audit.strategic
        for action in one.actions
    )
    columns = (
        Column("No."),
        Column("Agency"),
        Column("State"),
        Column("Original date", is_day=True),
        Column("Current date", is_day=True),
        Column("Times moved", is_number=True),
        Column("Days past original", is_number=True),
    )
    return Table(f"Actions of audit {place} as at {day(then.as_at)}", columns, rows, heads=2)
