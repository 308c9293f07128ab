"""Taking a subject through its moves: what is written, who is told, and every way in which it is refused."""

from __future__ import annotations

from datetime import date, time

import pytest

from assurance.commands import acting, moving, programme
from assurance.office import clock_of
from assurance.records import Action, Agency, Audit, Post
from engine.conditions import Value
from engine.errors import Refused, Stale
from engine.fences import EVERY
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.cast import MEETINGS
from tests.world import World


def test_the_owner_begins_and_the_history_says_so(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    done = world.moves("nell", action, "begin")
    assert (done.ref, done.state, done.approval, done.is_repeat) == (action, "in_progress", None, False)
    line = world.history(action)[-1]
    assert (line.seq, line.kind, line.actor) == (done.seq, "moved", world.actor("nell").signature)
    assert line.at == world.clock.now()
    row = {"state_since_on": world.today.isoformat()}
    assert line.data == {"trigger": "begin", "from": "agreed", "to": "in_progress", "row": row}
    assert world.row(Action, action).state_since_on == world.today


def test_the_chair_verifies_and_the_owner_the_lead_and_the_coordinator_are_told(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    world.news()
    with world.does("bo") as tx:
        acting.add_evidence(tx, action, "Attendance list", "All teams were briefed.")
    world.moves("bo", action, "confirm", remark="All four teams.")
    assert world.told("action_told") == ["ada", "sam"]
    assert world.texts(action)[world.version(action), "remark"] == "All four teams."
    assert world.row(Action, action).confirmed_on == world.today
    world.moves("ada", action, "verify")
    assert world.told("action_told") == ["bo", "nell", "sam"]
    assert world.row(Action, action).verified_on == world.today


def test_the_chair_sends_an_action_back_and_it_is_no_longer_confirmed(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    with world.does("bo") as tx:
        acting.add_evidence(tx, action, "Attendance list", "One team was briefed.")
    world.moves("bo", action, "confirm")
    world.news()
    with pytest.raises(Refused, match="The day by which it is due again is today or later"):
        world.moves("ada", action, "return", reason="Three teams are missing.", new_due_on=date(2014, 12, 14))
    world.moves("ada", action, "return", reason="Three teams are missing.", new_due_on=date(2015, 3, 31))
    assert world.state(action) == "in_progress"
    row = world.row(Action, action)
    assert (row.confirmed_on, row.current_due_on, row.times_moved) == (None, date(2015, 3, 31), 1)
    assert world.told("action_for_you") == ["bo", "nell"]


def test_every_reason_is_given_at_once(world_at: At) -> None:
    world = world_at("actions")
    with pytest.raises(Refused) as refused:
        world.moves("nell", world.action("trust"), "confirm")
    assert [reason.code for reason in refused.value.reasons] == ["role", "need"]
    assert "Add at least one piece of evidence." in str(refused.value)


def test_a_refused_move_leaves_nothing_behind(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    before = world.version(action)
    world.news()
    with pytest.raises(Refused):
        world.moves("bo", action, "confirm")
    assert world.version(action) == before
    assert world.news() == []


def test_a_step_from_the_wrong_state_says_what_has_to_come_first(world_at: At) -> None:
    world = world_at("actions")
    with pytest.raises(Refused, match=r"it is Agreed.* has to come first"):
        world.moves("ada", world.action("trust"), "verify")


def test_a_misspelt_step_is_answered_with_the_nearest(world_at: At) -> None:
    world = world_at("actions")
    with pytest.raises(Refused, match="Did you mean ‘verify’"):
        world.moves("ada", world.action("trust"), "verfy")


def test_a_subject_that_is_not_there_is_refused(world_at: At) -> None:
    world = world_at("actions")
    with pytest.raises(Refused, match=r"There is no action/99\."):
        world.moves("ada", Ref("action", 99), "verify")


def test_a_kind_that_nobody_knows_is_refused_with_those_that_are_known(world: World) -> None:
    with pytest.raises(Refused, match="nothing called 'ticket' here; known: action, agency_return"):
        world.moves("ada", Ref("ticket", 1), "close")


def test_another_groups_subject_is_not_there_for_us(world_at: At) -> None:
    world = world_at("proposed")
    world.found("other")
    with (
        pytest.raises(Refused, match=r"There is no audit/1\."),
        world.does("sam", group="other") as tx,
    ):
        moving.move(tx, world.audit, "agree_theme")


def test_somebody_without_a_post_moves_nothing(world_at: At) -> None:
    world = world_at("proposed")
    with pytest.raises(Refused, match=r"There is no audit/1\."):
        world.moves("viv", world.audit, "agree_theme")


def test_the_lead_of_another_agency_has_no_part_in_an_agencys_return(world_at: At) -> None:
    world = world_at("agency_audits")
    with pytest.raises(Refused, match="There is no agency_return"):
        world.moves("fay", world.agency_return("health_visiting"), "start")


def test_the_lead_of_another_agency_is_no_lead_of_this_action(world_at: At) -> None:
    world = world_at("actions")
    with pytest.raises(Refused, match="is a step for the owner or the agency lead; you are here as member"):
        world.moves("fay", world.action("trust"), "begin")


def test_the_clock_is_nobody_who_could_begin_an_action(world_at: At) -> None:
    world = world_at("actions")
    with (
        pytest.raises(Refused, match="you are here as clock"),
        world.office.begin(clock_of(world.group_id)) as tx,
    ):
        moving.move(tx, world.action("trust"), "begin")


def test_the_clock_cannot_ask_for_an_approval_even_where_a_file_would_let_it(world_at: At) -> None:
    world = world_at("actions")
    with (
        pytest.raises(Refused) as refused,
        world.office.begin(clock_of(world.group_id)) as tx,
    ):
        moving.move(tx, world.audit, "sign_off")
    assert "role" in [reason.code for reason in refused.value.reasons]


def test_a_step_that_comes_with_data_is_not_made_by_its_word_alone(world_at: At) -> None:
    world = world_at("proposed")
    with pytest.raises(Refused, match="‘Write down an aim’ needs more than a word; it has a form of its own"):
        world.moves("sam", world.audit, "add_aim")
    with pytest.raises(Refused, match="‘Write down an aim’ is a step for the coordinator"):
        world.moves("bo", world.audit, "add_aim")


def test_a_letter_that_nobody_can_read_is_refused(world_at: At) -> None:
    world = world_at("actions")
    with pytest.raises(Refused, match="which nobody can read; write it without"):
        world.moves(
            "nell", world.action("trust"), "extend", new_due_on=date(2015, 4, 1), reason="Sick\x00ness"
        )


def test_what_a_step_does_not_ask_for_is_refused_rather_than_lost(world_at: At) -> None:
    world = world_at("actions")
    with pytest.raises(Refused, match="does not ask for ‘reason’"):
        world.moves("nell", world.action("trust"), "begin", reason="Now.")


def test_a_date_is_asked_for_in_place_of_a_word(world_at: At) -> None:
    world = world_at("actions")
    with pytest.raises(Refused, match="has to be a date; ‘soon’ is not"):
        world.moves("bo", world.action("trust"), "extend", new_due_on="soon", reason="Sickness")


# -- versions ----------------------------------------------------------------------------------------------


def test_whoever_decides_on_an_older_version_hears_who_was_faster(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    seen = world.version(action)
    world.moves("nell", action, "begin")
    with pytest.raises(
        Stale, match=r"Nell Norris changed Action 1 on 15 Dec 2014 at 10:00, after you had looked"
    ):
        world.moves("bo", action, "begin", version=seen)


def test_the_version_is_looked_at_before_the_step(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    seen = world.version(action)
    world.moves("nell", action, "begin")
    with pytest.raises(Refused) as blunt:
        world.moves("bo", action, "begin")
    assert not isinstance(blunt.value, Stale)
    with pytest.raises(Stale):
        world.moves("bo", action, "begin", version=seen)


def test_a_note_that_was_written_meanwhile_makes_nobody_stale(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    seen = world.version(action)
    with world.does("nell") as tx:
        acting.note_progress(tx, action, "on track", "Two teams were briefed.")
    assert world.moves("bo", action, "begin", version=seen).state == "in_progress"


def test_the_one_who_changed_it_is_named_and_not_the_clock_that_spoke_since(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    seen = world.version(action)
    world.moves("nell", action, "begin")
    world.nights(date(2015, 3, 3))
    assert world.history(action)[-1].actor == "clock"
    with pytest.raises(Stale, match="Nell Norris changed Action 1 on 15"):
        world.moves("bo", action, "begin", version=seen)


def test_a_version_that_does_not_exist_yet_is_stale_too(world_at: At) -> None:
    world = world_at("actions")
    with pytest.raises(Stale, match="Action 1 has no version 99; look again"):
        world.moves("nell", world.action("trust"), "begin", version=99)


# -- the same request twice --------------------------------------------------------------------------------


def test_the_same_request_twice_is_one_move_with_the_first_answer(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    first = world.moves("nell", action, "begin", key="form-7")
    world.news()
    again = world.moves("nell", action, "begin", key="form-7")
    assert (again.ref, again.seq, again.state) == (first.ref, first.seq, first.state)
    assert again.is_repeat
    assert world.version(action) == first.seq
    assert world.news() == []


def test_the_first_answer_stands_even_when_much_has_happened_since(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    first = world.moves("nell", action, "begin", key="form-7", version=world.version(action))
    with world.does("bo") as tx:
        acting.add_evidence(tx, action, "Attendance list", "All teams were briefed.")
    world.moves("bo", action, "confirm")
    again = world.moves("nell", action, "begin", key="form-7", version=first.seq - 1)
    assert (again.seq, again.state) == (first.seq, "in_progress")


def test_asking_twice_with_one_key_gives_the_one_approval(world_at: At) -> None:
    world = world_at("proposed")
    first = world.moves("sam", world.audit, "agree_theme", key="form-8")
    again = world.moves("sam", world.audit, "agree_theme", key="form-8")
    assert again.is_repeat
    assert again.approval == first.approval == Ref("approval", 1)


def test_a_repeated_decision_is_one_decision(world_at: At) -> None:
    world = world_at("proposed")
    approval = world.asks("sam", world.audit, "agree_theme")
    first = world.decides("ada", approval, key="form-9")
    again = world.decides("ada", approval, key="form-9")
    assert (again.ref, again.seq, again.state, again.is_repeat) == (approval, first.seq, "approved", True)


def test_a_form_sent_twice_enters_one_aim(world_at: At) -> None:
    world = world_at("proposed")
    with world.does("sam") as tx:
        programme.add_aim(tx, world.audit, "Was the plan known to all?", key="form-10")
    with (
        pytest.raises(Refused, match="was carried out already"),
        world.does("sam") as tx,
    ):
        programme.add_aim(tx, world.audit, "Was the plan known to all?", key="form-10")
    assert len(world.aims()) == 3


def test_a_form_sent_twice_opens_one_audit(world: World) -> None:
    theme = programme.Theme("2014-15", "Neglect", "review", "Review", "Scope", 12, 2)
    with world.does("sam") as tx:
        programme.open_audit(tx, theme, key="form-11")
    with (
        pytest.raises(Refused, match="was carried out already"),
        world.does("sam") as tx,
    ):
        programme.open_audit(tx, theme, key="form-11")
    with world.office.store.reading(group=EVERY) as session:
        assert session.get(Audit, 2) is None


def test_a_key_of_one_group_says_nothing_to_another(world_at: At) -> None:
    world = world_at("proposed")
    world.moves("sam", world.audit, "agree_theme", key="form-12")
    world.found("other")
    theme = programme.Theme("2014-15", "Neglect", "review", "Review", "Scope", 12, 2)
    with world.does("sam", group="other") as tx:
        audit = programme.open_audit(tx, theme)
        programme.add_aim(tx, audit, "Was the plan known to all?")
    with world.does("sam", group="other") as tx:
        done = moving.move(tx, audit, "agree_theme", key="form-12")
    assert (done.ref, done.is_repeat) == (audit, False)


def test_a_key_is_good_for_one_request_only(world_at: At) -> None:
    world = world_at("actions")
    world.moves("nell", world.action("trust"), "begin", key="form-13")
    with pytest.raises(Refused, match="The key 'form-13' was used for another request; choose a new one"):
        world.moves(
            "nell", world.action("trust"), "extend", key="form-13", new_due_on=date(2015, 4, 1), reason="x"
        )
    with pytest.raises(Refused, match="was used for another request"):
        world.moves("nell", world.action("ccg"), "begin", key="form-13")


def test_a_key_of_somebody_else_is_another_key(world_at: At) -> None:
    world = world_at("actions")
    world.moves("nell", world.action("trust"), "begin", key="form-14")
    with pytest.raises(Refused, match="it is already In progress"):
        world.moves("bo", world.action("trust"), "begin", key="form-14")


# -- dates -------------------------------------------------------------------------------------------------


def test_a_first_date_is_set_and_a_second_is_asked_for(world_at: At) -> None:
    world = world_at("actions")
    plan = acting.Plan(world.number(Agency, "trust"), "Review the rota")
    with world.does("bo") as tx:
        action = acting.plan_action(tx, Ref("recommendation", 1), plan)
    owner = world.number(Post, "health_visiting")
    with world.does("bo") as tx:
        acting.complete_plan(tx, action, owner_post_id=owner, measure="Rota kept", due_on=date(2015, 3, 2))
    row = world.row(Action, action)
    assert (row.owner_post_id, row.measure) == (owner, "Rota kept")
    assert row.original_due_on == row.current_due_on == date(2015, 3, 2)
    with (
        pytest.raises(Refused, match="A date stands already; ask for a later one instead"),
        world.does("bo") as tx,
    ):
        acting.complete_plan(tx, action, due_on=date(2015, 4, 1))


def test_the_chair_grants_a_later_date_and_the_first_one_is_not_forgotten(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    approval = world.asks("nell", action, "extend", new_due_on=date(2015, 4, 30), reason="Sickness")
    assert world.row(Action, action).current_due_on == date(2015, 2, 27)
    world.news()
    world.decides("ada", approval)
    row = world.row(Action, action)
    assert (row.original_due_on, row.current_due_on) == (date(2015, 2, 27), date(2015, 4, 30))
    assert row.times_moved == 1
    assert world.told("action_told") == ["bo", "nell", "sam"]
    assert world.history(action)[-1].data["set"] == {"current_due_on": "2015-04-30", "times_moved": 1}


def test_the_chair_refuses_a_later_date_and_the_old_one_stands(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    approval = world.asks("nell", action, "extend", new_due_on=date(2015, 4, 30), reason="Sickness")
    world.news()
    world.decides("ada", approval, "reject", reason="The teams were free in January.")
    row = world.row(Action, action)
    assert (row.current_due_on, row.times_moved) == (date(2015, 2, 27), 0)
    assert world.told("approval_decided") == ["nell"]
    assert world.history(action)[-1].data == {
        "approval": approval.id,
        "answer": "reject",
        "minor": True,
    }


def test_an_earlier_date_is_no_extension(world_at: At) -> None:
    world = world_at("actions")
    with pytest.raises(Refused, match="The new date is later than the present one"):
        world.moves("nell", world.action("trust"), "extend", new_due_on=date(2015, 1, 30), reason="Early")


def test_the_third_date_is_for_the_group_in_a_meeting(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    for month in (4, 5):
        world.is_granted("nell", action, "extend", new_due_on=date(2015, month, 30), reason="Sickness")
    asked: dict[str, Value] = {"new_due_on": date(2015, 6, 30), "reason": "Sickness"}
    with pytest.raises(Refused, match="moved twice already; a third time is for the group to decide"):
        world.moves("nell", action, "extend", version=None, key=None, **asked)
    approval = world.asks("nell", action, "extend_by_group", key=None, **asked)
    with pytest.raises(Refused, match="Only the group in a meeting can decide this; name the meeting"):
        world.decides("ada", approval)
    assert world.state(approval) == "waiting"
    world.on(MEETINGS["2015-03"], time(17, 0))
    world.decides("ada", approval, meeting="2015-03")
    row = world.row(Action, action)
    assert (row.current_due_on, row.times_moved, row.original_due_on) == (
        date(2015, 6, 30),
        3,
        date(2015, 2, 27),
    )


def test_the_group_need_not_decide_what_the_chair_still_can(world_at: At) -> None:
    world = world_at("actions")
    with pytest.raises(Refused, match="The chair can still decide on a later date"):
        world.moves(
            "nell", world.action("trust"), "extend_by_group", new_due_on=date(2015, 6, 30), reason="Sickness"
        )
