"""Processes are killed at random while pages, rules and mail are all at work: what was answered stands, on both databases."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from assurance.post import deliver, maildir
from engine.moved import Ref
from tests.faults.brood import brood_of, told
from tests.faults.installation import Installation, drain, letters_in
from tests.faults.invariants import breaches
from tests.faults.sizes import rounds
from tests.faults.zygote import WORKER
from tests.postgres import Server
from tests.world import Templates, World

pytestmark = pytest.mark.faults

CAST = ("bo", "nell", "bo", WORKER, WORKER)
ACTIONS = 30
KILLS = 25  # between one working day and the next


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def world(request: pytest.FixtureRequest, folder: Path, templates: Templates) -> Iterator[World]:
    """A world with many agreed actions, on SQLite and on PostgreSQL."""
    with ExitStack() as opened:
        if request.param == "sqlite":
            world = templates.world(folder / "load.sqlite", "actions")
        else:
            server: Server = request.getfixturevalue("postgres_server")
            world = World(opened.enter_context(server.database()))
            world.audit_at("actions")
        for _ in range(ACTIONS - 2):
            world.plans(
                "bo",
                "trust",
                recommendation=Ref("recommendation", 1),
                owner="health_visiting",
                due_on=date(2015, 2, 27),
            )
        yield world
        world.close()


def test_whoever_is_killed_what_was_answered_stands_and_every_letter_goes_once(
    world: World, folder: Path
) -> None:
    answered: list[str] = []
    with brood_of(world, folder, people=("bo", "nell"), actions=ACTIONS) as brood:

        def one(chance: random.Random) -> None:
            world.on(world.working_days_from(world.today, chance.choice((1, 1, 5, 20))))
            at = world.clock.now().isoformat()
            for whose in CAST:
                brood.bear(whose, chance, at)
            for _ in range(KILLS - len(CAST)):
                life = brood.next_dead()
                answered.extend(life.said)
                brood.bear(life.job.whose, chance, at)
            for life in brood.kill_all():
                answered.extend(life.said)
            assert world.proof().faults == ()

        rounds("a day of kills under mixed load", one)
        post = maildir(folder / "mail")
        drain(world.office, world.clock, lambda: deliver(world.office, post))
        acknowledged = [told(world, line) for line in answered]
        assert len(acknowledged) > KILLS / 5, "hardly anything was done between the kills"
        # A maildir takes each letter once, whoever brings it.
        assert breaches(Installation(world.office, letters_in(folder / "mail"), acknowledged)) == []
