"""What the group concludes and what agencies do about it; one test for each thing that is not taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from assurance.commands import acting, concluding, meetings, programme
from assurance.commands.concluding import Seen, Wanted
from assurance.office import clock_of
from assurance.records import (
    Action,
    Agency,
    AgencyAnswer,
    Case,
    Finding,
    Meeting,
    Moderation,
    Post,
    Recommendation,
)
from engine.errors import Refused
from engine.fences import EVERY
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.full_world import INDIVIDUAL, full_world
from tests.assurance.test_entering import THEME
from tests.world import WHO_READS, World

RECOMMENDATION = Ref("recommendation", 1)


def another_audit(world: World) -> tuple[Ref, int]:
    """A second audit and its only aim."""
    with world.does("sam") as tx:
        audit = programme.open_audit(tx, replace(THEME, theme="Exploitation"))
        return audit, programme.add_aim(tx, audit, "Was the risk named?")


# -- findings ----------------------------------------------------------------------------------------------


def test_the_group_looks_at_the_returns_together(world_at: At) -> None:
    world = world_at("findings")
    with world.does("sam") as tx:
        concluding.hold_moderation(tx, world.audit, "All returns", held_on=date(2014, 11, 20))
    with world.office.store.reading(group=EVERY) as session:
        assert session.get_one(Moderation, 1).held_on == date(2014, 11, 20)
    assert world.known(world.audit).facts["held_on"] == date(2014, 11, 20)


def test_a_joint_look_needs_its_note_its_meeting_and_its_stage(world_at: At) -> None:
    world = world_at("findings")
    with pytest.raises(Refused, match="Write down what the group looked at"), world.does("sam") as tx:
        concluding.hold_moderation(tx, world.audit, "")
    with pytest.raises(Refused, match="There is no such meeting"), world.does("sam") as tx:
        concluding.hold_moderation(tx, world.audit, "All returns", meeting_id=99)
    with pytest.raises(Refused, match="There is no audit/99"), world.does("sam") as tx:
        concluding.hold_moderation(tx, Ref("audit", 99), "All returns")
    with pytest.raises(Refused, match="is a step for the coordinator"), world.does("bo") as tx:
        concluding.hold_moderation(tx, world.audit, "All returns")


def test_nobody_has_looked_at_the_returns_tomorrow(world_at: At) -> None:
    world = world_at("findings")
    with pytest.raises(Refused, match="on 25 November 2014, which is still to come"), world.does("sam") as tx:
        concluding.hold_moderation(tx, world.audit, "All returns", held_on=date(2014, 11, 25))
    meeting = world.number(Meeting, "2014-12")
    with pytest.raises(Refused, match="on 11 December 2014, which is still to come"), world.does("sam") as tx:
        concluding.hold_moderation(tx, world.audit, "All returns", meeting_id=meeting)


def test_findings_are_numbered_and_may_keep_their_case_private(world_at: At) -> None:
    world = world_at("findings")
    aim, case = world.aims()[0], world.cases()[0]
    with world.does("sam") as tx:
        concluding.record_finding(tx, world.audit, Seen(aim, "strength", "Shared within a day", case))
        number = concluding.record_finding(
            tx, world.audit, Seen(aim, "learning point", "Say who was told", none_needed="It is done already")
        )
    with world.office.store.reading(group=EVERY) as session:
        row = session.get_one(Finding, number)
        assert (row.number, row.case_id, row.none_needed) == (2, None, "It is done already")


def test_a_finding_that_cannot_be_is_refused(world_at: At) -> None:
    world = world_at("findings")
    aim = world.aims()[0]
    _, other_aim = another_audit(world)
    with world.office.store.begin(group=EVERY) as session:
        case = Case(group_id=1, audit_id=2, case_ref="C-BCDFGH", kind="child", criterion="Elsewhere")
        session.add(case)
        session.flush()
        other_case = case.id
    for seen, sentence in (
        (Seen(aim, "weakness", "Late"), "'weakness' is not a kind of finding"),
        (Seen(aim, "strength", " "), "Write down what was seen"),
        (Seen(99, "strength", "Early"), "There is no such aim"),
        (Seen(other_aim, "strength", "Early"), "This aim belongs to another audit"),
        (Seen(aim, "strength", "Early", 99), "There is no such case"),
        (Seen(aim, "strength", "Early", other_case), "This case belongs to another audit"),
    ):
        with pytest.raises(Refused, match=sentence), world.does("sam") as tx:
            concluding.record_finding(tx, world.audit, seen)
    assert world.known(world.audit).facts["findings"] == 0


def test_the_findings_are_not_left_before_every_aim_has_one(world_at: At) -> None:
    world = world_at("findings")
    with pytest.raises(Refused) as refused:
        world.moves("sam", world.audit, "open_recommendations")
    assert [reason.sentence for reason in refused.value.reasons] == [
        "Record the group's joint look at the returns.",
        "Record what was seen.",
        "Every aim has at least one finding, be it a strength.",
    ]


# -- recommendations ---------------------------------------------------------------------------------------


def test_a_recommendation_asks_its_agencies(world_at: At) -> None:
    world = world_at("recommendations")
    trust, police = world.number(Agency, "trust"), world.number(Agency, "police")
    with world.does("sam") as tx:
        wanted = Wanted("strategic", "Tell schools on the day", world.aims(), [1], [trust, police])
        ref = concluding.make_recommendation(tx, world.audit, wanted)
    assert world.known(ref).facts["agencies_asked"] == 2
    assert world.known(world.audit).facts["findings_without_outcome"] == 0
    with world.does("fay") as tx:
        concluding.answer_for_agency(tx, ref, police, "not_accepted", reason="We do it already.")
    with world.does("bo") as tx:
        concluding.answer_for_agency(tx, ref, trust, "accepted")
    assert world.known(ref).facts["agencies_asked"] == 0
    with world.office.store.reading(group=EVERY) as session:
        assert [session.get_one(AgencyAnswer, number).answer for number in (1, 2)] == [
            "accepted",
            "not_accepted",
        ]
    assert "We do it already." in world.texts(ref).values()


def test_a_recommendation_that_cannot_be_is_refused(world_at: At) -> None:
    world = world_at("recommendations")
    aims = world.aims()
    for wanted, sentence in (
        (Wanted("tactical", "Do it", aims, [], []), "'tactical' is not a kind of recommendation"),
        (Wanted("strategic", "Do it", aims, [], [], 1), "names its one agency; a strategic one names none"),
        (Wanted("individual_practice", "Do it", aims, [], []), "names its one agency"),
        (Wanted("strategic", "Do it", [], [], []), "Name at least one aim"),
        (Wanted("strategic", "", aims, [], []), "Write down what should change"),
        (Wanted("strategic", "Do it", [99], [], []), "There is no such aim"),
        (Wanted("strategic", "Do it", aims, [99], []), "There is no such finding"),
        (Wanted("strategic", "Do it", aims, [], [99]), "There is no such agency"),
    ):
        with pytest.raises(Refused, match=sentence), world.does("sam") as tx:
            concluding.make_recommendation(tx, world.audit, wanted)
    with pytest.raises(Refused, match="There is no audit/99"), world.does("sam") as tx:
        concluding.make_recommendation(tx, Ref("audit", 99), Wanted("strategic", "Do it", aims, [], []))
    assert world.known(world.audit).facts["recommendations"] == 0


def test_a_recommendation_comes_from_its_own_audit(world_at: At) -> None:
    world = world_at("recommendations")
    _, other_aim = another_audit(world)
    with world.office.store.begin(group=EVERY) as session:
        finding = Finding(group_id=1, audit_id=2, aim_id=other_aim, number=1, kind="strength", text="Seen")
        session.add(finding)
        session.flush()
        other_finding = finding.id
    for wanted in (
        Wanted("strategic", "Do it", [other_aim], [], []),
        Wanted("strategic", "Do it", world.aims(), [other_finding], []),
    ):
        with pytest.raises(Refused, match="belongs to another audit"), world.does("sam") as tx:
            concluding.make_recommendation(tx, world.audit, wanted)


def test_an_agency_answers_for_itself_and_only_where_it_was_asked(world_at: At) -> None:
    world = world_at("actions")
    trust, police = world.number(Agency, "trust"), world.number(Agency, "police")
    with pytest.raises(Refused, match="'maybe' is not an answer of an agency"), world.does("bo") as tx:
        concluding.answer_for_agency(tx, RECOMMENDATION, trust, "maybe")
    with pytest.raises(Refused, match="Say why the agency does not accept it"), world.does("bo") as tx:
        concluding.answer_for_agency(tx, RECOMMENDATION, trust, "not_accepted", reason=" ")
    with pytest.raises(Refused, match="nobody can read"), world.does("bo") as tx:
        concluding.answer_for_agency(tx, RECOMMENDATION, trust, "not_accepted", reason="No\x00")
    with pytest.raises(Refused, match="was not asked about this recommendation"), world.does("fay") as tx:
        concluding.answer_for_agency(tx, RECOMMENDATION, police, "accepted")
    with pytest.raises(Refused, match="Fay Finch does not speak for this agency"), world.does("fay") as tx:
        concluding.answer_for_agency(tx, RECOMMENDATION, trust, "accepted")
    with world.does("sam") as tx:
        concluding.answer_for_agency(tx, RECOMMENDATION, trust, "accepted")


def test_the_stage_is_not_left_while_an_agency_owes_its_answer(world_at: At) -> None:
    world = world_at("recommendations")
    with world.does("sam") as tx:
        wanted = Wanted("strategic", "Tell schools on the day", world.aims(), [1], [1])
        ref = concluding.make_recommendation(tx, world.audit, wanted)
    with pytest.raises(Refused, match="Every recommendation is agreed, or not accepted with a reason"):
        world.moves("sam", world.audit, "open_actions")
    world.is_granted("sam", ref, "agree")
    assert world.known(world.audit).facts["agencies_without_answer"] == 1
    with pytest.raises(Refused):
        world.moves("sam", world.audit, "open_actions")
    world.plans("bo", "trust", recommendation=ref, owner="nursing")
    world.is_granted("sam", world.audit, "open_actions")


# -- actions -----------------------------------------------------------------------------------------------


def test_with_its_plan_an_agency_has_accepted(world_at: At) -> None:
    world = world_at("actions")
    with world.office.store.reading(group=EVERY) as session:
        assert session.get_one(AgencyAnswer, 1).answer == "accepted"
    row = world.row(Action, world.action("ccg"))
    assert (row.number, row.times_moved, row.original_due_on) == (2, 0, date(2015, 2, 27))


def test_a_plan_that_cannot_be_is_refused(world_at: At) -> None:
    world = world_at("actions")
    trust = world.number(Agency, "trust")
    for ref, plan, sentence in (
        (Ref("recommendation", 99), acting.Plan(trust, "Do it"), "There is no recommendation/99"),
        (world.audit, acting.Plan(trust, "Do it"), "There is no recommendation called audit/1"),
        (RECOMMENDATION, acting.Plan(99, "Do it"), "There is no such agency"),
        (RECOMMENDATION, acting.Plan(trust, " "), "Write down what the agency will do"),
        (RECOMMENDATION, acting.Plan(trust, "Do it", owner_post_id=99), "There is no such post"),
        (RECOMMENDATION, acting.Plan(trust, "Do it", measure="All\x00"), "nobody can read"),
        (RECOMMENDATION, acting.Plan(trust, "Do it", measure=" "), "Write down how one will know"),
        (RECOMMENDATION, acting.Plan(world.number(Agency, "police"), "Do it"), "does not speak for this"),
    ):
        with pytest.raises(Refused, match=sentence), world.does("bo") as tx:
            acting.plan_action(tx, ref, plan)
    assert world.known(RECOMMENDATION).facts["actions"] == 2


def test_an_agency_that_was_not_asked_may_plan_something_too(world_at: At) -> None:
    world = world_at("actions")
    with world.does("fay") as tx:
        ref = acting.plan_action(tx, RECOMMENDATION, acting.Plan(world.number(Agency, "police"), "Help"))
    assert world.state(ref) == "proposed"


def test_what_is_recommended_to_one_agency_gets_actions_of_that_one_only(world_at: At) -> None:
    world = full_world(world_at)
    council = world.number(Agency, "council")
    with pytest.raises(Refused, match="is for one agency only"), world.does("sam") as tx:
        acting.plan_action(tx, INDIVIDUAL, acting.Plan(council, "Do it"))
    assert world.known(INDIVIDUAL).facts["actions"] == 1


def test_an_action_is_agreed_with_its_owner_and_its_measure(world_at: At) -> None:
    world = world_at("actions")
    with world.does("bo") as tx:
        ref = acting.plan_action(tx, RECOMMENDATION, acting.Plan(world.number(Agency, "trust"), "Do it"))
    with pytest.raises(Refused) as refused:
        world.moves("bo", ref, "agree")
    assert [reason.sentence for reason in refused.value.reasons] == [
        "Name the post that owns the action.",
        "Say how one will know that it is done.",
    ]
    with pytest.raises(Refused, match="is possible while"):
        world.moves("bo", ref, "extend", new_due_on=date(2015, 4, 1), reason="Sickness")


def test_a_plan_is_completed_by_its_own_agency(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    with pytest.raises(Refused, match="There is no action/99"), world.does("bo") as tx:
        acting.complete_plan(tx, Ref("action", 99), measure="All know")
    with pytest.raises(Refused, match="does not speak for this agency"), world.does("fay") as tx:
        acting.complete_plan(tx, action, measure="All know")
    with pytest.raises(Refused, match="Write down how one will know"), world.does("bo") as tx:
        acting.complete_plan(tx, action, measure=" ")
    with pytest.raises(Refused, match="There is no such post"), world.does("bo") as tx:
        acting.complete_plan(tx, action, owner_post_id=99)
    social_care = world.number(Post, "social_care")
    with pytest.raises(Refused, match="is a post of another agency"), world.does("bo") as tx:
        acting.complete_plan(tx, action, owner_post_id=social_care)


def test_progress_is_noted_in_words_and_a_rating_and_never_changed(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    world.on(date(2014, 12, 17))
    with world.does("nell") as tx:
        acting.note_progress(tx, action, "on track", "Two teams were briefed.")
    assert world.row(Action, action).last_note_on == date(2014, 12, 17)
    for rating, text, sentence in (
        ("fine", "Two teams", "'fine' is not a rating"),
        ("late", "", "Write down how it goes"),
    ):
        with pytest.raises(Refused, match=sentence), world.does("nell") as tx:
            acting.note_progress(tx, action, rating, text)
    with pytest.raises(Refused, match="There is no action/99"), world.does("nell") as tx:
        acting.note_progress(tx, Ref("action", 99), "late", "Two teams")
    with (
        pytest.raises(Refused, match="Only a person can write a progress note"),
        world.office.begin(clock_of(world.group_id)) as tx,
    ):
        acting.note_progress(tx, action, "late", "Two teams")
    with pytest.raises(Refused, match="is a step for the owner"), world.does("fay") as tx:
        acting.note_progress(tx, action, "late", "Two teams")


def test_evidence_has_a_title_and_says_what_it_shows(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    with pytest.raises(Refused, match="Write down what the evidence is"), world.does("bo") as tx:
        acting.add_evidence(tx, action, "", "All teams were briefed.")
    with pytest.raises(Refused, match="Write down what it shows"), world.does("bo") as tx:
        acting.add_evidence(tx, action, "Attendance list", "")
    with (
        pytest.raises(Refused, match="Only a person can give evidence"),
        world.office.begin(clock_of(world.group_id)) as tx,
    ):
        acting.add_evidence(tx, action, "Attendance list", "All teams were briefed.")
    with pytest.raises(Refused, match="There is no action/99"), world.does("bo") as tx:
        acting.add_evidence(tx, Ref("action", 99), "Attendance list", "All teams were briefed.")


# -- has it lasted? ----------------------------------------------------------------------------------------


def implemented(world: World) -> Ref:
    """The recommendation, implemented in January; the clock stands there."""
    world.on(date(2015, 1, 12))
    world.moves("sam", RECOMMENDATION, "begin")
    world.completes("bo", world.action("trust"))
    world.completes("gil", world.action("ccg"), by="dan")
    world.is_granted("sam", RECOMMENDATION, "implement")
    return RECOMMENDATION


def later_audit(world: World, answer: str) -> tuple[Ref, int]:
    """A second audit that asks the first aim again and has its returns in, and its aim."""
    first = world.aims()[0]
    world.on(date(2015, 2, 2))
    with world.does("sam") as tx:
        theme = replace(THEME, theme="Neglect again", cases=1)
        audit = programme.open_audit(tx, theme)
        aim = programme.add_aim(tx, audit, "Is information shared in time now?", asks_again=first)
    world.is_granted("sam", audit, "agree_theme")
    with world.does("sam") as tx:
        programme.draw_case(tx, audit, "child", "Drawn at random")
    world.is_granted("sam", audit, "select_cases")
    with world.does("sam") as tx:
        meetings.set_meeting(tx, audit, world.number(Meeting, "2015-06"), date(2015, 5, 28))
    world.is_granted("sam", audit, "start_agency_audits")
    with world.does("sam") as tx:
        returns = programme.request_returns(tx, audit)
    for who, one in zip(WHO_READS.values(), returns, strict=True):
        world.answers(who, one, {aim: answer})
    return audit, aim


def held_later_audit(world: World, answer: str) -> int:
    """The same, and the group has looked at its returns."""
    audit, aim = later_audit(world, answer)
    world.is_granted("sam", audit, "open_findings")
    with world.does("sam") as tx:
        concluding.hold_moderation(tx, audit, "All returns")
    return aim


def test_done_is_not_lasted(world_at: At) -> None:
    world = world_at("actions")
    ref = implemented(world)
    row = world.row(Recommendation, ref)
    assert (row.implemented_on, row.embedded_check_on) == (date(2015, 1, 12), date(2015, 7, 12))
    with pytest.raises(Refused, match="Measure again after completion"):
        world.moves("sam", ref, "judge_embedded")


def test_it_is_not_implemented_before_every_action_is_verified(world_at: At) -> None:
    world = world_at("actions")
    world.moves("sam", RECOMMENDATION, "begin")
    with pytest.raises(Refused) as refused:
        world.moves("sam", RECOMMENDATION, "implement")
    assert "Every action is verified, or closed with a reason." in str(refused.value)


def test_evidence_of_the_day_of_completion_is_no_later_measurement(world_at: At) -> None:
    world = world_at("actions")
    ref = implemented(world)
    with world.does("bo") as tx:
        concluding.record_evidence(tx, ref, "Dip sample", "Nine of ten")
    with pytest.raises(Refused, match="Measure again after completion"):
        world.moves("sam", ref, "judge_embedded")


def test_evidence_recorded_since_lets_it_be_judged_embedded(world_at: At) -> None:
    world = world_at("actions")
    ref = implemented(world)
    world.on(date(2015, 7, 13))
    with world.does("bo") as tx:
        concluding.record_evidence(tx, ref, "Dip sample", "Nine of ten")
    world.is_granted("sam", ref, "judge_embedded")
    assert world.row(Recommendation, ref).embedded_on == date(2015, 7, 13)


def test_a_later_audit_that_finds_it_better_lets_it_be_judged_embedded(world_at: At) -> None:
    world = world_at("actions")
    ref = implemented(world)
    aim = held_later_audit(world, "yes")
    with world.does("sam") as tx:
        row = concluding.record_re_audit(tx, ref, world.aims()[0], aim)
        assert (row.before_yes, row.before_asked, row.after_yes, row.after_asked) == (0, 10, 5, 5)
        assert row.is_better
    world.is_granted("sam", ref, "judge_embedded")
    assert world.state(ref) == "embedded"


def test_a_later_audit_that_finds_it_no_better_proves_nothing(world_at: At) -> None:
    world = world_at("actions")
    ref = implemented(world)
    aim = held_later_audit(world, "no")
    with world.does("sam") as tx:
        assert not concluding.record_re_audit(tx, ref, world.aims()[0], aim).is_better
    with pytest.raises(Refused, match="Measure again after completion"):
        world.moves("sam", ref, "judge_embedded")


def test_a_later_audit_that_nobody_could_answer_proves_nothing(world_at: At) -> None:
    world = world_at("actions")
    ref = implemented(world)
    aim = held_later_audit(world, "not applicable")
    with world.does("sam") as tx:
        row = concluding.record_re_audit(tx, ref, world.aims()[0], aim)
        assert (row.after_asked, row.is_better) == (0, False)


def test_a_re_audit_is_refused_where_the_aims_do_not_belong_together(world_at: At) -> None:
    world = world_at("actions")
    ref = implemented(world)
    first, second = world.aims()
    with pytest.raises(Refused) as refused, world.does("sam") as tx:
        concluding.record_re_audit(tx, ref, second, first)
    assert [reason.code for reason in refused.value.reasons] == ["other_aim", "not_asked_again"]


def test_a_later_audit_measures_nothing_before_the_group_has_looked_at_it(world_at: At) -> None:
    world = world_at("actions")
    ref = implemented(world)
    _, aim = later_audit(world, "yes")
    with pytest.raises(Refused, match="has not been looked at by the group yet"), world.does("sam") as tx:
        concluding.record_re_audit(tx, ref, world.aims()[0], aim)


def test_a_later_audit_that_was_held_before_completion_proves_nothing(world_at: At) -> None:
    world = world_at("actions")
    ref = implemented(world)
    audit, aim = later_audit(world, "yes")
    world.is_granted("sam", audit, "open_findings")
    with world.does("sam") as tx:
        concluding.hold_moderation(tx, audit, "All returns", held_on=date(2015, 1, 11))
    with world.does("sam") as tx:
        assert concluding.record_re_audit(tx, ref, world.aims()[0], aim).is_better
    with pytest.raises(Refused, match="Measure again after completion"):
        world.moves("sam", ref, "judge_embedded")


def test_a_re_audit_is_recorded_once(world_at: At) -> None:
    world = world_at("actions")
    ref = implemented(world)
    aim = held_later_audit(world, "yes")
    with world.does("sam") as tx:
        concluding.record_re_audit(tx, ref, world.aims()[0], aim)
    with pytest.raises(Refused, match="is recorded already"), world.does("sam") as tx:
        concluding.record_re_audit(tx, ref, world.aims()[0], aim)


def test_the_chair_may_judge_it_embedded_with_a_reason_of_her_own(world_at: At) -> None:
    world = world_at("actions")
    ref = implemented(world)
    with pytest.raises(Refused, match="Fill in ‘Reason’"):
        world.moves("ada", ref, "override_embedded")
    with pytest.raises(Refused, match="is a step for the chair or the deputy chair"):
        world.moves("bo", ref, "override_embedded", reason="We all know it.")
    world.moves("ada", ref, "override_embedded", reason="The inspection of May has seen it.")
    assert world.state(ref) == "embedded"
    assert world.texts(ref)[world.version(ref), "reason"] == "The inspection of May has seen it."


def test_what_has_not_lasted_is_opened_again(world_at: At) -> None:
    world = world_at("actions")
    ref = implemented(world)
    world.is_granted("sam", ref, "judge_not_embedded", reason="Four of ten")
    world.is_granted("sam", ref, "reopen", reason="Begin anew")
    row = world.row(Recommendation, ref)
    assert (row.state, row.implemented_on, row.embedded_check_on) == ("in_progress", None, None)


# -- spreading the learning --------------------------------------------------------------------------------


def test_an_audit_is_signed_off_when_all_has_lasted_and_every_agency_has_spread_it(world_at: At) -> None:
    world = world_at("actions")
    ref = implemented(world)
    world.moves("ada", ref, "override_embedded", reason="The inspection of May has seen it.")
    with pytest.raises(Refused, match="Every agency that took part has spread the learning"):
        world.moves("sam", world.audit, "sign_off")
    for agency, who in (("trust", "bo"), ("council", "dev"), ("police", "fay"), ("ccg", "gil")):
        with world.does(who) as tx:
            concluding.record_dissemination(tx, world.audit, world.number(Agency, agency), "Briefing", 40)
    world.is_granted("sam", world.audit, "sign_off")
    facts = world.known(world.audit).facts
    assert (facts["signed_off_on"], facts["re_audit_due_on"]) == (date(2015, 1, 12), date(2016, 1, 12))
    assert world.proof().faults == ()


def test_a_briefing_that_cannot_be_is_refused(world_at: At) -> None:
    world = world_at("actions")
    trust = world.number(Agency, "trust")
    with pytest.raises(Refused, match="There is no such agency"), world.does("bo") as tx:
        concluding.record_dissemination(tx, world.audit, 99, "Briefing", 40)
    with pytest.raises(Refused, match="does not speak for this agency"), world.does("fay") as tx:
        concluding.record_dissemination(tx, world.audit, trust, "Briefing", 40)
    with pytest.raises(Refused, match="Say how many people it has reached"), world.does("bo") as tx:
        concluding.record_dissemination(tx, world.audit, trust, "Briefing", 0)
    with pytest.raises(Refused, match="Write down how the learning was spread"), world.does("bo") as tx:
        concluding.record_dissemination(tx, world.audit, trust, "", 40)
    with pytest.raises(Refused, match="There is no audit/99"), world.does("bo") as tx:
        concluding.record_dissemination(tx, Ref("audit", 99), trust, "Briefing", 40)
    with world.does("bo") as tx:
        concluding.record_dissemination(tx, world.audit, trust, "Briefing", 40)
    with pytest.raises(Refused, match="is recorded already"), world.does("bo") as tx:
        concluding.record_dissemination(tx, world.audit, trust, "Another briefing", 20)


# -- concerns ----------------------------------------------------------------------------------------------


def test_a_concern_is_told_at_once_and_taken_up_and_closed(world_at: At) -> None:
    world = world_at("findings")
    world.news()
    with world.does("cleo") as tx:
        ref = acting.raise_concern(
            tx,
            world.number(Agency, "council"),
            "A child may be alone",
            audit=world.audit,
            case_id=world.cases()[0],
        )
    mails = world.news()
    assert sorted(mail.to for mail in mails) == ["ada", "dan", "dev", "sam"]
    assert {(mail.template, mail.severity) for mail in mails} == {("concern", "urgent")}
    assert world.texts(ref) == {(1, "concern"): "A child may be alone"}
    world.moves("dev", ref, "take_up", remark="A visit today.")
    assert world.told("concern") == ["ada", "dan", "sam"]
    with pytest.raises(Refused, match="You hold a post in the agency whose work this is"):
        world.moves("dan", ref, "close", reason="Seen.")
    world.moves("ada", ref, "close", reason="The child was seen and is safe.")
    assert world.state(ref) == "closed"


def test_a_concern_outside_any_audit_is_taken_too(world: World) -> None:
    with world.does("fay") as tx:
        ref = acting.raise_concern(tx, world.number(Agency, "police"), "A child may be alone")
    assert world.state(ref) == "raised"


def test_a_concern_that_cannot_be_is_refused(world_at: At) -> None:
    world = world_at("findings")
    police = world.number(Agency, "police")
    with pytest.raises(Refused, match="There is no such agency"), world.does("bo") as tx:
        acting.raise_concern(tx, 99, "A child may be alone")
    with pytest.raises(Refused, match="There is no such case"), world.does("bo") as tx:
        acting.raise_concern(tx, police, "A child may be alone", case_id=99)
    later, _ = another_audit(world)
    with pytest.raises(Refused, match="belongs to another audit"), world.does("bo") as tx:
        acting.raise_concern(tx, police, "A child may be alone", audit=later, case_id=world.cases()[0])
    with pytest.raises(Refused, match="Write down what the concern is"), world.does("bo") as tx:
        acting.raise_concern(tx, police, " ")
    with pytest.raises(Refused, match="Only somebody who holds a post in the group"), world.does("viv") as tx:
        acting.raise_concern(tx, police, "A child may be alone")
    with pytest.raises(Refused, match="There is no audit/99"), world.does("bo") as tx:
        acting.raise_concern(tx, police, "A child may be alone", audit=Ref("audit", 99))


def test_a_concern_is_not_hung_on_another_groups_audit(world_at: At) -> None:
    world = world_at("findings")
    world.found("other")
    with (
        pytest.raises(Refused, match=r"There is no audit/1\."),
        world.does("fay", group="other") as tx,
    ):
        acting.raise_concern(tx, 6, "A child may be alone", audit=world.audit)
