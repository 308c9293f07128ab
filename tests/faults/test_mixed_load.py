"""Processes are killed at random while pages, rules and mail are all at work: what was answered stands, on both databases."""

from __future__ import annotations

import json
import os
import queue
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa

from assurance.accounts.bearers import SCOPES, make_token
from assurance.config import HOME
from assurance.post import deliver, maildir
from engine.ledger import Event
from engine.moved import Ref
from tests.faults.installation import Acknowledged, Installation, drain, letters_in
from tests.faults.invariants import breaches
from tests.faults.sizes import seeds, size_of
from tests.faults.zygote import BROKEN, WORKER, Job
from tests.postgres import Server
from tests.world import Templates, World

pytestmark = pytest.mark.faults

CAST = ("bo", "nell", "bo", WORKER, WORKER)
ACTIONS = 30
DAY = 25  # kills between one working day and the next
INSTANTS = 80  # a process that is not killed from outside ends at one of so many instants of its transactions
PATIENCE = 60.0


@dataclass
class Life:
    """One forked process, and what it has said so far."""

    process: int
    job: Job
    said: list[str] = field(default_factory=list)


@dataclass
class Brood:
    """Processes of one zygote that live at one time; each that has died is put into `dead`."""

    zygote: subprocess.Popen[str]
    folder: Path
    dead: queue.Queue[Life] = field(default_factory=queue.Queue)
    lives: dict[int, Life] = field(default_factory=dict)
    _made: int = 0

    def bear(self, whose: str, chance: random.Random, at: str) -> None:
        """Have a process begin its work; it ends at an instant of its own, or is killed from outside."""
        self._made += 1
        pipe = self.folder / f"pipe-{self._made}"
        os.mkfifo(pipe)
        fatal = chance.randint(1, INSTANTS) if chance.random() < 0.7 else 0
        job = Job(whose, fatal, at, str(pipe), tuple(range(1, ACTIONS + 1)), chance.randrange(10**9))
        life = Life(0, job)
        Thread(target=self._listen, args=(life,), daemon=True).start()
        assert self.zygote.stdin is not None
        assert self.zygote.stdout is not None
        self.zygote.stdin.write(job.line())
        self.zygote.stdin.flush()
        life.process = int(self.zygote.stdout.readline())
        self.lives[life.process] = life
        if not fatal:
            Thread(target=self._kill_after, args=(life, chance.uniform(0, 0.4)), daemon=True).start()

    def next_dead(self) -> Life:
        """Wait for the next process that dies."""
        life = self.dead.get(timeout=PATIENCE)
        del self.lives[life.process]
        broken = [json.loads(line.removeprefix(BROKEN)) for line in life.said if line.startswith(BROKEN)]
        assert not broken, broken[0]
        return life

    def kill_all(self) -> Iterator[Life]:
        """Kill whoever lives, and give them when they are dead."""
        for life in list(self.lives.values()):
            self._kill(life)
        while self.lives:
            yield self.next_dead()

    def _listen(self, life: Life) -> None:
        with Path(life.job.pipe).open(encoding="utf-8") as pipe:
            life.said += [line for line in pipe if line.endswith("\n")]
        Path(life.job.pipe).unlink()
        self.dead.put(life)

    def _kill_after(self, life: Life, seconds: float) -> None:
        with suppress(subprocess.TimeoutExpired):
            self.zygote.wait(seconds)
        self._kill(life)

    def _kill(self, life: Life) -> None:
        with suppress(ProcessLookupError):
            os.kill(life.process, signal.SIGKILL)


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


@contextmanager
def brood_of(world: World, folder: Path) -> Iterator[Brood]:
    """Start a zygote, and wait until it is warm; nothing of it outlives the block."""
    tokens = {}
    for who in sorted({*CAST} - {WORKER}):
        with world.does(who) as tx:
            tokens[who] = make_token(tx, "Spreadsheet", SCOPES).token
    words = (world.settings.database, str(folder / "mail"), world.clock.now().isoformat(), json.dumps(tokens))
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.zygote", *words],
        cwd=HOME,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as zygote:
        brood = Brood(zygote, folder)
        try:
            assert zygote.stdout is not None
            assert zygote.stdout.readline() == "warm\n"
            yield brood
        finally:
            list(brood.kill_all())
            zygote.kill()


def test_whoever_is_killed_what_was_answered_stands_and_every_letter_goes_once(world: World) -> None:
    (seed, *_) = seeds("a kill under mixed load")
    chance, answered, kills = random.Random(seed), list[str](), 0
    with tempfile.TemporaryDirectory() as folder, brood_of(world, Path(folder)) as brood:
        while kills < size_of("a kill under mixed load"):
            world.on(world.working_days_from(world.today, chance.choice((1, 1, 5, 20))))
            at = world.clock.now().isoformat()
            for whose in CAST:
                brood.bear(whose, chance, at)
            for _ in range(DAY - len(CAST)):
                life = brood.next_dead()
                answered += life.said
                kills += 1
                brood.bear(life.job.whose, chance, at)
            for life in brood.kill_all():
                answered += life.said
                kills += 1
            assert world.proof().faults == (), f"the day that began with seed {seed}"
        post = maildir(Path(folder) / "mail")
        drain(world.office, world.clock, lambda: deliver(world.office, post))
        acknowledged = [one for line in answered for one in _told(world, line)]
        assert len(acknowledged) > kills / 10, "hardly anything was done between the kills"
        # A maildir takes each letter once, whoever brings it.
        letters = letters_in(Path(folder) / "mail")
        assert breaches(Installation(world.office, letters, acknowledged)) == []


def _told(world: World, line: str) -> list[Acknowledged]:
    """Find the line of the history that belongs to an answer; one that is not there is a breach."""
    who, path, key = json.loads(line)
    once = f"request:{world.group_id}:{world.actor(who).signature}:{key}"
    found = world.pairs(sa.select(Event.subject_kind, Event.subject_id, Event.seq).where(Event.once == once))
    assert len(found) == 1, f"{path} was answered to the request {key} of {who}, and is not stored"
    [(kind, number, seq)] = found
    return [Acknowledged(Ref(kind, number), seq, once)]
