"""The sweep against floors of bare SQL: with nothing due, with so many due, and the daily look at the whole table.

Each figure is taken in turns with its floor, in one run and on one database, so that whatever else the machine does
falls on both. The floor of what is due writes the same rows through the bare driver, set by set, in one commit: it
reads nothing, judges nothing, seals nothing. The floor of the daily look scans the table for the same conditions and
counts; it asks for no history and no timer.
"""

from __future__ import annotations

import argparse
import gc
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import sqlalchemy as sa

from assurance.daily import repair
from assurance.facts import NOUNS
from assurance.office import Office
from assurance.playbook import Shelf
from assurance.sweep import sweep
from bench._actions import TODAY, Actions, write_actions
from bench._peers import told_as_json
from bench._sweep_floor import Floor, opened_floor
from bench._town import found_town
from engine.clock import FrozenClock
from engine.condition_sql import to_sql
from engine.rules import RuleBook
from engine.store import Store, instant_text, sqlite_journal
from tests.postgres import NoPostgres, Server

LOOK_AT = datetime.combine(TODAY, time(5, 30), tzinfo=UTC)  # half past six in London
ROOT = Path(__file__).resolve().parent.parent
DATABASES = ("sqlite", "postgresql")
RULES = 10
LATE_DAYS = 5  # an action that is late for longer is on its way to the chair
IDLE_SWEEPS = 400
DAILY_LOOKS = 5


@dataclass(frozen=True, slots=True)
class Turn:
    """Milliseconds of one turn: ours, and the floor."""

    ours: float
    floor: float

    @property
    def speed(self) -> float:
        """Give our speed as a share of the floor's."""
        return self.floor / self.ours


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; give 1 where what a sweep has written does not verify."""
    asked = _asked(arguments)
    faults: list[str] = []
    with told_as_json(wanted=asked.json) as figures:
        figures["sweep"] = rows = list[dict[str, Any]]()
        for kind in asked.databases:
            for number in asked.sizes:
                try:
                    with _database(kind, asked.folder) as where:
                        measured, wrong = _measured(where, kind, number, asked)
                except NoPostgres as reason:
                    print(f"\n{kind}: not measured: {reason}")
                else:
                    faults += wrong
                    rows += [{"kind": kind, "number": number, **one} for one in measured]
    if faults:
        print(f"what was swept does not verify: {faults[0]}", file=sys.stderr)
    return 1 if faults else 0


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.sweep", description=__doc__)
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="+",
        default=[10_000, 100_000],
        help="open actions in the table (10000 100000; the full measurement is 10000 1000000)",
    )
    parser.add_argument("--databases", nargs="+", default=DATABASES, choices=DATABASES, help="which (both)")
    parser.add_argument("--due", type=int, default=1_000, help="actions that are due at once (1,000)")
    parser.add_argument(
        "--turns",
        type=int,
        default=4,
        choices=range(1, LATE_DAYS),
        help="turns of ours and floor, 4 at most (4)",
    )
    parser.add_argument("--folder", type=Path, help="where to put the databases; var/bench otherwise")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args(arguments)


@contextmanager
def _database(kind: str, wanted: Path | None) -> Iterator[Path | str]:
    """Give a fresh database that is removed afterwards."""
    parent = wanted or ROOT / "var" / "bench"
    parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as later:
        if kind == "sqlite":
            folder = Path(tempfile.mkdtemp(prefix="sweep-", dir=parent))
            later.callback(shutil.rmtree, folder)
            yield folder / "bench.sqlite"
            return
        # The server may run under another account, which must be able to look into its folder.
        folder = Path(tempfile.mkdtemp(prefix="auditloop-sweep-"))
        later.callback(shutil.rmtree, folder)
        server = Server.create(folder)
        server.start()
        later.callback(server.stop)
        yield later.enter_context(server.database())


def _measured(
    where: Path | str, kind: str, number: int, asked: argparse.Namespace
) -> tuple[list[dict[str, Any]], list[str]]:
    """Measure one database with so many open actions and print; say where ours and the floor wrote different things."""
    began = perf_counter()
    clock = FrozenClock(LOOK_AT - timedelta(days=80))
    town = found_town(where, clock=clock)
    with closing(town.office):
        office = Office(town.office.settings, town.office.store, _ten_rules(town.office), clock=clock)
        sweep(office)
        (pattern,) = town.plan(1)
        town.move(pattern, 0)
        actions = write_actions(office.store, pattern, number, look_at=LOOK_AT)
        clock.move_to(LOOK_AT)
        sweep(office)
        print(
            f"\n{_named(kind, office.store)}, {number:,} open actions (made in {perf_counter() - began:.0f} s)"
        )
        # As `auditloop serve` does: what was loaded at the start is looked through for garbage no more.
        gc.collect()
        gc.freeze()
        with opened_floor(office.store) as floor:
            told = [_told("nothing due", _idle(office, floor), digits=3)]
            turns, faults = _due(office, actions, floor, asked)
            told.append(_told(f"{asked.due:,} due", turns))
            told.append(_told(f"daily look, {RULES} rules", _daily(office, floor)))
        gc.unfreeze()
    return told, faults


def _ten_rules(office: Office) -> Shelf:
    """Give the house's workflows with ten of its rules about actions."""
    book, clock = office.shelf.book, office.shelf.book.clock
    ten = book.about("action")[:RULES]
    return Shelf(office.shelf.workflows, RuleBook(ten, clock, book.hash, (), {"action": ten}))


