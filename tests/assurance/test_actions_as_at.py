"""The tracker of a past day says what was true then, whatever has happened since."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from assurance.access import viewer_of
from assurance.queries.actions_as_at import ActionThen, actions_as_at
from assurance.queries.pages import Page
from assurance.records import Agency
from assurance.roster import roster
from engine.errors import Refused
from tests.assurance.conftest import At
from tests.assurance.counting import counted
from tests.assurance.full_world import full_world
from tests.world import World

PLANNED = date(2014, 12, 15)
DUE = date(2015, 2, 27)


def seen_by(world: World, who: str, on: date, **narrowed: int) -> Page[ActionThen]:
    """What somebody sees of the tracker of a day."""
    actor = world.actor(who)
    with world.office.reading(actor) as tx:
        viewer = viewer_of(roster(tx.session, group_id=tx.actor.group_id, today=tx.today), actor)
        return actions_as_at(tx, viewer, on, **narrowed)


def test_an_action_is_there_from_the_day_on_which_it_was_planned(any_world_at: At) -> None:
    world = any_world_at("actions")
    assert seen_by(world, "ada", PLANNED - timedelta(days=1)).rows == ()
    found = seen_by(world, "ada", PLANNED)
    assert [(row.agency, row.state_title) for row in found.rows] == [
        ("North Trust", "Agreed"),
        ("Clinical Commissioning Group", "Agreed"),
    ]
    assert found.place.number == 2


def test_states_and_dates_are_those_of_the_day(any_world_at: At) -> None:
    world = any_world_at("actions")
    world.on(date(2015, 2, 20))
    later = date(2015, 4, 30)
    world.is_granted("bo", world.action("trust"), "extend", new_due_on=later, reason="Two teams are missing")
    world.on(date(2015, 4, 1))
    world.completes("bo", world.action("trust"))
    (before, _), (moved, late), (done, _) = (
        seen_by(world, "cleo", on).rows for on in (date(2015, 2, 19), date(2015, 3, 31), date(2015, 4, 1))
    )
    assert (before.current_due_on, before.times_moved, before.confirmed_on) == (DUE, 0, None)
    assert (moved.original_due_on, moved.current_due_on, moved.times_moved) == (DUE, later, 1)
    assert (moved.state_title, moved.days_past_original, moved.is_overdue) == ("Agreed", 32, False)
    assert (late.days_past_original, late.is_overdue) == (32, True)
    assert (done.state_title, done.confirmed_on, done.days_past_original) == (
        "Verified",
        date(2015, 4, 1),
        33,
    )


def test_individual_practice_of_another_agency_is_neither_shown_nor_counted(world_at: At) -> None:
    world = full_world(world_at)
    assert seen_by(world, "bo", world.today).place.number == 3
    for who in ("gil", "cleo", "dev"):
        found = seen_by(world, who, world.today)
        assert (found.place.number, len(found.rows)) == (2, 2)
    assert seen_by(world, "viv", world.today).place.number == 0


def test_the_tracker_of_a_day_is_narrowed_to_an_audit_and_an_agency(world_at: At) -> None:
    world = full_world(world_at)
    trust = world.number(Agency, "trust")
    assert [row.agency for row in seen_by(world, "cleo", world.today, agency_id=trust).rows] == [
        "North Trust"
    ]
    assert seen_by(world, "cleo", world.today, audit_id=2).rows == ()


def test_a_day_still_to_come_is_refused(world_at: At) -> None:
    world = world_at("actions")
    with pytest.raises(Refused, match="16 December 2014 is still to come; give today or an earlier day"):
        seen_by(world, "ada", date(2014, 12, 16))


def test_the_tracker_of_a_day_takes_the_same_statements_however_much_it_shows(world_at: At) -> None:
    world = full_world(world_at)
    with counted(world) as few:
        seen_by(world, "ada", PLANNED - timedelta(days=20))
    with counted(world) as many:
        seen_by(world, "ada", world.today)
    assert len(few) == len(many) < 8
