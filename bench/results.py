"""Runs the measurements, prints their tables, and writes them into bench/RESULTS.md, where nothing is written by hand.

`own` measures ours against floors of bare SQL and a bare mail client, `peers` beside the peers. Each replaces its own
part of the file and leaves the other one. What people want to see on the way goes to stderr.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from bench._machine import machine, peer_versions, versions
from bench._peers import ROOT
from bench._tables import Figures, own_tables, peer_tables
from engine.clock import SystemClock

FILE = ROOT / "bench" / "RESULTS.md"
HEAD = """# Results

Written by `make bench` and `make bench-peers` from what they have just measured; nothing here is written by hand.
What is measured, and how, stands at the top of each program under `bench/`.
"""
NEVER = "Not measured yet."


@dataclass(frozen=True, slots=True)
class Measurement:
    """One program with its usual arguments, and those to try it out; with a title where it gives words, not figures."""

    module: str
    usual: tuple[str, ...] = ()
    quick: tuple[str, ...] = ("--quick",)
    title: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the file: its heading, what it runs, and how its figures are told."""

    title: str
    command: str
    measurements: tuple[Measurement, ...]
    tables: Callable[[Figures], Iterator[str]]


SIZES_TO_TRY = ("--sizes", "5500", "--turns", "1")
PARTS = {
    "own": Part(
        "Ours against bare SQL and a bare mail client",
        "make bench",
        (
            Measurement(
                "bench.moves", ("--subjects", "240", "--rounds", "6"), ("--subjects", "24", "--rounds", "2")
            ),
            Measurement("bench.sweep", (), SIZES_TO_TRY),
            Measurement("bench.mail"),
            Measurement("bench.cost"),
            Measurement("bench.workers", title="Workers beside each other on PostgreSQL"),
            Measurement("bench.pages", ("--turns", "3"), ("--only", "nowhere", "--seconds", "1"), "Pages"),
        ),
        own_tables,
    ),
    "peers": Part(
        "Beside the peers",
        "make bench-peers",
        (
            Measurement("bench.race"),
            Measurement("bench.sweep_race"),
            Measurement("bench.sweep", ("--sizes", "10000", "1000000"), SIZES_TO_TRY),
            Measurement("bench.mail_race"),
            Measurement("bench.mail", ("--rounds", "1")),
        ),
        peer_tables,
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; give 1 where a measurement has missed its own bar, or failed, which leaves the file as it is."""
    parser = argparse.ArgumentParser(prog="python -m bench.results", description=__doc__)
    parser.add_argument("part", choices=tuple(PARTS))
    parser.add_argument(
        "--quick", action="store_true", help="small sizes, to try it out; the file stays as it is"
    )
    asked = parser.parse_args(arguments)
    part = PARTS[asked.part]
    began = perf_counter()
    setting = _setting(asked.part)
    figures: dict[str, Any] = {}
    is_good = True
    for measurement in part.measurements:
        try:
            told, has_passed = _measured(measurement, quick=asked.quick)
        except ValueError as reason:
            print(f"{reason}; the results stay as they are.", file=sys.stderr)
            return 1
        is_good = is_good and has_passed
        figures["said"] = {**figures.get("said", {}), **told.pop("said", {})}
        figures |= told
    written = _written(part, setting, figures, perf_counter() - began)
    print(written)
    if not asked.quick:
        replace_part(FILE, part, written)
    return 0 if is_good else 1


def _measured(measurement: Measurement, *, quick: bool) -> tuple[dict[str, Any], bool]:
    """Run one program; give its figures, and whether it was content with them. Raises ValueError where it gave none."""
    arguments = measurement.quick if quick else measurement.usual
    print(f"\n{measurement.module} {' '.join(arguments)}", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", measurement.module, *arguments]
    command += [] if measurement.title else ["--json"]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if not ended.stdout.strip():
        raise ValueError(f"{measurement.module} has failed")
    told = {"said": {measurement.title: ended.stdout}} if measurement.title else json.loads(ended.stdout)
    return told, ended.returncode == 0


def _setting(name: str) -> list[str]:
    told = [f"Machine: {machine()}.", f"Versions: {versions()}."]
    return [*told, f"Peers: {peer_versions()}."] if name == "peers" else told


def _written(part: Part, setting: Sequence[str], figures: Figures, seconds: float) -> str:
    day = SystemClock().now().date()
    when = f"Measured on {day.day} {day:%B %Y} by `{part.command}`, in {seconds / 60:.0f} minutes."
    return "\n\n".join((f"## {part.title}", when, *setting, *part.tables(figures))) + "\n"


def replace_part(file: Path, part: Part, written: str) -> None:
    """Put a part in its place in the file and leave the others as they are."""
    parts = _parts_of(file) | {part.title: written}
    told = [parts.get(one.title, f"## {one.title}\n\n{NEVER}\n") for one in PARTS.values()]
    file.write_text("\n".join((HEAD, *told)), encoding="utf-8")


def _parts_of(file: Path) -> dict[str, str]:
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    found = (f"## {part.rstrip()}\n" for part in text.split("\n## ")[1:])
    return {part.partition("\n")[0].removeprefix("## "): part for part in found}


if __name__ == "__main__":
    sys.exit(main())
