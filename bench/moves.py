"""Moves per second of the real command, against a floor of the bare driver that writes the same rows in the same database.

Both take actions through agree, begin, confirm and verify, each move in a transaction of its own, in turns
(floor, ours, floor) so that whatever else the machine does falls on both. The floor only writes, statement by
statement: it reads nothing, judges nothing, seals nothing. Several writers are threads of one process on SQLite, where
the floor is one bare writer, and processes on PostgreSQL, where the floor has as many.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import json
import pstats
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median

from assurance.tables import MOVED
from bench._crew import BARE, OURS, Crew, Pattern, Threads, live, processes
from bench._floor import Floor, opened
from bench._preload import preload
from bench._told import listening, named
from bench._town import LIFE, Town, found_town
from engine.fences import EVERY
from engine.proof import verify
from tests.postgres import NoPostgres, Server

ROOT = Path(__file__).resolve().parent.parent
WRITERS = {"sqlite": (1, 8), "postgresql": (1, 4)}
PROFILED_LINES = 28
COUNTED = 10


@dataclass(frozen=True, slots=True)
class Round:
    """Moves per second of one round, the two floors around ours, and the bytes that each wrote for a move."""

    floors: tuple[float, float]
    ours: float
    floor_bytes: float
    our_bytes: float

    @property
    def ratio(self) -> float:
        """Give ours as a share of the floor around it."""
        return self.ours / (sum(self.floors) / 2)


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured with so many writers and so many lines of history there before: medians of all rounds.

    Bytes are those by which the file grows, or the write-ahead log of a server.
    """

    database: str
    writers: int
    lines_before: int
    floor_per_second: float
    ours_per_second: float
    ratio: float
    lowest: float
    highest: float
    floor_bytes: float
    our_bytes: float

    @classmethod
    def of(cls, database: str, writers: int, lines_before: int, rounds: Sequence[Round]) -> Measured:
        """Take the medians."""
        ratios = sorted(one.ratio for one in rounds)
        return cls(
            database,
            writers,
            lines_before,
            round(median(rate for one in rounds for rate in one.floors), 1),
            round(median(one.ours for one in rounds), 1),
            round(median(ratios), 3),
            round(ratios[0], 3),
            round(ratios[-1], 3),
            round(median(one.floor_bytes for one in rounds)),
            round(median(one.our_bytes for one in rounds)),
        )


@dataclass(frozen=True, slots=True)
class Cost:
    """What one move costs wherever it runs: statements of each, journeys to a server, functions called."""

    database: str
    statements: dict[str, int]
    journeys: dict[str, int]
    calls: float


