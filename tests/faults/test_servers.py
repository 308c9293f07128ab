"""PostgreSQL goes away at the worst instant: what was acknowledged stands, and the same request has one effect."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from assurance.commands.moving import Done, move
from assurance.office import Actor
from assurance.post import deliver
from assurance.sweep import sweep
from engine.ledger import Event
from engine.moved import Ref
from tests.faults.conftest import MEMORY, is_stopped_after_a_kill
from tests.faults.cutting import Blow, Wire, open_wire
from tests.faults.installation import Acknowledged, Installation, drain
from tests.faults.invariants import breaches
from tests.faults.postman import Postman
from tests.faults.sizes import rounds
from tests.postgres import OWNER, Server
from tests.world import World

pytestmark = [pytest.mark.faults, pytest.mark.postgres]

RECOMMENDATION = Ref("recommendation", 1)
LAST_MESSAGE = 60  # of a move, counted from its first


@dataclass
class Site:
    """An office on a server, the postman, and what people were told that they have done."""

    world: World
    bo: Actor
    postman: Postman = field(default_factory=lambda: Postman(0))
    acknowledged: list[Acknowledged] = field(default_factory=list)

    @classmethod
    def on(cls, url: str) -> Site:
        """Bring an office on an empty database to the stage at which actions are planned."""
        world = World(url)
        world.audit_at("actions")
        return cls(world, world.actor("bo"))

    def new_action(self) -> Ref:
        """Plan one more action, which nobody has begun yet."""
        return self.world.plans(
            "bo", "trust", recommendation=RECOMMENDATION, owner="health_visiting", due_on=date(2015, 2, 27)
        )

    def begins(self, action: Ref, key: str) -> Done:
        """Begin work on an action, and keep that it was acknowledged."""
        with self.world.office.begin(self.bo) as tx:
            done = move(tx, action, "begin", key=key)
        once = f"request:{self.world.group_id}:{self.bo.signature}:{key}"
        self.acknowledged.append(Acknowledged(done.ref, done.seq, once))
        return done

    def begins_in_spite_of(self, wire: Wire, blow: Blow, action: Ref, key: str) -> None:
        """Begin through a fault, and then, with the same request, once more: it has one effect and one answer."""
        first = None
        with suppress(DBAPIError):
            first = self.begins(action, key)
        wire.is_over()
        wire.disarm()
        before = self.lines(action)
        second = self.begins(action, key)
        assert self.lines(action) == 1
        assert second.is_repeat == (before == 1)
        assert first is None or (first.ref, first.seq) == (second.ref, second.seq)
        if blow is Blow.BEFORE_COMMIT:
            assert (first, before) == (None, 0)
        if blow is Blow.AFTER_COMMIT:
            assert (first, before) == (None, 1)

    def lines(self, action: Ref) -> int:
        """Count how often work on an action was begun."""
        where = (Event.subject_kind == action.kind, Event.subject_id == action.id)
        begun = Event.data.contains('"trigger":"begin"')
        return len(self.world.ask(sa.select(Event.seq).where(*where, begun)))

    def is_sound(self, *, cuts: int = 0) -> None:
        """Let everything recover, and hold it to every invariant."""
        world = self.world
        drain(world.office, world.clock, lambda: deliver(world.office, self.postman))
        installation = Installation(world.office, self.postman.arrived, self.acknowledged, ambiguities=cuts)
        assert breaches(installation) == []


@pytest.fixture(scope="module")
def wired(postgres_server: Server) -> Iterator[tuple[Site, Wire]]:
    """An office that reaches the server of this run through a wire that can be cut."""

    def end(process: int) -> None:
        with psycopg.connect(
            host=str(postgres_server.folder), user=OWNER, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", [process])

    with (
        tempfile.TemporaryDirectory() as folder,
        postgres_server.database() as url,
        open_wire(postgres_server.folder, Path(folder), end) as wire,
    ):
        site = Site.on(url.replace(str(postgres_server.folder), folder))
        yield site, wire
        site.world.close()


@pytest.mark.parametrize("blow", Blow)
def test_a_request_whose_connection_was_lost_has_one_effect_and_then_its_first_answer(
    wired: tuple[Site, Wire], blow: Blow
) -> None:
    site, wire = wired

    def one(chance: random.Random) -> None:
        action = site.new_action()
        wire.strike(blow, at=chance.randint(1, LAST_MESSAGE))
        site.begins_in_spite_of(wire, blow, action, f"{blow} {action.id}")

    rounds("a lost connection", one)
    assert site.world.proof().faults == ()


def test_whatever_is_cut_the_sweep_says_each_thing_once_and_no_letter_is_lost(
    wired: tuple[Site, Wire],
) -> None:
    site, wire = wired
    world, cuts = site.world, 0

    def one(chance: random.Random) -> None:
        nonlocal cuts
        world.on(world.working_days_from(world.today, 3))
        for _ in range(3):
            wire.strike(chance.choice(list(Blow)), at=chance.randint(1, 10 * LAST_MESSAGE))
            try:
                sweep(world.office)
                deliver(world.office, site.postman)
            except DBAPIError:
                cuts += 1
            wire.is_over()
            wire.disarm()

    rounds("a night on a bad line", one)
    site.is_sound(cuts=cuts)


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server of one's own, in memory where the system has one."""
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        Path(folder).chmod(0o755)  # the server may run under another account
        home = Path(folder) / "server"
        home.mkdir()
        is_stopped_after_a_kill(Path(folder))
        server = Server.create(home)
        server.start()
        try:
            yield server
        finally:
            server.stop(mode="immediate")


def test_what_was_acknowledged_before_a_crash_stands_and_the_rest_is_done_once(own_server: Server) -> None:
    with own_server.database() as url, tempfile.TemporaryDirectory() as folder:

        def crash(_process: int) -> None:
            own_server.stop(mode="immediate")
            own_server.start()

        with open_wire(own_server.folder, Path(folder), crash) as wire:
            site = Site.on(url.replace(str(own_server.folder), folder))

            def one(chance: random.Random) -> None:
                action = site.new_action()
                wire.strike(Blow.BACKEND, at=chance.randint(1, LAST_MESSAGE))
                site.begins_in_spite_of(wire, Blow.BACKEND, action, f"crash {action.id}")

            rounds("a crash of the server", one)
            site.is_sound()
            site.world.close()
