"""One audit's part of the report: what was audited, how, what should change and how that goes."""

from __future__ import annotations

from typing import Any

import pytest

from assurance.queries.year import AgencyAnswerThen, CaseCount, FindingCounts, ReturnCounts, Spread
from reports.annual_audit import audit_section
from reports.document import Section
from tests.reports.years import AS_AT, a_recommendation, an_action, an_audit, lines, on, records_read, told


def section(**changes: Any) -> Section:
    return audit_section(an_audit(**changes), place=1, as_at=AS_AT)


def test_the_theme_is_the_heading() -> None:
    assert section().title == "Audit 1: Theme 1"


def test_the_first_paragraph_tells_when_what_and_why() -> None:
    assert lines(section())[0] == (
        "In September 2014 the group audited four families. Files were read 12 months back. Scope: Cases open for three "
        "years. Source (review): The review of Family L."
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": "cancelled"}, "This audit of four families was cancelled."),
        ({"held_on": None}, "The group is to look at four families together on 16 September 2014."),
        ({"held_on": None, "meeting_on": None}, "This audit of four families is being prepared."),
        ({"cases": ()}, "In September 2014 the group audited four cases."),
    ],
)
def test_an_audit_that_is_not_finished_says_how_far_it_is(changes: dict[str, Any], said: str) -> None:
    assert lines(section(**changes))[0].startswith(said)


def test_kinds_of_cases_are_never_counted_one_beside_the_other() -> None:
    said = told(section(cases=(CaseCount("child", 3), CaseCount("adult", 1))))
    assert "the group audited four cases (children and adults)." in said
    assert "three" not in said.partition("Scope")[0]


def test_the_aims_follow() -> None:
    assert lines(section())[1:4] == ["The audit asked:", "Was information shared?", "Were men considered?"]
    assert "Its aims are still to be written down." in lines(section(aims=()))


def test_each_agency_names_its_own_tools() -> None:
    read = (
        records_read(),
        records_read("The Trust", records="GP records", tools=()),
        records_read(records="Social care records", tools=("Form A", "Form B")),
    )
    assert lines(section(records_read=read))[5:7] == [
        "The Council: School records (File audit form); Social care records (Form A and Form B)",
        "The Trust: GP records (tool not stated)",
    ]


@pytest.mark.parametrize(
    ("returns", "said"),
    [
        (
            ReturnCounts(asked=1, accepted=1, not_known=0, waived=0, outstanding=0, late=0, overdue=0),
            (
                "One return was asked for, from one record set of one agency: one was accepted. None came late, reckoned from "
                "the day first agreed."
            ),
        ),
        (
            ReturnCounts(asked=44, accepted=30, not_known=11, waived=1, outstanding=2, late=3, overdue=2),
            (
                "44 returns were asked for, from one record set of one agency: 30 were accepted, 11 said “not known to us”, one "
                "was waived by the chair with a reason and two are outstanding. Three came late and two are overdue, reckoned "
                "from the day first agreed."
            ),
        ),
    ],
)
def test_what_came_of_the_returns_is_told_in_counts(returns: ReturnCounts, said: str) -> None:
    assert said in lines(section(returns=returns))


def test_an_audit_without_returns_says_so() -> None:
    nothing = ReturnCounts(asked=0, accepted=0, not_known=0, waived=0, outstanding=0, late=0, overdue=0)
    said = lines(section(returns=nothing, records_read=()))
    assert "The agencies have not been asked for their returns yet." in said


def test_findings_are_pooled() -> None:
    said = told(section(findings=FindingCounts(4, 9, 0)))
    assert (
        "Looking at all returns together, the group recorded four strengths and nine areas for development."
        in said
    )


def test_recommendations_are_numbered_and_individual_practice_ones_only_counted() -> None:
    two = (a_recommendation(1), a_recommendation(2))
    said = lines(section(strategic=two, individual_practice=2))
    first = said.index("The audit made two multi-agency strategic recommendations:")
    assert said[first + 1 : first + 4] == [
        "Agencies should do thing 1.",
        "Agencies should do thing 2.",
        "It also made two individual practice recommendations, which stay with the agency concerned and the chair.",
    ]


def test_without_recommendations_there_is_no_progress_to_show() -> None:
    empty = section(strategic=())
    assert lines(empty)[-1] == "The audit has made no multi-agency strategic recommendation so far."
    assert empty.sections == ()


def test_progress_shows_honest_dates() -> None:
    moved = an_action(
        "The Trust", original_due_on=on("2014-12-19"), current_due_on=on("2015-06-19"), times_moved=2
    )
    one = a_recommendation(actions=(an_action(), moved))
    (progress,) = section(strategic=(one,)).sections
    assert progress.title == "Progress of audit 1"
    assert lines(progress)[:4] == [
        "Recommendations of audit 1: progress as at 31 March 2015",
        "Recommendation|Agency|State|Original date|Current date|Times moved|Days past original",
        "1.1|The Council|In progress and on target|30 Jun 2015|30 Jun 2015|0|0",
        "1.1|The Trust|In progress, past its original date|19 Dec 2014|19 Jun 2015|2|102",
    ]


def test_agencies_without_an_action_stand_in_the_table_with_their_answer() -> None:
    answers = (
        AgencyAnswerThen("The Council", "accepted", ""),
        AgencyAnswerThen("The Trust", "accepted", ""),
        AgencyAnswerThen("The CCG", "asked", ""),
        AgencyAnswerThen("The Police", "not_accepted", "SECRET until the reasons are told"),
    )
    (progress,) = section(strategic=(a_recommendation(answers=answers),)).sections
    assert lines(progress)[3:6] == [
        "1.1|The Trust|Accepted, no action yet|–|–|–|–",
        "1.1|The CCG|Asked, no answer yet|–|–|–|–",
        "1.1|The Police|Not accepted|–|–|–|–",
    ]


def test_a_recommendation_closed_with_a_reason_has_one_row() -> None:
    (progress,) = section(strategic=(a_recommendation(state="superseded"),)).sections
    assert lines(progress)[2] == "1.1|All agencies|Superseded|–|–|–|–"


@pytest.mark.parametrize(
    ("spread", "said"),
    [
        (Spread(0, 5, 0), "No agency has reported yet how it spread the learning."),
        (Spread(1, 1, 1), "The agency that took part has spread the learning; it has reached one person."),
        (
            Spread(1, 5, 40),
            "One of the five agencies that took part has spread the learning; it has reached 40 people.",
        ),
        (
            Spread(4, 5, 405),
            "Four of the five agencies that took part have spread the learning; it has reached 405 people.",
        ),
        (
            Spread(5, 5, 411),
            "All five agencies that took part have spread the learning; it has reached 411 people.",
        ),
    ],
)
def test_the_spread_of_learning_is_told(spread: Spread, said: str) -> None:
    assert lines(section(spread=spread))[-1] == said
