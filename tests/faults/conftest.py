"""Databases for the fault tests, each made once in a run and copied for every kill."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.commands.acting import Plan, plan_action
from assurance.commands.moving import move
from assurance.records import Agency, Post, Recommendation
from engine.moved import Ref
from tests.postgres import WATCH
from tests.world import Templates

ACTIONS = 260  # more than one batch of a sweep


# A kill takes nothing from the system itself: what was written there stands, and need not wait for a disk.
MEMORY = Path("/dev", "shm")


def is_stopped_after_a_kill(folder: Path) -> None:
    """Have a server of one's own in a folder stopped, and the folder removed, should this run be killed."""
    watch = ["sh", "-c", WATCH, "watch", str(os.getpid()), str(folder)]
    subprocess.run(watch, check=True, start_new_session=True)


@pytest.fixture(scope="session")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in memory where the system has one, else on the disk."""
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path_factory.mktemp("faults")
        return
    with tempfile.TemporaryDirectory(prefix="auditloop-", dir=MEMORY) as folder:
        yield Path(folder)


@pytest.fixture
def folder(memory: Path) -> Iterator[Path]:
    """An empty folder of one test."""
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def templates(memory: Path) -> Templates:
    """Files with the audit at each stage, made when a test first asks for one."""
    folder = memory / "templates"
    folder.mkdir()
    return Templates(folder)


@pytest.fixture(scope="session")
def overdue(memory: Path, templates: Templates) -> Path:
    """A database with hundreds of agreed actions whose dates are long past, and a mail owed for each."""
    folder = memory / "overdue"
    folder.mkdir()
    file = folder / "overdue.sqlite"
    world = templates.world(file, "actions")
    (recommendation,) = world.ask(sa.select(Recommendation.id))
    plan = Plan(
        world.number(Agency, "trust"),
        "Brief every team",
        world.number(Post, "health_visiting"),
        "Nine in ten know what they must share",
        date(2015, 2, 27),
    )
    with world.does("bo") as tx:
        for _ in range(ACTIONS):
            move(tx, plan_action(tx, Ref("recommendation", recommendation), plan), "agree")
    world.close()
    return file
