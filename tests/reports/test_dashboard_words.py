"""The dashboard's sentences say what is to be seen, and its pictures stay within what a strict page takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from assurance.queries.embedded import Measured
from assurance.queries.figures import (
    Band,
    Choices,
    Dashboard,
    InTime,
    Overdue,
    Progress,
    ReturnsOf,
    Scope,
    Stage,
    StageTimes,
)
from assurance.queries.year import AskedIn, RepeatedAim, Share
from engine.moved import Ref
from reports.charts import Chart, Fill, Series, draw
from reports.dashboard import MOST_BARS, Panel, panels_of
from reports.embedded import measured_words

NOTHING = Dashboard(
    on=date(2015, 3, 2),
    scope=Scope(),
    choices=Choices((), (), ()),
    states=("Agreed", "Verified", "Closed"),
    settled=frozenset({"Verified", "Closed"}),
    by_audit=(),
    by_agency=(),
    stages=(),
    overdue=Overdue((Band(0, 10, 0), Band(11, None, 0)), open=0, undated=0, moved=0),
    closed=(),
    returns=(),
    repeated=(),
)


def panel(found: Dashboard, key: str) -> Panel:
    """One panel of the dashboard."""
    return next(one for one in panels_of(found) if one.key == key)


def test_where_there_is_nothing_every_sentence_says_so_and_nothing_is_drawn() -> None:
    assert [(one.says, one.chart) for one in panels_of(NOTHING)] == [
        ("There is no action yet.", None),
        ("There is no action yet.", None),
        ("No action is open.", None),
        ("The first date of no action has come yet.", None),
        ("No return has been asked for yet.", None),
        ("There is no audit yet.", None),
        ("No aim was asked by more than one audit.", None),
    ]


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        (
            [(3, 1, 0), (1, 4, 1)],
            "Of 10 actions, 6 are finished and 4 still open; Police has the most of these, 3.",
        ),
        ([(1, 0, 0)], "Of 1 action, 0 are finished and 1 still open."),
        ([(0, 1, 0)], "The one action is finished."),
        ([(0, 1, 1), (0, 0, 1)], "All 3 actions are finished."),
    ],
)
def test_progress_is_told_in_a_sentence(counts: list[tuple[int, ...]], sentence: str) -> None:
    names = ("Police", "Health")
    some = tuple(Progress(name, row) for name, row in zip(names, counts, strict=False))
    assert panel(replace(NOTHING, by_agency=some), "agencies").says == sentence


def test_overdue_actions_are_told_with_those_that_no_count_of_days_shows() -> None:
    overdue = Overdue((Band(0, 10, 3), Band(11, 60, 1), Band(61, None, 2)), open=9, undated=1, moved=2)
    shown = panel(replace(NOTHING, overdue=overdue), "overdue")
    assert shown.says == (
        "Of 9 open actions, 6 are overdue, 2 of them by more than 60 working days. 1 has no date and 2 had the date moved."
    )
    assert shown.table.rows == (
        ("up to 10 working days", "3"),
        ("11 to 60 working days", "1"),
        ("more than 60 working days", "2"),
        ("All overdue", "6"),
    )


def test_the_share_in_time_is_told_for_each_quarter_and_in_all() -> None:
    quarters = (
        InTime(date(2014, 10, 1), date(2014, 12, 31), in_time=1, later=1, open=0),
        InTime(date(2015, 1, 1), date(2015, 3, 31), in_time=0, later=0, open=1),
    )
    shown = panel(replace(NOTHING, closed=quarters), "in-time")
    assert shown.says == "Of 3 actions whose first date has come, 1 (33%) was confirmed by it."
    assert shown.table.rows == (
        ("Oct to Dec 2014", "1", "1", "0", "2", "50%"),
        ("Jan to Mar 2015", "0", "0", "1", "1", "0%"),
    )


def test_returns_are_told_without_what_did_not_happen() -> None:
    shown = panel(replace(NOTHING, returns=(ReturnsOf("Police", 3, 1, 1, 2, 0),)), "returns")
    assert shown.says == "Of 7 returns, 3 came by the day first agreed, 1 came later and 1 is overdue."
    assert shown.table.rows == (("Police", "3", "1", "1", "2", "0", "7"),)


def test_a_stage_that_took_longer_than_its_workflow_says_is_told() -> None:
    stages = (Stage("Proposed", 3, 2, None), Stage("Actions", 30, 21, 20))
    shown = panel(replace(NOTHING, stages=(StageTimes(Ref("audit", 1), "One", False, stages),)), "stages")
    assert shown.says == (
        "Most of the time goes into the stage ‘Actions’: 30 days so far. 1 stage took longer than expected."
    )
    assert shown.table.rows == (("One", "3", "30 (21 of 20 working days, longer)"),)


def test_repeated_aims_are_compared_only_where_there_are_answers_enough() -> None:
    first, few = AskedIn("1", "One", Share(1, 10)), AskedIn("2", "Two", Share(4, 4))
    better = RepeatedAim("Was it shared?", (first, AskedIn("2", "Two", Share(5, 10))))
    shown = panel(
        replace(NOTHING, repeated=(better, RepeatedAim("Were men asked?", (first, few)))), "repeated"
    )
    assert shown.says == (
        "2 aims were asked by more than one audit; for 1 of 1 the share of ‘yes’ is greater the last time than the first."
    )
    assert [row[-1] for row in shown.table.rows] == ["10% of 10", "50% of 10", "10% of 10", "too few answers"]
    assert shown.chart is not None
    assert shown.chart.labels == ("Aim 1 in 1", "Aim 1 in 2", "Aim 2 in 1")


def test_many_audits_stand_in_the_table_and_the_newest_in_the_chart() -> None:
    many = tuple(Progress(f"Audit {number}", (1, 0, 0)) for number in range(MOST_BARS + 3))
    shown = panel(replace(NOTHING, by_audit=many), "audits")
    assert shown.chart is not None
    assert (len(shown.chart.labels), len(shown.table.rows), shown.is_cut) == (MOST_BARS, MOST_BARS + 3, True)


def test_a_label_is_text_and_a_long_one_keeps_its_number() -> None:
    label = "2014-15/1 Children <b>whose</b> cases have long been open (12)"
    drawn = draw(Chart("Actions & audits", (label,), (Series("Agreed", (1,), Fill.DOTS),)), key="k")
    assert "2014-15/1 Children &lt;b&gt;whose&lt;/b&gt; cas… (12)" in drawn
    assert '<title id="k-title">Actions &amp; audits</title>' in drawn
    assert "<b>" not in drawn


@pytest.mark.parametrize(
    ("before", "after", "is_better", "said"),
    [
        (Share(1, 10), Share(9, 10), True, "Better, by 80 percentage points."),
        (Share(5, 10), Share(5, 10), False, "No better."),
        (Share(5, 10), Share(2, 10), False, "Worse, by 30 percentage points."),
        (Share(5, 10), Share(4, 4), True, "There are too few answers to compare."),
        (Share(5, 10), Share(0, 0), False, "Nobody could answer the aim the second time."),
    ],
)
def test_before_and_after_are_told_in_a_sentence(
    before: Share, after: Share, is_better: bool, said: str
) -> None:
    assert measured_words(Measured(date(2015, 3, 2), "1", "2", "Shared?", before, after, is_better)) == said
