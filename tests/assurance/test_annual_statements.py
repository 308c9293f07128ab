"""The annual report asks the database as often for a long year as for a short one."""

from __future__ import annotations

from datetime import timedelta

from assurance.commands import concluding
from assurance.office import clock_of
from assurance.queries.annual import day_to_report, year_as_at, years_to_report
from assurance.records import Agency
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.counting import statements_of
from tests.assurance.test_dashboard import ask_the_first_aim_again
from tests.world import World


def statements(world: World) -> int:
    """How many statements one year's report takes."""
    with world.office.reading(clock_of(world.group_id)) as tx:
        return statements_of(world, lambda: year_as_at(tx, "2014-15"))


def test_a_long_year_takes_the_same_statements_as_a_short_one(world_at: At) -> None:
    world = world_at("recommendations")
    with world.does("sam") as tx:
        asked = [world.number(Agency, "trust")]
        wanted = concluding.Wanted("strategic", "Tell schools on the day", [world.aims()[0]], [1], asked)
        concluding.make_recommendation(tx, world.audit, wanted)
    few = statements(world)
    with world.does("sam") as tx:
        for text in ("Ask fathers", "Write it down", "Name who does it"):
            wanted = concluding.Wanted("strategic", text, [world.aims()[0]], [1], asked)
            concluding.make_recommendation(tx, world.audit, wanted)
    first = Ref("recommendation", 1)
    world.is_granted("sam", first, "agree")
    world.plans("bo", "trust", recommendation=first, owner="health_visiting")
    ask_the_first_aim_again(world)
    assert statements(world) == few < 36


def test_years_are_offered_once_they_have_begun(world_at: At) -> None:
    world = world_at("proposed")
    with world.office.reading(clock_of(world.group_id)) as tx:
        assert years_to_report(tx) == ("2014-15",)
        assert day_to_report(tx, "2014-15") == world.today
    world.on(world.today + timedelta(days=365))
    with world.office.reading(clock_of(world.group_id)) as tx:
        assert years_to_report(tx) == ("2015-16", "2014-15")
