"""Every way to decide: agreed, refused, by deputies, heard in full, and late."""

from __future__ import annotations

from datetime import date

import pytest

from assurance.records import Approval, Post
from engine.errors import Refused
from tests.assurance.looking import card, told, value
from tests.assurance.papers import MEMBERS, asked, counts, leaves, reminded, so_far
from tests.world import World


@pytest.fixture
def world(papers: World) -> World:
    """An office that knows papers which several have to agree to."""
    return papers


# -- any of, all of ----------------------------------------------------------------------------------------


def test_of_any_of_them_the_first_to_answer_decides_and_the_other_hears_that_it_is_settled(
    world: World,
) -> None:
    paper, approval = asked(world, "briefing")
    assert world.told("approval_waiting") == ["ada", "dan"]
    world.delivers()
    world.decides("dan", approval)
    assert (world.state(paper), world.state(approval)) == ("circulated", "approved")
    mails = {mail.to: mail.said for mail in world.news() if mail.template == "approval_decided"}
    assert mails == {
        "sam": "Your request to circulate the briefing: approved.",
        "ada": "The request to circulate the briefing waits for you no more: approved.",
    }
    with pytest.raises(Refused, match="it is already Approved"):
        world.decides("ada", approval)


def test_all_of_them_have_to_agree_and_the_move_is_made_with_the_last(any_papers: World) -> None:
    world = any_papers
    paper, approval = asked(world, "sharing_agreement")
    world.news()
    done = world.decides("hal", approval)
    assert (done.state, world.state(paper), world.told()) == ("waiting", "draft", [])
    assert so_far(world, approval) == "1 of 2 has agreed; Ada Ashdown is still to answer."
    world.decides("ada", approval, reason="At last.")
    assert (world.state(paper), world.state(approval)) == ("signed", "approved")
    line = world.history(paper)[-1]
    assert line.data["agreed_by"] == sorted(world.actor(who).signature for who in ("ada", "hal"))
    assert world.told("approval_decided") == ["sam"]
    assert world.proof().faults == ()


def test_of_all_of_them_the_first_no_ends_it_and_those_who_were_still_asked_hear_of_it(world: World) -> None:
    paper, approval = asked(world, "sharing_agreement")
    world.delivers()
    world.news()
    world.decides("hal", approval, "reject", reason="There is no lawful ground.")
    assert (world.state(paper), world.state(approval)) == ("draft", "rejected")
    assert world.told("approval_decided") == ["ada", "sam"]
    assert world.texts(approval) == {(2, "reason"): "There is no lawful ground."}
    assert world.history(paper)[-1].data == {"approval": approval.id, "answer": "reject", "minor": True}


def test_the_deputy_speaks_for_the_role_that_is_named_and_for_no_other(world: World) -> None:
    world.is_away("ada", until=date(2014, 9, 5))
    paper, approval = asked(world, "sharing_agreement")
    assert world.told("approval_waiting") == ["ada", "dan", "hal"]
    world.decides("dan", approval)
    with pytest.raises(Refused, match="Dan Dole has answered in your place; each voice is heard once"):
        world.decides("ada", approval)
    world.decides("hal", approval)
    assert world.state(paper) == "signed"
    assert world.history(approval)[1].data["voice"] == {
        "role": "chair",
        "post": world.number(Post, "deputy"),
        "deputy": True,
    }


def test_one_person_in_two_posts_answers_once_and_somebody_else_has_to_speak_for_the_other(
    world: World,
) -> None:
    leaves(world, "information", successor="ada")
    paper, approval = asked(world, "sharing_agreement")
    world.decides("ada", approval)
    assert world.state(paper) == "draft"
    with pytest.raises(Refused, match="You have answered already: approve"):
        world.decides("ada", approval)
    # She speaks as information lead, for whom nobody could stand in; the deputy is called in for the chair.
    assert so_far(world, approval) == "1 of 2 has agreed; Dan Dole is still to answer."
    world.decides("dan", approval)
    assert world.state(paper) == "signed"


# -- a number out of a group -------------------------------------------------------------------------------


def test_three_of_the_members_agree_against_one_and_only_the_outcome_is_told(world: World) -> None:
    paper, approval = asked(world, "theme")
    assert world.told("approval_waiting") == sorted(MEMBERS)
    world.delivers()
    world.decides("fay", approval, "reject", reason="We had it two years ago.")
    world.decides("esme", approval)
    world.decides("gil", approval)
    assert world.told() == []
    assert so_far(world, approval) == (
        "2 of 3 members have agreed, 1 has not; Ada Ashdown, Dan Dole, Bo Birchall and Dev Dunmore are still to answer."
    )
    world.decides("dev", approval)
    assert world.state(paper) == "adopted"
    assert world.told("approval_decided") == ["ada", "bo", "dan", "sam"]
    assert world.row(Approval, approval).decided_by_id == world.actor("dev").person_id


