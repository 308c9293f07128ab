"""Areas for improvement: reckoned from the records, with the reasons that were given."""

from __future__ import annotations

from typing import Any

import pytest

from assurance.queries.year import (
    AgencyAnswerThen,
    AskedIn,
    AuditThen,
    DateRequests,
    MeasuredThen,
    RepeatedAim,
    ReturnCounts,
    Share,
)
from reports.annual_improvement import improvement_section, share_words
from reports.document import Section
from tests.reports.years import (
    a_recommendation,
    a_year,
    an_action,
    an_audit,
    lines,
    on,
    records_read,
)

RETURNS, STANDINGS, SLOW, REPEATED, LASTED = range(5)
SCHOOLS_LATE = records_read(late=3, longest_delay=10, waived=1, escalated_on=on("2014-09-09"))


def part(place: int, *audits: AuditThen, **changes: Any) -> list[str]:
    """Give the lines of one part."""
    return lines(improvement_section(a_year(*audits, **changes)).sections[place])


def returns(*, asked: int = 4, late: int = 0, overdue: int = 0, waived: int = 0) -> ReturnCounts:
    return ReturnCounts(
        asked=asked,
        accepted=asked - waived,
        not_known=0,
        waived=waived,
        outstanding=0,
        late=late,
        overdue=overdue,
    )


def test_an_empty_year_has_nothing_to_improve_and_says_so() -> None:
    section = improvement_section(a_year())
    assert isinstance(section, Section)
    assert lines(section) == [
        "No return has been asked for yet.",
        "No multi-agency strategic recommendation has been made yet.",
        "No action went past the date first agreed, had its date moved, or was escalated.",
        "No aim of these audits was asked by another audit.",
        "No recommendation is completed yet, so that none can have been tested.",
    ]


# Returns


def test_returns_that_all_came_in_time_are_told_in_a_sentence() -> None:
    assert part(RETURNS, an_audit()) == [
        "Of four returns asked for, none came after the day first agreed and the chair waived none."
    ]


def test_late_returns_are_told_by_agency_and_record_set() -> None:
    said = part(
        RETURNS,
        an_audit(
            returns=returns(late=2, overdue=1, waived=1),
            records_read=(SCHOOLS_LATE, records_read(records="GP records")),
        ),
    )
    assert said == [
        "Of four returns asked for, two came after the day first agreed, one is overdue and the chair waived one.",
        "Late and waived returns as at 31 March 2015",
        "Agency|Records|Audit|Late returns|Longest delay in days|Waived|First escalated on",
        "The Council|School records|Audit 1|3 of 4|10|1|9 Sep 2014",
    ]


def test_a_waived_return_is_told_though_none_came_late() -> None:
    said = part(RETURNS, an_audit(returns=returns(waived=1), records_read=(records_read(waived=1),)))
    assert said[-1] == "The Council|School records|Audit 1|0 of 4|–|1|–"


def test_a_fault_that_was_mended_during_the_year_shows_as_mended() -> None:
    first = an_audit(1, returns=returns(late=3), records_read=(SCHOOLS_LATE, records_read("The Trust")))
    second = an_audit(2, records_read=(records_read(), records_read("The Trust")))
    said = part(RETURNS, first, second)
    assert said[-2:] == [
        "Over the year:",
        "School records, The Council: three late in audit 1 and none late in audit 2.",
    ]


# Standings


def test_when_all_is_well_the_report_may_say_so() -> None:
    done = a_recommendation(2, state="implemented")
    said = part(STANDINGS, an_audit(strategic=(a_recommendation(1), done)))
    assert said == [
        (
            "Of two multi-agency strategic recommendations made in the audits of 2014–15, as at 31 March 2015, one is completed "
            "and one is in progress and on target. So all of them are completed, or in progress and on target."
        ),
        "Strategic recommendations by standing as at 31 March 2015",
        "Standing|Number|Which",
        "Completed|1|1.2",
        "In progress and on target|1|1.1",
        "In progress and past the original date|0|–",
        "Not accepted|0|–",
        "All|2|",
    ]


def test_what_is_late_or_not_accepted_is_counted_and_cited() -> None:
    late = an_action(original_due_on=on("2014-12-19"))
    strategic = (
        a_recommendation(1, actions=(late,)),
        a_recommendation(2, state="not_accepted", reason="the landlords are bound by their scheme"),
        a_recommendation(3, state="risk_accepted"),
    )
    said = part(STANDINGS, an_audit(strategic=strategic))
    assert said[0].endswith(
        "one is in progress and past the original date, one is not accepted and one is closed by accepting the risk."
    )
    assert said[-3:] == [
        "Reasons that were given:",
        "Recommendation 1.2 was not accepted. The landlords are bound by their scheme.",
        "Recommendation 1.3 was closed by accepting the risk. The reason is no longer kept.",
    ]


def test_an_agency_that_does_not_accept_is_named_with_its_reason() -> None:
    answers = (
        AgencyAnswerThen("The Police", "not_accepted", "we write no assessments"),
        AgencyAnswerThen("The CCG", "not_accepted", ""),
        AgencyAnswerThen("The Council", "accepted", ""),
    )
    said = part(STANDINGS, an_audit(strategic=(a_recommendation(answers=answers),)))
    assert said[-2:] == [
        "Recommendation 1.1 was not accepted by The Police. We write no assessments.",
        "Recommendation 1.1 was not accepted by The CCG. The reason is no longer kept.",
    ]


# Slow actions


