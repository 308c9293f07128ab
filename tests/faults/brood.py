"""Processes of one zygote that live at one time, on this machine or on a host of its own, and die when they are told."""

from __future__ import annotations

import json
import os
import queue
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import sqlalchemy as sa

from assurance.accounts.bearers import SCOPES, make_token
from assurance.config import HOME
from engine.ledger import Event
from engine.moved import Ref
from tests.faults.installation import Acknowledged
from tests.faults.zygote import BROKEN, Job
from tests.world import World

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
    """Processes of one zygote that live at one time; each that has died is put into `dead`.

    An error that names what it `tolerates` is no fault of ours.
    """

    zygote: subprocess.Popen[str]
    folder: Path
    actions: tuple[int, ...]
    tolerates: str = ""
    dead: queue.Queue[Life] = field(default_factory=queue.Queue)
    lives: dict[int, Life] = field(default_factory=dict)
    _made: int = 0

    def bear(self, whose: str, chance: random.Random, at: str, *, lasts: bool = False) -> None:
        """Have a process begin its work; unless it lasts, it ends at an instant of its own, or is killed from outside."""
        self._made += 1
        pipe = self.folder / f"pipe-{self._made}"
        os.mkfifo(pipe)
        fatal = 0 if lasts or chance.random() < 0.3 else chance.randint(1, INSTANTS)
        job = Job(whose, fatal, at, str(pipe), self.actions, chance.randrange(10**9))
        life = Life(0, job)
        Thread(target=self._listen, args=(life,), daemon=True).start()
        assert self.zygote.stdin is not None
        assert self.zygote.stdout is not None
        self.zygote.stdin.write(job.line())
        self.zygote.stdin.flush()
        life.process = int(self.zygote.stdout.readline())
        self.lives[life.process] = life
        if not (fatal or lasts):
            Thread(target=self._kill_after, args=(life, chance.uniform(0, 0.4)), daemon=True).start()

    def answers(self) -> int:
        """Count what those that live were answered so far."""
        return sum(len(life.said) for life in self.lives.values())

    def next_dead(self) -> Life:
        """Wait for the next process that dies."""
        life = self.dead.get(timeout=PATIENCE)
        del self.lives[life.process]
        broken = [json.loads(line.removeprefix(BROKEN)) for line in life.said if line.startswith(BROKEN)]
        life.said = [line for line in life.said if not line.startswith(BROKEN)]
        assert all(self.tolerates and self.tolerates in words for words in broken), broken[0]
        return life

    def kill_all(self) -> Iterator[Life]:
        """Kill whoever lives, and give them when they are dead."""
        for life in list(self.lives.values()):
            self._kill(life)
        while self.lives:
            yield self.next_dead()

    def _listen(self, life: Life) -> None:
        with Path(life.job.pipe).open(encoding="utf-8") as pipe:
            for line in pipe:
                if line.endswith("\n"):
                    life.said.append(line)
        Path(life.job.pipe).unlink()
        self.dead.put(life)

    def _kill_after(self, life: Life, seconds: float) -> None:
        with suppress(subprocess.TimeoutExpired):
            self.zygote.wait(seconds)
        self._kill(life)

    def _kill(self, life: Life) -> None:
        with suppress(ProcessLookupError):
            os.kill(life.process, signal.SIGKILL)


@contextmanager
def brood_of(
    world: World,
    folder: Path,
    *,
    people: Sequence[str],
    actions: int,
    database: str = "",
    on: Sequence[str] = (),
    tolerates: str = "",
) -> Iterator[Brood]:
    """Start a zygote, and wait until it is warm; nothing of it outlives the block.

    `on` are the words that start it on another host, and `database` is how it is reached from there.
    """
    tokens = {}
    for who in sorted(set(people)):
        with world.does(who) as tx:
            tokens[who] = make_token(tx, "Spreadsheet", SCOPES).token
    reached = database or world.settings.database
    words = (reached, str(folder / "mail"), world.clock.now().isoformat(), json.dumps(tokens))
    with subprocess.Popen(
        [*on, sys.executable, "-m", "tests.faults.zygote", *words],
        cwd=HOME,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as zygote:
        brood = Brood(zygote, folder, tuple(range(1, actions + 1)), tolerates)
        try:
            assert zygote.stdout is not None
            assert zygote.stdout.readline() == "warm\n"
            yield brood
        finally:
            list(brood.kill_all())
            zygote.kill()


def told(world: World, line: str) -> Acknowledged:
    """Find the line of the history that belongs to an answer; one that is not there is a breach."""
    who, path, key = json.loads(line)
    once = f"request:{world.group_id}:{world.actor(who).signature}:{key}"
    found = world.pairs(sa.select(Event.subject_kind, Event.subject_id, Event.seq).where(Event.once == once))
    assert len(found) == 1, f"{path} was answered to the request {key} of {who}, and is not stored"
    [(kind, number, seq)] = found
    return Acknowledged(Ref(kind, number), seq, once)
