"""Areas for improvement: what came late, what moves slowly, what was asked again, and what has lasted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assurance.queries.year import ActionThen, RecommendationThen, RepeatedAim, Share, YearThen
from reports.document import Block, Bullets, Column, Paragraph, Section, Table
from reports.standing import (
    CLOSED_WITH_REASON,
    Standing,
    action_words,
    cited,
    days_past_original,
    standing_of,
)
from reports.wording import (
    NOTHING,
    begun,
    day,
    listed,
    number,
    sentence,
    several,
    short_day,
    verb,
    years,
)

# A share of fewer answers than this could tell what a single file says.
FEWEST_ANSWERS = 5
ALWAYS_TOLD = (Standing.COMPLETED, Standing.ON_TARGET, Standing.PAST_ORIGINAL, Standing.NOT_ACCEPTED)
ERASED = "The reason is no longer kept."

Cited = tuple[str, RecommendationThen]


def improvement_section(then: YearThen) -> Section:
    """Tell what the group has to get better at, reckoned from its own records."""
    parts = (
        Section("Returns from agencies", tuple(_late_returns(then))),
        Section("Where the recommendations stand", tuple(_standings(then))),
        Section("Actions that move slowly", tuple(_slow_actions(then))),
        Section("Aims that were asked more than once", tuple(_repeated(then))),
        Section("Has the learning lasted?", tuple(_lasted(then))),
    )
    return Section("Areas for improvement and future development", (), parts)


def _late_returns(then: YearThen) -> Iterator[Block]:
    returns = [audit.returns for audit in then.audits]
    asked, waived = sum(one.asked for one in returns), sum(one.waived for one in returns)
    late, overdue = sum(one.late for one in returns), sum(one.overdue for one in returns)
    if not asked:
        yield Paragraph("No return has been asked for yet.")
        return
    told = [f"Of {several(asked, 'return')} asked for, {number(late)} came after the day first agreed"]
    told += [f"{number(overdue)} {verb(overdue, 'is')} overdue"] if overdue else []
    told += [f"the chair waived {number(waived)}"]
    yield Paragraph(f"{listed(told)}.")
    if not late and not overdue and not waived:
        return
    yield _late_table(then)
    later = tuple(_over_the_year(then))
    if later:
        yield Paragraph("Over the year:")
        yield Bullets(later)


def _late_table(then: YearThen) -> Table:
    rows = tuple(
        (
            one.agency,
            one.records,
            f"Audit {place}",
            f"{one.late} of {one.asked}",
            str(one.longest_delay) if one.late else NOTHING,
            str(one.waived),
            short_day(one.escalated_on),
        )
        for place, audit in enumerate(then.audits, start=1)
        for one in audit.records_read
        if one.late or one.waived
    )
    columns = (
        Column("Agency"),
        Column("Records"),
        Column("Audit"),
        Column("Late returns", is_number=True),
        Column("Longest delay in days", is_number=True),
        Column("Waived", is_number=True),
        Column("First escalated on", is_day=True),
    )
    return Table(f"Late and waived returns as at {day(then.as_at)}", columns, rows, heads=2)


def _over_the_year(then: YearThen) -> Iterator[str]:
    """Say for records that came late how it was in each audit, so that a fault that was mended shows as mended."""
    told: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for place, audit in enumerate(then.audits, start=1):
        for one in audit.records_read:
            told.setdefault((one.agency, one.records), []).append((place, one.late))
    for (agency, records), audits in told.items():
        if len(audits) > 1 and any(late for _, late in audits):
            counts = [f"{number(late)} late in audit {place}" for place, late in audits]
            yield f"{records}, {agency}: {listed(counts)}."


def _standings(then: YearThen) -> Iterator[Block]:
    made = cited(then)
    if not made:
        yield Paragraph("No multi-agency strategic recommendation has been made yet.")
        return
    found: dict[Standing, list[Cited]] = {one: [] for one in Standing}
    for citation, one in made:
        found[standing_of(one, as_at=then.as_at)].append((citation, one))
    counts = [f"{number(len(some))} {verb(len(some), 'is')} {one}" for one, some in found.items() if some]
    yield Paragraph(
        f"Of {several(len(made), 'multi-agency strategic recommendation')} made in the audits of {years(then.year)}, as at "
        f"{day(then.as_at)}, {listed(counts)}.{_all_on_target(found, len(made))}"
    )
    yield Table(
        f"Strategic recommendations by standing as at {day(then.as_at)}",
        (Column("Standing"), Column("Number", is_number=True), Column("Which")),
        (
            *(
                (begun(one), str(len(some)), ", ".join(citation for citation, _ in some) or NOTHING)
                for one, some in found.items()
                if some or one in ALWAYS_TOLD
            ),
            ("All", str(len(made)), ""),
        ),
    )
    reasons = (*_reasons(found), *_reasons_of_agencies(made))
    if reasons:
        yield Paragraph("Reasons that were given:")
        yield Bullets(reasons)


def _all_on_target(found: dict[Standing, list[Cited]], made: int) -> str:
    if len(found[Standing.COMPLETED]) + len(found[Standing.ON_TARGET]) < made:
        return ""
    return " So all of them are completed, or in progress and on target."


def _reasons(found: dict[Standing, list[Cited]]) -> Iterator[str]:
    for standing in CLOSED_WITH_REASON:
        for citation, one in found[standing]:
            yield f"Recommendation {citation} was {standing}. {sentence(one.reason) or ERASED}"


def _reasons_of_agencies(made: Sequence[Cited]) -> Iterator[str]:
    for citation, one in made:
        for answer in one.answers:
            if answer.answer == "not_accepted":
                reason = sentence(answer.reason) or ERASED
                yield f"Recommendation {citation} was not accepted by {answer.agency}. {reason}"


def _slow_actions(then: YearThen) -> Iterator[Block]:
    slow = [
        (citation, action)
        for citation, one in cited(then)
        for action in one.actions
        if days_past_original(action, as_at=then.as_at) or action.times_moved or action.escalated_on
    ]
    if not slow:
        yield Paragraph("No action went past the date first agreed, had its date moved, or was escalated.")
    else:
        yield Paragraph(
            f"{begun(several(len(slow), 'action'))} went past the date first agreed, had the date moved, or "
            f"{verb(len(slow), 'was')} escalated:"
        )
        yield _slow_table(slow, then)
    requests = then.date_requests
    answered = [
        f"{number(count)} {verb(count, 'is' if what == 'waiting' else 'was')} {what}"
        for count, what in (
            (requests.granted, "granted"),
            (requests.refused, "refused"),
            (requests.waiting, "waiting"),
        )
        if count
    ]
    if answered:
        yield Paragraph(
            f"Of the requests for a later date, {listed(answered)}. The date first agreed stays on record in every case."
        )


def _slow_table(slow: Sequence[tuple[str, ActionThen]], then: YearThen) -> Table:
    rows = tuple(
        (
            citation,
            action.agency,
            action_words(action, as_at=then.as_at),
            short_day(action.original_due_on),
            short_day(action.current_due_on),
            str(action.times_moved),
            str(days_past_original(action, as_at=then.as_at)),
            short_day(action.escalated_on),
        )
        for citation, action in slow
    )
    columns = (
        Column("Recommendation"),
        Column("Agency"),
        Column("State"),
        Column("Original date", is_day=True),
        Column("Current date", is_day=True),
        Column("Times moved", is_number=True),
        Column("Days past original", is_number=True),
        Column("First escalated on", is_day=True),
    )
    return Table(f"Slow actions as at {day(then.as_at)}", columns, rows, heads=2)


def _repeated(then: YearThen) -> Iterator[Block]:
    if not then.repeated_aims:
        yield Paragraph("No aim of these audits was asked by another audit.")
        return
    yield Paragraph(
        "An aim that comes back shows whether practice has changed. The shares are those of the answers “yes” among all "
        "answers for which the aim applied, over all agencies and cases together. Each audit reads other cases, and "
        "few of them, so that a small difference says little."
    )
    themes = {asked.reference: asked.theme for aim in then.repeated_aims for asked in aim.asked_in}
    own = [audit.reference for audit in then.audits]
    references = [*(one for one in sorted(themes) if one not in own), *(one for one in own if one in themes)]
    columns = (
        Column("Aim"),
        *(Column(begun(_audit_name(then, one, themes[one])), is_number=True) for one in references),
    )
    rows = tuple((aim.text, *_shares(aim, references)) for aim in then.repeated_aims)
    yield Table("Shares of “yes” for aims that several audits asked", columns, rows)


def _audit_name(then: YearThen, reference: str, theme: str) -> str:
    """Cite an audit of this report by its number, another one by its theme and reference."""
    for place, audit in enumerate(then.audits, start=1):
        if audit.reference == reference:
            return f"audit {place}"
    return f"“{theme}” ({years(reference)})"


def _shares(aim: RepeatedAim, references: Sequence[str]) -> Iterator[str]:
    by_reference = {asked.reference: asked.share for asked in aim.asked_in}
    for reference in references:
        yield share_words(by_reference[reference]) if reference in by_reference else "not asked"


def share_words(share: Share) -> str:
    """Write a share of answers as `54% of 28`; too small a number of answers is not told."""
    if not share.asked:
        return "no answers"
    if share.asked < FEWEST_ANSWERS:
        return "too few answers"
    return f"{share.yes * 100 / share.asked:.0f}% of {share.asked}"


def _lasted(then: YearThen) -> Iterator[Block]:
    done = [(citation, one) for citation, one in cited(then) if one.implemented_on or one.not_lasted_on]
    if not done:
        yield Paragraph("No recommendation is completed yet, so that none can have been tested.")
        return
    yield Paragraph(
        "Being completed is one question, having lasted is another. A recommendation counts as embedded when a later audit "
        "asked the same aim of other cases and found it better, when evidence was recorded after completion, or when the "
        "chair decided so and gave a reason."
    )
    groups = (
        ("Embedded", [one for one in done if one[1].state == "embedded"]),
        ("Found not to have lasted", [one for one in done if _has_failed(one[1])]),
        ("Completed, and still to be judged", [one for one in done if one[1].state == "implemented"]),
    )
    for title, some in groups:
        if some:
            yield Paragraph(f"{title}: {several(len(some), 'recommendation')}.")
            yield Bullets(tuple(_how_lasted(then, citation, one) for citation, one in some))


def _has_failed(one: RecommendationThen) -> bool:
    return one.not_lasted_on is not None and one.state not in ("embedded", "implemented")


def _how_lasted(then: YearThen, citation: str, one: RecommendationThen) -> str:
    told = [f"{citation}: {sentence(one.text)}"]
    if one.implemented_on is not None:
        told.append(f"Completed on {day(one.implemented_on)}.")
    for again in one.measured:
        where = _audit_name(then, again.later_reference, again.later_theme)
        shares = f"{share_words(again.before)} said yes before, {share_words(again.after)} after"
        told.append(f"Asked again in {where}: {shares}.")
    if one.later_evidence:
        evidence = begun(several(one.later_evidence, "piece of evidence"))
        told.append(f"{evidence} {verb(one.later_evidence, 'was')} recorded since.")
    return " ".join((*told, *_judged(one)))


def _judged(one: RecommendationThen) -> Iterator[str]:
    if one.state == "embedded" and one.embedded_on is not None:
        by = " by the chair’s own decision" if one.came_by == "override_embedded" else ""
        yield sentence(f"Judged embedded{by} on {day(one.embedded_on)}")
        yield from (sentence(one.reason),) if one.reason else ()
    if one.not_lasted_on is not None:
        yield f"Judged not to have lasted on {day(one.not_lasted_on)}."
        if one.state == "not_embedded":
            yield from (sentence(one.reason),) if one.reason else ()
        else:
            yield "It was opened again."
    if one.state == "implemented" and one.embedded_check_on is not None:
        yield f"The group looks at it again from {day(one.embedded_check_on)}."
