"""Whole years from a seed: whatever people do, and however often the office stands still, every promise holds."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import pytest

from tests.faults.sizes import rounds
from tests.faults.years import Life, life_in, life_in_a_file, main
from tests.postgres import Server
from tests.world import Templates

pytestmark = pytest.mark.faults


def test_whatever_a_year_brings_every_promise_holds(templates: Templates, folder: Path) -> None:
    def one(chance: random.Random) -> None:
        file = folder / "life.sqlite"
        _lives(life_in_a_file(templates, file, chance.randrange(1_000_000)))
        file.unlink()

    rounds("years in a file", one)


@pytest.mark.postgres
def test_whatever_a_year_brings_every_promise_holds_on_a_server(postgres_server: Server) -> None:
    def one(chance: random.Random) -> None:
        with postgres_server.database() as database:
            _lives(life_in(database, chance.randrange(1_000_000)))

    rounds("years on a server", one)


def test_every_trouble_that_a_clock_can_have_is_survived_in_one_life(
    templates: Templates, folder: Path
) -> None:
    life = life_in_a_file(templates, folder / "life.sqlite", 2_016)
    world = life.suffer_everything()
    assert world.today > date(2016, 3, 27)  # a year has passed at a standstill, and the last edge after it
    assert (life.tally["standstills"], life.tally["jumps"], life.tally["starts"]) == (4, 2, 2)
    assert life.breaches() == []
    world.close()


def test_one_seed_can_be_lived_alone() -> None:
    said: list[str] = []
    assert main(7, say=said.append) == 0
    assert said[0].startswith("seed 7: until ")


def _lives(life: Life) -> None:
    world = life.live()
    try:
        assert life.breaches() == []
        # Of a life in which nothing happens nothing could be said.
        assert life.people.acknowledged
        assert life.tally["sent"] > 0
    finally:
        world.close()
