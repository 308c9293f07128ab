"""The annual report as a whole: the order of its sections, who sits in the group, what is planned."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from assurance.queries.checkpoints import Printed
from assurance.queries.year import ChangeKind, MeetingThen, PostChange, PostThen
from reports.annual import report_of
from tests.reports.years import a_recommendation, a_year, an_audit, lines, on, told

(PURPOSE, FUNCTIONS, MEMBERSHIP, FREQUENCY, PERFORMANCE, IMPROVEMENT, PLANS) = range(7)


def test_the_sections_stand_in_the_order_in_which_such_groups_report() -> None:
    report = report_of(a_year(an_audit()))
    assert report.title == "Quality Assurance sub group: annual report 2014–15"
    assert [section.title for section in report.sections] == [
        "Purpose of the group",
        "Functions",
        "Membership",
        "Frequency",
        "Performance and effectiveness of work undertaken",
        "Areas for improvement and future development",
        "Future plans",
    ]


def test_purpose_and_functions_are_the_groups_own_words() -> None:
    report = report_of(a_year())
    assert lines(report.sections[PURPOSE]) == ["To read case files together."]
    assert lines(report.sections[FUNCTIONS])[1:] == ["Choose themes", "Spread the learning"]


def test_members_are_posts_with_agency_and_records() -> None:
    vacant = PostThen("Named Nurse", "The Trust", ("GP records", "Police records"), is_vacant=True)
    year = a_year()
    report = report_of(replace(year, members=(*year.members, vacant)))
    assert lines(report.sections[MEMBERSHIP]) == [
        "These posts sat in the group on 31 March 2015:",
        "Service Manager, The Council (School records)",
        "Lay Member",
        "Named Nurse, The Trust (GP records and Police records), vacant",
    ]


def test_membership_is_that_of_the_years_end_in_a_later_report() -> None:
    report = report_of(a_year(as_at=on("2016-01-29")))
    assert "31 March 2015" in told(report.sections[MEMBERSHIP])


def test_a_group_without_members_says_so() -> None:
    assert lines(report_of(a_year(members=())).sections[MEMBERSHIP]) == [
        "No post sat in the group on 31 March 2015."
    ]


def test_frequency_tells_of_the_chair_the_meetings_and_that_nothing_changed() -> None:
    assert lines(report_of(a_year()).sections[FREQUENCY]) == [
        "The group meets every quarter.",
        "The group is chaired by the Designated Nurse, The CCG. During 2014–15 it met once: on 16 September 2014.",
        "Membership did not change during 2014–15.",
    ]


def test_meetings_to_come_are_told_apart_from_those_held() -> None:
    meetings = tuple(MeetingThen(on(day), "") for day in ("2014-06-17", "2014-09-16", "2014-12-09"))
    early = report_of(a_year(as_at=on("2014-06-16"), meetings=meetings, chair=None))
    assert lines(early.sections[FREQUENCY])[1] == (
        "It has not yet met during 2014–15. It is still to meet on 17 June 2014, 16 September 2014 and 9 December 2014."
    )
    middle = report_of(a_year(as_at=on("2014-09-16"), meetings=meetings))
    assert "it met twice: on 17 June 2014 and 16 September 2014. It is still to meet on" in told(
        middle.sections[FREQUENCY]
    )
    assert "it met three times" in told(report_of(a_year(meetings=meetings)).sections[FREQUENCY])


def test_changes_of_membership_name_posts_and_days() -> None:
    changes = (
        PostChange(on("2014-10-06"), ChangeKind.JOINED, PostThen("Head of Education", "The Council")),
        PostChange(on("2015-01-01"), ChangeKind.CHANGED_HANDS, PostThen("Named Nurse", "The Trust")),
        PostChange(on("2015-01-31"), ChangeKind.FELL_VACANT, PostThen("Lay Member", None)),
    )
    assert lines(report_of(a_year(changes=changes)).sections[FREQUENCY])[2:] == [
        "Membership changed during 2014–15:",
        "Head of Education, The Council: joined the group on 6 October 2014.",
        "Named Nurse, The Trust: the post passed to a new holder on 1 January 2015.",
        "Lay Member: the post was last held on 31 January 2015 and is vacant.",
    ]


def test_the_year_is_told_in_figures() -> None:
    two = (a_recommendation(1), a_recommendation(2))
    said = lines(
        report_of(a_year(an_audit(1), an_audit(2, strategic=two, held_on=None))).sections[PERFORMANCE]
    )
    assert said[0].startswith(
        "The programme of 2014–15 has two audits, of eight cases in all, with four aims and three multi-agency strategic "
        "recommendations."
    )
    assert said[1:6] == [
        "Audits of the 2014–15 programme",
        "Audit|Held|Cases|Aims|Returns asked for|Strategic recommendations",
        "1. Theme 1|16 Sep 2014|4|2|4|1",
        "2. Theme 2|–|4|2|4|2",
        "All audits||8|4|8|3",
    ]


def test_a_year_without_an_audit_says_so() -> None:
    said = lines(report_of(a_year()).sections[PERFORMANCE])
    assert said == ["No audit of the 2014–15 programme had begun."]


def test_future_plans_are_the_themes_of_the_next_year_and_what_comes_again() -> None:
    report = report_of(a_year(an_audit(), an_audit(2, re_audit_due_on=on("2016-06-01"))))
    assert lines(report.sections[PLANS]) == [
        "The group plans to audit these themes during 2015–16:",
        "Neglect",
        "The theme of audit 2 is to be audited again from 1 June 2016.",
    ]


def test_without_plans_the_report_says_so() -> None:
    nothing = ["No themes have been planned yet for the next programme."]
    assert lines(report_of(a_year(next_year=None, next_themes=())).sections[PLANS]) == nothing
    assert lines(report_of(a_year(next_themes=())).sections[PLANS]) == nothing


def test_the_newest_checkpoint_stands_at_the_foot() -> None:
    last = Printed(12, datetime(2015, 3, 31, 6, 30, tzinfo=UTC), "01234567 89abcdef")
    footer = report_of(a_year(checkpoint=last)).footer
    assert footer[-1] == (
        "The history of the group, from which this was read, bears checkpoint 12 of 31 March 2015, "
        "with the fingerprint 01234567 89abcdef."
    )


def test_the_footer_says_for_which_day_it_speaks_and_what_is_illustrative() -> None:
    year = a_year()
    illustrative = replace(year, group=replace(year.group, note="Every answer is illustrative."))
    footer = report_of(illustrative).footer
    assert footer[0] == "Presented by the Designated Nurse, The CCG, chair of the group."
    assert footer[1] == "States and dates are those at the end of 31 March 2015."
    assert footer[-1] == "Every answer is illustrative."
    assert len(report_of(a_year(chair=None)).footer) == len(footer) - 2
