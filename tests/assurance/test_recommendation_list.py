"""The list of recommendations: what each viewer finds, what each recommendation still needs, and what forms offer."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from assurance.commands import concluding
from assurance.queries import choosing
from assurance.queries.recommendation_list import (
    ListedRecommendation,
    Need,
    SearchedFor,
    recommendation_page,
    recommendation_states,
)
from assurance.records import Agency
from engine.errors import Refused
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.counting import statements_of
from tests.assurance.full_world import INDIVIDUAL, OF_INDIVIDUAL, STRATEGIC, case_ref, full_world
from tests.assurance.looking import looks
from tests.assurance.test_concluding import held_later_audit, implemented
from tests.world import World


@pytest.fixture
def world(any_world_at: At) -> World:
    """A world in which something of every kind stands, on both databases."""
    return full_world(any_world_at)


def found(world: World, who: str, **wanted: Any) -> list[Ref]:
    """What somebody finds, in order."""
    with looks(world, who) as (tx, viewer):
        return [row.ref for row in recommendation_page(tx, viewer, SearchedFor(**wanted)).rows]


def row_of(world: World, who: str, ref: Ref) -> ListedRecommendation:
    """One recommendation as it is listed for somebody."""
    with looks(world, who) as (tx, viewer):
        return next(row for row in recommendation_page(tx, viewer, SearchedFor()).rows if row.ref == ref)


def test_everybody_finds_the_strategic_ones_and_an_agency_its_own_besides(world: World) -> None:
    assert found(world, "ada") == found(world, "nell") == [STRATEGIC, INDIVIDUAL]
    assert found(world, "gil") == found(world, "cleo") == [STRATEGIC]
    assert found(world, "viv") == []


def test_a_recommendation_is_listed_with_its_answers_and_actions(world: World) -> None:
    world.on(date(2015, 3, 2))
    row = row_of(world, "cleo", STRATEGIC)
    assert (row.audit, row.number, row.type, row.agency) == ("2014-15/1", 1, "strategic", None)
    assert (row.asked, row.unanswered, row.not_accepted) == (2, 0, 0)
    assert (row.actions, row.actions_open, row.actions_overdue) == (2, 2, 2)
    assert row.state_title == "Agreed"


def test_the_list_is_narrowed_by_agency_state_kind_audit_and_words(world: World) -> None:
    assert found(world, "ada", agency_id=world.number(Agency, "ccg")) == [STRATEGIC]
    assert found(world, "ada", agency_id=world.number(Agency, "police")) == []
    assert found(world, "ada", type="individual_practice") == [INDIVIDUAL]
    assert found(world, "gil", type="individual_practice") == found(world, "gil", words="chronology") == []
    assert found(world, "ada", words="CHRONOLOGY") == [INDIVIDUAL]
    assert found(world, "ada", audit_id=2) == found(world, "ada", state="embedded") == []
    assert found(world, "ada", state="open") == [STRATEGIC, INDIVIDUAL]
    with looks(world, "ada") as (tx, viewer), pytest.raises(Refused, match="did you mean 'agreed'"):
        recommendation_page(tx, viewer, SearchedFor(state="agread"))


def test_a_recommendation_says_what_it_still_needs(any_world_at: At) -> None:
    world = any_world_at("recommendations")
    asked = [world.number(Agency, "police")]
    wanted = concluding.Wanted("strategic", "Ask fathers too", [world.aims()[0]], [2], asked)
    with world.does("sam") as tx:
        made = concluding.make_recommendation(tx, world.audit, wanted)
    assert row_of(world, "ada", made).needs == (Need.ANSWER,)
    world.is_granted("sam", made, "agree")
    assert row_of(world, "ada", made).needs == (Need.ANSWER, Need.ACTION)
    with world.does("fay") as tx:
        concluding.answer_for_agency(tx, made, asked[0], "not_accepted", reason="It is done already.")
    assert found(world, "ada", needs={Need.ANSWER}) == []
    assert found(world, "ada", needs={Need.ACTION, Need.CHECK}) == [made]
    assert row_of(world, "ada", made).not_accepted == 1


def test_when_the_day_has_come_the_list_asks_whether_it_has_lasted(any_world_at: At) -> None:
    world = any_world_at("actions")
    ref = implemented(world)
    assert found(world, "ada", needs={Need.CHECK}) == []
    world.on(date(2015, 7, 13))
    assert found(world, "ada", needs={Need.CHECK}) == [ref]
    assert row_of(world, "ada", ref).needs == (Need.CHECK,)


def test_a_page_of_recommendations_costs_the_same_statements_however_many_there_are(world: World) -> None:
    def read() -> None:
        recommendation_page(tx, viewer, SearchedFor(words="schools", needs=frozenset(Need)))

    with looks(world, "bo") as (tx, viewer):
        assert statements_of(world, read) == 4


def test_states_are_offered_with_what_is_open_first(world: World) -> None:
    with looks(world, "ada") as (tx, _):
        assert [value for value, _ in recommendation_states(tx)][:3] == ["open", "proposed", "agreed"]


# -- what forms offer ----------------------------------------------------------------------------------------


def test_one_speaks_for_ones_own_agency_and_the_coordinator_for_all(world: World) -> None:
    with looks(world, "bo") as (tx, viewer):
        assert [title for _, title in choosing.agencies_spoken_for(tx, viewer)] == ["North Trust"]
        assert [title for _, title in choosing.asked_agencies(tx, viewer, STRATEGIC)] == ["North Trust"]
    with looks(world, "fay") as (tx, viewer):
        assert choosing.asked_agencies(tx, viewer, STRATEGIC) == ()
    with looks(world, "sam") as (tx, viewer):
        assert len(choosing.agencies_spoken_for(tx, viewer)) == 5
        assert len(choosing.asked_agencies(tx, viewer, STRATEGIC)) == 2


def test_an_owner_is_chosen_among_the_posts_of_the_agency_that_act_for_it(world: World) -> None:
    trust, ccg = world.number(Agency, "trust"), world.number(Agency, "ccg")
    with looks(world, "bo") as (tx, viewer):
        posts = choosing.posts_of(tx, viewer, [trust])
    assert [title for _, title in posts] == ["Health Visiting (Nell Norris)", "Nursing (Bo Birchall)"]
    world.leaves("health_visiting")
    world.on(date(2014, 12, 16))
    with looks(world, "gil") as (tx, viewer):
        chairs_own = choosing.posts_of(tx, viewer, [ccg])
        vacant = choosing.posts_of(tx, viewer, [trust])[0]
        of_both = choosing.posts_of(tx, viewer, [trust, ccg])
    assert [title for _, title in chairs_own] == ["Named Gp (Gil Gadsby)"]
    assert vacant.title == "Health Visiting (vacant)"
    assert of_both[0].title == "Clinical Commissioning Group: Named Gp (Gil Gadsby)"


def test_an_action_is_planned_for_the_agency_to_which_something_is_recommended(world: World) -> None:
    with looks(world, "sam") as (tx, viewer):
        assert [title for _, title in choosing.planning_agencies(tx, viewer, INDIVIDUAL)] == ["North Trust"]
        assert len(choosing.planning_agencies(tx, viewer, STRATEGIC)) == 5


def test_what_is_planned_of_an_action_is_told_to_whoever_may_see_it(world: World) -> None:
    with looks(world, "bo") as (tx, viewer):
        so_far = choosing.plan_so_far(tx, viewer, OF_INDIVIDUAL)
    assert (so_far.agency_id, so_far.due_on) == (world.number(Agency, "trust"), date(2015, 2, 27))
    with looks(world, "gil") as (tx, viewer), pytest.raises(Refused, match="There is no action/1"):
        choosing.plan_so_far(tx, viewer, OF_INDIVIDUAL)


def test_a_case_is_offered_to_those_who_may_see_it(world: World) -> None:
    with looks(world, "cleo") as (tx, viewer):
        assert choosing.cases_to_choose(tx, viewer) == ()
        assert [title for _, title in choosing.audits_to_choose(tx, viewer)] == ["2014-15/1: Neglect"]
    with looks(world, "bo") as (tx, viewer):
        titles = [title for _, title in choosing.cases_to_choose(tx, viewer)]
    assert titles[0] == f"{case_ref(world)} (audit 2014-15/1)"


def test_one_waits_for_another_agency_than_ones_own(world: World) -> None:
    trust = world.number(Agency, "trust")
    with looks(world, "bo") as (tx, viewer):
        offered = choosing.agencies_to_choose(tx, viewer, besides=trust)
    assert str(trust) not in [value for value, _ in offered]
    assert len(offered) == 4


def test_an_aim_that_was_asked_again_is_offered_until_it_is_set_beside_the_first(world_at: At) -> None:
    world = world_at("actions")
    ref = implemented(world)
    with looks(world, "sam") as (tx, viewer):
        assert choosing.aims_asked_again(tx, viewer, ref) == ()
    later = held_later_audit(world, "yes")
    with looks(world, "sam") as (tx, viewer):
        (pair,) = choosing.aims_asked_again(tx, viewer, ref)
    assert pair.value == f"{world.aims()[0]}-{later}"
    with world.does("sam") as tx:
        concluding.record_re_audit(tx, ref, world.aims()[0], later)
    with looks(world, "sam") as (tx, viewer):
        assert choosing.aims_asked_again(tx, viewer, ref) == ()