@pytest.mark.parametrize(
    ("changes", "row"),
    [
        (
            {"original_due_on": on("2014-12-19"), "escalated_on": on("2015-01-12")},
            "In progress, past its original date|19 Dec 2014|30 Jun 2015|0|102|12 Jan 2015",
        ),
        (
            {"original_due_on": on("2015-05-29"), "times_moved": 1},
            "In progress, date moved|29 May 2015|30 Jun 2015|1|0|–",
        ),
        (
            {"original_due_on": None, "current_due_on": None, "escalated_on": on("2015-01-12")},
            "In progress, no date set|–|–|0|0|12 Jan 2015",
        ),
    ],
)
def test_slow_actions_are_told_with_both_dates_and_their_escalation(
    changes: dict[str, Any], row: str
) -> None:
    actions = (an_action(), an_action("The Trust", **changes))
    said = part(SLOW, an_audit(strategic=(a_recommendation(actions=actions),)))
    assert said[0] == "One action went past the date first agreed, had the date moved, or was escalated:"
    assert said[3:] == [f"1.1|The Trust|{row}"]


def test_requests_for_a_later_date_are_told_by_their_answers() -> None:
    said = part(SLOW, date_requests=DateRequests(granted=2, refused=1, waiting=1))
    assert said[-1] == (
        "Of the requests for a later date, two were granted, one was refused and one is waiting. The date first agreed "
        "stays on record in every case."
    )


# Aims that come back


def test_shares_of_yes_stand_side_by_side() -> None:
    aims = (
        RepeatedAim(
            "Was information shared?",
            (
                AskedIn("2013-14/2", "Neglect", Share(1, 4)),
                AskedIn("2014-15/1", "Theme 1", Share(15, 32)),
                AskedIn("2014-15/2", "Theme 2", Share(0, 0)),
            ),
        ),
        RepeatedAim(
            "Were men considered?",
            (AskedIn("2014-15/1", "Theme 1", Share(4, 32)), AskedIn("2014-15/2", "Theme 2", Share(11, 27))),
        ),
    )
    said = part(REPEATED, an_audit(1), an_audit(2), repeated_aims=aims)
    assert said[1:] == [
        "Shares of “yes” for aims that several audits asked",
        "Aim|“Neglect” (2013–14/2)|Audit 1|Audit 2",
        "Was information shared?|too few answers|47% of 32|no answers",
        "Were men considered?|not asked|12% of 32|41% of 27",
    ]


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (Share(0, 0), "no answers"),
        (Share(4, 4), "too few answers"),
        (Share(5, 5), "100% of 5"),
        (Share(0, 5), "0% of 5"),
    ],
)
def test_a_share_of_few_answers_is_not_told(share: Share, words: str) -> None:
    assert share_words(share) == words


# What has lasted


def test_what_has_lasted_is_told_with_its_measurement() -> None:
    measured = (
        MeasuredThen(on("2015-02-24"), "2014-15/2", "Theme 2", Share(15, 32), Share(19, 24), is_better=True),
    )
    done = {"implemented_on": on("2015-01-28"), "embedded_on": on("2015-03-16")}
    strategic = (
        a_recommendation(1, state="embedded", measured=measured, **done),
        a_recommendation(2, state="embedded", later_evidence=2, **done),
        a_recommendation(3, state="embedded", came_by="override_embedded", reason="the law changed", **done),
        a_recommendation(4),
    )
    said = part(LASTED, an_audit(1, strategic=strategic), an_audit(2, strategic=()))
    assert said[1:] == [
        "Embedded: three recommendations.",
        (
            "1.1: Agencies should do thing 1. Completed on 28 January 2015. Asked again in audit 2: 47% of 32 said yes before, "
            "79% of 24 after. Judged embedded on 16 March 2015."
        ),
        (
            "1.2: Agencies should do thing 2. Completed on 28 January 2015. Two pieces of evidence were recorded since. Judged "
            "embedded on 16 March 2015."
        ),
        (
            "1.3: Agencies should do thing 3. Completed on 28 January 2015. Judged embedded by the chair’s own decision on 16 "
            "March 2015. The law changed."
        ),
    ]


def test_what_has_not_lasted_is_told_also_after_it_was_opened_again() -> None:
    failed_on = on("2015-03-03")
    strategic = (
        a_recommendation(
            1,
            state="not_embedded",
            implemented_on=on("2015-01-28"),
            not_lasted_on=failed_on,
            reason="Nobody did it",
        ),
        a_recommendation(2, state="not_embedded", implemented_on=on("2015-01-28"), not_lasted_on=failed_on),
        a_recommendation(3, not_lasted_on=failed_on),
    )
    said = part(LASTED, an_audit(strategic=strategic))
    assert said[1:] == [
        "Found not to have lasted: three recommendations.",
        (
            "1.1: Agencies should do thing 1. Completed on 28 January 2015. Judged not to have lasted on 3 March 2015. Nobody "
            "did it."
        ),
        "1.2: Agencies should do thing 2. Completed on 28 January 2015. Judged not to have lasted on 3 March 2015.",
        "1.3: Agencies should do thing 3. Judged not to have lasted on 3 March 2015. It was opened again.",
    ]


def test_what_is_completed_waits_to_be_judged() -> None:
    strategic = (
        a_recommendation(
            1, state="implemented", implemented_on=on("2015-01-28"), embedded_check_on=on("2015-07-28")
        ),
        a_recommendation(2, state="implemented", implemented_on=on("2015-01-28")),
    )
    said = part(LASTED, an_audit(strategic=strategic))
    assert said[1:] == [
        "Completed, and still to be judged: two recommendations.",
        "1.1: Agencies should do thing 1. Completed on 28 January 2015. The group looks at it again from 28 July 2015.",
        "1.2: Agencies should do thing 2. Completed on 28 January 2015.",
    ]
