"""Deciding: who may, who stands in, what a decision does, and how long a request stays good."""

from __future__ import annotations

from datetime import date, time

import pytest

from assurance.commands import acting, concluding, moving, programme
from assurance.commands.approving import decide
from assurance.records import Action, Agency, Approval, Meeting, Recommendation
from engine.errors import Refused, Stale
from engine.moved import Ref
from notifications.letters import Outcome, Result
from notifications.mailer import MemoryMailer
from tests.assurance.conftest import At
from tests.cast import MEETINGS
from tests.world import World


def asked_for_the_theme(world: World) -> Ref:
    return world.asks("sam", world.audit, "agree_theme")


def recommends(world: World, agency: str) -> Ref:
    """An individual practice recommendation for one agency only."""
    with world.does("sam") as tx:
        wanted = concluding.Wanted(
            "individual_practice", "Read the file first", world.aims(), [], [], world.number(Agency, agency)
        )
        return concluding.make_recommendation(tx, world.audit, wanted)


def test_the_chair_approves_and_every_member_is_told_of_the_stage(world_at: At) -> None:
    world = world_at("proposed")
    approval = asked_for_the_theme(world)
    assert world.state(world.audit) == "proposed"
    assert [(mail.to, mail.severity) for mail in world.news() if mail.template == "approval_waiting"] == [
        ("ada", "decision")
    ]
    done = world.decides("ada", approval, reason="A timely theme.")
    assert (done.ref, done.state) == (approval, "approved")
    assert world.state(world.audit) == "theme_agreed"
    mails = world.news()
    assert sorted(mail.to for mail in mails if mail.template == "approval_decided") == ["sam"]
    assert sorted(mail.to for mail in mails if mail.template == "stage") == [
        *("ada", "bo", "cleo", "dan", "dev", "esme", "fay", "gil", "sam")
    ]


def test_the_decision_keeps_who_when_on_which_version_and_why(world_at: At) -> None:
    world = world_at("proposed")
    seen = world.version(world.audit)
    approval = asked_for_the_theme(world)
    world.on(MEETINGS["2014-12"], time(17, 0))
    world.decides("ada", approval, reason="A timely theme.", meeting="2014-12")
    row = world.row(Approval, approval)
    assert (row.requested_by_id, row.decided_by_id) == (
        world.actor("sam").person_id,
        world.actor("ada").person_id,
    )
    assert (row.asked_on, row.decided_on) == (date(2014, 9, 1), date(2014, 12, 11))
    assert (row.subject_version, row.meeting_id) == (seen, world.number(Meeting, "2014-12"))
    line = world.history(world.audit)[-1]
    assert line.actor == world.actor("ada").signature
    assert line.data == {
        "trigger": "agree_theme",
        "from": "proposed",
        "to": "theme_agreed",
        "approval": approval.id,
        "asked_by": world.actor("sam").signature,
        "row": {"state_since_on": "2014-12-11"},
    }
    assert world.texts(approval) == {(2, "reason"): "A timely theme."}


def test_a_remark_given_with_the_request_goes_into_the_history_of_the_move(world_at: At) -> None:
    world = world_at("proposed")
    approval = world.asks("sam", world.audit, "agree_theme", remark="As the Board wished.")
    world.decides("ada", approval)
    assert world.texts(world.audit)[world.version(world.audit), "remark"] == "As the Board wished."


def test_the_chair_asks_for_a_change_and_the_audit_stays_where_it_is(world_at: At) -> None:
    world = world_at("proposed")
    approval = asked_for_the_theme(world)
    world.news()
    world.decides("ada", approval, "request_change", reason="Add the school's part.")
    assert (world.state(approval), world.state(world.audit)) == ("change_requested", "proposed")
    assert world.told() == ["sam"]
    assert world.history(world.audit)[-1].data == {
        "approval": approval.id,
        "answer": "request_change",
        "minor": True,
    }
    again = asked_for_the_theme(world)
    world.decides("ada", again)
    assert world.state(world.audit) == "theme_agreed"


def test_a_no_needs_its_reason(world_at: At) -> None:
    world = world_at("proposed")
    approval = asked_for_the_theme(world)
    for answer in ("reject", "request_change"):
        with pytest.raises(Refused, match="Fill in ‘Reason’"):
            world.decides("ada", approval, answer, reason="  ")
    assert world.state(approval) == "waiting"


