"""Rows as they are stored, taken out of one database and put into another, in batches; and one sum over all of a table.

Every value travels in the form in which SQLite keeps it: an instant as its 27 characters, a day as 10, yes as 1. What
PostgreSQL keeps otherwise it is asked for in that form, so that one sum means the same on both.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine.store import UtcDateTime

BATCH = 2_000
_OVER_ALL = 1 << 256
Row: TypeAlias = tuple[Any, ...]
OnRows: TypeAlias = Callable[[str, int], None]


class NotAsDeclared(Exception):
    """Names a stored value that is not of its column's kind, so that no other database could keep it."""


@dataclass(frozen=True, slots=True)
class Sum:
    """How many rows a table holds, and one number (64 hexadecimal digits) over all of them, in whatever order."""

    rows: int
    over_all: str


class Summing:
    """Adds rows up; each row's SHA-256 is a number, and their sum does not depend on the order."""

    def __init__(self) -> None:
        self._rows, self._total = 0, 0

    def passing(self, batches: Iterable[Sequence[Row]]) -> Iterator[Sequence[Row]]:
        """Let batches pass and add their rows up on the way."""
        for batch in batches:
            for row in batch:
                # ASCII only, so that every version of Python writes a row alike.
                digest = hashlib.sha256(ascii(row).encode("ascii")).digest()
                self._total += int.from_bytes(digest, "big")
            self._rows += len(batch)
            yield batch

    @property
    def sum(self) -> Sum:
        """Give what has been added up until now."""
        return Sum(self._rows, f"{self._total % _OVER_ALL:064x}")


def stored_rows(session: Session, table: sa.Table) -> Generator[Sequence[Row], None, None]:
    """Give all rows of a table in batches, by their primary key, without holding them all in memory.

    Raises NotAsDeclared for a value that is not of its column's kind, as only SQLite can keep one.
    """
    batches = _as_they_are(session, table) if _is_embedded(session) else _in_that_form(session, table)
    with closing(batches):
        for batch in batches:
            _check(table, batch)
            yield batch


def sum_of(session: Session, table: sa.Table, on_rows: OnRows) -> Sum:
    """Add up all rows of a table, and tell after each batch how many they are by now."""
    summing = Summing()
    for _ in summing.passing(stored_rows(session, table)):
        on_rows(table.name, summing.sum.rows)
    return summing.sum


def put_rows(session: Session, table: sa.Table, batches: Iterable[Sequence[Row]]) -> None:
    """Write rows, given as SQLite keeps them, into a table in the transaction of the session."""
    driver, dialect = session.info["driver"], session.info["dialect"]
    if _is_embedded(session):
        values: dict[str, sa.BindParameter[Any]] = {
            column.name: sa.bindparam(column.name) for column in table.c
        }
        text = str(sa.insert(table).values(values).compile(dialect=dialect))
        with _driver_faults(session, text):
            for batch in batches:
                driver.executemany(text, batch)
        return
    preparer = dialect.identifier_preparer
    names = ", ".join(preparer.format_column(column) for column in table.c)
    text = f"COPY {preparer.format_table(table)} ({names}) FROM STDIN"
    # What the session has told the server goes first; the driver does not know that it waits.
    session.connection().exec_driver_sql("SELECT 1")
    with _driver_faults(session, text), driver.cursor() as cursor, cursor.copy(text) as copy:
        for batch in batches:
            for row in batch:
                copy.write_row(row)


def snapshot_into(session: Session, file: Path) -> None:
    """Write the embedded database, as it is at one instant, into a new file; others go on reading meanwhile.

    Whoever writes waits for as long as the pages take, which is about a second for some hundred megabytes.
    """
    with closing(sqlite3.connect(file)) as taken, _driver_faults(session, "online backup"):
        session.info["driver"].backup(taken)


def has_rows(session: Session, table: sa.Table) -> bool:
    """Say whether a table holds anything."""
    return bool(session.scalar(sa.select(sa.exists(sa.select(sa.literal(1)).select_from(table)))))


@contextmanager
def loading(session: Session, tables: Sequence[sa.Table]) -> Iterator[None]:
    """Let rows come in any order; in the end every foreign key is checked, within the same transaction.

    PostgreSQL takes the keys away and puts them back, which checks them all at once, and sets the sequences. Whoever
    does that has to own the tables. Raises the driver's errors for a row that points at nothing.
    """
    connection = session.connection()
    if _is_embedded(session):
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        yield
        _refuse_loose_ends(connection)
        return
    keys = _foreign_keys(connection, tables)
    for key in keys:
        connection.exec_driver_sql(f"ALTER TABLE {key.table} DROP CONSTRAINT {key.name}")
    yield
    for key in keys:
        connection.exec_driver_sql(f"ALTER TABLE {key.table} ADD CONSTRAINT {key.name} {key.definition}")
    _set_sequences(connection, tables)
    # The planner would go by empty tables until the server has looked by itself.
    connection.exec_driver_sql(f"ANALYZE {', '.join(_quoted(connection, tables))}")


@contextmanager
def past_the_fences(session: Session, tables: Sequence[sa.Table]) -> Iterator[None]:
    """Let the owner of the tables write and read the rows of every group, where PostgreSQL keeps groups apart.

    The fences stand again before the transaction ends, and nobody else ever sees them gone.
    """
    if _is_embedded(session):
        yield
        return
    connection = session.connection()
    fenced = [f"ALTER TABLE {name} {{}} ROW LEVEL SECURITY" for name in _fenced(connection, tables)]
    for alter in fenced:
        connection.exec_driver_sql(alter.format("NO FORCE"))
    yield
    for alter in fenced:
        connection.exec_driver_sql(alter.format("FORCE"))


