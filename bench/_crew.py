"""Who writes: one alone, threads that share one office, or processes with an office each."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import TypeAlias

from bench._floor import Floor, Statement, Step, opened
from bench._town import LIFE, Town, open_town

OURS, BARE = "ours", "bare"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A subject whose life was written down step by step, for the floor to write again for others."""

    subject: int
    steps: tuple[Step, ...]

    def of(self, town: Town, floor: Floor, subjects: Sequence[int]) -> list[list[Statement]]:
        """Give all moves of subjects, ready to be written."""
        now = town.office.clock.now
        return [
            floor.statements(step, self.subject, subject, now())
            for step in self.steps
            for subject in subjects
        ]


@dataclass(frozen=True, slots=True)
class Threads:
    """Writers in one process. Of the floor there is one: several would only stand in each other's way."""

    town: Town
    floor: Floor
    pattern: Pattern
    number: int

    def seconds(self, who: str, subjects: Sequence[int]) -> float:
        """Take subjects through life, by ours or by the floor."""
        if who == BARE:
            moves = self.pattern.of(self.town, self.floor, subjects)
            return _timed(lambda: self.floor.write(moves))
        if self.number == 1:
            return _timed(lambda: live(self.town, subjects))
        with ThreadPoolExecutor(self.number) as writers:
            shares = [subjects[first :: self.number] for first in range(self.number)]
            return _timed(lambda: list(writers.map(lambda share: live(self.town, share), shares)))


@dataclass(frozen=True, slots=True)
class Processes:
    """Writers that each have a process, an office and a connection of the floor."""

    pipes: Sequence[_Pipe]

    def seconds(self, who: str, subjects: Sequence[int]) -> float:
        """Take subjects through life, by ours or by the floor."""
        for first, pipe in enumerate(self.pipes):
            pipe.send((who, subjects[first :: len(self.pipes)]))
        self._hear()  # that everybody has made ready

        def work() -> None:
            for pipe in self.pipes:
                pipe.send(None)
            self._hear()

        return _timed(work)

    def _hear(self) -> None:
        for pipe in self.pipes:
            pipe.recv()


Crew: TypeAlias = Threads | Processes
_Pipe: TypeAlias = "Connection[object, object]"


@contextmanager
def processes(where: Path | str, pattern: Pattern, number: int) -> Iterator[Processes]:
    """Start so many writers and end them afterwards."""
    start = get_context("spawn")
    with ExitStack() as later:
        pipes = []
        for _ in range(number):
            ours, theirs = start.Pipe()
            process = start.Process(target=_write, args=(theirs, where, pattern))
            process.start()
            later.callback(process.join)
            later.callback(ours.send, None)
            pipes.append(ours)
        yield Processes(pipes)


def live(town: Town, subjects: Sequence[int]) -> None:
    """Take subjects through life with the real command, all through one step before the next."""
    for step in range(len(LIFE)):
        for subject in subjects:
            town.move(subject, step)


def _write(pipe: _Pipe, where: Path | str, pattern: Pattern) -> None:
    town = open_town(where)
    with opened(where) as floor:
        while True:
            job = pipe.recv()
            if not isinstance(job, tuple):
                break
            who, subjects = job
            moves = pattern.of(town, floor, subjects) if who == BARE else []
            gc.collect()
            pipe.send(None)
            pipe.recv()
            if who == BARE:
                floor.write(moves)
            else:
                live(town, subjects)
            pipe.send(None)
    town.office.close()


def _timed(work: Callable[[], object]) -> float:
    gc.collect()
    began = perf_counter()
    work()
    return perf_counter() - began