def test_an_answer_that_is_none_is_refused(world_at: At) -> None:
    world = world_at("proposed")
    with pytest.raises(Refused, match="'aprove' is not an answer; did you mean 'approve'"):
        world.decides("ada", asked_for_the_theme(world), "aprove")


def test_an_answer_is_given_in_its_own_form_and_never_by_its_word_alone(world_at: At) -> None:
    world = world_at("proposed")
    approval = asked_for_the_theme(world)
    for answer in ("approve", "reject", "request_change"):
        with pytest.raises(Refused, match="has a form of its own"):
            world.moves("ada", approval, answer, reason="So be it.")
    assert (world.state(approval), world.state(world.audit)) == ("waiting", "proposed")


def test_to_withdraw_or_to_let_lapse_is_no_answer(world_at: At) -> None:
    world = world_at("proposed")
    approval = asked_for_the_theme(world)
    for answer in ("withdraw", "lapse"):
        with pytest.raises(Refused, match=r"is not an answer\. Known: approve, request_change, reject"):
            world.decides("sam", approval, answer)
    assert world.state(approval) == "waiting"


def test_the_requester_withdraws_and_may_ask_again(world_at: At) -> None:
    world = world_at("proposed")
    approval = asked_for_the_theme(world)
    with pytest.raises(Refused, match="already waiting; withdraw that request first"):
        asked_for_the_theme(world)
    world.delivers()
    world.news()
    world.moves("sam", approval, "withdraw", reason="Too early.")
    assert world.state(approval) == "withdrawn"
    assert world.told() == ["ada"]
    with pytest.raises(Refused, match="it is Withdrawn"):
        world.decides("ada", approval)
    assert asked_for_the_theme(world) != approval


def test_nobody_but_the_requester_withdraws(world_at: At) -> None:
    world = world_at("proposed")
    approval = asked_for_the_theme(world)
    with pytest.raises(Refused, match="is a step for the requester"):
        world.moves("bo", approval, "withdraw")


def test_a_decision_is_taken_once_and_the_second_hears_by_whom(world_at: At) -> None:
    world = world_at("proposed")
    approval = asked_for_the_theme(world)
    seen = world.version(approval)
    world.decides("ada", approval, version=seen)
    with pytest.raises(Stale, match=r"Ada Ashdown changed Approval 1 on 1 Sep 2014 at 10:00"):
        world.decides("dan", approval, "reject", reason="No.", version=seen)
    with pytest.raises(Refused, match="it is already Approved"):
        world.decides("ada", approval)


def test_a_decision_that_is_not_there_is_refused(world_at: At) -> None:
    world = world_at("proposed")
    with pytest.raises(Refused, match=r"There is no approval/7\."):
        world.decides("ada", Ref("approval", 7))
    with pytest.raises(Refused, match=r"There is no audit/1\."):
        world.decides("ada", world.audit)


def test_another_groups_chair_decides_nothing_here(world_at: At) -> None:
    world = world_at("proposed")
    approval = asked_for_the_theme(world)
    world.found("other")
    with (
        pytest.raises(Refused, match=r"There is no approval/1\."),
        world.does("ada", group="other") as tx,
    ):
        decide(tx, approval, "approve")


def test_a_meeting_that_nobody_held_is_refused(world_at: At) -> None:
    world = world_at("proposed")
    approval = asked_for_the_theme(world)
    with (
        pytest.raises(Refused, match="There is no such meeting in this group"),
        world.does("ada") as tx,
    ):
        decide(tx, approval, "approve", meeting_id=99)


# -- who may decide ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["bo", "cleo", "sam", "ida", "una", "thea"])
def test_only_the_chair_decides(world_at: At, who: str) -> None:
    world = world_at("proposed")
    approval = world.asks("dan", world.audit, "agree_theme")
    with pytest.raises(Refused, match="is a step for the approver"):
        world.decides(who, approval)


def test_the_deputy_has_no_say_while_the_chair_is_there(world_at: At) -> None:
    world = world_at("proposed")
    with pytest.raises(Refused, match="is a step for the approver"):
        world.decides("dan", asked_for_the_theme(world))