@dataclass(frozen=True, slots=True)
class Bench:
    """A town, a second connection for the floor, and what each step of the pattern's life wrote."""

    where: Path | str
    town: Town
    floor: Floor
    pattern: Pattern
    moved: set[str] = field(default_factory=set)

    def measured(self, writers: int, lines_before: int, asked: argparse.Namespace) -> Measured:
        """Measure rounds of floor, ours, floor."""
        each = max(writers, asked.subjects // asked.rounds)
        database = named(self.town.office.store)
        _say(asked, f"\n{database}, {writers} at once, {lines_before:,} lines of history before")
        _say(asked, "moves/s   floor       ours      floor    ratio")
        with ExitStack() as later:
            crew: Crew = Threads(self.town, self.floor, self.pattern, writers)
            if writers > 1 and not self.floor.is_file:
                crew = later.enter_context(processes(self.where, self.pattern, writers))
                self._round(crew, each)  # in which every process compiles and prepares
            rounds = []
            for number in range(asked.rounds):
                rounds.append(self._round(crew, each))
                first, last = rounds[-1].floors
                _say(
                    asked,
                    f"{number + 1:>5}   {first:>8,.0f}   {rounds[-1].ours:>8,.0f}   {last:>8,.0f}   "
                    f"{rounds[-1].ratio:>6.2f}",
                )
        measured = Measured.of(database, writers, lines_before, rounds)
        _say(asked, _in_words(measured))
        return measured

    def cost(self) -> Cost:
        """Count what one more life tells the database, and the functions that a move calls."""
        (subject,) = self.town.plan(1)
        statements, journeys = {}, {}
        for number, (trigger, _, _) in enumerate(LIFE):
            with listening(self.town.office.store) as told:
                self.town.move(subject, number)
            statements[trigger] = len(told.statements)
            if told.journeys is not None:
                journeys[trigger] = told.journeys
        return Cost(named(self.town.office.store), statements, journeys, self._calls())

    def _round(self, crew: Crew, each: int) -> Round:
        subjects = self.town.plan(3 * each)
        sizes = [self.floor.bytes()]
        rates = []
        for number, who in enumerate((BARE, OURS, BARE)):
            some = subjects[number * each : (number + 1) * each]
            self.moved.update(f"action/{subject}" for subject in some if who is OURS)
            rates.append(each * len(LIFE) / crew.seconds(who, some))
            sizes.append(self.floor.bytes())
        grown = [(after - before) / (each * len(LIFE)) for before, after in pairwise(sizes)]
        return Round((rates[0], rates[2]), rates[1], (grown[0] + grown[2]) / 2, grown[1])

    def _calls(self) -> float:
        """Count the calls of functions in a move: unlike its time, that does not wobble."""
        subjects = self.town.plan(COUNTED)
        profile = cProfile.Profile()
        profile.enable()
        live(self.town, subjects)
        profile.disable()
        return sum(entry.callcount for entry in profile.getstats()) / (COUNTED * len(LIFE))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; give 1 where what was moved does not verify afterwards."""
    asked = _asked(arguments)
    told: dict[str, list[dict[str, object]]] = {"moves": [], "costs": []}
    faults: list[str] = []
    for kind in asked.databases:
        try:
            with _database(kind, asked.folder) as where:
                faults += _of_one(kind, where, asked, told)
        except NoPostgres as reason:
            print(f"{kind}: not measured: {reason}", file=sys.stderr)
    if asked.json:
        print(json.dumps(told, indent=1))
    if faults:
        print(f"the histories of what was moved do not verify: {faults[0]}", file=sys.stderr)
    return 1 if faults else 0


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.moves", description=__doc__)
    parser.add_argument(
        "--databases", nargs="+", default=tuple(WRITERS), choices=tuple(WRITERS), help="which (both)"
    )
    parser.add_argument(
        "--writers", type=int, nargs="+", help="how many at once (1 and 8 on SQLite, 1 and 4 on PostgreSQL)"
    )
    parser.add_argument("--subjects", type=int, default=600, help="actions moved by us (600)")
    parser.add_argument("--rounds", type=int, default=12, help="rounds of floor, ours, floor (12)")
    parser.add_argument("--preload", type=int, default=0, help="measure again with so many lines of history")
    parser.add_argument("--json", action="store_true", help="print nothing but all figures, as JSON")
    parser.add_argument("--profile", action="store_true", help="show where the time of one more round goes")
    parser.add_argument(
        "--folder", type=Path, help="where to put the databases; /dev/shm leaves the disk out"
    )
    return parser.parse_args(arguments)


@contextmanager
def _database(kind: str, wanted: Path | None) -> Iterator[Path | str]:
    """Give a fresh database that is removed afterwards, under var unless another place is wanted."""
    with ExitStack() as later:
        if kind == "sqlite":
            parent = wanted or ROOT / "var" / "bench"
            parent.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix="moves-", dir=parent))
            later.callback(shutil.rmtree, folder)
            yield folder / "bench.sqlite"
            return
        # The server may run under another account, which must be able to look into its folder.
        folder = Path(tempfile.mkdtemp(prefix="auditloop-moves-", dir=wanted))
        later.callback(shutil.rmtree, folder)
        server = Server.create(folder)
        server.start()
        later.callback(server.stop)
        yield later.enter_context(server.database())


def _of_one(
    kind: str, where: Path | str, asked: argparse.Namespace, told: dict[str, list[dict[str, object]]]
) -> list[str]:
    """Measure one database; give what of our own moves does not verify."""
    town = found_town(where)
    with opened(where) as floor:
        first, pattern = town.plan(2)
        live(town, [first])  # so that everything is compiled
        steps = (floor.observe(pattern, partial(town.move, pattern, step)) for step in range(len(LIFE)))
        bench = Bench(where, town, floor, Pattern(pattern, tuple(steps)))
        lines = [0, asked.preload] if asked.preload else [0]
        for before in lines:
            if before:
                preload(where, before, pattern)
            for writers in asked.writers or WRITERS[kind]:
                told["moves"].append(asdict(bench.measured(writers, before, asked)))
        cost = bench.cost()
        told["costs"].append(asdict(cost))
        _say(asked, _cost_in_words(cost))
        if asked.profile:
            _profile(bench, asked.subjects)
        faults = _faults(bench)
    town.office.close()
    return faults


def _say(asked: argparse.Namespace, sentence: str) -> None:
    if not asked.json:
        print(sentence, flush=True)


def _in_words(one: Measured) -> str:
    return (
        f"median  floor {one.floor_per_second:,.0f} moves/s, ours {one.ours_per_second:,.0f} moves/s\n"
        f"ratio   {one.ratio:.2f} of the floor ({one.lowest:.2f} to {one.highest:.2f})\n"
        f"bytes   {one.floor_bytes:,.0f} written for a move on the floor, {one.our_bytes:,.0f} ours"
    )


def _cost_in_words(cost: Cost) -> str:
    counted = ", ".join(f"{trigger} {number}" for trigger, number in cost.statements.items())
    said = [f"\nstatements of a move, begin and commit included: {counted}"]
    if cost.journeys:
        journeys = ", ".join(f"{trigger} {number}" for trigger, number in cost.journeys.items())
        said.append(f"journeys to the server: {journeys}")
    return "\n".join([*said, f"calls   {cost.calls:,.0f} functions called in one of our moves"])


def _profile(bench: Bench, each: int) -> None:
    subjects = bench.town.plan(each)
    profile = cProfile.Profile()
    gc.collect()
    profile.enable()
    live(bench.town, subjects)
    profile.disable()
    moves = each * len(LIFE)
    print(f"\nWhere the time goes, of {moves:,} moves (a profiled move takes longer than a plain one):")
    pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(PROFILED_LINES)
    pstats.Stats(profile).strip_dirs().sort_stats("cumulative").print_stats(
        r"(moving|hearing|facts|roster|standing|mail|outbox|store|wire|ledger|timers|office|workflow|session|base)\.py"
    )


def _faults(bench: Bench) -> list[str]:
    """Check the histories of everything that the real command has moved; the floor's lines carry no true seals."""
    with bench.town.office.store.reading(group=EVERY) as session:
        proof = verify(session, MOVED)
    return [str(fault) for fault in proof.faults if fault.subject in bench.moved]


if __name__ == "__main__":
    sys.exit(main())
