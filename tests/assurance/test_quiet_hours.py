"""Mail rests at night and on days without work: it is held and goes afterwards; what is urgent waits for no morning."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
import sqlalchemy as sa

from assurance.commands import acting
from assurance.post import still_owed
from assurance.queries import around
from assurance.queries.rows import Wanted
from assurance.records import Agency
from assurance.sweep import sweep
from engine.moved import Ref
from notifications.delivery import Delivered
from notifications.letters import Outcome, Result
from notifications.mailer import MemoryMailer
from notifications.outbox import Message
from tests.assurance.conftest import At, Reopen
from tests.assurance.looking import looks
from tests.assurance.post_office import RULES, came, quiet
from tests.cast import LONDON
from tests.world import World

NIGHT = time(3)
URGENT = """
  - id: concern-waits
    about: immediate_concern
    title: A concern was not taken up
    when: state = raised and raised_on + 1 days <= today
    once_per: raised_on
    tell: [chair]
    severity: urgent
"""


@pytest.fixture
def resting(world_at: At, reopen: Reopen) -> World:
    """Actions under way, in a house where mail rests from 18:00 to 07:30 and on days without work."""
    return quiet(reopen(world_at("actions"), RULES + URGENT))


def moment(at: datetime) -> str:
    """Write an instant as the group's clocks show it."""
    return f"{at.astimezone(LONDON):%a %d %b %H:%M}"


def owed_at(world: World, day: date, at: time) -> Message:
    """Let the chair be owed a mail at an instant, because somebody asks for a decision, and give it."""
    world.on(day, at)
    world.asks(
        "nell", world.action("trust"), "extend", new_due_on=day + timedelta(days=200), reason="Sickness"
    )
    message: Message = world.ask(sa.select(Message).order_by(Message.id.desc()).limit(1))[0]
    return message


@pytest.mark.parametrize(
    ("day", "at", "goes"),
    [
        (date(2015, 3, 4), time(17, 59), "Wed 04 Mar 17:59"),
        (date(2015, 3, 4), time(18, 0), "Thu 05 Mar 07:30"),
        (date(2015, 3, 5), time(0, 0), "Thu 05 Mar 07:30"),
        (date(2015, 3, 5), time(7, 30), "Thu 05 Mar 07:30"),
        (date(2015, 3, 6), time(18, 0), "Mon 09 Mar 07:30"),
        (date(2015, 3, 7), time(12, 0), "Mon 09 Mar 07:30"),
        (date(2015, 4, 2), time(19, 0), "Tue 07 Apr 07:30"),
        (date(2014, 12, 24), time(20, 0), "Tue 30 Dec 07:30"),
    ],
    ids=["work", "evening", "midnight", "opening", "Friday", "Saturday", "Easter", "Christmas, and closed"],
)
def test_what_is_owed_while_mail_rests_goes_when_it_does_so_no_more(
    resting: World, day: date, at: time, goes: str
) -> None:
    assert moment(owed_at(resting, day, at).not_before) == goes


@pytest.mark.parametrize(
    ("friday", "in_utc"),
    [(date(2015, 3, 27), "2015-03-30 06:30"), (date(2015, 10, 23), "2015-10-26 07:30")],
    ids=["clocks go forward", "clocks go back"],
)
def test_the_hours_are_those_on_peoples_clocks(resting: World, friday: date, in_utc: str) -> None:
    message = owed_at(resting, friday, time(19))
    assert f"{message.not_before.astimezone(UTC):%Y-%m-%d %H:%M}" == in_utc
    resting.clock.move_to(message.not_before - timedelta(seconds=1))
    resting.delivers()
    assert came(resting) == []
    resting.clock.move_to(message.not_before)
    assert resting.delivers().sent > 0


def test_a_delivery_that_wakes_at_night_holds_what_is_due(resting: World) -> None:
    message = owed_at(resting, date(2015, 3, 4), time(17))
    resting.on(date(2015, 3, 5), NIGHT)
    tally = resting.delivers()
    assert tally == Delivered(held=1)
    held = resting.row(Message, Ref("message", message.id))
    assert moment(held.not_before) == "Thu 05 Mar 07:30"
    assert held.last_text == "Mail rests until Thursday 5 March 2015 at 07:30."
    assert resting.delivers() == Delivered()
    resting.on(date(2015, 3, 5), time(7, 30))
    assert resting.delivers() == Delivered(sent=1)


def test_what_is_held_is_said_with_its_hour(resting: World) -> None:
    owed_at(resting, date(2015, 3, 6), time(19))
    owed = still_owed(resting.office)
    assert owed.held == owed.number > 0
    assert (moment(owed.held_from or resting.clock.now()), owed.held_from) == (
        "Mon 09 Mar 07:30",
        owed.held_to,
    )
    with looks(resting, "sam") as (tx, viewer):
        rows = around.mails(tx, viewer, Wanted(state="held")).rows
    assert len(rows) == owed.number
    assert {(row.state, f"{row.held_until:%a %H:%M}") for row in rows} == {("held", "Mon 07:30")}
    with looks(resting, "sam") as (tx, viewer):
        assert around.mails(tx, viewer, Wanted(state="queued")).rows == ()
    resting.on(date(2015, 3, 9), time(7, 30))
    with looks(resting, "sam") as (tx, viewer):
        assert len(around.mails(tx, viewer, Wanted(state="queued")).rows) == owed.number
        assert around.mails(tx, viewer, Wanted(state="held")).rows == ()


def test_a_concern_goes_at_night_with_every_step_of_it(resting: World) -> None:
    saturday = date(2015, 3, 7)
    resting.on(saturday, NIGHT)
    with resting.does("fay") as tx:
        concern = acting.raise_concern(tx, resting.number(Agency, "council"), "A child may be alone")
    resting.delivers()
    assert [who for who, _ in came(resting)] == ["ada", "dan", "dev", "sam"]
    resting.moves("dev", concern, "take_up", remark="We are on our way")
    resting.delivers()
    assert [who for who, _ in came(resting)] == ["ada", "dan", "sam"]


def test_an_urgent_rule_speaks_on_a_sunday(resting: World) -> None:
    resting.on(date(2015, 3, 7), NIGHT)
    with resting.does("fay") as tx:
        acting.raise_concern(tx, resting.number(Agency, "council"), "A child may be alone")
    resting.delivers()
    came(resting)
    resting.on(date(2015, 3, 8), time(6, 30))
    sweep(resting.office)
    resting.delivers()
    assert came(resting) == [("ada", "A concern was not taken up.")]


def test_a_second_attempt_rests_too(resting: World) -> None:
    answers = iter([Outcome(Result.LATER, 451, "greylisted")])
    resting.post = MemoryMailer(lambda _letter: next(answers, Outcome(Result.SENT)))
    message = owed_at(resting, date(2015, 4, 2), time(17, 59, 30))
    resting.delivers()
    resting.on(date(2015, 4, 2), time(18, 5))
    assert resting.delivers().held == 1
    easter = [row for row in resting.ask(sa.select(Message)) if row.attempts == 1 and row.state == "queued"]
    assert [moment(row.not_before) for row in easter] == ["Tue 07 Apr 07:30"]
    assert message.id >= easter[0].id
    # The holidays are none of the seventy-two hours after which a message is given up.
    assert easter[0].first_try_at is not None
    assert moment(easter[0].first_try_at) > "Tue 07 Apr 07:2"
    resting.on(date(2015, 4, 7), time(7, 30))
    assert resting.delivers().sent == 1