def test_who_asked_does_not_decide_and_the_deputy_does(world_at: At) -> None:
    world = world_at("proposed")
    world.news()
    approval = world.asks("ada", world.audit, "agree_theme")
    assert world.told() == ["dan"]
    with pytest.raises(Refused, match="You asked for this yourself; somebody else must decide"):
        world.decides("ada", approval)
    world.decides("dan", approval)
    assert world.state(world.audit) == "theme_agreed"


def test_the_deputy_decides_while_the_chair_is_away_and_hands_it_back_after(world_at: At) -> None:
    world = world_at("proposed")
    world.is_away("ada", until=date(2014, 9, 5))
    world.news()
    approval = asked_for_the_theme(world)
    assert world.told() == ["ada", "dan"]
    world.on(date(2014, 9, 8))
    with pytest.raises(Refused, match="is a step for the approver"):
        world.decides("dan", approval)
    world.on(date(2014, 9, 5))
    world.decides("dan", approval)
    assert world.row(Approval, approval).decided_by_id == world.actor("dan").person_id


def test_a_chair_who_is_away_may_still_decide_from_afar(world_at: At) -> None:
    world = world_at("proposed")
    world.is_away("ada", until=date(2014, 9, 5))
    world.decides("ada", asked_for_the_theme(world))
    assert world.state(world.audit) == "theme_agreed"


def test_the_deputy_decides_while_the_chair_is_vacant(world_at: At) -> None:
    world = world_at("proposed")
    world.leaves("chair")
    world.on(date(2014, 9, 2))
    approval = asked_for_the_theme(world)
    with pytest.raises(Refused):
        world.decides("ada", approval)
    world.decides("dan", approval)


def test_the_successor_decides_what_was_asked_of_the_chair_before(world_at: At) -> None:
    world = world_at("proposed")
    approval = asked_for_the_theme(world)
    world.leaves("chair", successor="viv")
    world.on(date(2014, 9, 2))
    world.decides("viv", approval)
    assert world.state(world.audit) == "theme_agreed"


def test_the_deputy_is_called_in_by_a_rule_when_the_chair_is_late(world_at: At) -> None:
    world = world_at("proposed")
    approval = asked_for_the_theme(world)
    called_in_on = world.working_days_from(world.today, 10)
    world.nights(called_in_on)
    assert world.fired(approval) == ["approval-waiting 0", "approval-to-deputy 0"]
    assert world.row(Approval, approval).deputy_called
    world.on(called_in_on)
    world.decides("dan", approval)
    assert world.state(world.audit) == "theme_agreed"
    assert world.proof().faults == ()


def test_a_late_chair_may_still_decide_after_the_deputy_was_called_in(world_at: At) -> None:
    world = world_at("proposed")
    approval = asked_for_the_theme(world)
    seen = world.version(approval)
    world.nights(world.working_days_from(world.today, 10))
    world.decides("ada", approval, version=seen)
    assert world.state(approval) == "approved"


def test_where_nobody_is_left_to_decide_the_coordinator_is_told(world_at: At) -> None:
    world = world_at("actions")
    world.leaves("chair")
    plan = acting.Plan(world.number(Agency, "council"), "Tell schools on the day")
    with world.does("dev") as tx:
        action = acting.plan_action(tx, Ref("recommendation", 1), plan)
    world.on(date(2014, 12, 16))
    world.news()
    approval = world.asks("dev", action, "close", reason="Merged with another.")
    assert world.told("approval_waiting") == ["sam"]
    with pytest.raises(Refused, match="You hold a post in the agency whose work this is"):
        world.decides("dan", approval)


# -- nobody decides on their own work ----------------------------------------------------------------------


