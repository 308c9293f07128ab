"""The sweep of the peers: actions of which some are due, against the set-based floor in the same kind of tables.

`due rows` and `every row` are loops over objects of SQLAlchemy's ORM. APScheduler and Procrastinate have a job for each
action; they only run it, and what it would have to write comes on top. Ours is measured by bench.sweep.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from bench._peers import Place, Program, raced

ROWS = Program("bare SQL and ORM", "bench.peers.sweep_rows")
JOBS = {
    "sqlite": (Program("APScheduler", "bench.peers.sweep_apscheduler"),),
    "postgresql": (
        Program("APScheduler", "bench.peers.sweep_apscheduler"),
        Program("Procrastinate", "bench.peers.sweep_procrastinate"),
    ),
}
WORDS = {"floor": "bare SQL, set by set (floor)", "due rows": "ORM, due rows", "every row": "ORM, every row"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; give 1 where a peer could not be run."""
    asked = _asked(arguments)
    return raced("sweep_race", asked.databases, lambda there: _measured(there, asked), as_json=asked.json)


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.sweep_race", description=__doc__)
    parser.add_argument(
        "--number", type=int, default=1_000_000, help="open actions, as rows and in Procrastinate (1,000,000)"
    )
    parser.add_argument(
        "--jobs", type=int, default=50_000, help="jobs of APScheduler, which takes long to add them (50,000)"
    )
    parser.add_argument("--due", type=int, default=1_000, help="actions that are due at once (1,000)")
    parser.add_argument("--turns", type=int, default=3, help="sweeps of each way over rows (3)")
    parser.add_argument(
        "--databases", nargs="+", default=tuple(JOBS), choices=tuple(JOBS), help="which (both)"
    )
    parser.add_argument("--quick", action="store_true", help="few rows and jobs, one turn, to try it out")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    asked = parser.parse_args(arguments)
    if asked.quick:
        asked.number, asked.jobs, asked.turns, asked.due = 20_000, 2_000, 1, 200
    return asked


def _measured(there: Place, asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    print(f"\n{there.kind}, {asked.due:,} due of {asked.number:,} actions", flush=True)
    common = ("--due", str(asked.due), *there.arguments)
    told = ROWS.run(
        "--database",
        there.database("rows"),
        "--number",
        str(asked.number),
        "--turns",
        str(asked.turns),
        *common,
    )
    floor = told["floor"]["due_ms"]
    for name, figures in told.items():
        yield _row(there.kind, WORDS[name], figures, floor, asked.number)
    for program in JOBS[there.kind]:
        number = asked.jobs if program.name == "APScheduler" else asked.number
        where = there.database(program.name.lower())
        figures = program.run("--database", where, "--number", str(number), *common)
        yield _row(there.kind, f"{program.name}, a job each", figures, floor, number)


def _row(kind: str, name: str, figures: dict[str, Any], floor: float, number: int) -> dict[str, Any]:
    ratio = floor / figures["due_ms"]
    print(
        f"  {name:<32} {figures['due_ms']:>10,.1f} ms   {ratio:>6.3f} of the floor's speed   "
        f"nothing due {figures['idle_ms']:>10,.3f} ms   of {number:,}",
        flush=True,
    )
    return {"kind": kind, "program": name, "number": number, "ratio": ratio, **figures}


if __name__ == "__main__":
    sys.exit(main())
