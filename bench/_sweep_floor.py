"""The floor of a sweep: what it writes for each subject, written by the bare driver, set by set, in one commit."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import psycopg

from engine.store import BUSY_TIMEOUT_MS, Store, sqlite_journal

Row = dict[str, Any]
SEALS = ("seal", "head")
TABLES = ("event", "digest_item", "timer")
BY_ITSELF = {"digest_item": ("id", "told_in", "dropped_because")}


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a sweep wrote for one action: the changed columns of its row, and the rows beside it by table."""

    action: int
    changed: Row
    written: Mapping[str, Sequence[Row]]

    def like(self, actions: Sequence[int]) -> dict[str, list[Row]]:
        """Give the rows that would be written for other actions."""
        rows: dict[str, list[Row]] = {table: [] for table in ("action", *TABLES)}
        for action in actions:
            rows["action"].append({**self._likeness(self.changed, action), "id": action})
            for table, some in self.written.items():
                rows[table] += [self._likeness(row, action) for row in some]
        return rows

    def _likeness(self, row: Row, action: int) -> Row:
        return {name: self._value(name, value, action) for name, value in row.items()}

    def _value(self, name: str, value: Any, action: int) -> Any:
        if name in SEALS:
            return secrets.token_hex(32)  # as unlike its neighbours as a seal is
        if name == "subject_id":
            return action
        return (
            value.replace(f"action/{self.action}:", f"action/{action}:") if isinstance(value, str) else value
        )


class Floor:
    """A connection of the bare driver, with the very settings of engine.store."""

    def __init__(self, connection: Any, *, is_file: bool) -> None:
        self._connection = connection
        self.is_file = is_file

    def ask(self, query: str) -> list[Row]:
        """Run a query and give its rows by name."""
        cursor = self._connection.execute(query)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def seconds(self, query: str, values: Sequence[Any] = ()) -> float:
        """Measure one query with its answer."""
        began = perf_counter()
        self._connection.execute(query, values).fetchall()
        return perf_counter() - began

    def observe(self, action: int, before: Row) -> Pattern:
        """Keep what a sweep has just written for an action."""
        after = self.row(action)
        about = f"subject_kind = 'action' AND subject_id = {action}"
        newest = f"{about} AND seq = {after['version']}"
        rows = {
            "event": self.ask(f"SELECT * FROM event WHERE {newest}"),
            "digest_item": self.ask(f"SELECT * FROM digest_item WHERE {about}"),
            "timer": self.ask(f"SELECT * FROM timer WHERE {about}"),
        }
        changed = {name: value for name, value in after.items() if before[name] != value}
        return Pattern(action, changed, rows)

    def row(self, action: int) -> Row:
        """Give an action as it is stored now."""
        return self.ask(f"SELECT * FROM action WHERE id = {action}")[0]

    def write(self, pattern: Pattern, actions: Sequence[int]) -> float:
        """Write for other actions what a sweep wrote for the pattern; give the seconds that it took."""
        rows = pattern.like(actions)
        sets = [self._update(rows["action"]), *(self._insert(table, rows[table]) for table in TABLES)]
        began = perf_counter()
        if self.is_file:
            self._connection.execute("BEGIN IMMEDIATE")
            for statement, values in sets:
                self._connection.executemany(statement, values)
            self._connection.execute("COMMIT")
        else:
            with self._connection.transaction():
                for statement, values in sets:
                    self._connection.execute(statement, values)
        return perf_counter() - began

    def _update(self, rows: Sequence[Row]) -> tuple[str, Any]:
        names = [name for name in rows[0] if name != "id"]
        if self.is_file:
            sets = ", ".join(f"{name} = ?" for name in names)
            values = [(*(row[name] for name in names), row["id"], row["version"] - 1) for row in rows]
            return f"UPDATE action SET {sets} WHERE id = ? AND version = ?", values
        sets = ", ".join(f"{name} = u.{name}" for name in names)
        listed = self._unnested("action", ["id", *names])
        update = f"UPDATE action SET {sets} FROM {listed} WHERE action.id = u.id AND action.version = u.version - 1"
        return update, [[row[name] for row in rows] for name in ("id", *names)]

    def _insert(self, table: str, rows: Sequence[Row]) -> tuple[str, Any]:
        names = [name for name in rows[0] if name not in BY_ITSELF.get(table, ())]
        named = ", ".join(names)
        if self.is_file:
            insert = f"INSERT INTO {table} ({named}) VALUES ({', '.join('?' * len(names))})"
            values: list[Any] = [tuple(row[name] for name in names) for row in rows]
        else:
            insert = f"INSERT INTO {table} ({named}) SELECT * FROM {self._unnested(table, names)}"
            values = [[row[name] for row in rows] for name in names]
        if table == "timer":
            insert += " ON CONFLICT (subject_kind, subject_id) DO UPDATE SET due_at = excluded.due_at"
        return insert, values

    def _unnested(self, table: str, names: Sequence[str]) -> str:
        kinds = {
            row["column_name"]: row["data_type"]
            for row in self.ask(
                "SELECT column_name, data_type FROM information_schema.columns "
                f"WHERE table_schema = current_schema() AND table_name = '{table}'"
            )
        }
        return f"unnest({', '.join(f'%s::{kinds[name]}[]' for name in names)}) AS u({', '.join(names)})"


@contextmanager
def opened_floor(store: Store) -> Iterator[Floor]:
    """Open the same database with nothing but its driver."""
    url = store.db.url
    if store.db.dialect.name == "sqlite":
        with closing(sqlite3.connect(str(url.database), isolation_level=None)) as file:
            file.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
            file.execute("PRAGMA foreign_keys=ON")
            file.execute(f"PRAGMA journal_mode={sqlite_journal()}")
            file.execute("PRAGMA synchronous=FULL")
            yield Floor(file, is_file=True)
        return
    written = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(written, autocommit=True) as server:
        server.execute("SELECT set_config('auditloop.group', 'every', false)")
        server.execute("SET jit = off")  # which would cost a scan of this size more than it brings
        yield Floor(server, is_file=False)
