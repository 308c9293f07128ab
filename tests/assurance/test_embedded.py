"""Has it lasted? What was completed, what is due to be asked, and what later looks found."""

from __future__ import annotations

from datetime import date

import pytest

from assurance.access import viewer_of
from assurance.commands import concluding
from assurance.queries.embedded import AimAsked, HasItLasted, Lasting, Measured, has_it_lasted
from assurance.queries.year import Share
from assurance.roster import roster
from tests.assurance.conftest import At
from tests.assurance.counting import counted
from tests.assurance.full_world import INDIVIDUAL, OF_INDIVIDUAL, full_world
from tests.assurance.test_concluding import held_later_audit, implemented, later_audit
from tests.world import World

FIRST_AIM = "Was information shared in time?"


def seen_by(world: World, who: str, lasting: Lasting | None = None, *, page: int = 1) -> HasItLasted:
    """What somebody sees of what was completed."""
    actor = world.actor(who)
    with world.office.reading(actor) as tx:
        viewer = viewer_of(roster(tx.session, group_id=tx.actor.group_id, today=tx.today), actor)
        return has_it_lasted(tx, viewer, lasting, page=page)


def counts(found: HasItLasted) -> list[int]:
    """How many there are of each sort: due, later, lasted, not lasted."""
    return list(found.counts.values())


def test_what_is_not_completed_is_not_asked(world_at: At) -> None:
    found = seen_by(world_at("actions"), "ada")
    assert (counts(found), found.page.rows) == ([0, 0, 0, 0], ())


def test_a_check_is_due_from_its_day_on(any_world_at: At) -> None:
    world = any_world_at("actions")
    ref = implemented(world)
    world.on(date(2015, 7, 11))
    assert counts(seen_by(world, "cleo")) == [0, 1, 0, 0]
    world.on(date(2015, 7, 12))
    found = seen_by(world, "cleo")
    assert counts(found) == [1, 0, 0, 0]
    (one,) = found.page.rows
    assert (one.ref, one.lasting, one.check_on) == (ref, Lasting.DUE, date(2015, 7, 12))
    assert one.aims == (AimAsked("2014-15/1", 1, FIRST_AIM, again_in=()),)
    assert (one.measured, one.later_evidence) == ((), 0)


def test_an_audit_that_asks_the_aim_again_is_named_until_the_two_stand_side_by_side(any_world_at: At) -> None:
    world = any_world_at("actions")
    ref = implemented(world)
    aim = held_later_audit(world, "yes")
    (one,) = seen_by(world, "ada").page.rows
    assert one.aims[0].again_in == ("2014-15/2",)
    with world.does("sam") as tx:
        concluding.record_re_audit(tx, ref, world.aims()[0], aim)
    (one,) = seen_by(world, "ada").page.rows
    assert one.aims[0].again_in == ()
    assert one.measured == (
        Measured(
            on=world.today,
            earlier="2014-15/1",
            later="2014-15/2",
            aim=FIRST_AIM,
            before=Share(0, 10),
            after=Share(5, 5),
            is_better=True,
        ),
    )


def test_an_audit_that_was_given_up_measures_nothing(world_at: At) -> None:
    world = world_at("actions")
    implemented(world)
    audit, _ = later_audit(world, "yes")
    assert seen_by(world, "ada").page.rows[0].aims[0].again_in == ("2014-15/2",)
    world.is_granted("sam", audit, "cancel", reason="The theme was merged")
    assert seen_by(world, "ada").page.rows[0].aims[0].again_in == ()


def test_what_has_lasted_and_what_has_not_are_told_apart(world_at: At) -> None:
    world = world_at("actions")
    ref = implemented(world)
    world.on(date(2015, 7, 13))
    with world.does("bo") as tx:
        concluding.record_evidence(tx, ref, "Dip sample", "Nine of ten")
    assert seen_by(world, "ada").page.rows[0].later_evidence == 1
    world.is_granted("sam", ref, "judge_not_embedded", reason="Three in ten only")
    assert counts(seen_by(world, "ada")) == [0, 0, 0, 1]
    assert seen_by(world, "ada", Lasting.LASTED).page.rows == ()
    (one,) = seen_by(world, "ada", Lasting.NOT_LASTED).page.rows
    assert one.state_title == "Not embedded"


@pytest.mark.parametrize(
    ("who", "number"), [("ada", 1), ("bo", 1), ("dev", 0), ("gil", 0), ("cleo", 0), ("ida", 0), ("viv", 0)]
)
def test_individual_practice_is_for_its_own_agency_and_not_even_counted_for_others(
    world_at: At, who: str, number: int
) -> None:
    world = full_world(world_at)
    world.on(date(2015, 2, 2))
    world.moves("sam", INDIVIDUAL, "begin")
    world.completes("bo", OF_INDIVIDUAL)
    world.is_granted("sam", INDIVIDUAL, "implement")
    found = seen_by(world, who)
    assert sum(found.counts.values()) == len(found.page.rows) == found.page.place.number == number


def test_one_page_takes_the_same_statements_however_much_it_shows(world_at: At) -> None:
    world = world_at("actions")
    with counted(world) as few:
        seen_by(world, "bo")
    ref = implemented(world)
    aim = held_later_audit(world, "yes")
    with world.does("sam") as tx:
        concluding.record_re_audit(tx, ref, world.aims()[0], aim)
    with counted(world) as many:
        seen_by(world, "bo")
    assert len(few) == len(many) < 15
