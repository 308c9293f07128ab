"""Brings a database to the newest shape, and says which shape it has."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from engine.store import Store
from engine.words import listed

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
BOOK_OF_SHAPES = "alembic_version"


class NotOurs(Exception):
    """Says, to be read after its name, why nothing of ours may be written into a database."""


def migrate(store: Store) -> None:
    """Bring the database to the newest shape, in one transaction; nothing happens where it has it already.

    Raises NotOurs for a database that a newer or another program has made.
    """
    if shape_of(store) == newest_shape():
        return
    with store.db.connect() as connection, connection.begin():
        command.upgrade(_config(connection), "head")


def shape_of(store: Store) -> str | None:
    """Give the name of the last migration that the database has seen; None for an empty database.

    Raises NotOurs where that migration is none of ours, or where there are tables and no migration at all.
    """
    with store.db.connect().execution_options(reads_only=True) as connection, connection.begin():
        seen = MigrationContext.configure(connection).get_current_heads()
        tables = [] if seen else sorted({*sa.inspect(connection).get_table_names()} - {BOOK_OF_SHAPES})
    if tables:
        raise NotOurs(f"belongs to another program: it holds {listed(tables)}, and nothing of ours")
    if not {*seen} <= {*shapes()} or len(seen) > 1:
        raise NotOurs(
            f"was written by a newer or another program: its shape is {listed(seen)}; this one knows {newest_shape()}"
        )
    return seen[0] if seen else None


def newest_shape() -> str:
    """Give the name of the newest migration of this version of the program."""
    return shapes()[-1]


@cache
def shapes() -> tuple[str, ...]:
    """Give the names of all migrations of this version of the program, the oldest first."""
    newest_first = ScriptDirectory.from_config(_config(None)).walk_revisions()
    return tuple(reversed([script.revision for script in newest_first]))


def _config(connection: sa.Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
