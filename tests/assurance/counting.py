"""Counts what is said to the database while somebody looks: a page takes as many statements for a thousand rows as for ten."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from assurance.office import Tx


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
