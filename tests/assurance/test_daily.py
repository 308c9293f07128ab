"""The daily truth: what a lost timer has left unsaid is found by SQL, and nothing else is taken for lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.records import DigestItem, RuleHold
from assurance.records.rules import DailySweep
from assurance.sweep import sweep, sweep_all, watch
from engine.fences import EVERY
from engine.ledger import Event
from engine.moved import Ref
from engine.timers import Timer
from tests.assurance.conftest import At
from tests.assurance.ruled import CHAIR_ALONE, ONCE, OVERDUE, WITH_DIGEST, WITH_NOTICE, under
from tests.world import World

DUE = date(2015, 2, 27)  # the actions of the audit, a Friday
LOOK = time(6, 30)
Ruled = Callable[..., World]


@pytest.fixture
def ruled(any_world_at: At, tmp_path: Path) -> Ruled:
    """The actions of the audit under the rules that a test names, all of them in force."""

    def ruled(*rules: str, clock: str = WITH_DIGEST) -> World:
        world = under(any_world_at("actions"), tmp_path / "rules", *rules, clock=clock)
        assert sweep(world.office).withheld == []
        return world

    return ruled


def forget(world: World) -> None:
    """Lose every timer."""
    with world.office.store.begin(group=EVERY) as session:
        session.execute(sa.delete(Timer))


def postpone(world: World) -> None:
    """Set every timer for a day that is far away."""
    with world.office.store.begin(group=EVERY) as session:
        session.execute(sa.update(Timer).values(due_at=world.clock.now() + timedelta(days=900)))


def on(world: World, day: date) -> None:
    world.on(day, LOOK)


def said(world: World) -> list[tuple[str, str, str]]:
    """Give every firing and notice with its day."""
    query = sa.select(Event).where(Event.kind.in_(("fired", "noticed"))).order_by(Event.at, Event.once)
    return [(line.kind, str(line.once), line.at) for line in world.ask(query)]


LOSSES = [forget, postpone]


@pytest.mark.parametrize("lose", LOSSES)
def test_what_was_lost_is_found_on_the_day_itself(ruled: Ruled, lose: Callable[[World], None]) -> None:
    world = ruled(OVERDUE)
    on(world, DUE + timedelta(days=1))
    lose(world)
    assert sweep(world.office).looked == 0
    tally = sweep_all(world.office)
    assert (tally.repaired, tally.fired) == (2, 2)
    assert sweep_all(world.office).repaired == 0


@pytest.mark.parametrize("lose", LOSSES)
def test_a_repeat_that_was_lost_is_found_on_its_day(ruled: Ruled, lose: Callable[[World], None]) -> None:
    world = ruled(OVERDUE)
    on(world, DUE + timedelta(days=1))
    sweep(world.office)
    lose(world)
    on(world, DUE + timedelta(days=15))
    assert (sweep_all(world.office).repaired, world.fired(Ref("action", 1))) == (2, ["late 0", "late 2"])
    lose(world)
    on(world, DUE + timedelta(days=60))
    assert sweep_all(world.office).fired == 0


def test_of_several_only_the_one_that_was_lost_is_found(ruled: Ruled) -> None:
    world = ruled(OVERDUE)
    for days in (1, 8):
        on(world, DUE + timedelta(days=days))
        with world.office.store.begin(group=EVERY) as session:
            later = world.clock.now() + timedelta(days=900)
            session.execute(sa.update(Timer).where(Timer.subject_id == 1).values(due_at=later))
        sweep(world.office)
        assert sweep_all(world.office).repaired == 1
    assert [world.fired(Ref("action", number)) for number in (1, 2)] == [["late 0", "late 1"]] * 2


def test_a_timer_that_is_missing_is_set_again_before_its_day_where_the_condition_is_true(
    ruled: Ruled,
) -> None:
    world = ruled(OVERDUE)
    on(world, DUE + timedelta(days=1))
    sweep(world.office)
    forget(world)
    on(world, DUE + timedelta(days=2))
    assert (sweep_all(world.office).repaired, sweep_all(world.office).repaired) == (2, 0)
    assert world.ask(sa.select(sa.func.count()).select_from(Timer).where(Timer.subject_kind == "action")) == [
        2
    ]


def test_what_is_found_in_the_morning_is_for_that_mornings_digest(ruled: Ruled) -> None:
    world = ruled(OVERDUE)
    forget(world)
    world.on(DUE + timedelta(days=3), time(11))
    sweep_all(world.office)
    (due_at,) = world.ask(sa.select(DigestItem.due_at).distinct())
    assert due_at == world.office.playbook.calendar(1).instant(DUE + timedelta(days=3), time(7, 45))


@pytest.mark.parametrize("lose", LOSSES)
def test_a_notice_that_was_lost_is_found_on_its_day(ruled: Ruled, lose: Callable[[World], None]) -> None:
    world = ruled(WITH_NOTICE)
    fires_on = world.working_days_from(DUE, 10)
    while world.today < fires_on - timedelta(days=4):
        on(world, world.today + timedelta(days=1))
        sweep(world.office)
    lose(world)
    on(world, fires_on - timedelta(days=3))
    assert sweep_all(world.office).noticed == 2
    lose(world)
    on(world, fires_on)
    assert sweep_all(world.office).escalations == 2


def test_what_is_quieted_or_waits_for_its_day_is_not_taken_for_lost(ruled: Ruled) -> None:
    world = ruled(WITH_NOTICE)
    while world.today < DUE + timedelta(days=60):
        on(world, world.today + timedelta(days=1))
        sweep(world.office)
        tally = sweep_all(world.office)
        assert (tally.repaired, tally.fired) == (0, 0)


def test_what_is_held_is_not_taken_for_lost_and_is_found_when_the_hold_is_over(ruled: Ruled) -> None:
    world = ruled(ONCE)
    last_day = DUE + timedelta(days=9)
    _hold(world, "silence", until=last_day)
    on(world, DUE + timedelta(days=1))
    sweep(world.office)
    postpone(world)
    assert sweep_all(world.office).repaired == 0
    on(world, last_day + timedelta(days=1))
    assert (sweep_all(world.office).repaired, world.fired(Ref("action", 1))) == (1, ["late 0"])


def test_what_was_accepted_until_a_day_is_said_again_when_its_timer_was_lost(ruled: Ruled) -> None:
    world = ruled(CHAIR_ALONE.replace("    severity", "    unless: escalation accepted\n    severity"))
    day = world.working_days_from(DUE, 10)
    on(world, day)
    sweep(world.office)
    _hold(world, "acknowledgement", until=day + timedelta(days=9))
    postpone(world)
    on(world, day + timedelta(days=10))
    assert (sweep_all(world.office).repaired, world.fired(Ref("action", 1))[-1]) == (1, "late-chair 1")


def test_a_year_without_any_timer_says_the_same_on_the_same_days(
    year: Ruled,
) -> None:
    """The whole ladder, followed day by day twice: by timers, and by the daily look alone."""
    by_timers, by_looking = year(), year()
    for world in (by_timers, by_looking):
        while world.today < date(2015, 7, 1):
            world.on(world.today + timedelta(days=1), time(8))
            if world is by_timers:
                sweep(world.office)
            else:
                forget(world)
                sweep_all(world.office)
    assert said(by_looking) == said(by_timers)
    assert len(said(by_timers)) > 15


@pytest.fixture
def year(world_at: At) -> Ruled:
    """The audit at its actions under the house's own rules, with an action that has no date and one that is silent."""

    def at() -> World:
        world = world_at("actions")
        recommendation = Ref("recommendation", 1)
        for due_on in (None, date(2015, 4, 3), date(2015, 5, 30)):
            world.plans("bo", "trust", recommendation=recommendation, owner="health_visiting", due_on=due_on)
        world.asks("nell", Ref("action", 4), "extend", new_due_on=date(2015, 6, 1), reason="Sickness")
        sweep(world.office)
        return world

    return at


