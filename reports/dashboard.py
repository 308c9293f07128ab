"""The dashboard in words, charts and tables: each chart with one sentence that says what is to be seen in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assurance.queries.figures import Dashboard, InTime, Progress, StageTimes
from assurance.queries.year import RepeatedAim
from reports.annual_improvement import FEWEST_ANSWERS, share_words
from reports.charts import Chart, Fill, Series
from reports.document import Column, Table
from reports.wording import NOTHING, begun, listed

MOST_BARS = 12
_STATES = (Fill.DOTS, Fill.STRIPES, Fill.BLUE, Fill.GRID, Fill.GREEN, Fill.LINES)
_STAGES = (*_STATES, Fill.AMBER, Fill.BARS, Fill.RED)


@dataclass(frozen=True, slots=True)
class Panel:
    """One question with its answer: a sentence, a chart where there is something to draw, and the table beside it."""

    key: str
    title: str
    says: str
    about: str
    chart: Chart | None
    table: Table

    @property
    def is_cut(self) -> bool:
        """Say whether the table has more rows than the chart has bars."""
        return self.chart is not None and len(self.table.rows) > len(self.chart.labels) == MOST_BARS


def panels_of(found: Dashboard) -> tuple[Panel, ...]:
    """Put figures into words, charts and tables, in the order in which a group asks about them."""
    return (
        _progress(found, "audits", "Progress of actions by audit", "Audit", found.by_audit),
        _progress(found, "agencies", "Progress of actions by agency", "Agency", found.by_agency),
        _overdue(found),
        _in_time(found),
        _returns(found),
        _stages(found),
        _repeated(found),
    )


def _progress(found: Dashboard, key: str, title: str, head: str, some: Sequence[Progress]) -> Panel:
    shown = some[:MOST_BARS]
    series = tuple(
        Series(state, tuple(one.counts[place] for one in shown), _STATES[place % len(_STATES)])
        for place, state in enumerate(found.states)
    )
    labels = tuple(f"{one.title} ({one.total:,})" for one in shown)
    columns = (Column(head), *(Column(state, is_number=True) for state in found.states), _number("All"))
    return Panel(
        key=key,
        title=title,
        says=_progress_words(found, some),
        about="Every action stands in one state. The number in brackets is that of all of them.",
        chart=Chart(title, labels, series) if shown else None,
        table=Table(
            title,
            columns,
            tuple((one.title, *(f"{count:,}" for count in one.counts), f"{one.total:,}") for one in some),
        ),
    )


def _progress_words(found: Dashboard, some: Sequence[Progress]) -> str:
    total = sum(one.total for one in some)
    if not total:
        return "There is no action yet."
    still_open = [(_open(found, one), one.title) for one in some]
    left = sum(number for number, _ in still_open)
    done = f"Of {_several(total, 'action')}, {total - left:,} {_is(total - left)} finished and {left:,} still open"
    if not left:
        return f"{_all(total, 'action')} finished."
    most, title = max(still_open, key=lambda one: one[0])
    return f"{done}; {title} has the most of these, {most:,}." if len(some) > 1 else f"{done}."


def _open(found: Dashboard, one: Progress) -> int:
    pairs = zip(found.states, one.counts, strict=True)
    return sum(count for state, count in pairs if state not in found.settled)


def _overdue(found: Dashboard) -> Panel:
    title, overdue = "Overdue actions by age", found.overdue
    labels = tuple(_band(band.least, band.most) for band in overdue.bands)
    numbers = tuple(band.number for band in overdue.bands)
    rows = (
        *zip(labels, (f"{number:,}" for number in numbers), strict=True),
        ("All overdue", f"{overdue.total:,}"),
    )
    oldest = overdue.bands[-1]
    many = _several(overdue.open, "open action")
    said = (
        f"Of {many}, {overdue.total:,} {_is(overdue.total)} overdue"
        if overdue.total
        else f"None of {many} is overdue"
    )
    old = f", {oldest.number:,} of them by more than {oldest.least - 1} working days" if oldest.number else ""
    besides = [f"{overdue.undated:,} {_has(overdue.undated)} no date"] if overdue.undated else []
    besides += [f"{overdue.moved:,} had the date moved"] if overdue.moved else []
    first = f"{said}{old}." if overdue.open else "No action is open."
    return Panel(
        key="overdue",
        title=title,
        says=first + (f" {begun(listed(besides))}." if besides else ""),
        about="Counted in working days since the date agreed now. An action whose date was moved is overdue only "
        "by its new date; the next figures count by the first one.",
        chart=Chart(title, labels, (Series(title, numbers, Fill.AMBER),)) if overdue.total else None,
        table=Table(title, (Column("Overdue by"), _number("Actions")), rows),
    )


def _in_time(found: Dashboard) -> Panel:
    title, some = "Done by the date first agreed", found.closed
    shown = some[-MOST_BARS:]
    labels = tuple(f"{_quarter(one)} ({_percent(one.in_time, one.total)})" for one in shown)
    series = (
        Series("By the first date", tuple(one.in_time for one in shown), Fill.GREEN),
        Series("Later", tuple(one.later for one in shown), Fill.AMBER),
        Series("Still open", tuple(one.open for one in shown), Fill.DOTS),
    )
    total, in_time = sum(one.total for one in some), sum(one.in_time for one in some)
    said = (
        f"Of {_several(total, 'action')} whose first date has come, {in_time:,} ({_percent(in_time, total)}) "
        f"{'was' if in_time == 1 else 'were'} confirmed by it."
    )
    columns = ("By the first date", "Later", "Still open", "All", "Share by the first date")
    return Panel(
        key="in-time",
        title=title,
        says=said if total else "The first date of no action has come yet.",
        about="By the quarter of the date first agreed, however often it was moved since. Done is what the agency "
        "has confirmed; actions that were closed without being done are left out.",
        chart=Chart(title, labels, series) if shown else None,
        table=Table(
            title,
            (Column("First due"), *(_number(column) for column in columns)),
            tuple(
                (
                    _quarter(one),
                    *(f"{number:,}" for number in (one.in_time, one.later, one.open, one.total)),
                    _percent(one.in_time, one.total),
                )
                for one in some
            ),
        ),
    )


def _returns(found: Dashboard) -> Panel:
    title, some = "Returns by agency", found.returns
    kinds = (
        ("By the first date", Fill.GREEN, tuple(one.in_time for one in some)),
        ("Later", Fill.AMBER, tuple(one.late for one in some)),
        ("Overdue", Fill.RED, tuple(one.overdue for one in some)),
        ("Not yet due", Fill.DOTS, tuple(one.not_due for one in some)),
        ("Waived", Fill.LINES, tuple(one.waived for one in some)),
    )
    asked = sum(one.asked for one in some)
    came, late, overdue, _, waived = (sum(numbers) for *_, numbers in kinds)
    told = [
        f"{came:,} came by the day first agreed",
        f"{late:,} came later",
        f"{overdue:,} {_is(overdue)} overdue",
    ]
    told += [f"{waived:,} {'was' if waived == 1 else 'were'} waived"] if waived else []
    columns = (*(_number(word) for word, *_ in kinds), _number("All"))
    return Panel(
        key="returns",
        title=title,
        says=f"Of {_several(asked, 'return')}, {listed(told)}."
        if asked
        else "No return has been asked for yet.",
        about="Pooled over all cases, by the day on which each return first came: one that was sent back for changes "
        "came when it first came. ‘Not known to us’ is an answer too.",
        chart=Chart(
            title,
            tuple(f"{one.agency} ({one.asked:,})" for one in some),
            tuple(Series(word, numbers, fill) for word, fill, numbers in kinds),
        )
        if some
        else None,
        table=Table(
            title,
            (Column("Agency"), *columns),
            tuple(
                (one.agency, *(f"{numbers[place]:,}" for *_, numbers in kinds), f"{one.asked:,}")
                for place, one in enumerate(some)
            ),
        ),
    )


def _stages(found: Dashboard) -> Panel:
    title = "Days in each stage"
    stages = list(dict.fromkeys(stage.title for audit in found.stages for stage in audit.stages))
    shown = found.stages[:MOST_BARS]
    series = tuple(
        Series(stage, tuple(_days(audit, stage) for audit in shown), _STAGES[place % len(_STAGES)])
        for place, stage in enumerate(stages)
    )
    return Panel(
        key="stages",
        title=title,
        says=_stages_words(found, stages),
        about="Days in all, also where an audit went back; the last stage of an audit under way counts up to today. "
        "Where the workflow says how long a stage should take, the table says so.",
        chart=Chart(title, tuple(audit.title for audit in shown), series) if shown else None,
        table=Table(
            title,
            (Column("Audit"), *(Column(stage, is_number=True) for stage in stages)),
            tuple((audit.title, *(_cell(audit, stage) for stage in stages)) for audit in found.stages),
        ),
    )


def _stages_words(found: Dashboard, stages: Sequence[str]) -> str:
    if not stages:
        return "There is no audit yet."
    in_all = {stage: sum(_days(audit, stage) for audit in found.stages) for stage in stages}
    longest = max(stages, key=lambda stage: in_all[stage])
    number = sum(any(stage.title == longest for stage in audit.stages) for audit in found.stages)
    said = f"Most of the time goes into the stage ‘{longest}’: {in_all[longest] / max(number, 1):,.0f} days"
    said += f" on average of {_several(number, 'audit')}." if number > 1 else " so far."
    late = sum(stage.is_longer for audit in found.stages for stage in audit.stages)
    return said + (f" {begun(_several(late, 'stage'))} took longer than expected." if late else "")


def _days(audit: StageTimes, stage: str) -> int:
    return sum(one.days for one in audit.stages if one.title == stage)


def _cell(audit: StageTimes, title: str) -> str:
    stage = next((one for one in audit.stages if one.title == title), None)
    if stage is None:
        return NOTHING
    if stage.expected is None:
        return f"{stage.days:,}"
    longer = ", longer" if stage.is_longer else ""
    return f"{stage.days:,} ({stage.working_days:,} of {stage.expected:,} working days{longer})"


def _repeated(found: Dashboard) -> Panel:
    title = "Aims that were asked again"
    asked = [
        (number, one.text, audit)
        for number, one in enumerate(found.repeated, start=1)
        for audit in one.asked_in
    ]
    drawn = [
        (f"Aim {number} in {audit.reference}", round(audit.share.yes * 100 / audit.share.asked))
        for number, _, audit in asked
        if audit.share.asked >= FEWEST_ANSWERS
    ][:MOST_BARS]
    values = tuple(percent for _, percent in drawn)
    return Panel(
        key="repeated",
        title=title,
        says=_repeated_words(found.repeated),
        about="The share of ‘yes’ among all answers for which the aim applied, over all agencies and cases together. Each "
        "audit reads other cases, and few of them, so that a small difference says little. Fewer than "
        f"{FEWEST_ANSWERS} answers are not told. An agency cannot be picked out here.",
        chart=Chart(
            title,
            tuple(label for label, _ in drawn),
            (Series(title, values, Fill.BLUE),),
            unit="%",
            longest=100,
        )
        if drawn
        else None,
        table=Table(
            title,
            (Column("No."), Column("Aim"), Column("Asked in"), _number("Said yes")),
            tuple(
                (str(number), text, f"{audit.reference} {audit.theme}", share_words(audit.share))
                for number, text, audit in asked
            ),
            heads=2,
        ),
    )


def _repeated_words(repeated: Iterable[RepeatedAim]) -> str:
    known = list(repeated)
    if not known:
        return "No aim was asked by more than one audit."
    said = (
        f"{_several(len(known), 'aim')} {'was' if len(known) == 1 else 'were'} asked by more than one audit"
    )
    told = [
        [audit.share.yes / audit.share.asked for audit in one.asked_in if audit.share.asked >= FEWEST_ANSWERS]
        for one in known
    ]
    compared = [shares for shares in told if len(shares) > 1]
    if not compared:
        return f"{begun(said)}; there are too few answers to compare."
    better = sum(shares[-1] > shares[0] for shares in compared)
    return f"{begun(said)}; for {better:,} of {len(compared):,} the share of ‘yes’ is greater the last time than the first."


def _number(title: str) -> Column:
    return Column(title, is_number=True)


def _band(least: int, most: int | None) -> str:
    if most is None:
        return f"more than {least - 1} working days"
    return f"{least} to {most} working days" if least else f"up to {most} working days"


def _quarter(one: InTime) -> str:
    return f"{one.first_on:%b} to {one.last_on:%b %Y}"


def _percent(part: int, whole: int) -> str:
    return f"{part * 100 / whole:.0f}%" if whole else NOTHING


def _several(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _all(number: int, noun: str) -> str:
    return f"The one {noun} is" if number == 1 else f"All {number:,} {noun}s are"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _has(number: int) -> str:
    return "has" if number == 1 else "have"
