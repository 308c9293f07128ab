"""DBOS: a workflow for each subject, a checkpointed step for each state, nobody to wait for; which is its best case.

With `rows` each step also writes the application's own row, line and mail, in a transaction of its own, so that the
state can be asked for as in every other peer. Without, DBOS keeps the only record.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig

from bench.peers import three_tables
from bench.peers.contract import (
    ACTOR,
    AHEAD,
    MOVES,
    STATES,
    Counted,
    Database,
    NotTheSameWork,
    Peer,
    Turn,
    main,
)
from bench.peers.rows import History, Instance, Outbox, Sessions, with_pragmas

WITH_ROWS = "BENCH_DBOS_ROWS"
ENTER = sa.insert(Instance).values(version=1, data="{}").returning(Instance.id)
CHANGE = (
    sa.update(Instance)
    .where(Instance.id == sa.bindparam("the_id"), Instance.version == sa.bindparam("seen"))
    .values(
        state=sa.bindparam("new_state"),
        version=sa.bindparam("new_version"),
        updated_at=sa.bindparam("at"),
    )
)


@dataclass(slots=True)
class Running:
    """What the steps of this process write to."""

    sessions: Sessions | None = None


RUNNING = Running()


@DBOS.step()
def enter(subject: int, step: int) -> int:
    """Enter a state, for which DBOS keeps a checkpoint; give the key of the row where there is one."""
    if RUNNING.sessions is None:
        return subject
    now, state = RUNNING.sessions.now(), STATES[step]
    with RUNNING.sessions.db.begin() as connection:
        if step == 0:
            first = {"state": state, "title": f"Recommendation {subject}", "updated_at": now}
            subject = connection.execute(ENTER, first).scalar_one()
        else:
            change = {"the_id": subject, "seen": step, "new_state": state, "new_version": step + 1, "at": now}
            if connection.execute(CHANGE, change).rowcount != 1:
                raise NotTheSameWork(f"{subject} is not {STATES[step - 1]}")
        line = {
            "instance_id": subject,
            "seq": step + 1,
            "action": MOVES[step - 1] if step else "create",
            "from_state": STATES[step - 1] if step else None,
            "to_state": state,
            "actor": ACTOR,
            "at": now,
        }
        mail = {"instance_id": subject, "topic": three_tables.TOPIC, "payload": three_tables.mail(state)}
        connection.execute(sa.insert(History), line)
        connection.execute(sa.insert(Outbox), mail)
    return subject


@DBOS.workflow()
def live(number: int) -> int:
    """Take one subject through all its states."""
    subject: int = enter(number, 0)
    for step in range(1, len(STATES)):
        enter(subject, step)
    return subject


def set_up(database: Database) -> None:
    """Make DBOS's tables, and the application's."""
    three_tables.set_up(database)
    _launch(database)
    DBOS.destroy()


def preload(database: Database, lines: int) -> None:
    """Write copies of the workflow that is finished, with a checkpoint for each state, and the application's rows."""
    if _has_rows():
        three_tables.preload(database, lines)
    measure(database, 1, 1)
    where = "" if database.is_file else "dbos."
    (pattern,) = three_tables.ask(
        database, f"SELECT workflow_uuid FROM {where}workflow_status WHERE status = 'SUCCESS' LIMIT 1"
    )
    many = three_tables.numbers(database, lines // len(STATES))
    statements = []
    for table in ("workflow_status", "operation_outputs"):
        kept = [f'"{name}"' for name in _columns(database, table) if name != "workflow_uuid"]
        copied = ", ".join(f"o.{name}" for name in kept)
        statements.append(
            f"INSERT INTO {where}{table} (workflow_uuid, {', '.join(kept)}) SELECT 'earlier-' || s.i, {copied} "
            f"FROM {where}{table} o, {many} WHERE o.workflow_uuid = '{pattern}'"
        )
    three_tables.tell(database, statements)


def counted(database: Database) -> Counted:
    """Count the workflows that succeeded, and the checkpoints."""
    where = "" if database.is_file else "dbos."
    finished = f"SELECT count(*) FROM {where}workflow_status WHERE status = 'SUCCESS'"
    query = f"SELECT ({finished}), (SELECT count(*) FROM {where}operation_outputs)"
    return Counted(*three_tables.ask(database, query))


def measure(database: Database, subjects: int, writers: int) -> list[Turn]:
    """Run the workflows in so many threads; what a workflow costs beside its moves is divided among them."""
    _launch(database)
    RUNNING.sessions = Sessions(database, connections=writers) if _has_rows() else None

    def one(number: int) -> float:
        began = perf_counter()
        live(number)
        return perf_counter() - began

    with ThreadPoolExecutor(writers) as threads:
        list(threads.map(one, range(AHEAD, AHEAD + writers)))
        began = perf_counter()
        spent = list(threads.map(one, range(subjects)))
        ended = perf_counter()
    if RUNNING.sessions is not None:
        RUNNING.sessions.close()
    DBOS.destroy()
    # A workflow enters seven states; a move is one of them.
    moves = [seconds / len(STATES) for seconds in spent for _ in STATES]
    return [Turn(began, ended, tuple(moves))]


def _launch(database: Database) -> None:
    if database.is_file:
        with_pragmas(sa.Engine, database)  # DBOS makes engines of its own
    config: DBOSConfig = {
        "name": "bench",
        "system_database_url": database.url,
        "log_level": "ERROR",
        "application_version": "1",
    }
    DBOS(config=config)
    DBOS.launch()


def _columns(database: Database, table: str) -> list[str]:
    db = sa.create_engine(database.url)
    schema = None if database.is_file else "dbos"
    names = [column["name"] for column in sa.inspect(db).get_columns(table, schema=schema)]
    db.dispose()
    return names


def _has_rows() -> bool:
    return bool(os.environ.get(WITH_ROWS))


if __name__ == "__main__":
    sys.exit(main(Peer(set_up, preload, counted, measure)))
