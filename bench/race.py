"""Durable moves per second of ours and of every peer, each between two runs of one floor of bare SQL.

The floor is the peers': row, history and outbox in three tables, written by nothing but the driver. Ours writes more
than that: a sealed line, its text, a timer, a mail in full. The ratio to the floors around a run is its figure; of
several rounds it is the median. How many subjects a run moves follows from how fast its program is.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench._peers import NoPeers, Place, Program, place, told_as_json
from tests.postgres import NoPostgres

FLOOR = Program("bare SQL (floor)", "bench.peers.bare")
OURS = Program("auditloop", "bench.seven_states", is_ours=True)
RIVALS = (
    Program("transitions + SQLAlchemy ORM", "bench.peers.transitions_orm"),
    Program("django-fsm-2 + django-fsm-log", "bench.peers.fsm_with_log"),
    Program("python-statemachine + ORM", "bench.peers.statemachine_orm"),
    Program("SpiffWorkflow", "bench.peers.spiffworkflow_core"),
    Program("DBOS, its own record only", "bench.peers.dbos_steps"),
    Program("DBOS, with rows", "bench.peers.dbos_steps", environment={"BENCH_DBOS_ROWS": "1"}),
    Program("Viewflow", "bench.peers.viewflow_tasks"),
)
# `memory` is SQLite in a file system that lives in memory: what is left when the disk costs nothing.
KINDS = ("sqlite", "postgresql", "memory")
MEMORY = Path("/dev") / "shm"
MOVES = 6
TRIED = 12
FLOOR_SHARE = 0.4  # of the seconds of a run so many are the floor's


@dataclass(frozen=True, slots=True)
class Setting:
    """One column of the table: how many writers, and how many lines of history there were before."""

    kind: str
    writers: int
    lines: int


@dataclass(slots=True)
class Lap:
    """What one program has shown in one setting, round for round."""

    program: Program
    rates: list[float]
    ratios: list[float]
    subjects: int


@dataclass(frozen=True, slots=True)
class Race:
    """The programs with their databases in one place."""

    place: Place
    databases: dict[str, str]
    seconds: float
    most: int

    def tell(self, program: Program, what: str, **options: object) -> dict[str, Any]:
        """Have a program do something in its own database."""
        named = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        database = self.databases[program.name]
        return program.run(what, "--database", database, *self.place.arguments, *named)

    def subjects(self, program: Program, writers: int) -> int:
        """Find out how many subjects a program moves in its time, no fewer than so many a writer."""
        seconds = self.seconds * FLOOR_SHARE if program is FLOOR else self.seconds
        tried = self.tell(program, "measure", subjects=TRIED * writers, writers=writers)
        wanted = int(tried["moves_per_second"] * seconds / MOVES)
        return max(TRIED * writers, min(self.most, wanted))

    def rate(self, program: Program, setting: Setting, subjects: int) -> float:
        """Measure a program once; give its moves per second."""
        told = self.tell(program, "measure", subjects=subjects, writers=setting.writers)
        return float(told["moves_per_second"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; give 1 where a peer could not be run."""
    asked = _asked(arguments)
    try:
        with told_as_json(wanted=asked.json) as figures:
            figures["race"] = [row for kind in asked.kinds for row in _raced(kind, asked)]
    except NoPeers as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.race", description=__doc__)
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS, help="which databases (all)")
    parser.add_argument("--writers", type=int, nargs="+", default=[1, 4], help="writers at once (1 4)")
    parser.add_argument("--lines", type=int, default=1_000_000, help="lines of history in the full tables")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each setting (3)")
    parser.add_argument("--seconds", type=float, default=2.0, help="seconds of each run (2)")
    parser.add_argument("--subjects", type=int, default=2_000, help="subjects of a run at most (2,000)")
    parser.add_argument("--only", nargs="+", default=[], help="only programs whose name holds one of these")
    parser.add_argument("--quick", action="store_true", help="one short round and 7,000 lines, to try it out")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    asked = parser.parse_args(arguments)
    if asked.quick:
        asked.rounds, asked.seconds, asked.lines = 1, 0.5, 7_000
    return asked


def _raced(kind: str, asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Race on one kind of database: in empty tables first, then in the same tables full of history."""
    if kind == "memory" and not MEMORY.is_dir():
        print("\nmemory: not measured: there is no file system in memory here")
        return []
    try:
        with place(kind, MEMORY if kind == "memory" else None) as there:
            return list(_all_settings(there, asked))
    except NoPostgres as reason:
        print(f"\n{kind}: not measured: {reason}")
        return []


def _all_settings(there: Place, asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    runners = [
        program
        for program in (OURS, *RIVALS)
        if not asked.only or any(word.lower() in program.name.lower() for word in asked.only)
    ]
    named = {
        program.name: there.database(f"program-{number}") for number, program in enumerate((FLOOR, *runners))
    }
    race = Race(there, named, asked.seconds, asked.subjects)
    for program in (FLOOR, *runners):
        race.tell(program, "set-up")
    for lines in (0, asked.lines) if there.kind != "memory" else (0,):
        if lines:
            for program in (FLOOR, *runners):
                race.tell(program, "preload", lines=lines)
        for writers in asked.writers:
            yield from _one_setting(race, Setting(there.kind, writers, lines), runners, asked.rounds)


def _one_setting(
    race: Race, setting: Setting, runners: Sequence[Program], rounds: int
) -> Iterator[dict[str, Any]]:
    writers = f"{setting.writers} writer{'s' if setting.writers > 1 else ''}"
    before = f"{setting.lines:,} lines of history before" if setting.lines else "empty tables"
    print(f"\n{setting.kind}, {writers}, {before}", flush=True)
    floors: list[float] = []
    floor_subjects = race.subjects(FLOOR, setting.writers)
    laps = [Lap(program, [], [], race.subjects(program, setting.writers)) for program in runners]
    for number in range(rounds):
        order = laps.copy()
        random.Random(number).shuffle(order)
        floors.append(race.rate(FLOOR, setting, floor_subjects))
        for lap in order:
            rate = race.rate(lap.program, setting, lap.subjects)
            floors.append(race.rate(FLOOR, setting, floor_subjects))
            lap.rates.append(rate)
            lap.ratios.append(rate / ((floors[-2] + floors[-1]) / 2))
    yield _row(setting, FLOOR, floors, [1.0], floor_subjects)
    for lap in sorted(laps, key=lambda lap: -median(lap.ratios)):
        yield _row(setting, lap.program, lap.rates, lap.ratios, lap.subjects)


def _row(
    setting: Setting, program: Program, rates: Sequence[float], ratios: Sequence[float], subjects: int
) -> dict[str, Any]:
    print(
        f"  {program.name:<32} {median(rates):>9,.0f} moves/s   {median(ratios):>5.2f} of the floor "
        f"({min(ratios):.2f} to {max(ratios):.2f})   {subjects:,} subjects a run",
        flush=True,
    )
    return {
        "kind": setting.kind,
        "writers": setting.writers,
        "lines": setting.lines,
        "program": program.name,
        "is_ours": program.is_ours,
        "moves_per_second": median(rates),
        "ratio": median(ratios),
        "lowest": min(ratios),
        "highest": max(ratios),
        "subjects": subjects,
    }


if __name__ == "__main__":
    sys.exit(main())
