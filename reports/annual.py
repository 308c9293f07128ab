"""The annual report of a group for one programme year, in the order in which such groups have always told it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from assurance.queries.annual import Tx, year_as_at
from assurance.queries.year import ChangeKind, PostChange, PostThen, YearThen
from reports.annual_audit import audit_section
from reports.annual_improvement import improvement_section
from reports.document import Block, Bullets, Column, Paragraph, Section, Table
from reports.standing import cited
from reports.wording import day, listed, number, sentence, several, short_day, years

DAYS_PAST = (
    "Days past the original date are counted from the date first agreed, however often it was moved since: "
    "to the day on which the agency reported completion, or else to the day for which this report speaks."
)
NO_CASES = (
    "This report holds counts only. It names no child, family or adult, no case and no person, and it tells "
    "no finding of a single case; shares of fewer than five answers are left out."
)


@dataclass(frozen=True, slots=True)
class AnnualReport:
    """A report ready to be written in any format; `generated_at` carries the group's own zone."""

    title: str
    board: str
    year: str
    as_at: date
    generated_at: datetime
    sections: tuple[Section, ...]
    footer: tuple[str, ...]


def annual_report(tx: Tx, year: str, as_at: date | None = None) -> AnnualReport:
    """Write the annual report of the actor's group for one programme year, as at the end of a day.

    Without a day it is the last one of the year, or today while the year still runs.
    Raises Refused for a year without a programme, and for a day before the year or still to come.
    """
    return report_of(year_as_at(tx, year, as_at))


def report_of(then: YearThen) -> AnnualReport:
    """Put a year that was read into sections, sentences and tables."""
    return AnnualReport(
        title=f"{then.group.name}: annual report {years(then.year)}",
        board=then.group.board,
        year=then.year,
        as_at=then.as_at,
        generated_at=then.read_at,
        sections=(
            Section("Purpose of the group", (Paragraph(sentence(then.group.purpose)),)),
            _functions(then),
            _membership(then),
            _frequency(then),
            _performance(then),
            improvement_section(then),
            _future(then),
        ),
        footer=_footer(then),
    )


def _functions(then: YearThen) -> Section:
    intro = Paragraph(f"The members of the {then.group.name} have these functions:")
    return Section("Functions", (intro, Bullets(then.group.functions)))


def _membership(then: YearThen) -> Section:
    on = min(then.as_at, then.ends_on)
    if not then.members:
        return Section("Membership", (Paragraph(f"No post sat in the group on {day(on)}."),))
    intro = Paragraph(f"These posts sat in the group on {day(on)}:")
    return Section("Membership", (intro, Bullets(tuple(_member(post) for post in then.members))))


def _member(post: PostThen) -> str:
    records = f" ({listed(post.records)})" if post.records else ""
    return f"{_post(post)}{records}{', vacant' if post.is_vacant else ''}"


def _post(post: PostThen) -> str:
    return post.title if post.agency is None else f"{post.title}, {post.agency}"


def _frequency(then: YearThen) -> Section:
    chair = () if then.chair is None else (f"The group is chaired by the {_post(then.chair)}.",)
    second = Paragraph(" ".join((*chair, _meetings(then))))
    return Section("Frequency", (Paragraph(sentence(then.group.frequency)), second, *_changes(then)))


def _meetings(then: YearThen) -> str:
    held = [day(meeting.on) for meeting in then.meetings if meeting.on <= then.as_at]
    to_come = [day(meeting.on) for meeting in then.meetings if meeting.on > then.as_at]
    year = years(then.year)
    times = {1: "once", 2: "twice"}.get(len(held), f"{number(len(held))} times")
    said = (
        f"During {year} it met {times}: on {listed(held)}." if held else f"It has not yet met during {year}."
    )
    return f"{said} It is still to meet on {listed(to_come)}." if to_come else said


def _changes(then: YearThen) -> tuple[Block, ...]:
    if not then.changes:
        return (Paragraph(f"Membership did not change during {years(then.year)}."),)
    intro = Paragraph(f"Membership changed during {years(then.year)}:")
    return intro, Bullets(tuple(_change(change) for change in then.changes))


def _change(change: PostChange) -> str:
    post = _post(change.post)
    if change.kind is ChangeKind.JOINED:
        return f"{post}: joined the group on {day(change.on)}."
    if change.kind is ChangeKind.CHANGED_HANDS:
        return f"{post}: the post passed to a new holder on {day(change.on)}."
    return f"{post}: the post was last held on {day(change.on)} and is vacant."


def _performance(then: YearThen) -> Section:
    title = "Performance and effectiveness of work undertaken"
    if not then.audits:
        return Section(title, (Paragraph(f"No audit of the {years(then.year)} programme had begun."),))
    audits = several(len(then.audits), "audit")
    cases = several(sum(one.number for audit in then.audits for one in audit.cases), "case")
    aims = several(sum(len(audit.aims) for audit in then.audits), "aim")
    made = several(len(cited(then)), "multi-agency strategic recommendation")
    intro = Paragraph(
        f"The programme of {years(then.year)} has {audits}, of {cases} in all, with {aims} and {made}. Recommendations are "
        "cited by audit and number: 1.2 is the second recommendation of audit 1."
    )
    sections = tuple(
        audit_section(audit, place=place, as_at=then.as_at)
        for place, audit in enumerate(then.audits, start=1)
    )
    return Section(title, (intro, _overview(then)), sections)


def _overview(then: YearThen) -> Table:
    figures = [
        (
            sum(one.number for one in audit.cases),
            len(audit.aims),
            audit.returns.asked,
            len(audit.strategic),
        )
        for audit in then.audits
    ]
    rows = [
        (f"{place}. {audit.theme}", short_day(audit.held_on), *(str(figure) for figure in row))
        for place, (audit, row) in enumerate(zip(then.audits, figures, strict=True), start=1)
    ]
    total = tuple(str(sum(column)) for column in zip(*figures, strict=True))
    columns = ("Cases", "Aims", "Returns asked for", "Strategic recommendations")
    return Table(
        f"Audits of the {years(then.year)} programme",
        (Column("Audit"), Column("Held", is_day=True), *(Column(title, is_number=True) for title in columns)),
        (*rows, ("All audits", "", *total)),
    )


def _future(then: YearThen) -> Section:
    again = [
        f"The theme of audit {place} is to be audited again from {day(audit.re_audit_due_on)}."
        for place, audit in enumerate(then.audits, start=1)
        if audit.re_audit_due_on is not None
    ]
    blocks: tuple[Block, ...] = (Paragraph("No themes have been planned yet for the next programme."),)
    if then.next_year is not None and then.next_themes:
        intro = f"The group plans to audit these themes during {years(then.next_year)}:"
        blocks = (Paragraph(intro), Bullets(then.next_themes))
    return Section("Future plans", (*blocks, *(Paragraph(text) for text in again)))


def _footer(then: YearThen) -> tuple[str, ...]:
    chair = () if then.chair is None else (f"Presented by the {_post(then.chair)}, chair of the group.",)
    note = (then.group.note,) if then.group.note else ()
    return (
        *chair,
        f"States and dates are those at the end of {day(then.as_at)}.",
        DAYS_PAST,
        NO_CASES,
        *note,
        *_sealed(then),
    )


def _sealed(then: YearThen) -> tuple[str, ...]:
    """Print the newest checkpoint: on paper, it shows later what was cut off or written anew."""
    last = then.checkpoint
    if last is None:
        return ()
    said = f"The history of the group, from which this was read, bears checkpoint {last.number} of {day(last.taken_at)}"
    return (f"{said}, with the fingerprint {last.fingerprint}.",)
