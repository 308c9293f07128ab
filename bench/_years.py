"""Years of history on either database, written fast: settled actions of any length of life, and mail long sent."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from engine.fences import EVERY, name_group
from engine.store import Store, open_store

FIRST_ID = 10_000_000


def write_years(where: Path | str, events: int, pattern: int, *, lines: int) -> None:
    """Write copies of a settled action with so many `lines`: so many lines of history in all, and their mails.

    Their seals are not those of the lines; who measures moves does not ask them.
    """
    copies = events // lines
    of_pattern = f"o.subject_kind = 'action' AND o.subject_id = {pattern}"
    own = "'action/' || n.i ||"
    key = f"replace(o.key, 'action/{pattern}:', {own} ':')"
    with closing(open_store(where, survives_power_cut=False)) as store:
        numbers = _numbers(store, copies)
        with store.db.connect() as connection, connection.begin():
            name_group(connection, EVERY)
            _copy(connection, "action", numbers, f"o.id = {pattern}", {"id": "n.i", "number": "n.i"})
            for line in range(1, lines + 1):
                # Line by line, as time would have it, not subject by subject.
                _copy(connection, "event", numbers, f"{of_pattern} AND o.seq = {line}", {"subject_id": "n.i"})
                wanted = f"o.cause = 'action/{pattern} line {line}'"
                sent = {"id": None, "key": key, "sent_at": "o.created_at", "state": "'sent'"}
                _copy(connection, "message", numbers, wanted, sent)
        _settle(store)


def _numbers(store: Store, copies: int) -> str:
    first, last = FIRST_ID + 1, FIRST_ID + copies
    if store.path is None:
        return f"generate_series({first}, {last}) AS n (i)"
    counting = f"SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last}"
    return f"(WITH RECURSIVE n (i) AS ({counting}) SELECT i FROM n) AS n"


def _copy(
    connection: sa.Connection, table: str, numbers: str, wanted: str, changed: dict[str, str | None]
) -> None:
    columns = [column["name"] for column in sa.inspect(connection).get_columns(table)]
    kept = [name for name in columns if name not in changed or changed[name] is not None]
    values = [changed.get(name) or f'o."{name}"' for name in kept]
    named = ", ".join(f'"{name}"' for name in kept)
    connection.exec_driver_sql(
        f"INSERT INTO {table} ({named}) SELECT {', '.join(values)} FROM {numbers}, {table} o WHERE {wanted}"
    )


def _settle(store: Store) -> None:
    """Have the disk be done with it, else it would still be at it while we measure."""
    with store.db.connect() as connection:
        driver = connection.execution_options(isolation_level="AUTOCOMMIT")
        driver.exec_driver_sql("ANALYZE" if store.path else "VACUUM ANALYZE")
    if store.path is not None:
        with store.path.open("rb") as written:
            os.fsync(written.fileno())
