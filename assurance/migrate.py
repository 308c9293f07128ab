"""Brings a database to the newest shape, and says which shape it has."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from engine.store import Store

MIGRATIONS = Path(__file__).resolve().parent / "migrations"


def migrate(store: Store) -> None:
    """Bring the database to the newest shape, in one transaction; nothing happens where it has it already."""
    if shape_of(store) == newest_shape():
        return
    with store.db.connect() as connection, connection.begin():
        command.upgrade(_config(connection), "head")


def shape_of(store: Store) -> str | None:
    """Give the name of the last migration that the database has seen; None for an empty database."""
    with store.db.connect().execution_options(reads_only=True) as connection, connection.begin():
        return MigrationContext.configure(connection).get_current_revision()


def newest_shape() -> str | None:
    """Give the name of the newest migration of this version of the program."""
    return ScriptDirectory.from_config(_config(None)).get_current_head()


def _config(connection: sa.Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
