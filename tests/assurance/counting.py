"""Counts what is said to the database while somebody looks: a page takes as many statements for a thousand rows as for ten."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from assurance.office import Tx
from tests.world import World


@contextmanager
def said_to(tx: Tx) -> Iterator[list[str]]:
    """Write down every statement that SQLite is given within a transaction."""
    statements: list[str] = []
    driver = tx.session.info["driver"]
    assert isinstance(driver, sqlite3.Connection)
    driver.set_trace_callback(statements.append)
    try:
        yield statements
    finally:
        driver.set_trace_callback(None)
    assert statements, "nothing was asked"


@contextmanager
def counted(world: World) -> Iterator[list[str]]:
    """Write down every statement that the database of a world is given, in whichever transaction."""
    said: list[str] = []

    def write_down(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    sa.event.listen(world.office.store.db, "before_cursor_execute", write_down)
    try:
        yield said
    finally:
        sa.event.remove(world.office.store.db, "before_cursor_execute", write_down)


def statements_of(world: World, read: Callable[[], object]) -> int:
    """Count the statements that reading something takes."""
    with counted(world) as said:
        read()
    return len(said)
