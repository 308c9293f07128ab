"""The whole check of the house: named steps, one after the other, then a table of how each of them went."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from tools.coverage_bar import measure

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent
REPORT = ROOT / "var" / "check" / "coverage.json"
HELD_TO_THE_BAR = ("engine", "notifications", "assurance")
BAR = 95.0
SECONDS_BETWEEN_LINES = 10.0
WIDTH_OF_A_LOG = 160
SHARE_DONE = re.compile(r"\[ *(\d+)%\]\s*$")
CLOSING_LINE = re.compile(r"^=+ .*\d+ (?:passed|failed|errors?|skipped)\b.* =+$")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is looked at: a name, the command that looks, and what it looks for."""

    name: str
    command: tuple[str, ...]
    about: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step went; `last_line` is the step's own closing line, where it has one."""

    step: Step
    went_well: bool
    seconds: float
    output: str
    note: str = ""
    last_line: str = ""


STEPS = (
    Step("format", ("ruff", "format", "--check", "."), "every file as the formatter leaves it"),
    Step("lint", ("ruff", "check", "."), "names, docstrings, imports, time zones, security"),
    Step("types", ("mypy",), "mypy strict, tests included"),
    Step("contracts", ("lint-imports", "--no-cache"), "the floors, and deciding is pure"),
    Step("yaml", ("yamllint", "--strict", "."), "YAML in good shape"),
    Step("documents", ("python", "-m", "tools.check_docs"), "links, paths and commands are true"),
    Step("definitions", ("auditloop", "check"), "workflows, rules and examples are sound"),
    Step(
        "tests",
        ("python", "-m", "pytest", "-n", "2", "-rs", "--cov", "--cov-report=", f"--cov-report=json:{REPORT}"),
        "tests, migrations on both databases, coverage",
    ),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the named steps, or all of them; return 0 if all went well and 1 if any did not."""
    names = [step.name for step in STEPS]
    parser = argparse.ArgumentParser(description="Run the whole check, or the steps that are named.")
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"one or more of {', '.join(names)}")
    parser.add_argument("--no-tests", action="store_true", help="all steps but the tests")
    asked = parser.parse_args(arguments)
    if unknown := sorted(set(asked.steps) - set(names)):
        parser.error(f"there is no step {', '.join(unknown)}; the steps are {', '.join(names)}")
    steps = [step for step in STEPS if step.name in (asked.steps or names)]
    if asked.no_tests:
        steps = [step for step in steps if step.name != "tests"]

    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDTH_OF_A_LOG)
    return _sum_up([_carry_out(step, console) for step in steps], console)


def _carry_out(step: Step, console: Console) -> Outcome:
    """Run one step and say at once how it went; show all that it said only if it failed."""
    outcome = _run(step, console)
    if step.name == "tests":
        outcome = _weigh_tests(outcome)
    console.print(
        f"  {_sign(outcome)} {step.name:<12} {outcome.seconds:6.1f} s   {outcome.note or step.about}"
    )
    if not outcome.went_well:
        console.print(outcome.output.rstrip(), markup=False)
    return outcome


def _run(step: Step, console: Console) -> Outcome:
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.unlink(missing_ok=True)
    began = time.perf_counter()
    program, *rest = step.command
    said: list[str] = []
    try:
        with (
            _progress(step, console) as follow,
            subprocess.Popen(
                [PROGRAMS / program, *rest],
                cwd=ROOT,
                env=os.environ | {"COVERAGE_FILE": str(REPORT.with_name("coverage")), "COLUMNS": "110"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            ) as process,
        ):
            for line in process.stdout or ():
                said.append(line)
                follow(line)
    except FileNotFoundError as missing:
        return Outcome(step, went_well=False, seconds=0.0, output=f"{missing}; run make setup-dev")
    return Outcome(step, process.returncode == 0, time.perf_counter() - began, "".join(said))


@contextmanager
def _progress(step: Step, console: Console) -> Iterator[Callable[[str], None]]:
    """Give what follows a step's lines: a live bar for a person, a line now and then for a log."""
    if not console.is_terminal:
        yield _teller(step, console)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<12}"),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[done]:>4}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(step.name, total=None, done="")

        def follow(line: str) -> None:
            if found := SHARE_DONE.search(line):
                bar.update(task, total=100, completed=int(found[1]), done=f"{found[1]}%")

        yield follow


def _teller(step: Step, console: Console) -> Callable[[str], None]:
    told_at = time.perf_counter()

    def follow(line: str) -> None:
        nonlocal told_at
        found = SHARE_DONE.search(line)
        if found and time.perf_counter() - told_at >= SECONDS_BETWEEN_LINES:
            told_at = time.perf_counter()
            console.print(f"  ...    {step.name:<12} {found[1]:>6} %")

    return follow


def _weigh_tests(outcome: Outcome) -> Outcome:
    """Read pytest's closing line and hold the coverage of the packages to the bar."""
    lines = outcome.output.splitlines()
    closing = next((line for line in reversed(lines) if CLOSING_LINE.match(line)), "")
    outcome = replace(outcome, last_line=closing, note=closing.strip("= "))
    if not outcome.went_well:
        return outcome
    if not closing or not REPORT.is_file():
        return replace(
            outcome, went_well=False, output=f"{outcome.output}\npytest counted or measured nothing"
        )
    measured = measure(REPORT, HELD_TO_THE_BAR)
    shares = "; ".join(f"{part.package} {part.lines:.1f}/{part.branches:.1f}" for part in measured)
    note = f"{outcome.note}; % of lines/branches: {shares}"
    low = [part for part in measured if not part.reaches(BAR)]
    gaps = "\n".join(f"  {gap}" for part in low for gap in part.gaps)
    return replace(
        outcome,
        note=note,
        went_well=not low,
        output=f"Lines and branches must reach {BAR:g} % in each; not run yet:\n{gaps}"
        if low
        else outcome.output,
    )


def _sum_up(outcomes: Sequence[Outcome], console: Console) -> int:
    table = Table(box=None, pad_edge=False, padding=(0, 2))
    table.add_column("")
    table.add_column("step")
    table.add_column("seconds", justify="right")
    table.add_column("what")
    for outcome in outcomes:
        table.add_row(
            _sign(outcome), outcome.step.name, f"{outcome.seconds:.1f}", outcome.note or outcome.step.about
        )
    failed = [outcome.step.name for outcome in outcomes if not outcome.went_well]
    console.print()
    console.print(table)
    total = sum(outcome.seconds for outcome in outcomes)
    verdict = f"failed: {', '.join(failed)}" if failed else "all well"
    console.print(f"\n{len(outcomes)} steps in {total:.1f} s, {verdict}")
    for outcome in outcomes:
        if outcome.last_line:
            console.print(outcome.last_line, markup=False)
    return 1 if failed else 0


def _sign(outcome: Outcome) -> str:
    return "[green]ok    [/]" if outcome.went_well else "[red]FAILED[/]"


if __name__ == "__main__":
    sys.exit(main())