def test_the_chairs_own_agency_is_the_deputys_to_decide_on(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("ccg")
    world.news()
    approval = world.asks("gil", action, "extend", new_due_on=date(2015, 4, 30), reason="Sickness")
    assert world.told("approval_waiting") == ["dan"]
    with pytest.raises(Refused, match="You hold a post in the agency whose work this is; somebody else"):
        world.decides("ada", approval)
    world.decides("dan", approval)
    assert world.row(Action, action).current_due_on == date(2015, 4, 30)


def test_the_chair_does_not_decide_what_is_recommended_to_her_own_agency_alone(world_at: At) -> None:
    world = world_at("recommendations")
    recommendation = recommends(world, "ccg")
    approval = world.asks("sam", recommendation, "agree")
    with pytest.raises(Refused, match="You hold a post in the agency whose work this is"):
        world.decides("ada", approval)
    world.decides("dan", approval)
    assert world.state(recommendation) == "agreed"


def test_what_is_recommended_to_another_agency_alone_is_the_chairs_to_decide(world_at: At) -> None:
    world = world_at("recommendations")
    recommendation = recommends(world, "trust")
    world.is_granted("sam", recommendation, "agree")
    assert world.row(Recommendation, recommendation).agreed_on == world.today


def test_the_chair_does_not_verify_her_own_agencys_action_and_the_deputy_does(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("ccg")
    with world.does("gil") as tx:
        acting.add_evidence(tx, action, "Minutes", "The practice meeting agreed it.")
    world.moves("gil", action, "confirm")
    with pytest.raises(Refused, match="You hold a post in the agency whose work this is"):
        world.moves("ada", action, "verify")
    world.moves("dan", action, "verify")
    assert world.state(action) == "verified"


def test_who_confirmed_an_action_does_not_verify_it_even_after_changing_posts(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    with world.does("bo") as tx:
        acting.add_evidence(tx, action, "Attendance list", "All teams were briefed.")
    world.moves("bo", action, "confirm")
    world.leaves("chair", successor="bo")
    world.leaves("nursing", successor="viv")
    world.on(date(2014, 12, 16))
    with pytest.raises(Refused, match=r"You did the earlier step .confirm. yourself; somebody else"):
        world.moves("bo", action, "verify")
    with world.does("viv") as tx:
        acting.note_progress(tx, action, "on track", "Nothing changes.")
    world.moves("dan", action, "verify")


def test_it_is_the_object_that_counts_and_not_the_person_alone(world_at: At) -> None:
    world = world_at("actions")
    with world.does("bo") as tx:
        acting.add_evidence(tx, world.action("trust"), "Attendance list", "All teams were briefed.")
    with world.does("gil") as tx:
        acting.add_evidence(tx, world.action("ccg"), "Minutes", "The practice meeting agreed it.")
    world.moves("bo", world.action("trust"), "confirm")
    world.moves("gil", world.action("ccg"), "confirm")
    world.leaves("deputy", successor="bo")
    world.on(date(2014, 12, 16))
    world.moves("bo", world.action("ccg"), "verify")
    with pytest.raises(Refused, match="yourself"):
        world.moves("bo", world.action("trust"), "verify")


def test_a_coordinator_who_submitted_a_return_does_not_accept_it(world_at: At) -> None:
    world = world_at("agency_audits")
    ref = world.agency_return("health_visiting")
    world.fills("bo", ref)
    world.moves("bo", ref, "submit")
    world.leaves("coordinator", successor="bo")
    world.on(date(2014, 9, 16))
    with pytest.raises(Refused, match=r"You did the earlier step .submit. yourself"):
        world.moves("bo", ref, "accept")


# -- a request is good for what was seen -------------------------------------------------------------------


@pytest.mark.parametrize("result", [Result.LATER, Result.REFUSED])
def test_whoever_could_not_be_reached_is_not_told_that_nothing_waits_any_more(
    world_at: At, result: Result
) -> None:
    world = world_at("proposed")
    world.delivers()
    world.post = MemoryMailer(
        lambda one: Outcome(result if "ada@" in one.to_address else Result.SENT, 450, "no")
    )
    approval = asked_for_the_theme(world)
    world.delivers()
    with world.does("dan") as tx:
        programme.add_aim(tx, world.audit, "Was the plan known to all?")
    assert world.state(approval) == "lapsed"
    assert [mail.to for mail in world.news() if mail.template == "approval_decided"] == ["sam"]


def test_a_request_lapses_when_what_it_is_about_changes(world_at: At) -> None:
    world = world_at("proposed")
    approval = asked_for_the_theme(world)
    world.delivers()
    world.news()
    with world.does("dan") as tx:
        programme.add_aim(tx, world.audit, "Was the plan known to all?")
    assert world.state(approval) == "lapsed"
    assert [(mail.to, mail.said) for mail in world.news() if mail.template == "approval_decided"] == [
        ("sam", "Your request to agree the theme: lapsed."),
        ("ada", "The request to agree the theme waits for you no more: lapsed."),
    ]
    assert world.history(approval)[-1].data["because"] == "audit/1 has changed"
    with pytest.raises(Refused, match="it is Lapsed"):
        world.decides("ada", approval)
    world.decides("ada", asked_for_the_theme(world))


def test_a_progress_note_lets_no_request_lapse(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    approval = world.asks("nell", action, "extend", new_due_on=date(2015, 4, 30), reason="Sickness")
    with world.does("nell") as tx:
        acting.note_progress(tx, action, "late", "Two trainers are ill.")
    world.decides("ada", approval)
    assert world.row(Action, action).times_moved == 1


def test_a_chair_who_saw_the_older_request_decides_nothing(world_at: At) -> None:
    world = world_at("proposed")
    approval = asked_for_the_theme(world)
    seen = world.version(approval)
    with world.does("dan") as tx:
        programme.add_aim(tx, world.audit, "Was the plan known to all?")
    with pytest.raises(Stale, match="Dan Dole changed Approval 1"):
        world.decides("ada", approval, version=seen)


def test_an_approval_is_refused_when_its_needs_are_met_no_longer(world_at: At) -> None:
    world = world_at("agency_audits")
    for records, who in (
        ("health_visiting", "bo"),
        ("social_care", "dev"),
        ("school", "esme"),
        ("police", "fay"),
        ("gp", "gil"),
    ):
        for ref in world.returns(records):
            world.settles(who, ref)
    approval = world.asks("sam", world.audit, "open_findings")
    world.moves(
        "sam",
        world.agency_return("school"),
        "reopen",
        reason="Two aims were mixed up.",
        new_due_on=date(2014, 11, 27),
    )
    with pytest.raises(Refused, match="Every return is accepted, answered with “not known to us”, or waived"):
        world.decides("ada", approval)
    assert (world.state(approval), world.state(world.audit)) == ("waiting", "agency_audits")
    world.moves("esme", world.agency_return("school"), "submit")
    world.moves("sam", world.agency_return("school"), "accept")
    world.decides("ada", approval)
    assert world.state(world.audit) == "findings"


def test_whoever_lost_their_post_is_not_told_and_the_coordinator_is(world_at: At) -> None:
    world = world_at("actions")
    approval = world.asks(
        "nell", world.action("trust"), "extend", new_due_on=date(2015, 4, 30), reason="Sickness"
    )
    world.leaves("health_visiting")
    world.on(date(2014, 12, 16))
    world.news()
    world.decides("ada", approval)
    assert world.told("approval_decided") == ["sam"]


def test_the_group_is_asked_of_the_chair_but_decides_in_a_meeting(world_at: At) -> None:
    world = world_at("recommendations")
    with world.does("sam") as tx:
        wanted = concluding.Wanted("strategic", "Tell schools on the day", world.aims(), [], [])
        ref = concluding.make_recommendation(tx, world.audit, wanted)
    world.is_granted("sam", ref, "agree")
    world.on(date(2015, 3, 2))
    approval = world.asks("sam", ref, "accept_risk", reason="No money this year.")
    with pytest.raises(Refused, match="Only the group in a meeting can decide this"):
        world.decides("ada", approval)
    world.decides("ada", approval, "reject", reason="Ask the Board for money first.")
    again = world.asks("sam", ref, "accept_risk", reason="The Board has none.")
    for meeting in ("2014-12", "2015-03"):
        with pytest.raises(Refused, match=r"cannot have decided what was asked on 2 March 2015; today is 2"):
            world.decides("ada", again, meeting=meeting)
    world.on(MEETINGS["2015-03"], time(17, 0))
    world.decides("ada", again, meeting="2015-03")
    assert world.state(ref) == "risk_accepted"
    assert world.history(again)[-1].data["row"]["meeting_id"] == world.number(Meeting, "2015-03")


def test_a_waived_return_has_the_chairs_reason_and_word(world_at: At) -> None:
    world = world_at("agency_audits")
    ref = world.agency_return("school")
    with world.does("sam") as tx:
        done = moving.move(tx, ref, "waive", given={"reason": "The school has closed."})
    assert done.approval is not None
    world.decides("ada", done.approval)
    assert world.state(ref) == "waived"
    assert world.texts(ref)[world.version(ref), "reason"] == "The school has closed."
