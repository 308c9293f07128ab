"""One audit's part of the annual report: why, what it asked, how members audited, what should change, how that goes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from assurance.queries.year import AuditThen, FindingCounts, RecommendationThen, RecordsRead, ReturnCounts
from reports.document import Block, Bullets, Column, Numbered, Paragraph, Section, Table
from reports.standing import CLOSED_WITH_REASON, action_words, days_past_original, standing_of
from reports.wording import (
    NOTHING,
    begun,
    day,
    listed,
    month,
    number,
    plural,
    sentence,
    several,
    short_day,
    verb,
)

PROGRESS_COLUMNS = (
    Column("Recommendation"),
    Column("Agency"),
    Column("State"),
    Column("Original date", is_day=True),
    Column("Current date", is_day=True),
    Column("Times moved", is_number=True),
    Column("Days past original", is_number=True),
)
ANSWERS = {
    "asked": "Asked, no answer yet",
    "accepted": "Accepted, no action yet",
    "not_accepted": "Not accepted",
}


def audit_section(audit: AuditThen, *, place: int, as_at: date) -> Section:
    """Tell of one audit as it stood on a day; `place` is its number in the report."""
    return Section(
        f"Audit {place}: {audit.theme}",
        (
            Paragraph(_what(audit)),
            *_aims(audit),
            *_how(audit),
            *_recommendations(audit),
        ),
        tuple(_progress(audit, place=place, as_at=as_at)),
    )


def _what(audit: AuditThen) -> str:
    back = f"Files were read {several(audit.look_back_months, 'month')} back."
    return (
        f"{_held(audit)} {back} Scope: {sentence(audit.scope)} "
        f"Source ({audit.source_kind}): {sentence(audit.source)}"
    )


def _held(audit: AuditThen) -> str:
    cases = _cases(audit)
    if audit.state == "cancelled":
        return f"This audit of {cases} was cancelled."
    if audit.held_on is not None:
        return f"In {month(audit.held_on)} the group audited {cases}."
    if audit.meeting_on is not None:
        return f"The group is to look at {cases} together on {day(audit.meeting_on)}."
    return f"This audit of {cases} is being prepared."


def _cases(audit: AuditThen) -> str:
    if not audit.cases:
        return several(audit.case_target, "case")
    if len(audit.cases) == 1:
        return several(audit.cases[0].number, audit.cases[0].kind)
    # Which of few cases was the only adult, say, could tell who it is: kinds are named, not counted.
    kinds = listed([plural(one.kind) for one in audit.cases])
    return f"{several(sum(one.number for one in audit.cases), 'case')} ({kinds})"


def _aims(audit: AuditThen) -> tuple[Block, ...]:
    if not audit.aims:
        return (Paragraph("Its aims are still to be written down."),)
    return Paragraph("The audit asked:"), Bullets(audit.aims)


def _how(audit: AuditThen) -> Iterator[Block]:
    returns, read = audit.returns, audit.records_read
    if not returns.asked:
        yield Paragraph("The agencies have not been asked for their returns yet.")
        return
    agencies = list(dict.fromkeys(one.agency for one in read))
    yield Paragraph(
        "Members audited their own records with their organisations’ audit tools before the meeting, and brought "
        "what they had found to it. These records were read (in brackets the audit tool that was used):"
    )
    yield Bullets(tuple(_records(agency, read) for agency in agencies))
    asked = begun(several(returns.asked, "return"))
    sources = f"{several(len(read), 'record set')} of {several(len(agencies), 'agency')}"
    yield Paragraph(
        f"{asked} {verb(returns.asked, 'was')} asked for, from {sources}: {_came_of(returns)}. {_in_time(returns)}"
        f"{_pooled(audit.findings)}"
    )


def _records(agency: str, read: tuple[RecordsRead, ...]) -> str:
    theirs = [
        f"{one.records} ({listed(one.tools) or 'tool not stated'})" for one in read if one.agency == agency
    ]
    return f"{agency}: {'; '.join(theirs)}"


def _came_of(returns: ReturnCounts) -> str:
    parts = [f"{number(returns.accepted)} {verb(returns.accepted, 'was')} accepted"]
    if returns.not_known:
        parts.append(f"{number(returns.not_known)} said “not known to us”")
    if returns.waived:
        parts.append(
            f"{number(returns.waived)} {verb(returns.waived, 'was')} waived by the chair with a reason"
        )
    if returns.outstanding:
        parts.append(f"{number(returns.outstanding)} {verb(returns.outstanding, 'is')} outstanding")
    return listed(parts)


def _in_time(returns: ReturnCounts) -> str:
    parts = []
    if returns.late:
        parts.append(f"{number(returns.late)} came late")
    if returns.overdue:
        parts.append(f"{number(returns.overdue)} {verb(returns.overdue, 'is')} overdue")
    return begun(f"{listed(parts) or 'none came late'}, reckoned from the day first agreed.")


def _pooled(findings: FindingCounts) -> str:
    counts = (
        (findings.strengths, "strength"),
        (findings.areas_for_development, "area for development"),
        (findings.learning_points, "learning point"),
    )
    kinds = [several(count, noun) for count, noun in counts if count]
    return f" Looking at all returns together, the group recorded {listed(kinds)}." if kinds else ""


def _recommendations(audit: AuditThen) -> Iterator[Block]:
    if audit.strategic:
        made = several(len(audit.strategic), "multi-agency strategic recommendation")
        yield Paragraph(f"The audit made {made}:")
        yield Numbered(tuple(one.text for one in audit.strategic))
    else:
        yield Paragraph("The audit has made no multi-agency strategic recommendation so far.")
    if audit.individual_practice:
        practice = several(audit.individual_practice, "individual practice recommendation")
        stays = verb(audit.individual_practice, "stays")
        yield Paragraph(f"It also made {practice}, which {stays} with the agency concerned and the chair.")


def _progress(audit: AuditThen, *, place: int, as_at: date) -> Iterator[Section]:
    if not audit.strategic:
        return
    rows = tuple(row for one in audit.strategic for row in _rows(one, place=place, as_at=as_at))
    table = Table(
        f"Recommendations of audit {place}: progress as at {day(as_at)}", PROGRESS_COLUMNS, rows, heads=2
    )
    yield Section(f"Progress of audit {place}", (table, Paragraph(_spread(audit))))


def _rows(one: RecommendationThen, *, place: int, as_at: date) -> Iterator[tuple[str, ...]]:
    citation, no_dates = f"{place}.{one.number}", (NOTHING,) * 4
    standing = standing_of(one, as_at=as_at)
    if standing in CLOSED_WITH_REASON:
        yield citation, "All agencies", begun(standing), *no_dates
        return
    for action in one.actions:
        yield (
            citation,
            action.agency,
            action_words(action, as_at=as_at),
            short_day(action.original_due_on),
            short_day(action.current_due_on),
            str(action.times_moved),
            str(days_past_original(action, as_at=as_at)),
        )
    planned = {action.agency for action in one.actions}
    for answer in one.answers:
        if answer.agency not in planned:
            yield citation, answer.agency, ANSWERS[answer.answer], *no_dates


def _spread(audit: AuditThen) -> str:
    spread = audit.spread
    if not spread.agencies:
        return "No agency has reported yet how it spread the learning."
    who = f"{begun(number(spread.agencies))} of the {several(spread.took_part, 'agency')} that took part"
    if spread.agencies >= spread.took_part:
        who = (
            f"All {several(spread.took_part, 'agency')} that took part"
            if spread.took_part > 1
            else "The agency that took part"
        )
    has = verb(spread.agencies, "has")
    return f"{who} {has} spread the learning; it has reached {several(spread.reached, 'person')}."
