"""Starts the program as a process of its own, kills it after a random while, and lets it finish its job."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter

from typer.testing import CliRunner

from assurance.config import HOME
from cli.main import app

LONGEST = 300.0  # seconds after which a process has hung


@dataclass(frozen=True, slots=True)
class Blow:
    """When to kill: after so many seconds of work, or at an instant of a transaction (0: at none)."""

    after: float = LONGEST
    instant: int = 0


@dataclass(frozen=True, slots=True)
class Work:
    """How long a program works when nobody disturbs it, and how many instants its transactions have."""

    seconds: float
    instants: int

    def blow(self, chance: random.Random) -> Blow:
        """Choose when to kill it: now and then by the clock, mostly around a commit."""
        if chance.random() < 0.3:
            return Blow(after=chance.uniform(0, self.seconds))
        return Blow(instant=chance.randint(1, self.instants))


@dataclass(frozen=True, slots=True)
class Program:
    """The program with the words that it is called with, and settings beside them."""

    words: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)

    def runs(self) -> Work:
        """Let it run to its end, which must be a good one; say what its work took."""
        with self.started() as process:
            began = perf_counter()
            said, _ = process.communicate(timeout=LONGEST)
            seconds = perf_counter() - began
        assert process.returncode == 0, f"{' '.join(self.words)} ended with {process.returncode}: {said}"
        return Work(seconds, int(said.rpartition("instants ")[2]))

    def is_killed(self, blow: Blow) -> bool:
        """Kill it; say whether it was still at work by then."""
        with self.started(blow.instant) as process:
            try:
                said, _ = process.communicate(timeout=blow.after)
            except subprocess.TimeoutExpired:
                process.kill()
                said, _ = process.communicate(timeout=LONGEST)
        assert process.returncode in (0, -signal.SIGKILL), said
        return process.returncode != 0

    @contextmanager
    def started(self, instant: int = 0) -> Iterator[subprocess.Popen[str]]:
        """Start it and give the process as soon as its work begins; nothing of it outlives the block."""
        with subprocess.Popen(
            [sys.executable, "-m", "tests.faults.program", str(instant), *self.words],
            cwd=HOME,
            env=environment() | dict(self.settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
                yield process
            finally:
                process.kill()


def environment() -> dict[str, str]:
    """Give the environment without settings of ours, and a place for bytecode where Python keeps none.

    Compiling everything anew takes a process longer than its work.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("AUDITLOOP_")}
    if own.pop("PYTHONDONTWRITEBYTECODE", ""):
        own["PYTHONPYCACHEPREFIX"] = str(HOME / "var" / "check" / "bytecode")
    return own


def verified(database: str) -> tuple[int, str]:
    """Have `auditloop verify` look at a database; give the number that it ends with, and what it says."""
    ours = {name: None for name in os.environ if name.startswith("AUDITLOOP_")}
    done = CliRunner(env=ours).invoke(app, ["verify", "--database", database])
    return done.exit_code, done.output
