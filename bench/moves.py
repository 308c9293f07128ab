"""Moves per second of the real command, against a floor of bare sqlite3 that writes the same rows in the same file.

Both take actions through agree, begin, confirm and verify, each move in a transaction of its own, in turns
(floor, ours, floor) so that whatever else the machine does falls on both. The floor only writes: it reads
nothing, judges nothing, seals nothing.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import perf_counter

import sqlalchemy as sa

from assurance.tables import MOVED
from bench._floor import Step, observe, opened, statements, write
from bench._preload import preload
from bench._town import LIFE, Town, found_town
from engine.fences import EVERY
from engine.proof import verify
from engine.store import sqlite_journal

ROOT = Path(__file__).resolve().parent.parent
PROFILED_LINES = 28
COUNTED = 10


@dataclass(frozen=True, slots=True)
class Round:
    """Moves per second of one round, the two floors around ours, and the bytes by which the file grew per move."""

    floors: tuple[float, float]
    ours: float
    floor_bytes: float
    our_bytes: float

    @property
    def ratio(self) -> float:
        """Give ours as a share of the floor around it."""
        return self.ours / (sum(self.floors) / 2)


@dataclass(frozen=True, slots=True)
class Bench:
    """A town, a second connection for the floor, and what each step of the pattern's life wrote."""

    town: Town
    floor: sqlite3.Connection
    pattern: int
    steps: tuple[Step, ...]
    moved: set[str] = field(default_factory=set)

    def ours(self, subjects: Sequence[int]) -> float:
        """Take subjects through life with the real command; give the moves per second."""
        self.moved.update(f"action/{subject}" for subject in subjects)
        return _rate(len(subjects), lambda: _live(self.town, subjects))

    def bare(self, subjects: Sequence[int]) -> float:
        """Write the same for other subjects with bare SQL; give the moves per second."""
        clock = self.town.office.clock
        moves = [
            statements(step, self.pattern, subject, clock.now())
            for step in self.steps
            for subject in subjects
        ]
        return _rate(len(subjects), lambda: write(self.floor, moves))

    def size(self) -> int:
        """Give the size of the database in bytes."""
        pages, page = (
            self.floor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")
        )
        return int(pages * page)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; give 1 where what was moved does not verify afterwards."""
    asked = _asked(arguments)
    with _folder(asked.folder) as folder:
        path = folder / "bench.sqlite"
        town = found_town(path)
        with opened(path) as floor:
            bench = _prepared(town, floor)
            _print_setting(bench)
            each = max(1, asked.subjects // asked.rounds)
            fresh = _measured(bench, asked.rounds, each)
            faults = _faults(bench)
            if asked.preload:
                print(f"\nThe same with {asked.preload:,} lines of history there before:", flush=True)
                preload(path, asked.preload, bench.pattern)
                full = _measured(bench, asked.rounds, each)
                print(f"\nWith all that history the ratio is {full / fresh:.2f} of what it is without.")
            if asked.profile:
                _profile(bench, asked.subjects)
        town.office.close()
    if faults:
        print(f"the histories of what was moved do not verify: {faults[0]}", file=sys.stderr)
    return 1 if faults else 0


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.moves", description=__doc__)
    parser.add_argument("--subjects", type=int, default=1_000, help="actions moved by us (1,000)")
    parser.add_argument("--rounds", type=int, default=20, help="rounds of floor, ours, floor (20)")
    parser.add_argument("--preload", type=int, default=0, help="measure again with so many lines of history")
    parser.add_argument("--profile", action="store_true", help="show where the time of one more round goes")
    parser.add_argument("--folder", type=Path, help="where to put the database; /dev/shm leaves the disk out")
    return parser.parse_args(arguments)


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    """Give a fresh folder that is removed afterwards, under var unless another place is wanted."""
    parent = wanted or ROOT / "var" / "bench"
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="moves-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _prepared(town: Town, floor: sqlite3.Connection) -> Bench:
    """Take one action through life, so that everything is compiled, and keep what it wrote as the pattern."""
    first, pattern = town.plan(2)
    _live(town, [first])
    steps = [observe(floor, pattern, partial(town.move, pattern, number)) for number in range(len(LIFE))]
    return Bench(town, floor, pattern, tuple(steps))


def _measured(bench: Bench, rounds: int, each: int) -> float:
    """Measure so many rounds, print them and what follows, and give the median ratio."""
    print("\nmoves/s   floor       ours      floor    ratio", flush=True)
    planned = bench.town.plan(3 * each * rounds)
    done = [
        _round(bench, number, planned[3 * each * number : 3 * each * (number + 1)])
        for number in range(rounds)
    ]
    _print_result(bench, done)
    return median(one.ratio for one in done)


def _round(bench: Bench, number: int, subjects: Sequence[int]) -> Round:
    each = len(subjects) // 3
    first, ours, last = subjects[:each], subjects[each : 2 * each], subjects[2 * each :]
    sizes = [bench.size()]
    rates = []
    for some, run in ((first, bench.bare), (ours, bench.ours), (last, bench.bare)):
        rates.append(run(some))
        sizes.append(bench.size())
    grown = [(after - before) / (each * len(LIFE)) for before, after in pairwise(sizes)]
    done = Round((rates[0], rates[2]), rates[1], (grown[0] + grown[2]) / 2, grown[1])
    print(
        f"{number + 1:>5}   {rates[0]:>8,.0f}   {rates[1]:>8,.0f}   {rates[2]:>8,.0f}   {done.ratio:>6.2f}",
        flush=True,
    )
    return done


def _live(town: Town, subjects: Sequence[int]) -> None:
    for step in range(len(LIFE)):
        for subject in subjects:
            town.move(subject, step)


def _rate(subjects: int, work: Callable[[], None]) -> float:
    gc.collect()
    began = perf_counter()
    work()
    return subjects * len(LIFE) / (perf_counter() - began)


def _print_setting(bench: Bench) -> None:
    mails = sum(len(step.written["message"]) for step in bench.steps) / len(LIFE)
    print(f"SQLite {sqlite3.sqlite_version}, journal {sqlite_journal()}, synchronous FULL")
    print(f"moves of an action: {', '.join(trigger for trigger, _, _ in LIFE)}; {mails:g} mails a move")


def _print_result(bench: Bench, rounds: Sequence[Round]) -> None:
    floors = [rate for one in rounds for rate in one.floors]
    ratios = sorted(one.ratio for one in rounds)
    ours = median(one.ours for one in rounds)
    floor = median(floors)
    counted = _statements(bench)
    print(f"\nmedian  floor {floor:,.0f} moves/s, ours {ours:,.0f} moves/s")
    print(f"ratio   {median(ratios):.2f} of the floor ({ratios[0]:.2f} to {ratios[-1]:.2f})")
    print(f"a move  {1e6 / floor:,.0f} us on the floor, {1e6 / ours:,.0f} us ours")
    print(
        f"bytes   {median(one.floor_bytes for one in rounds):,.0f} on the floor, "
        f"{median(one.our_bytes for one in rounds):,.0f} ours, by which the file grows with a move"
    )
    print(f"calls   {_calls(bench):,.0f} functions called in one of our moves")
    print(
        "statements of a move, begin and commit included: "
        + ", ".join(f"{t} {n}" for t, n in counted.items())
    )


def _statements(bench: Bench) -> dict[str, int]:
    """Count what the database is told in each move of one more life."""
    (subject,) = bench.town.plan(1)
    told: list[str] = []
    db = bench.town.office.store.db

    def listen(connection: sqlite3.Connection, *_record: object) -> None:
        connection.set_trace_callback(told.append)

    sa.event.listen(db, "checkout", listen)
    counted = {}
    for number, (trigger, _, _) in enumerate(LIFE):
        told.clear()
        bench.town.move(subject, number)
        counted[trigger] = sum(
            not text.startswith("--") for text in told
        )  # "--": inside a trigger of the database
    sa.event.remove(db, "checkout", listen)
    return counted


def _calls(bench: Bench) -> float:
    """Count the calls of functions in a move: unlike its time, that does not wobble."""
    subjects = bench.town.plan(COUNTED)
    profile = cProfile.Profile()
    profile.enable()
    _live(bench.town, subjects)
    profile.disable()
    return sum(entry.callcount for entry in profile.getstats()) / (COUNTED * len(LIFE))


def _profile(bench: Bench, each: int) -> None:
    subjects = bench.town.plan(each)
    profile = cProfile.Profile()
    gc.collect()
    profile.enable()
    _live(bench.town, subjects)
    profile.disable()
    moves = each * len(LIFE)
    print(f"\nWhere the time goes, of {moves:,} moves (a profiled move takes longer than a plain one):")
    pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(PROFILED_LINES)
    pstats.Stats(profile).strip_dirs().sort_stats("cumulative").print_stats(
        r"(moving|hearing|facts|roster|standing|mail|outbox|store|ledger|timers|office|workflow|session|base)\.py"
    )


def _faults(bench: Bench) -> list[str]:
    """Check the histories of everything that the real command has moved; the floor's lines carry no true seals."""
    with bench.town.office.store.reading(group=EVERY) as session:
        proof = verify(session, MOVED)
    return [str(fault) for fault in proof.faults if fault.subject in bench.moved]


if __name__ == "__main__":
    sys.exit(main())
