"""Many at one instant, on both databases: one of them decides, each rule speaks once, and nobody is lost."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa

from assurance.commands import acting
from assurance.past import FIRED, NOTICED
from assurance.post import deliver
from assurance.records import Action
from assurance.sweep import sweep
from engine.errors import Refused
from engine.ledger import Event
from engine.moved import Ref
from tests.faults.installation import Installation, drain
from tests.faults.invariants import breaches
from tests.faults.postman import Postman
from tests.faults.sizes import rounds
from tests.postgres import Server
from tests.world import Templates, World

pytestmark = pytest.mark.faults

RECOMMENDATION = Ref("recommendation", 1)
DUE, LATER = date(2015, 2, 27), date(2015, 4, 30)
CROWD = 100
SCHEDULERS = 8


@dataclass
class Race:
    """A world in which people are about to do the same; every round has an action of its own."""

    world: World
    postman: Postman = field(default_factory=lambda: Postman(0))

    def action(self) -> Ref:
        """Give an action on which nobody has worked yet."""
        owner = "health_visiting"
        return self.world.plans("bo", "trust", recommendation=RECOMMENDATION, owner=owner, due_on=DUE)

    def is_sound(self) -> None:
        """Let everything go, and hold the installation to every invariant."""
        drain(self.world.office, self.world.clock, lambda: deliver(self.world.office, self.postman))
        assert breaches(Installation(self.world.office, self.postman.arrived)) == []


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def race(request: pytest.FixtureRequest, memory: Path, templates: Templates) -> Iterator[Race]:
    """One world for all races of this file, on SQLite and on PostgreSQL."""
    with ExitStack() as opened:
        if request.param == "sqlite":
            world = templates.world(memory / "races.sqlite", "actions")
        else:
            server: Server = request.getfixturevalue("postgres_server")
            world = World(opened.enter_context(server.database()))
            world.audit_at("actions")
        yield Race(world)
        world.close()


def at_once(*deeds: Callable[[], object]) -> Sequence[object]:
    """Let everybody do their deed at the same instant; whoever is refused gives the refusal in place of an answer."""
    ready, outcomes = Barrier(len(deeds)), list[object]([None] * len(deeds))

    def does(number: int, deed: Callable[[], object]) -> None:
        ready.wait()
        try:
            outcomes[number] = deed()
        except Refused as refusal:
            outcomes[number] = refusal

    crowd = [Thread(target=does, args=place) for place in enumerate(deeds)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert None not in outcomes, "somebody got neither an answer nor a refusal"
    return outcomes


def kinds(outcomes: Sequence[object]) -> Counter[str]:
    return Counter(type(outcome).__name__ for outcome in outcomes)


def test_of_a_yes_and_a_no_at_one_instant_one_counts(race: Race) -> None:
    world = race.world

    def one(chance: random.Random) -> None:
        action = race.action()
        asked = world.asks("bo", action, "extend", new_due_on=LATER, reason="Two trainers were ill.")
        answers = ["approve", "reject"]
        chance.shuffle(answers)
        outcomes = at_once(*[partial(world.decides, "ada", asked, word, reason="So") for word in answers])
        assert kinds(outcomes)["Done"] == 1, outcomes
        is_approved = world.state(asked) == "approved"
        assert world.row(Action, action).current_due_on == (LATER if is_approved else DUE)

    rounds("a yes against a no", one)
    race.is_sound()


def test_of_a_hundred_who_confirm_one_does(race: Race) -> None:
    world = race.world

    def one(chance: random.Random) -> None:
        action = race.action()
        with world.does("bo") as tx:
            acting.add_evidence(tx, action, "Attendance list", "All teams were briefed.")
        seen = world.version(action) if chance.random() < 0.5 else None
        outcomes = at_once(*[partial(world.moves, "bo", action, "confirm", version=seen)] * CROWD)
        assert kinds(outcomes)["Done"] == 1, kinds(outcomes)
        assert world.state(action) == "confirmed"

    rounds("a hundred confirmations", one)
    race.is_sound()


def test_a_hundred_times_the_same_request_has_one_answer(race: Race) -> None:
    world = race.world

    def one(chance: random.Random) -> None:
        action, key = race.action(), f"begins {chance.random()}"
        outcomes = at_once(*[partial(world.moves, "bo", action, "begin", key=key)] * CROWD)
        assert kinds(outcomes) == {"Done": CROWD}
        assert len({getattr(outcome, "seq", None) for outcome in outcomes}) == 1

    rounds("a hundred times one request", one)


def test_of_eight_schedulers_at_one_tick_each_rule_speaks_once(race: Race) -> None:
    world = race.world

    def one(chance: random.Random) -> None:
        for _ in range(chance.randint(3, 12)):
            race.action()
        world.on(world.today + timedelta(days=chance.randint(1, 9)))
        with ExitStack() as opened:
            others = [World(world.settings.database, at=world.clock.now()) for _ in range(SCHEDULERS)]
            for other in others:
                opened.callback(other.close)
            before = _spoken(world)
            tallies = at_once(*[partial(sweep, other.office) for other in others])
            fired = sum(getattr(tally, "fired", 0) + getattr(tally, "noticed", 0) for tally in tallies)
            assert kinds(tallies) == {"SweepTally": SCHEDULERS}
            assert sum(getattr(tally, "parked", 0) for tally in tallies) == 0
            assert _spoken(world) - before == fired
            at_once(*[partial(deliver, other.office, race.postman) for other in others])

    rounds("eight schedulers", one)
    race.is_sound()


def _spoken(world: World) -> int:
    """Count what rules have said."""
    return len(world.ask(sa.select(Event.seq).where(Event.kind.in_((FIRED, NOTICED)))))
