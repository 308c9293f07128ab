"""What was taken back before anybody was told, and is so again for the same occasion, is told after all; once."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from assurance.commands.waiting import stop_waiting, wait_for
from assurance.records import Agency, Person, Post, PostHolding
from assurance.sweep import sweep
from engine import timers
from engine.fences import EVERY
from tests.assurance.conftest import At, Reopen
from tests.assurance.post_office import (
    DIGEST,
    LOOK,
    OVERDUE,
    RULES,
    came,
    hands_over,
    quiet,
    reminders,
    states,
)
from tests.assurance.test_truth import CHAIRS_DAY, DUE, LOUD, goes_out
from tests.world import World

PATIENT = RULES.replace(OVERDUE, f"waiting_on is empty and {OVERDUE}")
MONDAY = DUE + timedelta(days=3)
ONE = "1 thing is waiting for you, past its day."


@pytest.fixture
def owed(any_world_at: At, reopen: Reopen) -> World:
    """The morning on which the chair is owed a word about two actions; no mail goes yet."""
    world = quiet(reopen(any_world_at("actions"), PATIENT))
    world.on(CHAIRS_DAY, LOOK)
    sweep(world.office)
    return world


def waits(world: World, at: time, agency: str = "trust") -> None:
    """Say that an action waits for the police, and let the rules look."""
    world.on(world.today, at)
    with world.does("nell" if agency == "trust" else "gil") as tx:
        wait_for(tx, world.action(agency), world.number(Agency, "police"), "Their list.")
    sweep(world.office)


def goes_on(world: World, at: time, agency: str = "trust") -> None:
    """Say that an action goes on, and let the rules look."""
    world.on(world.today, at)
    with world.does("nell" if agency == "trust" else "gil") as tx:
        stop_waiting(tx, world.action(agency), "The list came.")
    sweep(world.office)


def loud(world: World) -> list[tuple[str, str]]:
    return [mail for mail in goes_out(world) if mail[1].startswith(LOUD)]


def test_an_action_that_waits_and_goes_on_before_mail_goes_is_told_of(owed: World) -> None:
    for agency in ("trust", "ccg"):
        waits(owed, time(7), agency)
    assert {state for state, _ in states(owed, "escalation").values()} == {"withdrawn"}
    for agency in ("trust", "ccg"):
        goes_on(owed, time(7, 20), agency)
    assert loud(owed) == [("ada", f"{LOUD} (2 of them)."), ("sam", f"{LOUD} (2 of them).")]
    assert loud(owed) == []


def test_what_is_so_again_is_told_to_whoever_has_the_post_by_now(owed: World) -> None:
    for agency in ("trust", "ccg"):
        waits(owed, time(7), agency)
    hands_over(owed, "ada", "viv", post="chair")
    goes_on(owed, time(7, 20))
    assert loud(owed) == [("sam", f"{LOUD}."), ("viv", f"{LOUD}.")]
    looks_again(owed)
    assert loud(owed) == []


def test_whoever_has_been_told_is_not_told_again(owed: World) -> None:
    assert [who for who, _ in loud(owed)] == ["ada", "sam"]
    waits(owed, time(9))
    goes_on(owed, time(10))
    assert loud(owed) == []


def test_a_reminder_that_was_dropped_and_is_so_again_is_in_the_digest(
    any_world_at: At, reopen: Reopen
) -> None:
    world = quiet(reopen(any_world_at("actions"), PATIENT))
    world.on(MONDAY, LOOK)
    sweep(world.office)
    waits(world, time(7))
    assert [one.dropped_because is None for one in reminders(world, of="nell")] == [False]
    goes_on(world, time(7, 20))
    world.on(MONDAY, DIGEST)
    world.delivers()
    assert ("nell", ONE) in came(world)


def test_a_post_that_is_handed_over_and_back_leaves_nobody_untold(owed: World) -> None:
    for old, new in (("ada", "viv"), ("viv", None)):
        hands_over(owed, old, new, post="chair")
        if new is None:
            returns(owed, "ada", "chair")
        looks_again(owed)
    assert [who for who, _ in loud(owed)] == ["ada", "sam"]


def test_a_reminder_comes_back_with_the_post(any_world_at: At, reopen: Reopen) -> None:
    world = quiet(reopen(any_world_at("actions"), PATIENT))
    world.on(MONDAY, LOOK)
    sweep(world.office)
    for old, new in (("nell", "viv"), ("viv", None)):
        hands_over(world, old, new, post="health_visiting")
        if new is None:
            returns(world, "nell", "health_visiting")
        looks_again(world)
    world.on(MONDAY, DIGEST)
    world.delivers()
    assert ("nell", ONE) in came(world)


def returns(world: World, who: str, post: str) -> None:
    """Let somebody have a post again."""
    with world.office.store.begin(group=EVERY) as session:
        session.add(
            PostHolding(
                group_id=world.group_id,
                post_id=world.number(Post, post),
                person_id=world.number(Person, who),
                from_on=world.today,
            )
        )


def looks_again(world: World) -> None:
    """Have the rules look at both actions, ten minutes later."""
    world.clock.move_to(world.clock.now() + timedelta(minutes=10))
    with world.office.store.begin(group=EVERY) as session:
        refs = [world.action("trust"), world.action("ccg")]
        timers.arm(session, refs, group_id=world.group_id, due_at=world.clock.now())
    sweep(world.office)
