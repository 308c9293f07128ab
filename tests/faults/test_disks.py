"""A disk that fails or is full at any write or sync, and a process that dies there: nothing is half done, and the next run finishes it."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from assurance.config import HOME
from assurance.post import deliver, maildir
from engine.clock import SystemClock
from tests.faults.installation import Installation, drain, letters_in
from tests.faults.invariants import breaches
from tests.faults.killing import LONGEST, environment
from tests.faults.sizes import rounds
from tests.faults.standing import sent
from tests.world import Templates, World

pytestmark = pytest.mark.faults

STRACE = shutil.which("strace")
# What the kernel says in place of doing it: once, or from then on; or the process dies there.
FAULTS = ("error=EIO:when={}", "error=EIO:when={}+", "error=ENOSPC:when={}+", "signal=KILL:when={}")
CALLS = ("pwrite64", "fdatasync", "fsync", "connect")
COMMANDS = ("sweep", "deliver")


@dataclass(frozen=True, slots=True)
class Disk:
    """A database and a maildir beside it, on a disk whose kernel can be told to fail."""

    database: Path

    @property
    def mail(self) -> Path:
        """Where the letters lie."""
        return self.database.parent / "mail"

    def runs(self, command: str, *told: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, with what strace is told beside it."""
        program = (sys.executable, "-m", "tests.faults.program", "0")
        words = (*program, command, "--quiet", "--database", str(self.database))
        watched = (STRACE or "", "-f", "--seccomp-bpf", "-o", str(self.database.parent / "calls"), *told)
        return subprocess.run(
            [*watched, *words] if told else words,
            cwd=HOME,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LONGEST,
            check=False,
        )

    def calls(self, command: str) -> Counter[str]:
        """Count the calls of the kernel that a command makes on its way."""
        done = self.runs(command, "-e", f"trace={','.join(CALLS)}")
        assert done.returncode == 0, done.stdout
        calls = (self.database.parent / "calls").read_text(encoding="utf-8").splitlines()
        return Counter(call for line in calls for call in CALLS if f" {call}(" in line)

    def fails(self, command: str, call: str, fault: str) -> None:
        """Run a command while a call fails; it may end well, with a sentence for people, or by being killed."""
        done = self.runs(command, "-e", f"trace={call}", "-e", f"inject={call}:{fault}")
        assert done.returncode in (0, 5, -9, 137), f"{fault}: {done.returncode}\n{done.stdout}"
        if done.returncode == 5:
            assert str(self.database) in done.stdout, done.stdout

    def is_sound(self) -> None:
        """Let everything recover on a disk that works, and hold it to every invariant."""
        world = World(self.database, at=SystemClock().now())
        try:
            assert world.proof().faults == ()
            post = maildir(self.mail)
            drain(world.office, world.clock, lambda: deliver(world.office, post))
            assert breaches(Installation(world.office, letters_in(self.mail))) == []
            assert sent(self.database)
        finally:
            world.close()


@pytest.fixture
def disk(folder: Path, templates: Templates) -> Disk:
    """An audit whose actions have been overdue for years, which no rule has looked at."""
    templates.world(folder / "untouched.sqlite", "actions").close()
    return Disk(folder / "disk.sqlite")


@pytest.mark.skipif(STRACE is None, reason="No strace here: install it to have writes and syncs fail.")
def test_whatever_the_disk_does_nothing_is_half_done_and_the_next_run_finishes_it(
    disk: Disk, folder: Path
) -> None:
    made = {command: _calls(disk, folder, command) for command in COMMANDS}

    def one(chance: random.Random) -> None:
        command = chance.choice(COMMANDS)
        call = chance.choice(sorted(made[command]))
        fault = chance.choice(FAULTS).format(chance.randint(1, made[command][call]))
        _fresh(disk, folder, swept=command == "deliver")
        disk.fails(command, call, fault)
        disk.is_sound()

    rounds("a disk that fails", one)


def _calls(disk: Disk, folder: Path, command: str) -> Counter[str]:
    _fresh(disk, folder, swept=command == "deliver")
    return disk.calls(command)


def _fresh(disk: Disk, folder: Path, *, swept: bool) -> None:
    """Put the database back as it was; the mail of `swept` is owed already."""
    shutil.rmtree(disk.mail, ignore_errors=True)
    Path(f"{disk.database}-journal").unlink(missing_ok=True)
    ready = folder / "swept.sqlite"
    if swept and not ready.exists():
        shutil.copyfile(folder / "untouched.sqlite", ready)
        done = Disk(ready).runs("sweep")
        assert done.returncode == 0, done.stdout
    shutil.copyfile(ready if swept else folder / "untouched.sqlite", disk.database)
