"""Years of history in a database, written fast: settled actions, their lines, and mail long sent."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

LINES = 5
FIRST_ID = 10_000_000


def preload(path: Path, events: int, pattern: int) -> None:
    """Write copies of a settled action: so many lines of history, an action for five of them, and their mails.

    Their seals are not those of the lines; who measures moves does not ask them.
    """
    copies = events // LINES
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {copies}) "
    of_pattern = f"o.subject_kind = 'action' AND o.subject_id = {pattern}"
    key = f"replace(o.key, 'action/{pattern}:', 'action/' || ({FIRST_ID} + i) || ':')"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN IMMEDIATE")
        _copy(connection, "action", numbers, f"o.id = {pattern}", {"id": "i", "number": "i"})
        for line in range(1, LINES + 1):
            # Line by line, as time would have it, not subject by subject.
            _copy(connection, "event", numbers, f"{of_pattern} AND o.seq = {line}", {"subject_id": "i"})
            wanted = f"o.cause = 'action/{pattern} line {line}'"
            _copy(connection, "message", numbers, wanted, {"id": None, "key": key, "sent_at": "o.created_at"})
        connection.execute("COMMIT")
    with path.open("rb") as written:
        os.fsync(written.fileno())  # else the disk would still be at it while we measure


def _copy(
    connection: sqlite3.Connection, table: str, numbers: str, wanted: str, changed: dict[str, str | None]
) -> None:
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    kept = [name for name in columns if name not in changed or changed[name] is not None]
    values = [
        f"{FIRST_ID} + i" if changed.get(name) == "i" else changed.get(name) or f'o."{name}"' for name in kept
    ]
    named = ", ".join(f'"{name}"' for name in kept)
    connection.execute(
        f"INSERT INTO {table} ({named}) {numbers} SELECT {', '.join(values)} FROM n, {table} o WHERE {wanted}"
    )
