"""Who has a voice in a decision: those who have left, who are missing, who are nearest to it, and who are too near."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
import sqlalchemy as sa

from assurance.commands.founding import open_matter
from assurance.queries.doors import doors_of
from assurance.records import Agency, Approval, Meeting, Person, Post, PostHolding
from engine.errors import Refused
from engine.fences import EVERY
from engine.moved import Ref
from tests.assurance.looking import card, value
from tests.assurance.papers import asked, leaves, reminded, so_far
from tests.cast import MEETINGS
from tests.world import World


@pytest.fixture
def world(papers: World) -> World:
    """An office that knows papers which several have to agree to."""
    return papers


# -- who has left, and who is missing ----------------------------------------------------------------------


def test_who_left_has_answered_all_the_same_and_the_successor_is_not_asked(any_papers: World) -> None:
    world = any_papers
    _, approval = asked(world, "theme")
    world.decides("bo", approval)
    leaves(world, "nursing", successor="viv")
    with pytest.raises(Refused, match="Bo Birchall has answered in your place; each voice is heard once"):
        world.decides("viv", approval)
    with pytest.raises(Refused):
        world.decides("bo", approval, "reject", reason="I thought again.")
    assert so_far(world, approval).startswith(
        "1 of 3 members has agreed; Ada Ashdown, Dan Dole, Dev Dunmore,"
    )


def test_the_successor_answers_what_was_asked_of_the_post_before(world: World) -> None:
    paper, approval = asked(world, "theme")
    leaves(world, "nursing", successor="viv")
    for who in ("viv", "ada", "dan"):
        world.decides(who, approval)
    assert world.state(paper) == "adopted"


def test_a_request_that_too_few_can_answer_is_refused_when_it_is_asked_with_the_names(world: World) -> None:
    for post in ("information", "education", "policing", "named_gp", "social_care", "nursing"):
        world.leaves(post)
    world.on(world.today + timedelta(days=1))
    with pytest.raises(Refused) as refusal:
        asked(world, "theme", who="ada")
    assert str(refusal.value) == (
        "3 of the members have to agree, but only 1 can agree: Ada Ashdown asked for it; Cleo Cartwright may not see "
        "what it is about."
    )
    with pytest.raises(
        Refused, match="The chair and the information lead have to agree, but only 1 can agree"
    ):
        asked(world, "sharing_agreement")


def test_one_that_becomes_so_later_is_shown_and_the_coordinator_is_told(any_papers: World) -> None:
    world = any_papers
    _, approval = asked(world, "sharing_agreement")
    world.decides("ada", approval)
    leaves(world, "information")
    stuck = "1 of 2 has agreed; only 1 can agree: nobody is information lead today."
    assert so_far(world, approval) == stuck
    assert value(card(world, "sam", approval), "so_far") == stuck
    with world.office.reading(world.actor("sam")) as tx:
        doors = doors_of(tx, approval)
    assert doors.note == stuck
    (count,) = [door for door in doors.doors if door.trigger == "count"]
    assert (count.is_open, count.reasons) == (False, (f"There is nothing to count yet. {stuck}",))
    world.nights(world.working_days_from(date(2014, 9, 1), 5))
    assert reminded(world, approval) == ["sam"]
    # It is not dead: once the post is filled, its holder answers.
    with world.office.store.begin(group=EVERY) as session:
        held = {"post_id": world.number(Post, "information"), "person_id": world.number(Person, "nell")}
        session.add(PostHolding(group_id=world.group_id, **held, from_on=world.today))
    world.on(world.today)
    world.decides("nell", approval)
    assert world.state(approval) == "approved"


def test_a_change_of_the_paper_lets_all_answers_lapse(world: World) -> None:
    paper, approval = asked(world, "theme")
    world.delivers()
    world.decides("ada", approval)
    world.news()
    world.moves("sam", paper, "drop", reason="Nobody wants it.")
    assert world.state(approval) == "lapsed"
    assert world.told("approval_decided") == ["bo", "dan", "dev", "esme", "fay", "gil"]


def test_what_was_withdrawn_is_told_to_those_who_were_still_asked(world: World) -> None:
    _, approval = asked(world, "theme")
    world.delivers()
    world.decides("ada", approval)
    world.news()
    world.moves("sam", approval, "withdraw", reason="Too early.")
    assert world.told() == ["bo", "dan", "dev", "esme", "fay", "gil"]


# -- those who are nearest to it, and those who are too near ------------------------------------------------


def note(world: World, agency: str | None = None, *, owner: str | None = None) -> Ref:
    """Write a note, of an agency and with an owner, or of the whole group."""
    with world.does("sam") as tx:
        return open_matter(
            tx,
            "note",
            "A note",
            {},
            agency_id=None if agency is None else world.number(Agency, agency),
            owner_post_id=None if owner is None else world.number(Post, owner),
        )


def test_the_owner_and_the_lead_of_the_subjects_own_agency_are_asked(world: World) -> None:
    ref = note(world, "trust", owner="health_visiting")
    approval = world.asks("sam", ref, "keep")
    assert world.told("approval_waiting") == ["bo", "nell"]
    with pytest.raises(Refused, match=r"There is no approval/1\."):
        world.decides("fay", approval)
    world.decides("nell", approval)
    world.decides("bo", approval)
    assert world.state(ref) == "kept"
    with pytest.raises(
        Refused, match="The owner and the agency lead have to agree, but only 1 can agree: nobody is"
    ):
        world.asks("sam", note(world, "trust"), "keep")


def test_of_what_is_the_whole_groups_every_lead_has_a_voice_and_of_an_agencys_own_only_its_lead(
    world: World,
) -> None:
    ref = note(world)
    approval = world.asks("sam", ref, "share")
    assert world.told("approval_waiting") == ["bo", "dev", "fay", "gil", "hal"]
    world.decides("hal", approval)
    world.decides("fay", approval)
    assert world.state(ref) == "shared"
    with pytest.raises(Refused, match="2 of the agency leads have to agree, but only 1 can agree today"):
        world.asks("sam", note(world, "trust"), "share")


def test_a_conflict_of_interest_is_judged_for_each_of_those_who_are_asked(world: World) -> None:
    ref = note(world, "ccg")
    approval = world.asks("gil", ref, "strike")
    assert world.told("approval_waiting") == ["dan"]
    with pytest.raises(
        Refused, match="You hold a post in the agency whose work this is; somebody else must decide"
    ):
        world.decides("ada", approval)
    world.decides("dan", approval)
    assert world.state(ref) == "struck"


def test_who_agreed_before_is_kept_apart_from_what_follows_and_whoever_was_outvoted_is_not(
    world: World,
) -> None:
    ref = note(world)
    approval = world.asks("sam", ref, "mark")
    world.decides("ada", approval, "reject", reason="It says enough.")
    assert world.state(approval) == "waiting"
    world.decides("dan", approval)
    assert world.history(ref)[-1].data["agreed_by"] == [world.actor("dan").signature]
    with pytest.raises(Refused) as refusal:
        world.asks("sam", ref, "close")
    assert str(refusal.value) == (
        "The chair and the deputy chair have to agree, but only 1 can agree: Dan Dole did the earlier step (mark)."
    )


def test_of_what_only_a_meeting_can_decide_everybody_names_the_meeting(world: World) -> None:
    ref = note(world)
    world.on(MEETINGS["2014-12"], time(13, 0))
    approval = world.asks("sam", ref, "minute")
    with pytest.raises(Refused, match="Only the group in a meeting can decide this"):
        world.decides("ada", approval)
    world.decides("ada", approval, meeting="2014-12")
    with pytest.raises(Refused, match="Only the group in a meeting can decide this"):
        world.decides("dan", approval)
    world.decides("dan", approval, meeting="2014-12")
    assert world.state(ref) == "kept"
    meeting = world.number(Meeting, "2014-12")
    assert world.history(approval)[1].data["meeting_id"] == meeting
    assert world.row(Approval, approval).meeting_id == meeting


def test_where_a_no_is_outvoted_it_is_said_so(world: World) -> None:
    approval = world.asks("sam", note(world), "mark")
    world.decides("ada", approval, "reject", reason="It says enough.")
    assert so_far(world, approval) == "Nobody has agreed yet, and 1 has said no; Dan Dole is still to answer."


# -- what was asked before, and what nobody has heard of ----------------------------------------------------


def test_a_request_of_the_time_when_one_post_was_asked_goes_on(world: World) -> None:
    _, approval = asked(world, "leaflet")
    before = '{"apart":["own_agency"],"at_meeting":false,"by":"chair","otherwise":"deputy_chair"}'
    with world.office.store.begin(group=EVERY) as session:
        session.execute(sa.update(Approval).values(policy=before))
    with pytest.raises(Refused, match="is a step for the approver"):
        world.decides("dan", approval)
    world.nights(world.working_days_from(world.today, 10))
    assert world.row(Approval, approval).deputy_called
    world.on(world.today)
    world.decides("dan", approval)
    assert world.state(approval) == "approved"


def test_who_has_not_heard_of_a_request_yet_does_not_hear_that_it_is_over(world: World) -> None:
    world.on(date(2014, 9, 1), time(19, 0))
    _, approval = asked(world, "briefing")
    world.on(date(2014, 9, 1), time(19, 30))
    world.decides("ada", approval)
    assert world.told("approval_decided") == ["sam"]
