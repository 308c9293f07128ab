"""The agenda of a meeting: what is missing, late, to be decided by the group or to be asked again, as each may see it."""

from __future__ import annotations

from datetime import date

import pytest

from assurance.commands.accepting import acknowledge
from assurance.queries.agenda import Point, agenda
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.counting import said_to
from tests.assurance.full_world import CONCERN, OF_INDIVIDUAL, full_world
from tests.assurance.looking import looks
from tests.world import World

DECEMBER, MARCH, JUNE = Ref("meeting", 1), Ref("meeting", 2), Ref("meeting", 3)
MISSING, LATE = "Returns that are still missing", "Actions thirty days overdue by the day of the meeting"
CONCERNS, DECISIONS = "Immediate concerns that are open", "Decisions that only the group can take"
ACCEPTED, CHECKS = (
    "Escalations that somebody has accepted",
    "Recommendations to ask of whether they have lasted",
)


def points(world: World, who: str, meeting: Ref) -> dict[str, Point]:
    """The agenda as somebody of the cast sees it."""
    with looks(world, who) as (tx, viewer):
        return {point.title: point for point in agenda(tx, viewer, meeting)}


def test_missing_returns_are_counted_by_records_for_everybody(world_at: At) -> None:
    world = world_at("agency_audits")
    world.settles("fay", world.returns("police")[0])
    for who in ("sam", "cleo", "bo"):
        found = points(world, who, DECEMBER)[MISSING]
        assert [item.what for item in found.items] == [
            "Health visiting, North Trust: 2 returns",
            "Social care, County Council: 2 returns",
            "Schools, County Council: 2 returns",
            "Police, Shire Constabulary: 1 return",
            "General practice, Clinical Commissioning Group: 2 returns",
        ]
        assert found.items[0].why == "audit 2014-15/1, due 27 November 2014"
    assert MISSING not in points(world, "sam", MARCH)
    world.on(date(2014, 11, 28))
    assert points(world, "cleo", DECEMBER)[MISSING].items[0].why == "audit 2014-15/1, 1 day late"
    world.on(date(2014, 12, 1))
    assert points(world, "cleo", DECEMBER)[MISSING].items[0].why == "audit 2014-15/1, 4 days late"


def test_actions_are_on_it_that_are_thirty_days_overdue_by_then(any_world_at: At) -> None:
    world = full_world(any_world_at)
    world.on(date(2015, 3, 2))
    assert LATE not in points(world, "sam", MARCH)
    found = points(world, "sam", JUNE)[LATE]
    assert [item.ref for item in found.items] == [OF_INDIVIDUAL, Ref("action", 2), world.action("ccg")]
    assert found.items[0].why.endswith(", due 27 February 2015")
    assert OF_INDIVIDUAL not in [item.ref for item in points(world, "cleo", JUNE)[LATE].items]
    assert OF_INDIVIDUAL in [item.ref for item in points(world, "bo", JUNE)[LATE].items]


def test_concerns_are_on_it_for_those_who_may_know_of_them(world_at: At) -> None:
    world = full_world(world_at)
    assert [item.ref for item in points(world, "ada", MARCH)[CONCERNS].items] == [CONCERN]
    assert [item.ref for item in points(world, "dev", MARCH)[CONCERNS].items] == [CONCERN]
    for who in ("cleo", "bo", "gil"):
        assert CONCERNS not in points(world, who, MARCH)


def test_what_only_the_group_can_decide_is_on_it(world_at: At) -> None:
    world = full_world(world_at)
    for day in (date(2015, 4, 1), date(2015, 5, 1)):
        world.is_granted("nell", OF_INDIVIDUAL, "extend", new_due_on=day, reason="Two people are ill.")
    third = world.asks(
        "nell", OF_INDIVIDUAL, "extend_by_group", new_due_on=date(2015, 6, 1), reason="Still ill."
    )
    (item,) = points(world, "ada", MARCH)[DECISIONS].items
    assert (item.ref, item.what) == (third, "Ask the group for a later date: action 1")
    assert item.why == "Nell Norris asked on 15 December 2014"
    assert DECISIONS not in points(world, "cleo", MARCH)


def test_accepted_escalations_and_checks_that_fall_due_are_on_it(world_at: At) -> None:
    world = world_at("actions")
    for day in (date(2015, 3, 10), date(2015, 3, 13)):
        world.night(day)
    world.on(date(2015, 3, 13))
    with world.does("ada") as tx:
        hold = acknowledge(tx, world.action("trust"), until_on=date(2015, 4, 10), reason="Two teams merge.")
    (item,) = points(world, "sam", JUNE)[ACCEPTED].items
    assert (item.ref, item.what) == (hold, "Action 1")
    assert item.why == "Ada Ashdown has accepted it until 10 April 2015"
    for agency, who, by in (("trust", "bo", "ada"), ("ccg", "gil", "dan")):
        world.completes(who, world.action(agency), by=by)
    made = Ref("recommendation", 1)
    world.moves("sam", made, "begin")
    world.is_granted("sam", made, "implement")
    assert CHECKS not in points(world, "cleo", JUNE)
    with world.does("sam") as tx:
        tx.session.connection().exec_driver_sql("UPDATE recommendation SET embedded_check_on = '2015-06-01'")
    (check,) = points(world, "cleo", JUNE)[CHECKS].items
    assert (check.ref, check.why) == (made, "audit 2014-15/1, to be asked from 1 June 2015")


@pytest.mark.parametrize("who", ["ada", "cleo", "bo"])
def test_an_agenda_takes_as_many_statements_for_many_actions_as_for_few(world_at: At, who: str) -> None:
    world = full_world(world_at)
    world.on(date(2015, 4, 1))
    with looks(world, who) as (tx, viewer), said_to(tx) as few:
        agenda(tx, viewer, JUNE)
    for _ in range(60):
        world.plans("bo", "trust", recommendation=Ref("recommendation", 2), owner="health_visiting")
    with looks(world, who) as (tx, viewer), said_to(tx) as many:
        found = {point.title: point for point in agenda(tx, viewer, JUNE)}
    assert (len(found[LATE].items), found[LATE].number >= 60) == (50, True)
    assert len(many) == len(few)
