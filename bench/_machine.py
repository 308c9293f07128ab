"""What this machine is, as far as it matters to figures: no names of hosts, no paths."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from time import perf_counter

import psycopg

from bench._peers import PEERS, ROOT, place
from engine.store import sqlite_journal
from tests.postgres import NoPostgres

SYNCS = 40
OURS = ("sqlalchemy", "psycopg", "aiosmtplib", "transitions")
RIVALS = (
    "apscheduler",
    "dbos",
    "django",
    "django-fsm-2",
    "django-fsm-log",
    "django-post-office",
    "django-viewflow",
    "procrastinate",
    "python-statemachine",
    "spiffworkflow",
    "transitions",
)
GIGABYTE = 1_000_000_000


def machine() -> str:
    """Describe cores, memory, processor, file system, and how long a small write takes to be safe."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIGABYTE
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GB of memory, {_file_system()}, "
        f"a sync of 4 kB takes {_sync():.2f} ms; load at the start {os.getloadavg()[0]:.1f}"
    )


def versions() -> str:
    """Name what was measured: Python, the databases, and the libraries on the way."""
    libraries = ", ".join(f"{name} {_version(name)}" for name in OURS)
    return (
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version} (journal {sqlite_journal()}, "
        f"synchronous FULL), {_postgresql()}, {libraries}"
    )


def peer_versions() -> str:
    """Name the peers with the versions that are installed in their environment."""
    asking = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    told = subprocess.run([PEERS, "-c", asking, *RIVALS], capture_output=True, text=True, check=True)
    return ", ".join(f"{name} {number}" for name, number in zip(RIVALS, told.stdout.split(), strict=True))


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.is_file() else []
    found = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return found[0] if found else platform.machine()


def _file_system() -> str:
    """Name the file system under var/bench, by the longest mount point above it."""
    told = Path("/proc/mounts")
    lines = told.read_text(encoding="utf-8").splitlines() if told.is_file() else []
    mounts = [(Path(point), kind) for _, point, kind, *_ in (line.split() for line in lines)]
    above = [(len(point.parts), kind) for point, kind in mounts if ROOT.is_relative_to(point)]
    return max(above)[1] if above else "an unknown file system"


def _sync() -> float:
    """Give the milliseconds that a small write takes until it is safe."""
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    spent = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(SYNCS):
            began = perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fdatasync(file.fileno())
            spent.append((perf_counter() - began) * 1e3)
    return median(spent)


def _postgresql() -> str:
    try:
        with place("postgresql") as there:
            url = there.database("version").replace("postgresql+psycopg:", "postgresql:")
            with psycopg.connect(url) as server:
                return f"PostgreSQL {server.info.parameter_status('server_version')} (fsync on)"
    except NoPostgres:
        return "no PostgreSQL"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not installed)"
