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
_TAKES_AWAY = "_post_"
_CALL = sa.text(
    "SELECT procrastinate_defer_jobs_v1("
    "ARRAY[ROW(:queue, CAST(:task AS text), 0, NULL, CAST(:task AS text), '{}'::jsonb, NULL)::procrastinate_job_to_defer_v1]) "
    "WHERE NOT EXISTS (SELECT FROM procrastinate_jobs WHERE queueing_lock = CAST(:task AS text) AND status = 'todo')"
)
# A call that a crash of the database takes along costs nothing but a few seconds, so nobody waits for the disk.
_HERE = sa.text(
    f"SELECT set_config('search_path', '{NAMESPACE}', true), set_config('synchronous_commit', 'off', true)"
)


def missing_steps(connection: sa.Connection) -> tuple[str, ...]:
    """Name the steps that Procrastinate's tables have not taken yet; all of them where there are no tables."""
    done = connection.scalar(
        sa.text("SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = :name"),
        {"name": NAMESPACE},
    )
    return tuple(name for name in _steps() if done is None or name > done)


def taking_steps(connection: sa.Connection) -> tuple[str, ...]:
    """Name the missing steps that take something away from programs with the version before, where these have tables."""
    missing = missing_steps(connection)
    return () if len(missing) == len(_steps()) else tuple(name for name in missing if _TAKES_AWAY in name)


def make_job_tables(connection: sa.Connection) -> None:
    """Make Procrastinate's tables, or bring them up to date, within the caller's transaction; nothing is done twice.

    The namespace keeps the name of the last step in its comment.
    """
    missing, steps = missing_steps(connection), _steps()
    if not missing:
        return
    folder = _folder()
    scripts = (
        [folder / "schema.sql"]
        if len(missing) == len(steps)
        else [folder / "migrations" / f"{name}.sql" for name in missing]
    )
    connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {NAMESPACE}")
    before = connection.scalar(sa.text("SELECT current_setting('search_path')"))
    connection.exec_driver_sql(f"SET LOCAL search_path TO {NAMESPACE}")
    for script in scripts:
        # A whole file at once, which only the driver itself takes.
        connection.connection.cursor().execute(script.read_text(encoding="utf-8"))
    connection.exec_driver_sql(f"COMMENT ON SCHEMA {NAMESPACE} IS '{steps[-1]}'")
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


def _steps() -> tuple[str, ...]:
    return tuple(sorted(file.stem for file in (_folder() / "migrations").glob("*.sql")))


def _folder() -> Path:
    """Find Procrastinate's SQL without loading it, which takes longer than most commands."""
    found = find_spec("procrastinate")
    if found is None or found.origin is None:
        raise RuntimeError(
            "Procrastinate is not installed; set the environment up again from requirements.lock"
        )
    return Path(found.origin).parent / "sql"
