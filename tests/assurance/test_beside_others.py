"""Workers that look and deliver beside each other: each thing is said once, each mail goes once, nobody waits for a dead one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import date, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from assurance.daily import is_owed_today
from assurance.office import Office
from assurance.post import deliver, is_owed, owed_soon
from assurance.sweep import SweepTally, sweep, sweep_all, watch
from engine.fences import EVERY
from engine.ledger import Event
from engine.only_one import only_one
from engine.store import open_store
from notifications.mailer import MemoryMailer
from notifications.outbox import Message, State, put
from tests.assurance.conftest import At
from tests.assurance.test_at_once import at_once
from tests.notifications.examples import notice
from tests.world import World

MARCH = date(2015, 3, 20)  # the actions of the audit have been late for three weeks


@contextmanager
def workers(world: World, number: int) -> Iterator[list[Office]]:
    """Open the installation of a world as so many processes would, by its clock."""
    with ExitStack() as kept:
        yield [
            kept.enter_context(
                closing(
                    Office(
                        world.settings, open_store(world.settings.database), world.shelf, clock=world.clock
                    )
                )
            )
            for _ in range(number)
        ]


def fired(world: World) -> list[str | None]:
    with world.office.store.reading(group=EVERY) as session:
        return list(session.scalars(sa.select(Event.once).where(Event.kind == "fired")))


def test_eight_workers_at_one_tick_let_each_rule_speak_once(any_world_at: At) -> None:
    world = any_world_at("actions")
    world.on(MARCH)
    before = len(fired(world))
    with workers(world, 8) as offices:
        tallies = at_once(*(partial(sweep, office, beside_others=True) for office in offices))
        # What all have passed by, because somebody else held it, is looked at in the next round.
        rest = sweep(offices[0], beside_others=True)
    said = [one.fired for one in (*tallies, rest) if isinstance(one, SweepTally)]
    keys = fired(world)
    assert (len(said), sum(said)) == (9, len(keys) - before)
    assert sum(said) > 0
    assert len(keys) == len(set(keys))
    whole = sweep_all(world.office)
    assert (whole.fired, whole.repaired) == (0, 0)
    assert world.proof().faults == ()


# A database in a file has one writer at a time: nobody can be passed by.
@pytest.mark.parametrize(
    "any_world_at", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
def test_who_is_held_by_somebody_else_is_passed_by_and_looked_at_in_the_next_round(any_world_at: At) -> None:
    world = any_world_at("actions")
    world.on(MARCH)
    held = world.action("trust")
    with workers(world, 1) as (other,):
        with world.does("bo") as tx:
            tx.playbook.noun(held.kind).lock(tx.session, [held.id])
            assert sweep(other, beside_others=True).fired > 0
            assert world.fired(held) == []
        assert sweep(other, beside_others=True).fired > 0
    assert world.fired(held) != []


def test_a_delivery_that_is_called_three_times_at_once_hands_over_each_mail_once(any_world_at: At) -> None:
    world = any_world_at("actions")
    world.on(MARCH)
    sweep(world.office)
    assert is_owed(world.office)
    mailers = [MemoryMailer() for _ in range(3)]
    with workers(world, 3) as offices:
        at_once(*(partial(deliver, office, mailer) for office, mailer in zip(offices, mailers, strict=True)))
    with world.office.store.reading(group=EVERY) as session:
        states = Counter(session.scalars(sa.select(Message.state).where(Message.sent_at.is_not(None))))
    taken = [letter for mailer in mailers for letter in mailer.sent]
    assert set(states) == {State.SENT}
    assert len(taken) == len({letter.message_id for letter in taken}) > 0


def test_what_is_owed_by_a_clock_that_is_a_little_ahead_is_waited_for(any_world_at: At) -> None:
    world = any_world_at("proposed")
    while deliver(world.office, world.post).sent:
        pass
    assert owed_soon(world.office) == 0.0
    now = world.clock.now()
    for ahead, waits in ((timedelta(hours=1), 0.0), (timedelta(milliseconds=250), 0.25)):
        with world.office.store.begin(group=EVERY) as session:
            put(session, [notice(str(ahead), group_id=world.group_id, not_before=now + ahead)], at=now)
        assert owed_soon(world.office) == waits
    assert not is_owed(world.office)


def test_of_several_only_one_looks_at_everything(any_world_at: At) -> None:
    world = any_world_at("actions")
    world.on(MARCH)
    world.night(MARCH)
    alone = world.office.store.path is not None
    with workers(world, 1) as (other,), only_one(other.store, "the daily look") as is_mine:
        watch(world.office)
        assert (is_mine, is_owed_today(world.office)) == (True, not alone)
    watch(world.office)
    assert not is_owed_today(world.office)
