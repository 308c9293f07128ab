"""Brings a database to the newest shape, and says which shape it has and which programs may run on it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from assurance.records import OldestShape
from engine.errors import Reason, Refused
from engine.fences import EVERY, name_group, put_up_fences
from engine.job_tables import lacks_jobs, make_job_tables, replaces_jobs
from engine.store import Store
from engine.words import listed

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
BOOK_OF_SHAPES = "alembic_version"
# Of two who migrate at the same time the second finds everything done.
_ONE_AT_A_TIME = sa.text("SELECT pg_advisory_xact_lock(hashtext('auditloop migrate'))")
_RUNNING = sa.text(
    "SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = current_database() "
    "AND pid <> pg_backend_pid() AND application_name ~ '^auditloop (serve|web|worker) ' ORDER BY 1"
)


class NotOurs(Exception):
    """Says, to be read after its name, why nothing of ours may be written into a database."""


def migrate(store: Store, *, while_running: bool = False, steps: Path = MIGRATIONS) -> None:
    """Bring the database to the newest shape, in one transaction; nothing happens where it has it already.

    `steps` is the folder of another version's migrations, where it is not this one's.

    Raises NotOurs for a database that a newer or another program has made, and Refused where a step takes away what
    programs of the shape before need and some of them run, unless they may be disturbed (`while_running`).
    """
    shape, known = shape_of(store, steps=steps), shapes(steps)
    if shape is not None and shape not in known:
        raise NotOurs(f"was written by a newer program: its shape is {shape}; this one knows {known[-1]}")
    has_jobs = store.db.dialect.name == "postgresql"
    if shape == known[-1] and not (has_jobs and lacks_job_tables(store)):
        return
    with store.db.connect() as connection, connection.begin():
        if has_jobs:
            connection.execute(_ONE_AT_A_TIME)
            if not while_running:
                _refuse_beside_running(connection, steps)
        name_group(connection, EVERY)
        command.upgrade(_config(connection, steps), "head")
        _keep_oldest(connection, oldest_shape(steps))
        if has_jobs:
            make_job_tables(connection)
            put_up_fences(connection)


def shape_of(store: Store, *, steps: Path = MIGRATIONS) -> str | None:
    """Give the name of the last migration that the database has seen; None for an empty database.

    One that only a newer program knows is given too where this one may run beside it. Raises NotOurs where that
    migration is none of ours, or where there are tables and no migration at all.
    """
    with store.db.connect().execution_options(reads_only=True) as connection, connection.begin():
        seen = MigrationContext.configure(connection).get_current_heads()
        is_known = bool(seen) and {*seen} <= {*shapes(steps)}
        tables = set() if is_known else {*sa.inspect(connection).get_table_names()} - {BOOK_OF_SHAPES}
        keeps_oldest = OldestShape.__tablename__ in tables
        oldest = connection.scalar(sa.select(OldestShape.shape)) if keeps_oldest else None
    if tables and not seen:
        raise NotOurs(f"belongs to another program: it holds {listed(sorted(tables))}, and nothing of ours")
    if len(seen) > 1 or (seen and not is_known and oldest not in shapes(steps)):
        raise NotOurs(
            f"was written by a newer or another program: its shape is {listed(seen)}; this one knows {newest_shape()}"
        )
    return seen[0] if seen else None


def is_behind(shape: str | None) -> bool:
    """Say whether a database of this shape has to be migrated before this program can run on it."""
    return shape is None or (shape in shapes() and shape != newest_shape())


def lacks_job_tables(store: Store) -> bool:
    """Say whether the tables through which processes hand each other work are missing or of an older shape."""
    with store.db.connect() as connection, connection.begin():
        return lacks_jobs(connection)


def newest_shape() -> str:
    """Give the name of the newest migration of this version of the program."""
    return shapes()[-1]


@cache
def shapes(steps: Path = MIGRATIONS) -> tuple[str, ...]:
    """Give the names of all migrations of this version of the program, the oldest first."""
    newest_first = ScriptDirectory.from_config(_config(None, steps)).walk_revisions()
    return tuple(reversed([script.revision for script in newest_first]))


@cache
def oldest_shape(steps: Path = MIGRATIONS) -> str:
    """Give the oldest shape whose programs may run on the newest: the last one that took something away."""
    return [name for name in shapes(steps) if not is_additive(name, steps)][-1]


def is_additive(shape: str, steps: Path = MIGRATIONS) -> bool:
    """Say whether programs of the shape before may go on running on this one: its migration file says so."""
    module = ScriptDirectory.from_config(_config(None, steps)).get_revision(shape).module
    return bool(getattr(module, "additive", False))


def _refuse_beside_running(connection: sa.Connection, steps: Path) -> None:
    """Raise Refused where something is taken away that a program that runs on the shape before may still need."""
    known = {*MigrationContext.configure(connection).get_current_heads()}
    seen = next((place for place, name in enumerate(shapes(steps)) if name in known), None)
    if seen is None:
        return
    taking = [name for name in shapes(steps)[seen + 1 :] if not is_additive(name, steps)]
    if replaces_jobs(connection):
        taking.append("a newer Procrastinate")
    running = list(connection.scalars(_RUNNING)) if taking else []
    if running:
        sentence = (
            f"{listed(taking)} would take away what programs of the version before need, and these are running: "
            f"{listed(running)}. Stop them first, or say --while-running if they may fail until you do."
        )
        raise Refused(Reason("still_running", sentence))


def _keep_oldest(connection: sa.Connection, oldest: str) -> None:
    """Write down for programs that are older than this shape whether they may run on it."""
    if connection.scalars(sa.select(OldestShape.shape)).all() != [oldest]:
        connection.execute(sa.delete(OldestShape))
        connection.execute(sa.insert(OldestShape).values(shape=oldest))


def _config(connection: sa.Connection | None, steps: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(steps))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
