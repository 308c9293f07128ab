"""What it costs: starting the command line, memory of `auditloop serve`, bytes of a move and of an audit.

Times are those of whole processes, on the clock and computed; the second figure does not wobble with what else runs.
Bytes of the log are those that PostgreSQL writes for a move with seven states, ours and bare SQL in three tables.
"""

from __future__ import annotations

import argparse
import os
import resource
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import psycopg

from assurance.accounts.sessions import open_demo_session
from assurance.config import settings_from
from assurance.office import open_office
from bench import seven_states
from bench._browser import Job, at_once
from bench._many import AUDITS_OF_A_YEAR, play_year
from bench._peers import ROOT, Place, place, told_as_json
from bench.peers import bare, three_tables
from bench.peers.contract import MOVES, Database, Mover
from tests.postgres import NoPostgres
from web.cookies import SESSION

AUDITLOOP = Path(sys.executable).parent / "auditloop"
COMMANDS = (("--help",), ("list", "audits"), ("--version",))
PAGES = ("/", "/actions", "/audits", "/approvals")
WARMED_UP = 40
CONNECTIONS = 8
SOMEBODY = "bo"
KILOBYTE = 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    asked = _asked(arguments)
    with (
        told_as_json(wanted=asked.json) as figures,
        tempfile.TemporaryDirectory(prefix="auditloop-cost-") as made,
    ):
        database = Path(made) / "year.sqlite"
        play_year(database)
        figures["cost"] = cost = dict[str, Any]()
        cost["audit"] = _audits(database)
        cost["commands"] = [_started(command, database, asked.starts) for command in COMMANDS]
        cost["serve"] = _memory(database, asked.seconds)
        cost["log"] = _log(asked.subjects)
    return 0


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.cost", description=__doc__)
    parser.add_argument("--starts", type=int, default=9, help="how often each command is started (9)")
    parser.add_argument("--seconds", type=float, default=10.0, help="seconds of load on the pages (10)")
    parser.add_argument("--subjects", type=int, default=300, help="subjects moved for the log's bytes (300)")
    parser.add_argument("--quick", action="store_true", help="few of everything, to try it out")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    asked = parser.parse_args(arguments)
    if asked.quick:
        asked.starts, asked.seconds, asked.subjects = 3, 2.0, 20
    return asked


def _audits(database: Path) -> dict[str, Any]:
    each = database.stat().st_size / AUDITS_OF_A_YEAR
    print(f"an audit of the example year, with all that belongs to it: {each / KILOBYTE:,.0f} kB", flush=True)
    return {"bytes": each, "audits": AUDITS_OF_A_YEAR}


def _started(command: Sequence[str], database: Path, starts: int) -> dict[str, Any]:
    """Start a command so often; the first time only warms up."""
    own = {**os.environ, "AUDITLOOP_DATABASE": str(database)}
    seconds, computed = [], []
    for _ in range(starts + 1):
        before = _computed()
        began = perf_counter()
        subprocess.run([AUDITLOOP, *command], env=own, stdout=subprocess.DEVNULL, check=True)
        seconds.append(perf_counter() - began)
        computed.append(_computed() - before)
    shown = " ".join(("auditloop", *command))
    told = {"command": shown, "seconds": median(seconds[1:]), "computed": median(computed[1:])}
    print(f"{shown:<24} {told['seconds']:.2f} s, {told['computed']:.2f} s of computing", flush=True)
    return told


def _computed() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _memory(database: Path, seconds: float) -> dict[str, Any]:
    """Start the pages, the clock and the post; weigh them at rest, and after so many seconds of load."""
    secret = secrets.token_hex(32)
    settings = settings_from({"AUDITLOOP_SECRET": secret}, database=str(database))
    with closing(open_office(replace(settings, var=database.parent))) as office:
        token = open_demo_session(office, SOMEBODY)
    with _serving(database, secret) as (process, address):
        cookies = {SESSION: token}
        at_once(Job(address, cookies, [(page, "") for page in PAGES], 1, 30.0, repeats=False))
        at_rest = _weight(process)
        rate = at_once(
            Job(address, cookies, [(page, "") for page in PAGES], CONNECTIONS, seconds, repeats=True)
        )
        under_load = _weight(process)
    told = {
        "at_rest": at_rest,
        "under_load": under_load,
        "requests_per_second": rate.per_second,
        "failed": rate.failed,
    }
    print(
        f"serve: {at_rest / 1e6:,.0f} MB at rest, {under_load / 1e6:,.0f} MB after {seconds:.0f} s of "
        f"{rate.per_second:,.0f} pages a second to {CONNECTIONS} browsers, of which {rate.failed} failed",
        flush=True,
    )
    return told


@contextmanager
def _serving(database: Path, secret: str) -> Iterator[tuple[int, str]]:
    own = {
        **os.environ,
        "AUDITLOOP_SECRET": secret,
        "AUDITLOOP_VAR": str(database.parent),
        "PYTHONUNBUFFERED": "1",
    }
    command: list[str | Path] = [AUDITLOOP, "serve", "--port", "0", "--database", str(database)]
    with subprocess.Popen(command, cwd=ROOT, env=own, stdout=subprocess.PIPE, text=True) as serving:
        try:
            for line in serving.stdout or ():
                if "http://" in line:
                    yield serving.pid, f"http://{line.partition('http://')[2].split()[0].rstrip('/')}"
                    break
        finally:
            serving.terminate()


def _weight(process: int) -> int:
    """Give the memory that a process has for itself or shares in part, in bytes: its resident set."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * KILOBYTE


def _log(subjects: int) -> dict[str, Any]:
    """Count the bytes that a move adds to PostgreSQL's log, ours and those of the bare floor."""
    try:
        with place("postgresql") as there:
            floor, ours = _floor_bytes(there, subjects), _our_bytes(there, subjects)
    except NoPostgres as reason:
        print(f"the log of PostgreSQL: not measured: {reason}")
        return {}
    print(
        f"PostgreSQL's log: {ours:,.0f} bytes a move, {floor:,.0f} on the floor of three tables", flush=True
    )
    return {"ours": ours, "floor": floor}


def _floor_bytes(there: Place, subjects: int) -> float:
    database = Database(there.database("floor"), "")
    three_tables.set_up(database)
    return _bytes_a_move(database, bare.opened(database), subjects)


def _our_bytes(there: Place, subjects: int) -> float:
    database = Database(there.database("ours"), "")
    seven_states.set_up(database)
    with seven_states.one_writer(database) as mover:
        return _bytes_a_move(database, mover, subjects)


def _bytes_a_move(database: Database, mover: Mover, subjects: int) -> float:
    planned = [mover.create(number) for number in range(WARMED_UP + subjects)]
    _move_all(mover, planned[:WARMED_UP])
    before = _written(database)
    _move_all(mover, planned[WARMED_UP:])
    return (_written(database) - before) / (subjects * len(MOVES))


def _move_all(mover: Mover, subjects: Sequence[int]) -> None:
    for step in range(len(MOVES)):
        for subject in subjects:
            mover.advance(subject, step)


def _written(database: Database) -> int:
    with psycopg.connect(database.plain_url) as server:
        found = server.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
    return int(found[0]) if found else 0


if __name__ == "__main__":
    sys.exit(main())
