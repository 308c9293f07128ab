"""The tracker: what each viewer finds, how it is narrowed and ordered, and that it costs the same however long it is."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from assurance.commands import acting
from assurance.commands.waiting import wait_for
from assurance.queries.pages import Place, page_of
from assurance.queries.tracker import (
    Order,
    Search,
    Sign,
    Tracked,
    all_tracked,
    tracked,
    tracked_one,
    tracker_choices,
)
from assurance.records import Agency
from engine.errors import Refused
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.counting import statements_of
from tests.assurance.full_world import OF_INDIVIDUAL, full_world
from tests.assurance.looking import looks
from tests.assurance.many_actions import with_many_actions
from tests.world import World

OF_TRUST, OF_CCG = Ref("action", 2), Ref("action", 3)


@pytest.fixture
def world(any_world_at: At) -> World:
    """A world in which something of every kind stands, on both databases."""
    return full_world(any_world_at)


def found(world: World, who: str | None, **search: Any) -> list[Ref]:
    """What somebody finds, in order."""
    with looks(world, who) as (tx, viewer):
        return [row.ref for row in tracked(tx, viewer, Search(**search)).rows]


def row_of(world: World, who: str, ref: Ref) -> Tracked:
    """One action as the tracker tells it to somebody."""
    with looks(world, who) as (tx, viewer):
        return next(row for row in all_tracked(tx, viewer, Search()) if row.ref == ref)


def test_everybody_tracks_what_is_pooled_and_an_agency_its_own_besides(world: World) -> None:
    assert found(world, "ada") == found(world, "bo") == [OF_INDIVIDUAL, OF_TRUST, OF_CCG]
    assert found(world, "gil") == found(world, "cleo") == found(world, "thea") == [OF_TRUST, OF_CCG]
    assert found(world, "viv") == []


def test_honest_dates_stand_beside_what_the_owner_says(world: World) -> None:
    world.moves("nell", OF_INDIVIDUAL, "begin")
    world.is_granted("nell", OF_INDIVIDUAL, "extend", new_due_on=date(2015, 3, 31), reason="Two are ill.")
    world.on(date(2015, 4, 7))
    row = row_of(world, "bo", OF_INDIVIDUAL)
    assert (row.original_due_on, row.current_due_on) == (date(2015, 2, 27), date(2015, 3, 31))
    assert (row.times_moved, row.days_past_original, row.rating) == (1, 39, "on track")
    assert row.signs == (Sign.OVERDUE, Sign.SLIPPED)
    assert (row.agency, row.owner, row.audit) == ("North Trust", "Health Visiting", "2014-15/1")
    assert (row.state_title, row.type) == ("In progress", "individual_practice")


def test_what_dates_say_narrows_the_tracker_and_one_sign_is_enough(world: World) -> None:
    world.on(date(2015, 2, 28))
    council = world.number(Agency, "council")
    with world.does("gil") as tx:
        wait_for(tx, OF_CCG, council, "The council's form")
    with world.does("bo") as tx:
        plan = acting.Plan(world.number(Agency, "trust"), "Write a leaflet")
        undated = acting.plan_action(tx, Ref("recommendation", 2), plan)
    assert found(world, "ada", signs={Sign.UNDATED}) == [undated]
    assert found(world, "ada", signs={Sign.WAITING}) == [OF_CCG]
    assert found(world, "ada", signs={Sign.OVERDUE}) == [OF_INDIVIDUAL, OF_TRUST, OF_CCG]
    assert found(world, "ada", signs={Sign.SLIPPED}) == []
    assert found(world, "ada", signs={Sign.UNDATED, Sign.WAITING}) == [OF_CCG, undated]
    assert row_of(world, "ada", OF_CCG).waiting_on == "County Council"
    assert row_of(world, "ada", undated).signs == (Sign.UNDATED,)


def test_an_action_that_was_confirmed_or_closed_is_neither_overdue_nor_undated(world: World) -> None:
    world.on(date(2015, 3, 9))
    world.completes("bo", OF_INDIVIDUAL)
    world.is_granted("gil", OF_CCG, "close", by="dan", reason="Another board does it.")
    world.on(date(2015, 6, 1))
    assert found(world, "ada", signs=frozenset(Sign)) == [OF_TRUST]
    assert found(world, "ada") == [OF_TRUST, OF_INDIVIDUAL, OF_CCG]
    assert found(world, "ada", order=Order.PAST) == [OF_TRUST, OF_INDIVIDUAL, OF_CCG]
    assert row_of(world, "ada", OF_INDIVIDUAL).days_past_original == 10
    assert row_of(world, "ada", OF_CCG).days_past_original == 0


def test_the_tracker_is_narrowed_by_agency_audit_state_and_kind(world: World) -> None:
    world.moves("nell", OF_TRUST, "begin")
    assert found(world, "ada", agency_id=world.number(Agency, "ccg")) == [OF_CCG]
    assert found(world, "ada", audit_id=1) == [OF_INDIVIDUAL, OF_TRUST, OF_CCG]
    assert found(world, "ada", audit_id=2) == []
    assert found(world, "ada", recommendation_id=2) == [OF_TRUST, OF_CCG]
    assert found(world, "ada", state="in_progress") == [OF_TRUST]
    assert found(world, "ada", state="open") == [OF_INDIVIDUAL, OF_TRUST, OF_CCG]
    assert found(world, "ada", type="individual_practice") == [OF_INDIVIDUAL]
    assert found(world, "gil", type="individual_practice") == []
    with looks(world, "ada") as (tx, viewer), pytest.raises(Refused, match="did you mean 'in_progress'"):
        tracked(tx, viewer, Search(state="inprogress"))


def test_every_word_that_is_looked_for_must_be_found_in_whatever_case(world: World) -> None:
    assert found(world, "ada", words="CHRONOLOGY") == [OF_INDIVIDUAL]
    assert found(world, "ada", words="brief teams schools") == []
    assert found(world, "ada", words="brief SCHOOLS trust") == [OF_TRUST]
    assert found(world, "ada", words="100%") == found(world, "ada", words="Nine_in") == []


def test_a_search_finds_nothing_in_words_that_the_viewer_may_not_read(world: World) -> None:
    council = world.number(Agency, "council")
    with world.does("bo") as tx:
        wait_for(tx, OF_INDIVIDUAL, council, "The council's form")
    assert OF_INDIVIDUAL in found(world, "dev")
    row = row_of(world, "dev", OF_INDIVIDUAL)
    assert (row.recommendation_number, row.recommendation_text, row.type) == (None, None, None)
    assert found(world, "dev", words="chronology") == found(world, "cleo", words="chronology") == []
    assert found(world, "dev", type="individual_practice") == []
    assert found(world, "ada", words="first ten files") == []


def test_one_action_is_told_as_on_the_tracker_and_to_nobody_else(world: World) -> None:
    with looks(world, "bo") as (tx, viewer):
        assert tracked_one(tx, viewer, OF_INDIVIDUAL).ref == OF_INDIVIDUAL
    with looks(world, "gil") as (tx, viewer), pytest.raises(Refused, match="There is no action/1"):
        tracked_one(tx, viewer, OF_INDIVIDUAL)


@pytest.mark.parametrize("order", list(Order))
def test_every_order_shows_every_action_once(world: World, order: Order) -> None:
    world.on(date(2015, 3, 9))
    assert sorted(found(world, "ada", order=order)) == [OF_INDIVIDUAL, OF_TRUST, OF_CCG]


def test_one_narrows_by_agencies_audits_and_states_that_there_are(world: World) -> None:
    with looks(world, "cleo") as (tx, viewer):
        choices = tracker_choices(tx, viewer)
    assert [title for _, title in choices.agencies][:2] == ["Clinical Commissioning Group", "County Council"]
    assert [title for _, title in choices.audits] == ["2014-15/1: Neglect"]
    assert [value for value, _ in choices.states][:3] == ["open", "proposed", "agreed"]


def test_fifty_actions_stand_on_a_page_and_none_on_two(world: World) -> None:
    with_many_actions(world, 120)
    seen: list[Ref] = []
    for number in (1, 2, 3):
        with looks(world, "ada") as (tx, viewer):
            page = tracked(tx, viewer, Search(order=Order.FIRST_DUE), page=number)
        seen += [row.ref for row in page.rows]
        assert (page.place.number, page.place.pages, page.place.page) == (123, 3, number)
    assert len(seen) == len(set(seen)) == 123


def test_a_page_costs_the_same_statements_however_many_actions_there_are(world: World) -> None:
    few = statements(world)
    with_many_actions(world, 500)
    assert statements(world) == few == 3


def test_a_page_before_the_first_is_the_first_and_one_beyond_the_last_the_last() -> None:
    assert page_of(120, 0) == Place(1, 120)
    assert page_of(120, 9) == Place(3, 120)
    assert (page_of(120, 3).first, page_of(120, 3).last) == (101, 120)
    assert (page_of(0, 1).pages, page_of(0, 1).first, page_of(0, 1).last) == (1, 0, 0)


def statements(world: World) -> int:
    """How many statements one page of the tracker takes, besides those about who looks."""
    with looks(world, "bo") as (tx, viewer):
        search = Search(words="brief", signs=frozenset({Sign.OVERDUE}))
        return statements_of(world, lambda: tracked(tx, viewer, search))
