"""The floor: what a move writes, written by bare sqlite3 and nothing else."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.store import BUSY_TIMEOUT_MS, instant_text, sqlite_journal

Row = dict[str, Any]
Statement = tuple[str, tuple[Any, ...]]
# What a table fills in by itself, so that nobody names it.
BY_ITSELF = {"message": ("id", "state", "attempts", "doubts")}
SEALS = ("seal", "head")
INSTANTS = ("at", "due_at", "created_at", "not_before")


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of one subject's life wrote: the columns it changed, and the new rows by table."""

    changed: Row
    written: dict[str, list[Row]]


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the database with the very pragmas of engine.store."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA journal_mode={sqlite_journal()}")
        connection.execute("PRAGMA synchronous=FULL")
        yield connection


def observe(connection: sqlite3.Connection, subject: int, take_step: Callable[[], None]) -> Step:
    """Let a step be taken and give all that it has written for this subject."""
    before = _action(connection, subject)
    newest = connection.execute("SELECT coalesce(max(id), 0) FROM message").fetchone()[0]
    latest = connection.execute("SELECT max(due_at) FROM timer").fetchone()[0]
    take_step()
    after = _action(connection, subject)
    line = f"subject_kind = 'action' AND subject_id = {subject} AND seq = {after['version']}"
    return Step(
        {name: value for name, value in after.items() if before[name] != value},
        {
            "event": _rows(connection, f"SELECT * FROM event WHERE {line}"),
            "event_text": _rows(connection, f"SELECT * FROM event_text WHERE {line}"),
            "timer": _rows(connection, f"SELECT * FROM timer WHERE due_at > '{latest}'"),
            "message": _rows(connection, f"SELECT * FROM message WHERE id > {newest} ORDER BY id"),
        },
    )


def statements(step: Step, pattern: int, subject: int, at: datetime) -> list[Statement]:
    """Give the statements that write for one subject, at an instant, what the step wrote for the pattern."""
    likeness = _Likeness(pattern, subject, instant_text(at))
    changed = likeness.of(step.changed)
    columns = ", ".join(f"{name} = ?" for name in changed)
    seen = changed["version"] - 1
    found: list[Statement] = [
        (f"UPDATE action SET {columns} WHERE id = ? AND version = ?", (*changed.values(), subject, seen))
    ]
    for table, rows in step.written.items():
        if rows:
            found.append(_insert(table, [likeness.of(row) for row in rows]))
    return found


def write(connection: sqlite3.Connection, moves: Sequence[list[Statement]]) -> None:
    """Write each move in a transaction of its own."""
    execute = connection.execute
    for move in moves:
        execute("BEGIN IMMEDIATE")
        for text, values in move:
            if execute(text, values).rowcount < 1:
                raise LookupError(f"nothing was written by {text}")
        execute("COMMIT")


def _insert(table: str, rows: list[Row]) -> Statement:
    named = [
        name for name, value in rows[0].items() if value is not None and name not in BY_ITSELF.get(table, ())
    ]
    one = f"({', '.join('?' * len(named))})"
    text = f"INSERT INTO {table} ({', '.join(named)}) VALUES {', '.join([one] * len(rows))}"
    if table == "timer":
        text += " ON CONFLICT (subject_kind, subject_id) DO UPDATE SET due_at = excluded.due_at"
    return text, tuple(row[name] for row in rows for name in named)


@dataclass(frozen=True, slots=True)
class _Likeness:
    """Writes for one subject and instant what was written for the pattern, in the same number of letters."""

    pattern: int
    subject: int
    at: str

    def of(self, row: Row) -> Row:
        is_about_it = row.get("subject_kind") == "action"
        return {name: self._value(name, value, is_about_it=is_about_it) for name, value in row.items()}

    def _value(self, name: str, value: Any, *, is_about_it: bool) -> Any:
        if name in SEALS:
            return secrets.token_hex(32)  # as unlike its neighbours as a seal is
        if name in INSTANTS:
            return self.at
        if name == "subject_id" and is_about_it:
            return self.subject
        if isinstance(value, str):
            named = value.replace(f"action/{self.pattern}", f"action/{self.subject}")
            return named.replace(f"Action {self.pattern}", f"Action {self.subject}")
        return value


def _action(connection: sqlite3.Connection, subject: int) -> Row:
    return _rows(connection, f"SELECT * FROM action WHERE id = {subject}")[0]


def _rows(connection: sqlite3.Connection, query: str) -> list[Row]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
