"""The floor: what a move writes, written by the bare driver and nothing else, statement by statement."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

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


@dataclass(frozen=True, slots=True)
class Floor:
    """A connection of the bare driver, without its own idea of transactions."""

    connection: Any
    is_file: bool

    def ask(self, query: str, *values: Any) -> list[Row]:
        """Give the rows of a query, its values marked by `?`."""
        cursor = self.connection.execute(self._marked(query), values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def bytes(self) -> int:
        """Give how much was written so far: the size of a file, the length of a server's write-ahead log."""
        if self.is_file:
            (pages,), (page,) = (
                self.connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size")
            )
            return int(pages * page)
        return int(self.connection.execute("SELECT pg_current_wal_lsn() - '0/0'").fetchone()[0])

    def observe(self, subject: int, take_step: Callable[[], None]) -> Step:
        """Let a step be taken and give all that it has written for this subject."""
        before = self._action(subject)
        (newest,) = self.ask("SELECT coalesce(max(id), 0) AS id FROM message")
        (latest,) = self.ask("SELECT max(due_at) AS due_at FROM timer")
        take_step()
        after = self._action(subject)
        line = "subject_kind = 'action' AND subject_id = ? AND seq = ?"
        place = subject, after["version"]
        return Step(
            {name: value for name, value in after.items() if before[name] != value},
            {
                "event": self.ask(f"SELECT * FROM event WHERE {line}", *place),
                "event_text": self.ask(f"SELECT * FROM event_text WHERE {line}", *place),
                "timer": self.ask("SELECT * FROM timer WHERE due_at > ?", latest["due_at"]),
                "message": self.ask("SELECT * FROM message WHERE id > ? ORDER BY id", newest["id"]),
            },
        )

    def statements(self, step: Step, pattern: int, subject: int, at: datetime) -> list[Statement]:
        """Give the statements that write for one subject, at an instant, what the step wrote for the pattern."""
        likeness = _Likeness(pattern, subject, at)
        changed = likeness.of(step.changed)
        columns = ", ".join(f"{name} = ?" for name in changed)
        update = f"UPDATE action SET {columns} WHERE id = ? AND version = ?"
        found: list[Statement] = [
            (self._marked(update), (*changed.values(), subject, changed["version"] - 1))
        ]
        for table, rows in step.written.items():
            if rows:
                text, values = _insert(table, [likeness.of(row) for row in rows])
                found.append((self._marked(text), values))
        return found

    def write(self, moves: Sequence[list[Statement]]) -> None:
        """Write each move in a transaction of its own."""
        execute = self.connection.execute
        begin = "BEGIN IMMEDIATE" if self.is_file else "BEGIN"
        for move in moves:
            execute(begin)
            for text, values in move:
                if execute(text, values).rowcount < 1:
                    raise LookupError(f"nothing was written by {text}")
            execute("COMMIT")

    def _action(self, subject: int) -> Row:
        return self.ask("SELECT * FROM action WHERE id = ?", subject)[0]

    def _marked(self, text: str) -> str:
        return text if self.is_file else text.replace("?", "%s")


@contextmanager
def opened(where: Path | str) -> Iterator[Floor]:
    """Open a file with the very pragmas of engine.store, or a server with every statement prepared at its second use."""
    if isinstance(where, Path):
        with closing(sqlite3.connect(where, isolation_level=None)) as file:
            file.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
            file.execute("PRAGMA foreign_keys=ON")
            file.execute(f"PRAGMA journal_mode={sqlite_journal()}")
            file.execute("PRAGMA synchronous=FULL")
            yield Floor(file, is_file=True)
        return
    url = where.replace("postgresql+psycopg:", "postgresql:")
    with psycopg.connect(url, autocommit=True, prepare_threshold=1) as server:
        server.execute("SELECT set_config('auditloop.group', 'every', false)")
        yield Floor(server, is_file=False)


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
    at: datetime

    def of(self, row: Row) -> Row:
        is_about_it = row.get("subject_kind") == "action"
        return {name: self._value(name, value, is_about_it=is_about_it) for name, value in row.items()}

    def _value(self, name: str, value: Any, *, is_about_it: bool) -> Any:
        if name in SEALS:
            return secrets.token_hex(32)  # as unlike its neighbours as a seal is
        if name in INSTANTS:
            return instant_text(self.at) if isinstance(value, str) else self.at
        if name == "subject_id" and is_about_it:
            return self.subject
        if isinstance(value, str):
            named = value.replace(f"action/{self.pattern}", f"action/{self.subject}")
            return named.replace(f"Action {self.pattern}", f"Action {self.subject}")
        return value
