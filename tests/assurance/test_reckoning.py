"""Where rules, calendar or hour have changed, timers are reckoned anew; the sweep says how many have moved."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.records import ClosedDay
from assurance.records.rules import RuleStamp
from assurance.sweep import sweep
from engine import timers
from engine.fences import EVERY
from engine.moved import Ref
from engine.timers import Timer
from tests.assurance.conftest import At
from tests.assurance.ruled import CHAIR_ALONE, CLOCK, OVERDUE, under
from tests.assurance.test_digest import WAITS_FOR_A_LOCK
from tests.assurance.test_sweep import break_history
from tests.cast import LONDON
from tests.world import World

DUE = date(2015, 2, 27)  # the actions of the audit, a Friday


@pytest.fixture
def world(any_world_at: At, tmp_path: Path) -> World:
    """The actions of the audit, looked at once under the rule that they are late."""
    world = under(any_world_at("actions"), tmp_path / "rules", OVERDUE)
    sweep(world.office)
    return world


def looks(world: World) -> list[datetime]:
    """Give when actions are looked at."""
    query = sa.select(Timer.due_at).where(Timer.subject_kind == "action").order_by(Timer.subject_id)
    return [due_at.astimezone(LONDON) for due_at in world.ask(query)]


def at(day: date, hour: time = time(6, 30)) -> datetime:
    return datetime.combine(day, hour, LONDON)


@pytest.mark.parametrize("any_world_at", ["postgresql"], indirect=True)
def test_of_two_who_reckon_for_the_first_time_neither_fails(any_world_at: At, tmp_path: Path) -> None:
    world = under(any_world_at("actions"), tmp_path / "rules", OVERDUE)
    with world.office.store.begin(group=EVERY) as session:
        session.execute(sa.delete(RuleStamp))
    with ThreadPoolExecutor(1) as others:
        with world.office.store.begin(group=EVERY) as session:
            for kind in world.office.playbook.nouns:
                stamp = {
                    "group_id": 1,
                    "kind": kind,
                    "stamp": "of another program",
                    "reckoned_at": world.clock.now(),
                }
                session.add(RuleStamp(**stamp))
            session.flush()
            sweeping = others.submit(sweep, world.office)
            while not world.ask(WAITS_FOR_A_LOCK)[0]:
                assert not sweeping.done()
        assert sweeping.result().fired == 0
    assert len(looks(world)) == 2
    stamped = world.ask(sa.select(RuleStamp.stamp).where(RuleStamp.kind == "action"))
    assert stamped != ["of another program"]


def test_an_earlier_hour_moves_every_timer_and_says_how_many(world: World, tmp_path: Path) -> None:
    assert looks(world) == [at(date(2015, 2, 28))] * 2
    under(world, tmp_path / "rules", OVERDUE, clock=CLOCK.replace("06:30", "05:15"))
    assert sweep(world.office).moved == 2
    assert looks(world) == [at(date(2015, 2, 28), time(5, 15))] * 2
    assert sweep(world.office).moved == 0


def test_a_new_rule_is_reckoned_with(world: World, tmp_path: Path) -> None:
    early = OVERDUE.replace("id: late", "id: early").replace(
        "current_due_on < today", "current_due_on - 9 days <= today"
    )
    under(world, tmp_path / "rules", OVERDUE, early)
    assert sweep(world.office).moved == 2
    assert looks(world) == [at(date(2015, 2, 18))] * 2


def test_a_rule_that_is_taken_away_takes_its_timers_with_it(world: World, tmp_path: Path) -> None:
    about_others = OVERDUE.replace("state in (agreed, in_progress)", "state = confirmed")
    under(world, tmp_path / "rules", about_others)
    assert sweep(world.office).moved == 2
    assert looks(world) == []


def test_a_closed_day_moves_what_counts_working_days(world: World, tmp_path: Path) -> None:
    under(world, tmp_path / "rules", CHAIR_ALONE)
    sweep(world.office)
    before = looks(world)
    with world.office.store.begin(group=EVERY) as session:
        session.add(ClosedDay(group_id=world.group_id, day=date(2015, 3, 4), name="Training"))
    world.office.read_playbook()
    assert sweep(world.office).moved == 2
    assert looks(world) == [one + timedelta(days=3) for one in before]  # over a weekend


def test_what_a_changed_rule_says_today_it_says_in_the_same_sweep(world: World, tmp_path: Path) -> None:
    under(world, tmp_path / "rules", OVERDUE.replace("current_due_on < today", "today < current_due_on"))
    tally = sweep(world.office)
    assert (tally.moved, tally.fired) == (2, 2)
    assert world.fired(Ref("action", 1)) == ["late 0"]


def test_what_is_due_already_stays_due(world: World, tmp_path: Path) -> None:
    world.on(DUE + timedelta(days=3))
    under(world, tmp_path / "rules", OVERDUE, clock=CLOCK.replace("06:30", "05:15"))
    tally = sweep(world.office)
    assert (tally.moved, tally.fired) == (0, 2)


def test_rules_about_another_kind_leave_timers_alone(world: World, tmp_path: Path) -> None:
    with world.office.store.begin(group=EVERY) as session:
        session.execute(sa.update(Timer).values(due_at=at(date(2016, 1, 1))))
    about_audits = """
  - id: long
    about: audit
    title: An audit takes long
    when: state = actions and state_since_on + 90 days <= today
    once_per: state_since_on
    tell: [coordinator]
"""
    under(world, tmp_path / "rules", OVERDUE, about_audits)
    sweep(world.office)
    assert looks(world) == [at(date(2016, 1, 1))] * 2


def test_a_subject_that_cannot_be_read_is_parked_and_the_others_are_reckoned(
    world: World, tmp_path: Path
) -> None:
    break_history(world, Ref("action", 1))
    under(world, tmp_path / "rules", OVERDUE, clock=CLOCK.replace("06:30", "05:15"))
    tally = sweep(world.office)
    assert (tally.moved, tally.parked_refs) == (1, ["action/1"])


def test_whoever_moves_a_subject_meanwhile_is_not_forgotten(world: World) -> None:
    with world.office.store.begin(group=EVERY) as session:
        seen = timers.set_for(session, "action", [1])[1]
        timers.arm(session, [Ref("action", 1)], group_id=world.group_id, due_at=world.clock.now())
        overtaken = timers.Appointment(Ref("action", 1), seen, seen + timedelta(days=9))
        timers.appoint(session, [overtaken], group_id=world.group_id)
    assert sweep(world.office).looked == 1