class _Key(NamedTuple):
    """One foreign key on PostgreSQL, its names quoted as SQL needs them."""

    table: str
    name: str
    definition: str


_KEYS = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'f' AND conrelid::regclass::text = ANY (%s) ORDER BY conrelid, conname
"""
_FENCED = """
SELECT oid::regclass::text FROM pg_class
WHERE relforcerowsecurity AND oid::regclass::text = ANY (%s) ORDER BY oid
"""


def _foreign_keys(connection: sa.Connection, tables: Sequence[sa.Table]) -> list[_Key]:
    rows = connection.exec_driver_sql(_KEYS, (_quoted(connection, tables),))
    return [_Key(*row) for row in rows]


def _fenced(connection: sa.Connection, tables: Sequence[sa.Table]) -> list[str]:
    return [name for (name,) in connection.exec_driver_sql(_FENCED, (_quoted(connection, tables),))]


def _quoted(connection: sa.Connection, tables: Sequence[sa.Table]) -> list[str]:
    return [connection.dialect.identifier_preparer.format_table(table) for table in tables]


def _set_sequences(connection: sa.Connection, tables: Sequence[sa.Table]) -> None:
    """Let each table go on counting behind its highest number."""
    for table in tables:
        for column in table.primary_key.columns:
            name = connection.dialect.identifier_preparer.format_table(table)
            own = "SELECT pg_get_serial_sequence(%s, %s)"
            sequence = connection.exec_driver_sql(own, (name, column.name)).scalar()
            if sequence is not None:
                highest = connection.scalar(sa.select(sa.func.max(column)))
                values = (sequence, highest or 1, highest is not None)
                connection.exec_driver_sql("SELECT setval(%s, %s, %s)", values)


def _refuse_loose_ends(connection: sa.Connection) -> None:
    """Raise an IntegrityError for the first row that points at nothing, by its table; committing would say nothing more."""
    loose = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if loose is not None:
        said = sqlite3.IntegrityError(
            f"a row of the table {loose[0]} points at a row of {loose[2]} that is not there"
        )
        raise DBAPIError.instance(
            "PRAGMA foreign_key_check", None, said, sqlite3.Error, dialect=connection.dialect
        )


def _is_embedded(session: Session) -> bool:
    return bool(session.info["dialect"].name == "sqlite")


def _as_they_are(session: Session, table: sa.Table) -> Generator[Sequence[Row], None, None]:
    """Read the stored values past the types of the columns, which would make instants of texts."""
    query = sa.select(*table.c).order_by(*table.primary_key.columns)
    text = str(query.compile(dialect=session.info["dialect"]))
    with _driver_faults(session, text), closing(session.info["driver"].execute(text)) as cursor:
        while batch := cursor.fetchmany(BATCH):
            yield batch


def _in_that_form(session: Session, table: sa.Table) -> Generator[Sequence[Row], None, None]:
    """Ask a server for the same, a batch at a time: by itself it would send the whole table at once."""
    columns = [_as_sqlite_keeps(column) for column in table.c]
    query = sa.select(*columns).order_by(*table.primary_key.columns)
    streaming = {"stream_results": True, "yield_per": BATCH}
    for batch in session.connection().execute(query, execution_options=streaming).partitions():
        yield [tuple(row) for row in batch]


def _as_sqlite_keeps(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """Ask PostgreSQL for a column in the form in which SQLite keeps it."""
    match column.type:
        case UtcDateTime():
            in_utc = sa.func.timezone("UTC", column)
            return sa.func.to_char(in_utc, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"', type_=sa.Text())
        case sa.Date():
            return sa.func.to_char(column, "YYYY-MM-DD", type_=sa.Text())
        case sa.Boolean():
            return sa.cast(column, sa.Integer)
        case _:
            return column


def _kind_of(column: sa.Column[Any]) -> type:
    """Give the kind of Python value in which SQLite gives a column's values out."""
    match column.type:
        case sa.Integer() | sa.Boolean():
            return int
        case sa.LargeBinary():
            return bytes
        case sa.String() | sa.Date() | UtcDateTime():
            return str
        case other:
            raise TypeError(f"{column} is a {other}, which no copy knows; say here in which form it travels")


def _check(table: sa.Table, batch: Sequence[Row]) -> None:
    """Raise NotAsDeclared for the first value that is not of its column's kind."""
    for place, (column, values) in enumerate(zip(table.c, zip(*batch, strict=True), strict=True)):
        kinds = {_kind_of(column)} | ({NoneType} if column.nullable else set())
        if {*map(type, values)} <= kinds:
            continue
        wrong = next(row for row in batch if type(row[place]) not in kinds)
        key = ", ".join(f"{one.name} {wrong[table.c.keys().index(one.key)]!r}" for one in table.primary_key)
        raise NotAsDeclared(
            f"the row of {table.name} with {key} holds {column.name} as {type(wrong[place]).__name__}, "
            f"not as {_kind_of(column).__name__}"
        )


@contextmanager
def _driver_faults(session: Session, text: str) -> Iterator[None]:
    """Raise what the driver raises as SQLAlchemy would, so that whoever answers for the database knows it."""
    dialect = session.info["dialect"]
    fault: type[Exception] = dialect.loaded_dbapi.Error
    try:
        yield
    except fault as error:
        raise DBAPIError.instance(text, None, error, fault, dialect=dialect) from error
