"""Closed days: who closes and opens them, which are refused, and what they move."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from assurance.commands.closing import close_day, open_day
from assurance.queries.calendars import CalendarPage, Effect, calendar_of, closed_day, effect_of
from assurance.records import AccountEvent, ClosedDay
from engine.errors import Refused
from tests.assurance.conftest import At
from tests.world import World

THURSDAY = date(2014, 11, 20)
DUE = date(2014, 11, 27)


def page(world: World) -> CalendarPage:
    with world.office.reading(world.actor("ida")) as tx:
        return calendar_of(tx)


def effect(world: World, day: date) -> Effect:
    with world.office.reading(world.actor("ida")) as tx:
        return effect_of(tx, day)


@pytest.mark.parametrize("who", ["sam", "ida"])
def test_the_coordinator_and_the_administrator_close_a_day_and_open_it_again(world: World, who: str) -> None:
    with world.does(who) as tx:
        number = close_day(tx, THURSDAY, " Staff day ")
    world.office.read_playbook()
    calendar = world.office.playbook.calendar(world.group_id)
    assert not calendar.is_working(THURSDAY)
    assert [(one.day, one.name) for one in page(world).closed if one.id == number] == [
        (THURSDAY, "Staff day")
    ]
    with world.does(who) as tx:
        assert open_day(tx, number) == THURSDAY
    world.office.read_playbook()
    assert world.office.playbook.calendar(world.group_id).is_working(THURSDAY)
    deeds = world.pairs(sa.select(AccountEvent.what, AccountEvent.detail).order_by(AccountEvent.id))
    told = "20 November 2014: Staff day"
    assert deeds[-2:] == [("day_closed", told), ("day_opened", told)]


@pytest.mark.parametrize(
    ("day", "name", "sentence"),
    [
        (THURSDAY, "  ", "Write down what the day is called"),
        (date(2014, 8, 29), "Late", "29 August 2014 has passed"),
        (date(2014, 11, 22), "Saturday", "22 November 2014 is a Saturday; nobody works then anyway."),
        (date(2014, 12, 25), "Christmas", "is a bank holiday already: Christmas Day"),
        (date(2014, 12, 29), "Again", "29 December 2014 is closed already: Office closed."),
    ],
)
def test_a_day_that_nobody_needs_to_close_is_refused(
    world: World, day: date, name: str, sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence), world.does("sam") as tx:
        close_day(tx, day, name)
    assert world.ask(sa.select(ClosedDay.day)) == [date(2014, 12, 29)]


@pytest.mark.parametrize("who", ["ada", "bo", "cleo", "una"])
def test_nobody_else_closes_or_opens_a_day(world: World, who: str) -> None:
    (number,) = world.ask(sa.select(ClosedDay.id))
    with pytest.raises(Refused, match="Only the coordinator or administrator"), world.does(who) as tx:
        close_day(tx, THURSDAY, "Mine")
    with pytest.raises(Refused, match="Only the coordinator or administrator"), world.does(who) as tx:
        open_day(tx, number)


def test_a_day_that_has_passed_is_not_opened_and_a_foreign_one_is_not_there(world: World) -> None:
    (number,) = world.ask(sa.select(ClosedDay.id))
    world.on(date(2015, 1, 5))
    with pytest.raises(Refused, match="29 December 2014 has passed"), world.does("sam") as tx:
        open_day(tx, number)
    world.found("other")
    with (
        world.office.reading(world.actor("sam", group="other")) as tx,
        pytest.raises(Refused, match="no such"),
    ):
        closed_day(tx, number)


def test_what_a_closed_day_would_move_is_told_before_it_is_closed(world_at: At) -> None:
    world = world_at("agency_audits")
    told = effect(world, THURSDAY)
    by_rule = {one.rule: (one.later, one.earlier, one.other) for one in told.moves}
    returns = len(world.returns())
    assert by_rule["return-due-soon"] == (0, returns, 0)
    assert told.returns_due == 0
    assert effect(world, DUE).returns_due == returns
    with world.does("sam") as tx:
        close_day(tx, THURSDAY, "Staff day")
    world.office.read_playbook()
    back = {one.rule: (one.later, one.earlier, one.other) for one in effect(world, THURSDAY).moves}
    assert back["return-due-soon"] == (returns, 0, 0)


def test_a_closed_day_moves_what_it_was_said_to_move_and_no_due_day(world_at: At) -> None:
    world = world_at("agency_audits")
    expected = {one.rule for one in effect(world, THURSDAY).moves}
    before = [world.known(ref).facts["due_on"] for ref in world.returns()]
    with world.does("sam") as tx:
        close_day(tx, THURSDAY, "Staff day")
    world.office.read_playbook()
    world.nights(date(2014, 11, 12))
    assert "return-due-soon" in expected
    assert {rule for reminded in world.reminded() for rule in [reminded.rule]} == {"return-due-soon"}
    assert [world.known(ref).facts["due_on"] for ref in world.returns()] == before


def test_the_calendar_shows_bank_holidays_and_how_the_group_is_set_up(world: World) -> None:
    found = page(world)
    assert (date(2014, 12, 25), "Christmas Day") in found.bank
    assert (date(2015, 4, 3), "Good Friday") in found.bank
    assert all(day >= world.today for day, _ in found.bank)
    assert (found.calendar, found.zone) == ("england-and-wales", "Europe/London")
    assert found.functions == ("Choose the themes", "Draw recommendations")