def _idle(office: Office, floor: Floor) -> list[Turn]:
    """Measure a sweep that finds nothing due, against the one question that it asks."""
    mark = "?" if floor.is_file else "%s"
    query = (
        "SELECT subject_kind, subject_id, group_id, due_at FROM timer "
        f"WHERE due_at <= {mark} ORDER BY due_at, subject_kind, subject_id LIMIT 1000"
    )
    at = instant_text(LOOK_AT) if floor.is_file else LOOK_AT
    return [
        Turn(_milliseconds(lambda: sweep(office)), floor.seconds(query, [at]) * 1e3)
        for _ in range(IDLE_SWEEPS)
    ]


def _due(
    office: Office, actions: Actions, floor: Floor, asked: argparse.Namespace
) -> tuple[list[Turn], list[str]]:
    """Measure sweeps with so many due, and the floor that writes the same for others; the first turn only warms up."""
    turns, faults = [], []
    ours, others = actions.two_sets(asked.due)
    for turn in range(asked.turns + 1):
        # Another day is another occasion: the same actions are late anew.
        due_on = TODAY - timedelta(days=1 + turn % LATE_DAYS)
        actions.fall_due(ours, due_on)
        before, told_before = floor.row(ours[0]), actions.rows_of(ours)
        spent = _milliseconds(lambda: sweep(office))
        pattern = floor.observe(ours[0], before)
        told = actions.rows_of(ours)
        actions.fall_due(others, due_on)
        bare = floor.write(pattern, others) * 1e3
        if told == told_before or actions.rows_of(others) != told:
            faults.append(f"{actions.rows_of(others)} rows on the floor, {told} ours")
        if turn:
            turns.append(Turn(spent, bare))
    return turns, faults


def _daily(office: Office, floor: Floor) -> list[Turn]:
    """Measure the daily look, against a scan of the table for each of the same conditions."""
    group_id = office.groups()[0]
    scans = _scans(office, group_id)
    turns = list[Turn]()
    for turn in range(DAILY_LOOKS + 1):
        spent = _milliseconds(lambda: repair(office, group_id, withheld=frozenset()))
        bare = sum(floor.seconds(scan) for scan in scans) * 1e3
        if turn:
            turns.append(Turn(spent, bare))
    return turns


def _scans(office: Office, group_id: int) -> list[str]:
    """Write for each rule a query that counts the rows for which its condition is true today."""
    noun, calendar = NOUNS["action"], office.playbook.calendar(group_id)
    columns = {fact.field.name: fact.expression for fact in noun.facts} | {"state": noun.table.state}
    found = []
    for rule in office.playbook.book.about("action"):
        holds = to_sql(rule.when.tree, columns, today=TODAY, calendar=calendar, days_of=lambda _: ())
        query = sa.select(sa.func.count()).select_from(noun.table)
        scan = query.where(noun.table.group_id == group_id, holds)
        found.append(str(scan.compile(office.store.db, compile_kwargs={"literal_binds": True})))
    return found


def _milliseconds(work: Callable[[], object]) -> float:
    gc.collect()
    began = perf_counter()
    work()
    return (perf_counter() - began) * 1e3


def _named(kind: str, store: Store) -> str:
    if kind == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}, journal {sqlite_journal()}, synchronous FULL"
    with store.db.connect() as connection:
        return f"PostgreSQL {connection.scalar(sa.text('SHOW server_version'))}, fsync on"


def _told(what: str, turns: Sequence[Turn], *, digits: int = 1) -> dict[str, Any]:
    speeds = sorted(turn.speed for turn in turns)
    ours, floor = (median(turn.ours for turn in turns), median(turn.floor for turn in turns))
    print(
        f"  {what:<24} ours {ours:>10,.{digits}f} ms   floor {floor:>10,.{digits}f} ms   "
        f"{median(speeds):>5.2f} of the floor's speed ({speeds[0]:.2f} to {speeds[-1]:.2f})",
        flush=True,
    )
    return {
        "what": what,
        "ours_ms": ours,
        "floor_ms": floor,
        "speed": median(speeds),
        "lowest": speeds[0],
        "highest": speeds[-1],
    }


if __name__ == "__main__":
    sys.exit(main())
