"""Entering what an audit is made of: themes, aims, cases, returns; one test for each thing that is not taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from assurance.commands import founding, meetings, programme, reading
from assurance.commands.programme import Theme
from assurance.records import (
    AgencyReturn,
    Aim,
    Answer,
    Audit,
    Case,
    Meeting,
    Person,
    PlannedAudit,
    RecordSet,
)
from engine.errors import Refused
from engine.fences import EVERY
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.world import World

THEME = Theme("2014-15", "Neglect", "review", "Review of Family L", "Open for two years", 12, 2)


# -- an audit ----------------------------------------------------------------------------------------------


def test_the_coordinator_proposes_an_audit_and_a_planned_theme_is_taken_up(world: World) -> None:
    with world.does("sam") as tx:
        first = programme.open_audit(tx, THEME)
        second = programme.open_audit(tx, replace(THEME, theme="Exploitation", source_kind="inspection"))
    assert world.row(Audit, first).reference == "2014-15/1"
    assert world.row(Audit, second).reference == "2014-15/2"
    assert (world.state(first), world.version(first)) == ("proposed", 1)
    with world.office.store.reading(group=EVERY) as session:
        planned = session.get_one(PlannedAudit, 1)
        assert (planned.theme, planned.audit_id) == ("Neglect", first.id)


@pytest.mark.parametrize("who", ["bo", "cleo", "ida", "viv"])
def test_only_the_coordinator_the_chair_and_the_deputy_propose_an_audit(world: World, who: str) -> None:
    with (
        pytest.raises(Refused, match="Only the coordinator or chair or deputy chair can do this"),
        world.does(who) as tx,
    ):
        programme.open_audit(tx, THEME)


def test_a_year_without_a_programme_is_refused_with_the_years_that_have_one(world: World) -> None:
    with (
        pytest.raises(Refused, match=r"is not a year with a programme.* Known: 2014-15, 2015-16"),
        world.does("sam") as tx,
    ):
        programme.open_audit(tx, replace(THEME, year="2014-16"))


def test_everything_that_is_wrong_with_a_theme_is_said_at_once(world: World) -> None:
    with pytest.raises(Refused) as refused, world.does("sam") as tx:
        programme.open_audit(tx, Theme("2014-15", " ", "rumour", "", "", 0, 0))
    assert [reason.code for reason in refused.value.reasons] == [
        *("empty", "empty", "empty", "unknown_word", "no_cases", "no_look_back")
    ]


# -- aims and cases ----------------------------------------------------------------------------------------


def test_aims_are_numbered_and_may_ask_an_earlier_one_again(world_at: At) -> None:
    world = world_at("proposed")
    earlier = world.aims()[0]
    with world.does("sam") as tx:
        audit = programme.open_audit(tx, replace(THEME, theme="Neglect again"))
        aim = programme.add_aim(tx, audit, "  Is information shared in time now?  ", asks_again=earlier)
    with world.office.store.reading(group=EVERY) as session:
        row = session.get_one(Aim, aim)
        assert (row.number, row.text, row.asks_again_id) == (1, "Is information shared in time now?", earlier)


def test_an_empty_aim_is_refused(world_at: At) -> None:
    world = world_at("proposed")
    with pytest.raises(Refused, match="Write down an aim; it is empty"), world.does("sam") as tx:
        programme.add_aim(tx, world.audit, "   ")


def test_an_earlier_aim_that_is_not_there_is_refused(world_at: At) -> None:
    world = world_at("proposed")
    with pytest.raises(Refused, match="There is no such earlier aim in this group"), world.does("sam") as tx:
        programme.add_aim(tx, world.audit, "Again?", asks_again=99)


def test_an_aim_comes_too_late_once_the_theme_is_agreed(world_at: At) -> None:
    world = world_at("theme_agreed")
    with pytest.raises(Refused, match="‘Write down an aim’ is possible while"), world.does("sam") as tx:
        programme.add_aim(tx, world.audit, "Was the plan known to all?")
    assert len(world.aims()) == 2


@pytest.mark.parametrize("ref", [Ref("audit", 99), Ref("agency_return", 1)])
def test_nothing_is_entered_for_an_audit_that_is_not_there(world_at: At, ref: Ref) -> None:
    world = world_at("proposed")
    with pytest.raises(Refused, match="There is no"), world.does("sam") as tx:
        programme.add_aim(tx, ref, "Was the plan known to all?")
    with pytest.raises(Refused, match="There is no"), world.does("sam") as tx:
        programme.draw_case(tx, ref, "child", "Drawn at random")
    with pytest.raises(Refused, match="There is no"), world.does("sam") as tx:
        meetings.set_meeting(tx, ref, 1, date(2014, 9, 4))
    with pytest.raises(Refused, match="There is no"), world.does("sam") as tx:
        programme.request_returns(tx, ref)


def test_a_case_is_drawn_under_a_reference_that_tells_nothing(world_at: At) -> None:
    world = world_at("theme_agreed")
    with world.does("sam") as tx:
        number = programme.draw_case(tx, world.audit, "adult", "Drawn at random")
    with world.office.store.reading(group=EVERY) as session:
        case = session.get_one(Case, number)
    assert case.case_ref.startswith("C-")
    assert set(case.case_ref[2:]) <= set(programme.CASE_LETTERS)
    assert len({programme.new_case_ref() for _ in range(500)}) == 500


def test_a_kind_of_case_that_nobody_knows_is_refused(world_at: At) -> None:
    world = world_at("theme_agreed")
    with (
        pytest.raises(Refused, match="'childs' is not a kind of case; did you mean 'child'"),
        world.does("sam") as tx,
    ):
        programme.draw_case(tx, world.audit, "childs", "Drawn at random")
    with pytest.raises(Refused, match="Write down a criterion"), world.does("sam") as tx:
        programme.draw_case(tx, world.audit, "child", "")


def test_cases_are_not_agreed_before_all_are_drawn(world_at: At) -> None:
    world = world_at("theme_agreed")
    with world.does("sam") as tx:
        programme.draw_case(tx, world.audit, "child", "Drawn at random")
    with pytest.raises(Refused, match="Draw all the cases that the audit is to look at"):
        world.moves("sam", world.audit, "select_cases")


# -- returns -----------------------------------------------------------------------------------------------


def test_returns_are_due_before_the_meeting_that_looks_at_them(world_at: At) -> None:
    world = world_at("cases_selected")
    meeting = world.number(Meeting, "2014-12")
    with (
        pytest.raises(Refused, match="must be in before the meeting on 11 December 2014"),
        world.does("sam") as tx,
    ):
        meetings.set_meeting(tx, world.audit, meeting, date(2014, 12, 12))
    with pytest.raises(Refused, match="There is no such meeting"), world.does("sam") as tx:
        meetings.set_meeting(tx, world.audit, 99, date(2014, 12, 1))


def test_a_later_day_for_the_returns_moves_those_that_are_still_awaited(world_at: At) -> None:
    world = world_at("agency_audits")
    settled, awaited = world.agency_return("police"), world.agency_return("school")
    world.settles("fay", settled)
    world.nights(date(2014, 11, 28))
    with world.does("sam") as tx:
        meetings.set_meeting(tx, world.audit, world.number(Meeting, "2014-12"), date(2014, 12, 5))
    assert world.row(AgencyReturn, settled).due_on == date(2014, 11, 27)
    row = world.row(AgencyReturn, awaited)
    assert (row.original_due_on, row.due_on) == (date(2014, 11, 27), date(2014, 12, 5))
    assert world.history(awaited)[-1].data == {"trigger": "set_meeting", "set": {"due_on": "2014-12-05"}}
    world.nights(date(2014, 12, 6))
    assert [one for one in world.fired(awaited) if "late" in one] == ["return-late 0", "return-late 0"]
    assert [one for one in world.fired(settled) if "late" in one] == []
    assert world.proof().faults == ()


def test_the_agencies_are_not_asked_before_a_day_is_named(world_at: At) -> None:
    world = world_at("cases_selected")
    with (
        pytest.raises(Refused, match="Name the meeting and the day for the returns first"),
        world.does("sam") as tx,
    ):
        programme.request_returns(tx, world.audit)
    with pytest.raises(Refused) as refused:
        world.moves("sam", world.audit, "start_agency_audits")
    assert [reason.code for reason in refused.value.reasons] == ["need", "need"]


def test_each_lead_is_asked_once_with_the_number_of_returns(world_at: At) -> None:
    world = world_at("agency_audits")
    asked = [mail for mail in world.news() if mail.template == "returns_requested"]
    assert [mail.to for mail in asked] == ["bo", "dev", "esme", "fay", "gil"]
    assert {mail.said for mail in asked} == {"The group asks you for 2 returns."}
    assert len(world.returns()) == 10
    row = world.row(AgencyReturn, world.returns()[0])
    assert row.due_on == row.original_due_on == date(2014, 11, 27)


def test_asking_again_asks_only_for_what_is_new(world_at: At) -> None:
    world = world_at("agency_audits")
    with (
        pytest.raises(Refused, match="Every case and record set already has its return"),
        world.does("sam") as tx,
    ):
        programme.request_returns(tx, world.audit)
    with world.office.store.begin(group=EVERY) as session:
        session.add(
            RecordSet(
                group_id=world.group_id,
                key="midwifery",
                name="Midwifery",
                agency_id=1,
                lead_post_id=None,
            )
        )
    with world.does("sam") as tx:
        assert len(programme.request_returns(tx, world.audit)) == 2


def test_records_whose_lead_has_left_are_asked_of_the_coordinator(world_at: At) -> None:
    world = world_at("cases_selected")
    world.leaves("policing")
    world.news()
    world.audit_at("agency_audits")
    assert "sam" in world.told("returns_requested")


def test_answers_are_saved_as_one_goes_and_changed_until_submission(world_at: At) -> None:
    world = world_at("agency_audits")
    ref, (first, second) = world.agency_return("police"), world.aims()
    world.moves("fay", ref, "start")
    with world.does("fay") as tx:
        reading.answer_aims(tx, ref, {first: ("no", "Not in the file.")}, tool=" Own tool v3 ", grade="Good")
    assert world.known(ref).facts["answers_missing"] == 1
    with pytest.raises(Refused, match="Answer every aim; “no evidence on file” is an answer too"):
        world.moves("fay", ref, "submit")
    with world.does("fay") as tx:
        reading.answer_aims(tx, ref, {first: ("partly", "Found it."), second: ("no evidence on file", "")})
    world.moves("fay", ref, "submit")
    row = world.row(AgencyReturn, ref)
    assert (row.tool, row.grade, row.submitted_on) == ("Own tool v3", "Good", world.today)
    with world.office.store.reading(group=EVERY) as session:
        assert session.get_one(Answer, 1).answer == "partly"
    with pytest.raises(Refused, match="is possible while"), world.does("fay") as tx:
        reading.answer_aims(tx, ref, {first: ("yes", "")})


def test_answers_that_cannot_be_are_refused(world_at: At) -> None:
    world = world_at("agency_audits")
    ref, (first, _) = world.agency_return("police"), world.aims()
    world.moves("fay", ref, "start")
    with pytest.raises(Refused, match="'perhaps' is not an answer"), world.does("fay") as tx:
        reading.answer_aims(tx, ref, {first: ("perhaps", "")})
    with pytest.raises(Refused, match="One of the aims does not belong"), world.does("fay") as tx:
        reading.answer_aims(tx, ref, {99: ("yes", "")})
    with pytest.raises(Refused, match="Write down the name of your audit tool"), world.does("fay") as tx:
        reading.answer_aims(tx, ref, {first: ("yes", "")}, tool=" ")
    with pytest.raises(Refused, match="'Fair' is not a grade"), world.does("fay") as tx:
        reading.answer_aims(tx, ref, {first: ("yes", "")}, grade="Fair")
    with pytest.raises(Refused, match=r"There is no agency_return/99"), world.does("fay") as tx:
        reading.answer_aims(tx, Ref("agency_return", 99), {first: ("yes", "")})
    assert world.known(ref).facts["answers"] == 0


def test_nobody_answers_for_another_agency(world_at: At) -> None:
    world = world_at("agency_audits")
    ref = world.agency_return("police")
    world.moves("fay", ref, "start")
    with pytest.raises(Refused), world.does("bo") as tx:
        reading.answer_aims(tx, ref, {world.aims()[0]: ("yes", "")})
    assert world.known(ref).facts["answers"] == 0


def test_the_coordinator_sends_a_return_back_and_the_agency_is_told(world_at: At) -> None:
    world = world_at("agency_audits")
    ref = world.agency_return("school")
    world.fills("esme", ref)
    world.moves("esme", ref, "submit")
    world.news()
    later = date(2014, 12, 4)
    with pytest.raises(Refused, match="The day by which the changes are due is today or later"):
        world.moves("sam", ref, "request_changes", reason="Fathers.", new_due_on=date(2014, 9, 14))
    world.moves("sam", ref, "request_changes", reason="The second aim is about fathers.", new_due_on=later)
    assert world.row(AgencyReturn, ref).due_on == later
    assert world.told("return_changes") == ["esme"]
    world.moves("esme", ref, "submit")
    world.moves("sam", ref, "accept")
    assert world.state(ref) == "accepted"


def test_an_agency_says_that_a_family_is_not_known_to_it(world_at: At) -> None:
    world = world_at("agency_audits")
    ref = world.agency_return("police")
    with pytest.raises(Refused, match="Fill in ‘Remark’"):
        world.moves("fay", ref, "declare_not_known")
    world.moves("fay", ref, "declare_not_known", remark="No trace in either system.")
    assert (world.state(ref), world.row(AgencyReturn, ref).submitted_on) == ("not_known", world.today)


def test_the_return_of_a_case_from_a_record_set_is_found_or_refused(world_at: At) -> None:
    world = world_at("agency_audits")
    with world.does("sam") as tx:
        found = founding.return_of(tx, world.cases()[1], 1)
    assert found == world.agency_return("health_visiting", case=1)
    with (
        pytest.raises(Refused, match="No return was asked for this case and these records"),
        world.does("sam") as tx,
    ):
        founding.return_of(tx, world.cases()[0], 99)


# -- absences ----------------------------------------------------------------------------------------------


def test_people_record_their_own_absence_and_the_coordinator_anybodys(world: World) -> None:
    ada = world.number(Person, "ada")
    for who in ("ada", "sam", "ida"):
        with world.does(who) as tx:
            assert founding.record_absence(tx, ada, world.today, world.today, "On leave")


@pytest.mark.parametrize("who", ["dan", "bo", "viv"])
def test_nobody_sends_the_chair_away_to_decide_in_her_place(world: World, who: str) -> None:
    ada = world.number(Person, "ada")
    with (
        pytest.raises(Refused, match="Only the coordinator or administrator can do this"),
        world.does(who) as tx,
    ):
        founding.record_absence(tx, ada, world.today, world.today, "On leave")


def test_an_absence_has_an_end_after_its_beginning_and_a_reason(world: World) -> None:
    ada = world.number(Person, "ada")
    with pytest.raises(Refused, match="The absence ends before it begins"), world.does("sam") as tx:
        founding.record_absence(tx, ada, date(2014, 9, 2), date(2014, 9, 1), "On leave")
    with pytest.raises(Refused, match="Write down the reason"), world.does("sam") as tx:
        founding.record_absence(tx, ada, date(2014, 9, 1), date(2014, 9, 2), " ")
    with pytest.raises(Refused, match="There is no such person in this group"), world.does("sam") as tx:
        founding.record_absence(tx, 99, date(2014, 9, 1), date(2014, 9, 2), "On leave")
