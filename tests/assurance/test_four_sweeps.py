"""Four processes sweep one database at once: every firing, notice, reminder and mail exactly once, and each timer set."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from assurance.config import HOME
from assurance.records import DigestItem
from assurance.sweep import sweep
from engine.fences import EVERY
from engine.ledger import Event
from engine.moved import Ref
from engine.timers import Timer
from notifications.outbox import Message
from tests.assurance.conftest import At
from tests.assurance.ruled import WITH_DIGEST, WITH_NOTICE, under
from tests.cast import LONDON
from tests.world import World

DUE = date(2015, 2, 27)  # the actions of the audit, a Friday
LOOK = time(6, 30)
PROCESSES = 4
DAYS = [DUE + timedelta(days=days) for days in (1, 8, 11, 14, 15, 22)]
SILENT = """
  - id: undated
    about: action
    title: An action has no date
    when: state in (agreed, in_progress) and current_due_on is empty and state_since_on + 40 working days <= today
    once_per: state_since_on
    repeat: {every: 3 working days, at_most: 4}
    tell: [agency_lead]
"""
# What says by which process and in which order something was written.
BY_CHANCE = {"id", "seq", "seal", "head"}


def peopled(world: World, folder: Path) -> World:
    """Plan many actions, some late and some without a date, under rules with a notice and a digest."""
    under(world, folder, WITH_NOTICE, SILENT, clock=WITH_DIGEST)
    for number in range(60):
        due_on = None if number % 5 == 0 else DUE + timedelta(days=number % 3)
        world.plans(
            "bo", "trust", recommendation=Ref("recommendation", 1), owner="health_visiting", due_on=due_on
        )
    assert sweep(world.office).withheld == []
    return world


def written(world: World) -> dict[str, list[dict[str, Any]]]:
    """Give all that sweeps write, in an order of its own."""
    found = {}
    for table in (Event, DigestItem, Message, Timer):
        columns = [column for column in table.__table__.columns if column.name not in BY_CHANCE]
        with world.office.store.reading(group=EVERY) as session:
            query = sa.select(*columns)
            if table is Event:
                query = query.where(Event.kind.in_(("fired", "noticed")))
            if table is Message:
                query = query.where(Message.template.in_(("notice", "escalation", "digest")))
            rows = [dict(row) for row in session.execute(query).mappings()]
        found[table.__tablename__] = sorted(
            rows, key=lambda row: json.dumps(row, default=str, sort_keys=True)
        )
    return found


@contextmanager
def sweeper(world: World, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a process that sweeps, and give it as soon as it is ready."""
    own = (world.settings.database, str(folder), world.settings.base_url)
    words = [sys.executable, "-m", "tests.assurance.sweeper", *own]
    with subprocess.Popen(
        words, cwd=HOME, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def all_at_once(processes: list[subprocess.Popen[str]], at: datetime) -> list[dict[str, Any]]:
    """Let every process sweep at one and the same instant; give what each of them did."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(f"{at.isoformat()}\n")
        process.stdin.flush()
    answers = []
    for process in processes:
        assert process.stdout is not None
        answers.append(json.loads(process.stdout.readline()))
    return answers


def test_four_processes_say_together_what_one_says_alone(
    any_world_at: At, world_at: At, tmp_path: Path
) -> None:
    alone = peopled(world_at("actions"), tmp_path / "alone")
    for day in DAYS:
        alone.on(day, LOOK)
        assert sweep(alone.office).parked == 0
    crowded = peopled(any_world_at("actions"), tmp_path / "crowded")
    answers = []
    with ExitStack() as running:
        processes = [running.enter_context(sweeper(crowded, tmp_path / "crowded")) for _ in range(PROCESSES)]
        for day in DAYS:
            answers += all_at_once(processes, datetime.combine(day, LOOK, LONDON))
    assert sum(one["parked"] for one in answers) == 0
    theirs, ours = written(crowded), written(alone)
    assert [one for one in theirs["event"] if one["kind"] == "fired"]
    assert [one for one in theirs["event"] if one["kind"] == "noticed"]
    assert theirs["digest_item"]
    for table in ours:
        assert theirs[table] == ours[table], table
    assert crowded.proof().faults == ()
