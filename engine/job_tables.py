"""The tables through which processes hand each other work on PostgreSQL: Procrastinate's, in a namespace of their own.

What stands in them is a call to look, never the truth: without them everything is done a little later.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from engine.store import Store

NAMESPACE = "procrastinate"
_COMMENT = sa.text(
    "SELECT coalesce(obj_description(oid, 'pg_namespace'), '') FROM pg_namespace WHERE nspname = :name"
)
_CALL = sa.text(
    "SELECT procrastinate_defer_jobs_v1("
    "ARRAY[ROW(:queue, CAST(:task AS text), 0, NULL, CAST(:task AS text), '{}'::jsonb, NULL)::procrastinate_job_to_defer_v1]) "
    "WHERE NOT EXISTS (SELECT FROM procrastinate_jobs WHERE queueing_lock = CAST(:task AS text) AND status = 'todo')"
)
# A call that a crash of the database takes along costs nothing but a few seconds, so nobody waits for the disk.
_HERE = sa.text(
    f"SELECT set_config('search_path', '{NAMESPACE}', true), set_config('synchronous_commit', 'off', true)"
)


def lacks_jobs(connection: sa.Connection) -> bool:
    """Say whether Procrastinate's tables are missing, or are those of an older version of it."""
    made = _made(connection)
    return made is None or made < _newest()


def replaces_jobs(connection: sa.Connection) -> bool:
    """Say whether tables that an older version of Procrastinate uses would be taken away."""
    made = _made(connection)
    return made is not None and made < _newest()


def make_job_tables(connection: sa.Connection) -> None:
    """Make Procrastinate's tables within the caller's transaction; those of an older version are made anew.

    Nothing in them is worth keeping, and its own steps could not all be taken in one transaction. The namespace keeps
    the name of the newest step in its comment.
    """
    if not lacks_jobs(connection):
        return
    before = connection.scalar(sa.text("SELECT current_setting('search_path')"))
    connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {NAMESPACE} CASCADE")
    connection.exec_driver_sql(f"CREATE SCHEMA {NAMESPACE}")
    connection.exec_driver_sql(f"SET LOCAL search_path TO {NAMESPACE}")
    # A whole file at once, which only the driver itself takes.
    connection.connection.cursor().execute((_folder() / "schema.sql").read_text(encoding="utf-8"))
    connection.exec_driver_sql(f"COMMENT ON SCHEMA {NAMESPACE} IS '{_newest()}'")
    connection.execute(sa.text("SELECT set_config('search_path', :before, true)"), {"before": before})


def call_for(store: Store, queue: str, task: str) -> None:
    """Call whoever works on a queue to do a task now; where that call waits already, one is enough.

    Raises SQLAlchemy's errors where the database is away.
    """
    try:
        with store.db.connect() as connection, connection.begin():
            connection.execute(_HERE)
            connection.execute(_CALL, {"queue": queue, "task": task})
    except DBAPIError as error:
        # Of two who call at the same instant one is enough.
        if getattr(error.orig, "sqlstate", None) != "23505":
            raise


def _made(connection: sa.Connection) -> str | None:
    """Give the newest step of the tables that are there; empty where nobody knows which that is."""
    made: str | None = connection.scalar(_COMMENT, {"name": NAMESPACE})
    return made


def _newest() -> str:
    return max(file.stem for file in (_folder() / "migrations").glob("*.sql"))


def _folder() -> Path:
    """Find Procrastinate's SQL without loading it, which takes longer than most commands."""
    found = find_spec("procrastinate")
    if found is None or found.origin is None:
        raise RuntimeError(
            "Procrastinate is not installed; set the environment up again from requirements.lock"
        )
    return Path(found.origin).parent / "sql"
