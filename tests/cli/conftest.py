"""The command line on real databases: with the cast, at any stage of an audit, or with nothing in them."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest
from typer.testing import CliRunner, Result

from assurance.config import HOME
from assurance.migrate import migrate
from cli.main import app
from engine.store import open_store
from tests.assurance.full_world import full_world
from tests.world import Templates, World

PROGRAM = Path(sys.executable).parent / "auditloop"
SECRET = "what only this installation of the tests knows"
AT_STAGE = Callable[[str], Path]
# The rules of the house under a clock of their own: the first folder's counts.
ALL_HOURS = os.pathsep.join(str(folder) for folder in (Path(__file__).parent / "all_hours", HOME / "rules"))


class Run(Protocol):
    """Runs `auditloop` with some words, on a database, with further settings."""

    def __call__(self, *words: str, database: Path | str | None = None, **settings: str) -> Result:
        """Run it within this process and give what it said and ended with."""
        ...


def surroundings(settings: Mapping[str, str]) -> dict[str, str | None]:
    """Give the settings of one run; those of whoever runs the tests, and their window, are left out."""
    nothing: dict[str, str | None] = {name: None for name in os.environ if name.startswith("AUDITLOOP_")}
    return (
        nothing | {"COLUMNS": None} | {f"AUDITLOOP_{name.upper()}": value for name, value in settings.items()}
    )


def at_any_hour(*words: str) -> dict[str, str]:
    """Give the settings under which mail goes at whatever hour a test runs, and pages are served."""
    secret = {"SECRET": SECRET} if words[:1] in (("serve",), ("account",)) else {}
    return ({"RULES": ALL_HOURS} if words and words[0] in ("sweep", "deliver", "serve") else {}) | secret


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path) -> Iterator[None]:
    """Let every test run in a folder of its own, so that nothing is written into the house."""
    before = Path.cwd()
    os.chdir(tmp_path)
    yield
    os.chdir(before)


@pytest.fixture
def run() -> Run:
    """Run `auditloop` within this process."""

    def run(*words: str, database: Path | str | None = None, **settings: str) -> Result:
        given = [] if database is None else ["--database", str(database)]
        env = surroundings({**at_any_hour(*words), **settings})
        return CliRunner().invoke(
            app, [*words, *given], env=env, catch_exceptions=False, prog_name="auditloop"
        )

    return run


def as_program(
    *words: str, database: Path | None = None, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run `auditloop` as the program that it is."""
    given = [] if database is None else ["--database", str(database)]
    own = {name: value for name, value in os.environ.items() if not name.startswith("AUDITLOOP_")}
    settings = {**at_any_hour(*words), **settings}
    own |= {f"AUDITLOOP_{name.upper()}": value for name, value in settings.items()}
    return subprocess.run(
        [PROGRAM, *words, *given], capture_output=True, text=True, env=own, check=False, timeout=60
    )


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Files with the audit at each stage, made when a test first asks for one."""
    return Templates(tmp_path_factory.mktemp("templates"))


@pytest.fixture
def database_at(templates: Templates, tmp_path: Path) -> AT_STAGE:
    """A database of one's own in which the audit stands at a stage."""

    def at(stage: str) -> Path:
        file = tmp_path / f"{stage}.sqlite"
        templates.world(file, stage).close()
        return file

    return at


@pytest.fixture(scope="session")
def full_template(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which something of every kind stands; nobody writes to it."""
    file = tmp_path_factory.mktemp("full") / "full.sqlite"

    def at(stage: str) -> World:
        return templates.world(file, stage)

    full_world(at).close()
    return file


@pytest.fixture
def database(full_template: Path, tmp_path: Path) -> Path:
    """A database of one's own in which something of every kind stands."""
    file = tmp_path / "auditloop.sqlite"
    file.write_bytes(full_template.read_bytes())
    return file


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A database of the newest shape with nothing in it."""
    file = tmp_path / "empty.sqlite"
    store = open_store(file)
    migrate(store)
    store.close()
    return file


def one_line(text: str) -> str:
    """Give a text without its line breaks and aligned columns."""
    return " ".join(text.split())


def execute(database: Path, *statements: str) -> None:
    """Change a database behind everybody's back."""
    connection = sqlite3.connect(database)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