# -- once a day --------------------------------------------------------------------------------------------


def test_the_clock_looks_at_everything_once_a_day_from_the_groups_own_hour_on(ruled: Ruled) -> None:
    world = ruled(OVERDUE)
    world.on(DUE + timedelta(days=1), time(6, 29))
    forget(world)
    assert watch(world.office).repaired == 0
    world.on(DUE + timedelta(days=1), time(6, 30))
    assert watch(world.office).repaired == 2
    forget(world)
    assert watch(world.office).repaired == 0
    assert world.ask(sa.select(DailySweep.done_on)) == [DUE + timedelta(days=1)]
    world.on(DUE + timedelta(days=2), time(6, 30))
    assert watch(world.office).repaired == 2


def test_a_clock_that_was_ahead_once_keeps_nobody_from_looking_today(ruled: Ruled) -> None:
    world = ruled(OVERDUE)
    world.on(DUE + timedelta(days=1), LOOK)
    with world.office.store.begin(group=EVERY) as session:
        session.add(DailySweep(group_id=1, done_on=DUE + timedelta(days=900), done_at=world.clock.now()))
    forget(world)
    assert watch(world.office).repaired == 2


def _hold(world: World, kind: str, *, until: date) -> None:
    """Hold every rule about the first action."""
    with world.office.store.begin(group=EVERY) as session:
        session.add(
            RuleHold(
                state="in_force",
                state_since_on=world.today,
                version=0,
                material_version=0,
                head="",
                group_id=world.group_id,
                definition_id=1,
                kind=kind,
                subject_kind="action",
                subject_id=1,
                placed_by_id=world.actor("sam").person_id,
                placed_on=world.today,
                until_on=until,
            )
        )
