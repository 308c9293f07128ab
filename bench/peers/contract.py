"""The job that every peer does, and the command line around it; standard library only, and one line of JSON comes out.

The job is one durable move: look whether the move is open and its guard holds, change the state where nobody else has
changed it meanwhile, write a line of history and a mail to be sent, commit. Each subject passes through seven states,
six moves, each move in a transaction of its own that reads the subject afresh, as another request would.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import perf_counter
from typing import NamedTuple, Protocol
from urllib.parse import parse_qs, urlsplit

STATES = ("draft", "submitted", "checked", "approved", "planned", "delivered", "closed")
MOVES = ("submit", "check", "approve", "plan", "deliver", "close")
ACTOR = "user@example.org"
AHEAD = 1_000_000  # the number of the first subject that goes ahead of those that are counted
BUSY_TIMEOUT_MS = 30_000


@dataclass(frozen=True, slots=True)
class Database:
    """Where a peer works, by URL, and with which journal where that is a file."""

    url: str
    journal: str

    @property
    def is_file(self) -> bool:
        """Say whether this is SQLite."""
        return self.url.startswith("sqlite:")

    @property
    def path(self) -> Path:
        """Give the file."""
        return Path(urlsplit(self.url).path.removeprefix("/"))

    @property
    def plain_url(self) -> str:
        """Give the address as the drivers themselves read it."""
        return self.url.replace("postgresql+psycopg:", "postgresql:")

    @property
    def parts(self) -> dict[str, str]:
        """Give name, host and user of a server's database."""
        there = urlsplit(self.url)
        host = parse_qs(there.query).get("host", [there.hostname or ""])[0]
        return {"name": there.path.lstrip("/"), "host": host, "user": there.username or ""}

    @property
    def pragmas(self) -> tuple[str, ...]:
        """Give what each connection to the file begins with: an acknowledged commit survives a power cut."""
        return (
            f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
            "PRAGMA foreign_keys=ON",
            f"PRAGMA journal_mode={self.journal}",
            "PRAGMA synchronous=FULL",
        )


class Counted(NamedTuple):
    """How many subjects have come to the last state, and how many lines of history there are."""

    finished: int
    lines: int


class Mover(Protocol):
    """One writer at work, with its own connection."""

    def create(self, number: int) -> int:
        """Make a subject in its first state and give its key."""
        ...

    def advance(self, subject: int, step: int) -> None:
        """Take a subject through one of its six moves."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class Turn(NamedTuple):
    """What one writer did: when it began and ended to move, by the machine's steady clock, and each move's seconds."""

    began: float
    ended: float
    moves: tuple[float, ...]


Measure = Callable[[Database, int, int], list[Turn]]


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer: how its tables are made and filled, how its work is counted, and how so many writers do the job."""

    set_up: Callable[[Database], None]
    preload: Callable[[Database, int], None]
    counted: Callable[[Database], Counted]
    measure: Measure


class NotTheSameWork(Exception):
    """Says that what was measured is not what was asked for."""


def main(peer: Peer, arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says and print what came of it as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("set-up", "preload", "measure"))
    parser.add_argument("--database", required=True, help="sqlite:///path or postgresql+psycopg://user@/name")
    parser.add_argument("--journal", default="TRUNCATE", help="SQLite's journal mode")
    parser.add_argument("--subjects", type=int, default=100)
    parser.add_argument("--writers", type=int, default=1)
    parser.add_argument("--lines", type=int, default=0, help="lines of history to write beforehand")
    asked = parser.parse_args(arguments)
    database = Database(asked.database, asked.journal)
    result: dict[str, object] = {}
    if asked.what == "set-up":
        peer.set_up(database)
    elif asked.what == "preload":
        peer.preload(database, asked.lines)
    else:
        result = _measured(peer, database, asked.subjects, asked.writers)
    print(json.dumps(result), flush=True)
    return 0


def _measured(peer: Peer, database: Database, subjects: int, writers: int) -> dict[str, object]:
    before = peer.counted(database)
    turns = peer.measure(database, subjects, writers)
    after = peer.counted(database)
    finished, lines = after.finished - before.finished, after.lines - before.lines
    if finished != subjects + writers or lines < finished * len(MOVES):
        raise NotTheSameWork(f"of {subjects} subjects {finished} are finished, with {lines} lines of history")
    seconds = max(turn.ended for turn in turns) - min(turn.began for turn in turns)
    moves = sorted(move for turn in turns for move in turn.moves)
    return {
        "subjects": subjects,
        "writers": writers,
        "moves_per_second": len(moves) / seconds,
        "median_us": moves[len(moves) // 2] * 1e6,
        "slowest_percent_us": moves[len(moves) * 99 // 100] * 1e6,
    }


def in_processes(opened: Callable[[Database], Mover]) -> Measure:
    """Let each writer be a process, as behind most web servers."""

    def measure(database: Database, subjects: int, writers: int) -> list[Turn]:
        if writers == 1:
            return [_turn(opened(database), range(subjects), lambda: None)]
        context = multiprocessing.get_context("fork")
        barrier = context.Barrier(writers)
        turns: multiprocessing.SimpleQueue[Turn] = context.SimpleQueue()

        def work(writer: int) -> None:
            turns.put(_turn(opened(database), range(writer, subjects, writers), barrier.wait))

        workers = [context.Process(target=work, args=(writer,)) for writer in range(writers)]
        for worker in workers:
            worker.start()
        done = [_next(turns, workers) for _ in workers]
        for worker in workers:
            worker.join()
        return done

    return measure


def in_threads(opened: Callable[[Database], Mover]) -> Measure:
    """Let each writer be a thread of one process."""

    def measure(database: Database, subjects: int, writers: int) -> list[Turn]:
        barrier = threading.Barrier(writers)
        turns: list[Turn] = []

        def work(writer: int) -> None:
            turns.append(_turn(opened(database), range(writer, subjects, writers), barrier.wait))

        threads = [threading.Thread(target=work, args=(writer,)) for writer in range(writers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if len(turns) != writers:
            raise NotTheSameWork("a writer has failed; what it said stands above")
        return turns

    return measure


def _turn(mover: Mover, numbers: range, wait: Callable[[], object]) -> Turn:
    """Create a share of the subjects, then take all of them through one move after the other.

    One more subject goes ahead and is not counted: it finds everything cold.
    """
    subjects = [mover.create(number) for number in numbers]
    ahead = mover.create(AHEAD + numbers.start)
    for step in range(len(MOVES)):
        mover.advance(ahead, step)
    wait()
    moves = []
    began = perf_counter()
    for step in range(len(MOVES)):
        for subject in subjects:
            asked = perf_counter()
            mover.advance(subject, step)
            moves.append(perf_counter() - asked)
    ended = perf_counter()
    wait()
    mover.close()
    return Turn(began, ended, tuple(moves))


def _next(turns: multiprocessing.SimpleQueue[Turn], workers: Sequence[BaseProcess]) -> Turn:
    while turns.empty():
        for worker in workers:
            worker.join(0.01)
            if worker.exitcode not in (None, 0):
                for other in workers:
                    other.kill()
                raise NotTheSameWork("a writer has failed; what it said stands above")
    return turns.get()
