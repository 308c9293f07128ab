"""Years of history in a database, written fast: settled actions, their lines, and mail long sent."""

from __future__ import annotations

import os
from pathlib import Path

from bench._floor import Floor, opened

LINES = 5
FIRST_ID = 10_000_000


def preload(where: Path | str, events: int, pattern: int) -> None:
    """Write copies of a settled action: so many lines of history, an action for five of them, and their mails.

    Their seals are not those of the lines; who measures moves does not ask them.
    """
    copies = events // LINES
    of_pattern = f"o.subject_kind = 'action' AND o.subject_id = {pattern}"
    key = f"replace(o.key, 'action/{pattern}:', 'action/' || ({FIRST_ID} + i) || ':')"
    with opened(where) as floor:
        tell = floor.connection.execute
        if floor.is_file:
            tell("PRAGMA synchronous=OFF")
        tell("BEGIN IMMEDIATE" if floor.is_file else "BEGIN")
        _copy(floor, "action", copies, f"o.id = {pattern}", {"id": "i", "number": "i"})
        for line in range(1, LINES + 1):
            # Line by line, as time would have it, not subject by subject.
            _copy(floor, "event", copies, f"{of_pattern} AND o.seq = {line}", {"subject_id": "i"})
            wanted = f"o.cause = 'action/{pattern} line {line}'"
            _copy(floor, "message", copies, wanted, {"id": None, "key": key, "sent_at": "o.created_at"})
        tell("COMMIT")
        if not floor.is_file:
            # What a server does by itself within minutes of so many rows, and would do while we measure.
            tell("VACUUM ANALYZE action, event, message")
    if isinstance(where, Path):
        with where.open("rb") as written:
            os.fsync(written.fileno())  # else the disk would still be at it while we measure


def _copy(floor: Floor, table: str, copies: int, wanted: str, changed: dict[str, str | None]) -> None:
    columns = floor.connection.execute(f"SELECT * FROM {table} LIMIT 0").description
    kept = [name for name, *_ in columns if name not in changed or changed[name] is not None]
    values = [
        f"{FIRST_ID} + i" if changed.get(name) == "i" else changed.get(name) or f'o."{name}"' for name in kept
    ]
    named = ", ".join(f'"{name}"' for name in kept)
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {copies}) "
    floor.connection.execute(
        f"INSERT INTO {table} ({named}) {numbers} SELECT {', '.join(values)} FROM n, {table} o WHERE {wanted}"
    )
