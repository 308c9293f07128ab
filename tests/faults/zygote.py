"""A process that has read in everything, opened an office, and done each kind of work once; it forks those that are killed.

It is started with a database, a maildir, an instant and the tokens of people's programs, and reads a job from each line:
whose work, until which instant of a transaction (0: until it is killed), at which time of the clock, and the pipe on
which to say what was acknowledged. A process that is forked like this is at work after milliseconds.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import TextIO

import httpx2
import sqlalchemy as sa
from starlette.testclient import TestClient

from assurance.post import deliver, maildir
from assurance.sweep import watch
from tests.web.site import BASE
from tests.world import World
from web.api.route import PREFIX
from web.app import create_app

WORKER = "worker"
BROKEN = "broken: "
DONE = 200
PROGRAMS = 3


@dataclass(frozen=True, slots=True)
class Job:
    """One life: whose work it is, when it ends, on which actions it works, and with which seed."""

    whose: str
    fatal: int
    at: str
    pipe: str
    actions: tuple[int, ...]
    seed: int

    def line(self) -> str:
        """Write the job as the zygote reads it."""
        return json.dumps(asdict(self)) + "\n"


class Zygote:
    """An office that is open and warm, without a connection of its own."""

    def __init__(self, database: str, folder: str, at: str, tokens: str) -> None:
        self.world = World(database, at=datetime.fromisoformat(at))
        self.mailer = maildir(Path(folder))
        self.tokens: dict[str, str] = json.loads(tokens)
        app = create_app(self.world.office)
        self.clients = [TestClient(app, base_url=BASE) for _ in range(PROGRAMS)]
        for whose in self.tokens:
            self.ask(self.clients[0], whose, "GET", "/action/1")
        watch(self.world.office)
        deliver(self.world.office, self.mailer)
        # Nobody may share a connection with whoever is forked.
        self.world.office.store.close()

    def live(self, job: Job, pipe: TextIO) -> None:
        """Do one person's or one worker's work until the end."""
        self.world.clock.move_to(datetime.fromisoformat(job.at))
        _strike_at(job.fatal)
        if job.whose == WORKER:
            while True:
                self.work()
        # Several at once, whose commits may be one.
        programs = [
            Thread(target=_or_say_why, args=(pipe, self.make_requests, job, number, pipe), daemon=True)
            for number in range(len(self.clients))
        ]
        for program in programs:
            program.start()
        for program in programs:
            program.join()

    def work(self) -> None:
        """Let the rules look, and hand over what is owed."""
        watch(self.world.office)
        deliver(self.world.office, self.mailer)

    def make_requests(self, job: Job, program: int, pipe: TextIO) -> None:
        """Have somebody's program begin work on actions, note progress and ask for later dates; tell what was answered."""
        chance = random.Random(f"{job.seed} {program}")
        while True:
            number = chance.choice(job.actions)
            key = f"{job.seed}-{program}-{chance.randrange(1_000_000)}"
            path, body = self._request(chance, number)
            answer = self.ask(self.clients[program], job.whose, "POST", path, body, key)
            if answer.status_code == DONE:
                pipe.write(f"{json.dumps([job.whose, path, key])}\n")

    def _request(self, chance: random.Random, number: int) -> tuple[str, object]:
        ways: list[Callable[[], tuple[str, object]]] = [
            lambda: (f"/action/{number}/steps/begin", {}),
            lambda: (f"/action/{number}/notes", {"rating": "on track", "text": "Two teams are left."}),
            lambda: (
                f"/action/{number}/steps/extend",
                {"given": {"new_due_on": "2016-02-26", "reason": "Two trainers were ill."}},
            ),
        ]
        return chance.choice(ways)()

    def ask(
        self, client: TestClient, whose: str, method: str, path: str, body: object = None, key: str = ""
    ) -> httpx2.Response:
        """Send one request of somebody's program."""
        headers = {"authorization": f"Bearer {self.tokens[whose]}"}
        if key:
            headers["idempotency-key"] = key
        return client.request(method, PREFIX + path, json=body, headers=headers)


def _or_say_why(pipe: TextIO, work: Callable[..., None], *told: object) -> None:
    """Work until killed; whatever else ends it is a fault, which is said."""
    try:
        work(*told)
    finally:
        pipe.write(f"{BROKEN}{json.dumps(traceback.format_exc())}\n")
        os._exit(1)


def _strike_at(fatal: int) -> None:
    """Kill this process at an instant of its transactions: each has two, when it has begun and before its commit."""
    seen = 0

    def passes(_connection: sa.Connection) -> None:
        nonlocal seen
        seen += 1
        if seen == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("begin", "commit"):
        sa.event.listen(sa.Engine, name, passes)


def main() -> None:
    """Fork a process for each job, and say its number."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    zygote = Zygote(*sys.argv[1:])
    sys.stdout.write("warm\n")
    sys.stdout.flush()
    for line in sys.stdin:
        job = Job(**json.loads(line))
        # Opened before there are two: whoever reads it hears the end of a process, however soon that comes.
        with Path(job.pipe).open("w", encoding="utf-8", buffering=1) as pipe:
            process = os.fork()
            if process == 0:
                _or_say_why(pipe, zygote.live, job, pipe)
        sys.stdout.write(f"{process}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