def test_it_is_over_as_soon_as_three_can_agree_no_more(world: World) -> None:
    paper, approval = asked(world, "theme")
    for who in ("ada", "dan", "bo", "dev"):
        world.decides(who, approval, "reject", reason="Not this year.")
        assert world.state(approval) == "waiting"
    world.decides("esme", approval, "request_change", reason="Only the first year of life.")
    assert (world.state(approval), world.state(paper)) == ("change_requested", "draft")
    again = world.asks("sam", paper, "adopt")
    for who in ("ada", "dan", "bo", "dev", "esme"):
        world.decides(who, again, "reject", reason="Not this year.")
    assert world.state(again) == "rejected"


def test_whoever_asks_and_whoever_has_no_voice_does_not_answer(world: World) -> None:
    _, approval = asked(world, "theme", who="ada")
    with pytest.raises(Refused, match="You asked for this yourself; somebody else must decide"):
        world.decides("ada", approval)
    with pytest.raises(Refused, match="is a step for the approver"):
        world.decides("sam", approval)
    with pytest.raises(Refused, match=r"There is no approval/1\."):
        world.decides("cleo", approval)  # the lay member sees no papers


def test_an_answer_is_replaced_until_it_is_settled_and_both_lines_stay(world: World) -> None:
    paper, approval = asked(world, "theme")
    world.decides("gil", approval)
    world.decides("esme", approval)
    world.decides("gil", approval, "reject", reason="I have seen the figures since.")
    assert so_far(world, approval).startswith("1 of 3 members has agreed, 1 has not; ")
    # The same answer with another reason is another answer; without one it is none.
    world.decides("gil", approval, "reject", reason="And the health board has it.")
    with pytest.raises(Refused, match="Fill in ‘Reason’"):
        world.decides("gil", approval, "reject")
    world.decides("bo", approval)
    world.decides("gil", approval)
    assert world.state(paper) == "adopted"
    given = card(world, "sam", approval).grids[0]
    assert [(row[0], row[3], row[5]) for row in given.rows] == [
        ("Gil Gadsby", "approve", True),
        ("Esme Eastlake", "approve", None),
        ("Gil Gadsby", "reject", True),
        ("Gil Gadsby", "reject", True),
        ("Bo Birchall", "approve", None),
        ("Gil Gadsby", "approve", None),
    ]
    assert value(card(world, "sam", approval), "decided_by") == "Gil Gadsby, Esme Eastlake, Bo Birchall"


def test_with_a_veto_the_first_no_ends_it_whoever_has_agreed_before(world: World) -> None:
    paper, approval = asked(world, "press_statement")
    world.decides("bo", approval)
    world.decides("fay", approval, "request_change", reason="It names the street.")
    assert (world.state(approval), world.state(paper)) == ("change_requested", "draft")
    again = world.asks("sam", paper, "release")
    world.decides("bo", again)
    world.decides("fay", again)
    assert world.state(paper) == "released"


def test_who_agreed_has_done_the_step_and_whoever_only_counted_has_not(world: World) -> None:
    paper, approval = asked(world, "threshold_document")
    for who in ("ada", "bo"):
        world.decides(who, approval)
    world.on(world.working_days_from(world.today, 5))
    counts(world, "sam", approval)
    assert world.state(paper) == "adopted"
    assert told(world, "sam", paper)[-1].sentence == (
        "Ada Ashdown and Bo Birchall agreed to the step ‘Adopt the document’, which Sam Sedley had asked for "
        f"(approval/{approval.id}): from Draft to Adopted."
    )


# -- everybody is heard ------------------------------------------------------------------------------------


def test_nothing_is_counted_before_everybody_is_heard(any_papers: World) -> None:
    world = any_papers
    paper, approval = asked(world, "threshold_document")
    for who in MEMBERS[:-1]:
        world.decides(who, approval)
        assert world.state(approval) == "waiting"
    assert so_far(world, approval) == "6 have agreed, where 3 are enough; Gil Gadsby is still to answer."
    world.decides(MEMBERS[-1], approval, "reject", reason="The first page will not be understood.")
    assert (world.state(approval), world.state(paper)) == ("approved", "adopted")
    line = told(world, "sam", approval)[-1]
    assert line.sentence == (
        "Gil Gadsby answered as member: reject; that was counted with the others: from Waiting to Approved."
    )
    assert dict(line.words) == {"reason": "The first page will not be understood."}
    assert world.proof().faults == ()


