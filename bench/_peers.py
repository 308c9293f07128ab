"""Runs the programs of the race, each in the environment that it needs, and gives what they print."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.store import sqlite_journal
from tests.postgres import NoPostgres, Server

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / ".venv-peers" / "bin" / "python"
LINES_OF_A_FAILURE = 12


class NoPeers(Exception):
    """Says that the environment of the peers is missing, or that one of them has failed."""


@contextmanager
def told_as_json(*, wanted: bool) -> Iterator[dict[str, Any]]:
    """Give where figures go; if wanted, they alone are printed, as JSON, and what is for people goes to stderr."""
    figures: dict[str, Any] = {}
    with redirect_stdout(sys.stderr) if wanted else nullcontext():
        yield figures
    if wanted:
        print(json.dumps(figures, indent=1))


@dataclass(frozen=True, slots=True)
class Program:
    """One program of the race: its name for people, its module, and whether it is ours."""

    name: str
    module: str
    is_ours: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str) -> dict[str, Any]:
        """Run it to its end and give the JSON of its last line; raises NoPeers with what it said where it fails."""
        python = Path(sys.executable) if self.is_ours else PEERS
        if not python.is_file():
            raise NoPeers("the peers are not installed; `make bench-peers` installs them")
        ended = subprocess.run(
            [python, "-W", "ignore", "-m", self.module, *arguments],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            last = "\n".join(ended.stderr.splitlines()[-LINES_OF_A_FAILURE:])
            raise NoPeers(f"{self.name} has failed at {' '.join(arguments)}:\n{last}")
        said: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
        return said


@dataclass(frozen=True, slots=True)
class Place:
    """Where databases are made: a folder for files, or a server of our own."""

    kind: str
    folder: Path
    server: Server | None
    later: ExitStack

    def database(self, name: str) -> str:
        """Make an empty database and give its URL."""
        if self.server is None:
            return f"sqlite:///{self.folder / name}.sqlite"
        return self.later.enter_context(self.server.database())

    @property
    def arguments(self) -> tuple[str, ...]:
        """Give what every program is told beside the URL."""
        return ("--journal", sqlite_journal())


@contextmanager
def place(kind: str, wanted: Path | None = None) -> Iterator[Place]:
    """Give a place that is empty, and removed afterwards with all databases in it; raises NoPostgres."""
    with ExitStack() as later:
        if kind != "postgresql":
            parent = wanted or ROOT / "var" / "bench"
            parent.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix="race-", dir=parent))
            later.callback(shutil.rmtree, folder)
            yield Place(kind, folder, None, later)
            return
        # The server may run under another account, which must be able to look into its folder.
        folder = Path(tempfile.mkdtemp(prefix="auditloop-race-"))
        later.callback(shutil.rmtree, folder)
        server = Server.create(folder)
        server.start()
        later.callback(server.stop)
        yield Place(kind, folder, server, later.enter_context(ExitStack()))


def raced(
    name: str,
    databases: Sequence[str],
    measured: Callable[[Place], Iterator[dict[str, Any]]],
    *,
    as_json: bool,
) -> int:
    """Race on each database, print what was measured, and give 1 where a peer could not be run."""
    try:
        with told_as_json(wanted=as_json) as figures:
            figures[name] = rows = list[dict[str, Any]]()
            for kind in databases:
                try:
                    with place(kind) as there:
                        rows += measured(there)
                except NoPostgres as reason:
                    print(f"\n{kind}: not measured: {reason}")
    except NoPeers as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0
