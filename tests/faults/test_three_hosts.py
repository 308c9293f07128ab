"""Pages, workers and the database on hosts of their own: one is cut off or killed under load, and nothing is lost."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from subprocess import TimeoutExpired

import pytest

from assurance.config import HOME
from assurance.post import deliver, maildir
from engine.moved import Ref
from tests.faults.brood import PATIENCE, Brood, brood_of, told
from tests.faults.conftest import MEMORY, is_stopped_after_a_kill
from tests.faults.hosts import DATABASE, HOSTS, WHY_NOT, Hosts, are_possible, open_hosts, start_on
from tests.faults.installation import Installation, drain, letters_in
from tests.faults.invariants import breaches
from tests.faults.sizes import rounds
from tests.faults.zygote import WORKER
from tests.postgres import Server
from tests.world import World

pytestmark = [
    pytest.mark.faults,
    pytest.mark.postgres,
    pytest.mark.skipif(not are_possible(), reason=WHY_NOT),
]

ACTIONS = 12
CAST = {"web": ("bo", "nell"), "worker": (WORKER, WORKER)}
BLOWS = ("cut off", "killed")
ASKS = """
import sys
import sqlalchemy as sa
from engine.store import open_store
with open_store(sys.argv[1]).reading() as session:
    for name in ("idle", "interval", "count"):
        print(session.scalar(sa.text(f"SHOW tcp_keepalives_{name}")))
"""
A_MOMENT = 1.5  # seconds for which a host is cut off


@dataclass
class Service:
    """The three hosts, the database on the first, and the processes on the others."""

    hosts: Hosts
    server: Server
    world: World
    folder: Path
    broods: dict[str, Brood]


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A service on three hosts; the test itself looks at the database through its socket."""
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(dir=place)))
        folder.chmod(0o755)  # the server may run under another account
        (home := folder / "server").mkdir()
        hosts = opened.enter_context(open_hosts())
        is_stopped_after_a_kill(folder)
        server = Server.create(home)
        server.start()
        server.stop()
        start_on(hosts, server)
        opened.callback(lambda: server.stop(mode="immediate"))
        address = opened.enter_context(server.database())
        world = World(address)
        opened.callback(world.close)
        world.audit_at("actions")
        for _ in range(ACTIONS - 2):
            owner, due_on = "health_visiting", date(2015, 2, 27)
            recommendation = Ref("recommendation", 1)
            world.plans("bo", "trust", recommendation=recommendation, owner=owner, due_on=due_on)
        name = address.partition("@/")[2].partition("?")[0]
        broods = {}
        for host in HOSTS:
            (folder / host).mkdir()
            brood = brood_of(
                world,
                folder / host,
                people=("bo", "nell"),
                actions=ACTIONS,
                database=hosts.url(host, name),
                on=hosts.on(host),
                tolerates="psycopg",
            )
            broods[host] = opened.enter_context(brood)
        yield Service(hosts, server, world, folder, broods)


def test_one_of_three_hosts_is_lost_under_load_and_nothing_else_is(service: Service) -> None:
    world, hosts, broods = service.world, service.hosts, service.broods
    answered: list[str] = []

    def one(chance: random.Random) -> None:
        world.on(world.working_days_from(world.today, chance.choice((1, 5, 20))))
        at = world.clock.now().isoformat()
        for host, cast in CAST.items():
            for whose in cast:
                broods[host].bear(whose, chance, at, lasts=True)
        _wait_for_answers(broods["web"])
        victim = chance.choice((DATABASE, *HOSTS))
        if victim == DATABASE:
            service.server.stop(mode="immediate")
            start_on(hosts, service.server)
        else:
            hosts.cut(victim)
            if chance.choice(BLOWS) == "killed":
                answered.extend(line for life in broods[victim].kill_all() for line in life.said)
            _a_moment(broods[victim])
            hosts.heal(victim)
            if victim == "web" and broods["web"].lives:
                _wait_for_answers(broods["web"])
        for brood in broods.values():
            answered.extend(line for life in brood.kill_all() for line in life.said)
        assert world.proof().faults == ()

    rounds("a host that is cut off", one)
    # Letters went into the maildir of the host whose worker had them.
    posts = [service.folder / host / "mail" for host in HOSTS]
    post = maildir(posts[1])
    drain(world.office, world.clock, lambda: deliver(world.office, post))
    acknowledged = [told(world, line) for line in answered]
    letters = [letter for folder in posts for letter in letters_in(folder)]
    assert acknowledged
    assert breaches(Installation(world.office, letters, acknowledged)) == []


def test_the_database_misses_a_host_that_is_gone_within_a_minute(service: Service) -> None:
    reached = service.broods["web"].zygote.args
    assert isinstance(reached, list)
    said = subprocess.run(
        [*service.hosts.on("web"), sys.executable, "-c", ASKS, next(one for one in reached if "://" in one)],
        cwd=HOME,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.split() == ["30", "10", "3"]


def _wait_for_answers(brood: Brood) -> None:
    """Wait until people's programs have got some more answers."""
    enough = brood.answers() + 3
    for _ in range(int(PATIENCE * 20)):
        if brood.answers() >= enough:
            return
        with suppress(TimeoutExpired):
            brood.zygote.wait(0.05)
    raise AssertionError(f"nobody was answered within {PATIENCE:.0f} seconds")


def _a_moment(brood: Brood) -> None:
    with suppress(TimeoutExpired):
        brood.zygote.wait(A_MOMENT)
