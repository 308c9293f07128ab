"""What a database is told: its statements, and the journeys to a server that they took."""

from __future__ import annotations

import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
import sqlalchemy as sa

from engine.store import Store


@dataclass(slots=True)
class Told:
    """Statements, BEGIN and COMMIT included, and how often a server was waited for; None for a file."""

    statements: list[str] = field(default_factory=list)
    journeys: int | None = None


@contextmanager
def listening(store: Store) -> Iterator[Told]:
    """Write down what the next transactions tell the database, over the one connection that then rests in the pool."""
    store.db.dispose()
    with store.db.connect() as connection:
        driver = connection.connection.driver_connection
    told = Told()
    if isinstance(driver, sqlite3.Connection):
        driver.set_trace_callback(told.statements.append)
        yield told
        driver.set_trace_callback(None)
        # "--": inside a trigger of the database
        told.statements = [text for text in told.statements if not text.startswith("--")]
        return
    if not isinstance(driver, psycopg.Connection):
        raise TypeError(f"nobody knows how to listen to {type(driver)}")
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        driver.pgconn.trace(said.fileno())
        yield told
        driver.pgconn.untrace()
        said.seek(0)
        lines = said.read()
    told.statements = re.findall(r"\tF\t\d+\t(?:Bind\t (.*)|Query\t (.*))", lines)
    told.journeys = len(re.findall(r"\tReadyForQuery", lines))


def work_of(store: Store, deed: Callable[[], object]) -> int:
    """Count the steps of SQLite's own machine in a deed: unlike its time, they do not wobble."""
    store.db.dispose()
    with store.db.connect() as connection:
        driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError("only SQLite counts its steps")
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    driver.set_progress_handler(count, 1)
    deed()
    driver.set_progress_handler(None, 0)
    return steps


def named(store: Store) -> str:
    """Name a database with what it promises to keep."""
    if store.db.dialect.name == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}"
    with store.db.connect() as connection:
        return f"PostgreSQL {connection.scalar(sa.text('SHOW server_version'))}"
