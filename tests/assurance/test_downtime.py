"""After an hour, three days, three weeks or a year of standstill nobody gets a pile: one digest, the present level, and how late."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from assurance.outlook import grounds_of
from assurance.records import DigestItem
from assurance.sweep import sweep
from engine.moved import Ref
from notifications.letters import Letter
from notifications.outbox import Message
from tests.assurance.conftest import At
from tests.assurance.post_office import DIGEST, LOOK, OPEN, quiet
from tests.cast import LONDON
from tests.notifications.examples import text_of
from tests.world import Templates, World

MONDAY = date(2015, 3, 2)  # the first working day after the actions were due
STOPS = datetime.combine(MONDAY, time(7, 40), LONDON)  # after rules have looked, and before mail goes
LADDER = ("action-overdue", "action-overdue-chair", "action-overdue-agenda", "action-overdue-board")
STANDSTILLS = {
    "an hour": timedelta(hours=1),
    "three days": timedelta(days=3),
    "three weeks": timedelta(days=21),
    "a year": timedelta(days=370),
}


class Arrived(NamedTuple):
    """One letter that has reached somebody, and what it told by rule and subject."""

    to: str
    on: date
    template: str
    text: str
    told: frozenset[tuple[str, Ref]]


def stops(world: World) -> World:
    """Let the rules of the house look on Monday morning, and everything stop before mail goes."""
    world.on(MONDAY - timedelta(days=3))
    quiet(world)
    world.on(MONDAY, LOOK)
    sweep(world.office)
    world.clock.move_to(STOPS)
    return world


def runs_again(world: World, *, days: int) -> list[Arrived]:
    """Let the program run from now on for some days, and give what has arrived."""
    letters: list[Arrived] = []
    for hour in _hours(world, days):
        world.clock.move_to(hour)
        sweep(world.office)
        world.delivers()
        letters += [_arrived(world, letter) for letter in world.post.sent]
        world.post.sent.clear()
    return letters


def _hours(world: World, days: int) -> Iterator[datetime]:
    """Give the instants at which something happens: now, and each day when rules look, mail goes and digests go."""
    now = world.clock.now()
    yield now
    for ahead in range(days + 1):
        day = world.office.playbook.calendar(world.group_id).today(now) + timedelta(days=ahead)
        for at in (LOOK, OPEN, DIGEST):
            hour = datetime.combine(day, at, LONDON)
            if hour > now:
                yield hour


def _arrived(world: World, letter: Letter) -> Arrived:
    [message] = world.ask(sa.select(Message).where(Message.message_id == letter.message_id))
    items = world.ask(sa.select(DigestItem).where(DigestItem.told_in == message.key))
    told = {(item.rule, Ref(item.subject_kind, item.subject_id)) for item in items}
    for ground in grounds_of(message.rests_on, cause=message.cause):
        if ground.said is not None and not ground.said.is_notice:
            told.add((ground.said.rule, ground.ref))
    who = letter.to_address.partition("@")[0]
    return Arrived(who, world.today, message.template, text_of(letter.content), frozenset(told))


def one_digest_a_day(letters: list[Arrived]) -> None:
    """Hold that nobody gets two digests on one civil day, and none on a day without work."""
    digests = Counter((one.to, one.on) for one in letters if one.template == "digest")
    assert max(digests.values(), default=0) <= 1
    assert {on.weekday() for _, on in digests} <= {0, 1, 2, 3, 4}


def one_level_a_day(letters: list[Arrived]) -> None:
    """Hold that on no day somebody hears two levels of the ladder about one action."""
    heard: dict[tuple[str, date, Ref], set[str]] = defaultdict(set)
    for one in letters:
        for rule, ref in one.told:
            if rule in LADDER:
                heard[one.to, one.on, ref].add(rule)
    assert [levels for levels in heard.values() if len(levels) > 1] == []


def nothing_is_stranded(world: World) -> None:
    """Hold that every reminder was told or dropped with a reason, and no letter is left that could go."""
    waiting = sa.select(DigestItem).where(DigestItem.told_in.is_(None), DigestItem.dropped_because.is_(None))
    now = world.clock.now()
    assert [one.key for one in world.ask(waiting) if one.due_at <= now - timedelta(days=4)] == []
    owed = sa.select(Message.key).where(Message.state.in_(["queued", "sending"]), Message.not_before <= now)
    assert world.ask(owed) == []


@pytest.mark.parametrize("downtime", STANDSTILLS.values(), ids=STANDSTILLS)
def test_after_a_standstill_each_person_gets_one_digest_at_most_that_says_how_late_it_is(
    any_world_at: At, downtime: timedelta
) -> None:
    world = stops(any_world_at("actions"))
    world.clock.move_to(STOPS + downtime)
    letters = runs_again(world, days=4)
    one_digest_a_day(letters)
    one_level_a_day(letters)
    nothing_is_stranded(world)
    first = min(one.on for one in letters)
    digests = {one.to: one.text for one in letters if one.template == "digest" and one.on == first}
    assert {"nell", "bo", "gil"} <= digests.keys()
    assert all("This should have reached you " in text for text in digests.values())
    meant = {
        "an hour": "today at 07:45",
        "three days": "on Monday 2 March 2015, 3 days ago",
        "three weeks": "on Monday 9 March 2015, 14 days ago",
        "a year": "on Monday 9 March 2015, 364 days ago",
    }
    name = next(name for name, span in STANDSTILLS.items() if span == downtime)
    assert f"This should have reached you {meant[name]};" in digests["nell"]


@pytest.mark.parametrize("weeks", [3, 52])
def test_who_stands_on_the_ladder_after_a_standstill_hears_of_the_present_level_only(
    world_at: At, weeks: int
) -> None:
    world = stops(world_at("actions"))
    world.clock.move_to(STOPS + timedelta(weeks=weeks))
    letters = runs_again(world, days=4)
    loud = {
        rule for one in letters for rule, _ in one.told if one.template == "escalation" and rule in LADDER
    }
    assert loud == {"action-overdue-chair" if weeks == 3 else "action-overdue-board"}
    noticed = [one for one in letters if one.template == "notice" and one.to == "nell"]
    meant = "Tuesday 10 March 2015" if weeks == 3 else "Thursday 23 April 2015"
    assert f"This should have reached you on {meant}, " in noticed[0].text
    assert [one for one in noticed[1:] if "This should have reached you" in one.text] == []


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(hours=st.integers(min_value=0, max_value=400 * 24), minutes=st.integers(min_value=0, max_value=59))
def test_however_long_it_stood_still_nobody_gets_a_pile(
    templates: Templates, tmp_path_factory: pytest.TempPathFactory, hours: int, minutes: int
) -> None:
    world = stops(templates.world(tmp_path_factory.mktemp("downtime") / "world.sqlite", "actions"))
    world.clock.move_to(STOPS + timedelta(hours=hours, minutes=minutes))
    letters = runs_again(world, days=5)
    one_digest_a_day(letters)
    one_level_a_day(letters)
    nothing_is_stranded(world)
    rested = [one for one in letters if one.template == "digest"]
    assert all("waiting for you" in one.text for one in rested)
    world.close()