def test_the_last_to_agree_can_be_outvoted_by_those_before(world: World) -> None:
    paper, approval = asked(world, "threshold_document")
    for who in MEMBERS[:5]:
        world.decides(who, approval, "reject", reason="Too long.")
    for who in MEMBERS[5:]:
        world.decides(who, approval)
    assert (world.state(approval), world.state(paper)) == ("rejected", "draft")
    assert world.history(paper)[-1].data["answer"] == "reject"
    assert value(card(world, "sam", approval), "decided_by") == (
        "Ada Ashdown, Dan Dole, Bo Birchall, Dev Dunmore, Esme Eastlake"
    )


def test_nobody_waits_for_a_member_who_is_away(world: World) -> None:
    world.is_away("gil", until=date(2014, 9, 5))
    paper, approval = asked(world, "threshold_document")
    for who in MEMBERS[:-1]:
        world.decides(who, approval)
    assert world.state(paper) == "adopted"


# -- late approvers ----------------------------------------------------------------------------------------


def test_exactly_those_who_have_not_answered_are_reminded(world: World) -> None:
    _, approval = asked(world, "theme")
    for who in ("ada", "bo"):
        world.decides(who, approval)
    world.nights(world.working_days_from(world.today, 5))
    assert world.fired(approval) == ["approval-waiting 0"]
    assert reminded(world, approval) == ["dan", "dev", "esme", "fay", "gil", "sam"]


def test_a_deputy_is_called_in_on_the_day_that_the_policy_says(world: World) -> None:
    paper, approval = asked(world, "data_request")
    assert world.row(Approval, approval).late_on == date(2014, 9, 4)
    with pytest.raises(Refused, match="is a step for the approver"):
        world.decides("dan", approval)
    world.news()
    world.nights(date(2014, 9, 4))
    assert world.fired(approval) == ["approval-late 0"]
    assert world.told("escalation") == ["dan", "hal", "sam"]
    world.on(date(2014, 9, 4))
    world.delivers()
    world.decides("dan", approval)
    assert world.state(paper) == "answered"
    assert world.told("approval_decided") == ["hal", "sam"]
    assert world.proof().faults == ()


def test_the_day_counts_and_not_whether_the_rules_have_looked(world: World) -> None:
    _, approval = asked(world, "data_request")
    world.on(date(2014, 9, 4))
    world.decides("dan", approval, "reject", reason="We hold no such figures.")
    assert world.state(approval) == "rejected"


def test_once_it_is_late_fewer_are_enough_and_the_coordinator_counts(any_papers: World) -> None:
    world = any_papers
    paper, approval = asked(world, "threshold_document")
    world.decides("ada", approval)
    world.decides("bo", approval)
    world.decides("fay", approval, "reject", reason="Ask a school first.")
    with pytest.raises(
        Refused,
        match=r"There is nothing to count yet\. 2 of 3 members have agreed, 1 has not; Dan Dole, Dev Dunmore, Esme",
    ):
        counts(world, "sam", approval)
    late_on = world.working_days_from(world.today, 5)
    world.news()
    world.nights(late_on)
    assert world.told("escalation") == ["dan", "dev", "esme", "gil", "sam"]
    world.on(late_on)
    assert (
        so_far(world, approval)
        == "2 of 2 members have agreed, 1 has not; the answers only have to be counted."
    )
    with pytest.raises(Refused, match="is a step for the requester or the coordinator"):
        counts(world, "ada", approval)
    done = counts(world, "sam", approval)
    assert (done.state, world.state(paper)) == ("approved", "adopted")
    assert world.row(Approval, approval).decided_by_id is None
    assert world.proof().faults == ()
    with pytest.raises(Refused, match="it is already Approved"):
        counts(world, "sam", approval)


def test_whoever_asked_may_count_and_a_silence_is_no_answer(world: World) -> None:
    paper, approval = asked(world, "threshold_document", who="ada")
    world.on(world.working_days_from(world.today, 5))
    with pytest.raises(Refused, match="There is nothing to count yet"):
        counts(world, "ada", approval)
    world.decides("bo", approval, "reject", reason="Too long.")
    assert (world.state(approval), world.state(paper)) == ("rejected", "draft")


def test_the_one_answer_that_counts_late_is_counted_at_once(world: World) -> None:
    paper, approval = asked(world, "threshold_document")
    world.decides("ada", approval)
    world.on(world.working_days_from(world.today, 5))
    world.decides("bo", approval)
    assert world.state(paper) == "adopted"
