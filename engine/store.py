"""Where everything is kept: the only place that configures SQLAlchemy and the databases under it."""

from __future__ import annotations

import json
import select
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import TypeDecorator, TypeEngine

from engine.fences import Whose
from engine.wire import Local, Remote, Wire
from engine.writers import Writers

# SQLite 3.7.0 to 3.51.2 can damage a write-ahead log when two connections checkpoint at once.
FIRST_SQLITE_WITH_SAFE_WAL = (3, 51, 3)
BUSY_TIMEOUT_MS = 30_000
# For one transaction only: a connection goes from hand to hand.
TELL_GROUP = "SELECT set_config('auditloop.group', $1, true)"
WIRE = "wire"
RESTED_SINCE = "rested since"
ASK_AFTER_S = 10.0
# Who is cut off in the middle of a move holds its rows until the other side misses them: by itself, after two hours.
MISSED_AFTER = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
GIVEN_UP_AFTER_MS = 60_000


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC; on SQLite a text of fixed width, so that it sorts and never loses its zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Keep text on SQLite and a timestamp with time zone elsewhere."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.String(27))
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse an instant without a time zone."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return _stored_text(value)
        return _aware(value).astimezone(UTC)

    def bind_processor(self, dialect: Dialect) -> Any:
        """Write what is stored; a command stores the same few instants many times."""
        return _stored_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give back an aware instant in UTC."""
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        instant: datetime = value
        return instant.astimezone(UTC)


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; only aware instants are stored")
    return at


@lru_cache(64)
def _stored_text(at: datetime | None) -> str | None:
    return None if at is None else instant_text(_aware(at))


@lru_cache(16)
def instant_text(at: datetime) -> str:
    """Write an instant as `2014-09-01T10:00:00.000000Z`: 27 characters, sortable as text.

    A command writes the same instant many times, so the last few are kept.
    """
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Base(DeclarativeBase):
    """The ancestor of every table of every package."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, str: sa.Text()}


class _Numbers(TypeDecorator[Sequence[int]]):
    """Many whole numbers as one value: a list in JSON on SQLite, an array elsewhere."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Keep text on SQLite and an array elsewhere."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.Text())
        return dialect.type_descriptor(postgresql.ARRAY(sa.Integer))

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> Any:
        """Write the numbers as the database takes them."""
        return json.dumps(value) if dialect.name == "sqlite" else value


# What tells one `_Among` from another, so that SQLAlchemy compiles a statement with one once.
_TOLD_APART_BY = [
    ("column", InternalTraversal.dp_clauseelement),
    ("numbers", InternalTraversal.dp_clauseelement),
]


class _Among(sa.ColumnElement[bool]):
    """A column is one of many numbers, which come as one parameter."""

    inherit_cache = True
    type = sa.Boolean()
    _traverse_internals = _TOLD_APART_BY

    def __init__(self, column: Any, name: str) -> None:
        self.column = sa.type_coerce(column, sa.Integer)
        self.numbers = sa.bindparam(name, type_=_Numbers(), required=False)

    def self_group(self, against: Any = None) -> _Among:
        """Stay as it is: compared with `= 1`, as SQLite's conditions are, it would keep the index from being used."""
        return self


def among(column: Any, name: str) -> sa.ColumnElement[bool]:
    """Ask whether a column is one of many numbers, however many: the statement stays the same, and one index serves."""
    return _Among(column, name)


@compiles(_Among, "sqlite")
def _among_json(one: _Among, compiler: sa.sql.compiler.SQLCompiler, **how: Any) -> str:
    listed = sa.func.json_each(one.numbers).table_valued("value")
    return compiler.process(one.column.in_(sa.select(listed.c.value)), **how)


@compiles(_Among, "postgresql")
def _among_array(one: _Among, compiler: sa.sql.compiler.SQLCompiler, **how: Any) -> str:
    column, numbers = compiler.process(one.column, **how), compiler.process(one.numbers, **how)
    return f"{column} = ANY ({numbers})"


@dataclass(frozen=True, slots=True)
class Store:
    """An open database. `db` is the SQLAlchemy engine (never called engine: that is our package)."""

    db: sa.Engine
    writers: Writers | None = None

    @contextmanager
    def begin(self, *, group: Whose | None = None) -> Iterator[Session]:
        """Open one writing transaction: commits at the end, rolls back on any exception.

        `group` is the group for which it works, or EVERY: PostgreSQL is told it for this transaction, and shows and
        takes no row of any other. Without it there are no groups' rows at all.
        """
        with self._writing() as connection:
            session = self._session(connection, group, reads_only=False)
            try:
                with self._in_common_words():
                    yield session
                    session.flush()
                _close(session)
                self._commit(session.info["wire"])
            except BaseException:
                _close(session)
                session.info["wire"].rollback()
                raise

    @contextmanager
    def reading(self, *, group: Whose | None = None) -> Iterator[Session]:
        """Open a transaction that only reads: on SQLite it waits for nobody and hinders nobody for long."""
        reading = self.db.connect().execution_options(reads_only=True)
        with reading as connection, connection.begin():
            session = self._session(connection, group, reads_only=True)
            try:
                with self._in_common_words():
                    yield session
                _close(session)
            except BaseException:
                _close(session)
                session.info["wire"].rollback()
                raise

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        if self.writers is None:
            with self.db.connect() as connection, connection.begin():
                yield connection
        else:
            with self.writers.writing() as connection:
                yield connection

    def _session(self, connection: sa.Connection, group: Whose | None, *, reads_only: bool) -> Session:
        driver = connection.connection.driver_connection
        wire = self._wire(connection, driver, group, reads_only=reads_only)
        is_server = isinstance(wire, Remote)
        info = {
            "driver": driver,
            "wire": wire,
            "dialect": self.db.dialect,
            "locks_rows": is_server and not reads_only,
        }
        # Rolls back what is its own: a savepoint, where the transaction is shared with others.
        return Session(
            bind=connection, expire_on_commit=False, join_transaction_mode="rollback_only", info=info
        )

    def _wire(
        self, connection: sa.Connection, driver: object, group: Whose | None, *, reads_only: bool
    ) -> Wire:
        if isinstance(driver, sqlite3.Connection):
            return Local(driver)
        wire = connection.info.get(WIRE)
        if wire is None:
            wire = connection.info[WIRE] = Remote(driver, self.db.dialect.loaded_dbapi)
        # All that is read in one transaction is of one instant; SQLite sees to that by itself.
        told = [] if group is None else [(TELL_GROUP, (str(group),))]
        wire.begin("BEGIN ISOLATION LEVEL REPEATABLE READ" if reads_only else "BEGIN", *told)
        return wire

    def _commit(self, wire: Wire) -> None:
        with self._in_common_words("COMMIT"):
            wire.commit()

    @contextmanager
    def _in_common_words(self, said: str | None = None) -> Iterator[None]:
        """Raise what a driver has raised beside SQLAlchemy as SQLAlchemy says it of everything else."""
        drivers = self.db.dialect.loaded_dbapi.Error
        try:
            yield
        except drivers as error:
            raise DBAPIError.instance(said, None, error, drivers, dialect=self.db.dialect) from error

    def close(self) -> None:
        """Give every connection back and close it."""
        self.db.dispose()

    @property
    def path(self) -> Path | None:
        """The file of an embedded database, or None for a server or a database in memory."""
        name = self.db.url.database
        return Path(name) if self.db.dialect.name == "sqlite" and name and name != ":memory:" else None


def _close(session: Session) -> None:
    # One that was only a key to the driver holds nothing, and closing it would take as long as a statement.
    if session.in_transaction():
        session.close()


@contextmanager
def reading_damage(session: Session) -> Iterator[None]:
    """Let texts whose bytes were damaged be read as far as they go, where the database would stop at the first one."""
    driver = session.info["driver"]
    if isinstance(driver, sqlite3.Connection):
        driver.text_factory = _as_far_as_it_goes
        try:
            yield
        finally:
            driver.text_factory = str
    else:
        yield


def _as_far_as_it_goes(stored: bytes) -> str:
    return stored.decode(errors="backslashreplace")


def open_store(where: str | Path, *, survives_power_cut: bool = True) -> Store:
    """Open the database at a path or a database URL.

    What can be made again at any time, such as a replayed story, need not survive a power cut; it survives the
    death of the process all the same. Only an embedded database tells the two apart.

    Raises ValueError, with a sentence that names what would be right, for a URL that cannot be used.
    """
    url = database_url(where)
    if url.get_backend_name() == "sqlite":
        db = _sqlite(url, synchronous="FULL" if survives_power_cut else "OFF")
        is_file = not isinstance(db.pool, sa.StaticPool)
        return Store(db, Writers(db, patience_s=BUSY_TIMEOUT_MS / 1000) if is_file else None)
    return Store(_postgresql(url))


def database_url(where: str | Path) -> URL:
    """Turn a path or a URL into a SQLAlchemy URL; PostgreSQL always goes through psycopg 3."""
    text = str(where)
    if "://" not in text:
        return URL.create("sqlite", database=text)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise ValueError(
            f"{text!r} is not a database URL; give a path or postgresql://user@host/name"
        ) from error
    backend = url.get_backend_name()
    if backend == "sqlite":
        return url
    if backend in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    raise ValueError(
        f"{backend!r} is not a database that can be used; give a path (SQLite) or postgresql://user@host/name"
    )


def sqlite_journal(version: tuple[int, int, int] = sqlite3.sqlite_version_info) -> str:
    """Choose the journal: write-ahead where the library is safe with it, else the rollback journal.

    With synchronous=FULL the rollback journal in TRUNCATE mode syncs the truncation too, so that an
    acknowledged commit survives a power cut.
    """
    return "WAL" if version >= FIRST_SQLITE_WITH_SAFE_WAL else "TRUNCATE"


def _sqlite(url: URL, *, synchronous: str) -> sa.Engine:
    if url.database in (None, "", ":memory:"):
        # One connection for all threads: a database in memory lives only as long as its connection.
        db = sa.create_engine(
            url,
            poolclass=sa.StaticPool,
            connect_args={"check_same_thread": False},
            hide_parameters=True,
        )
    else:
        db = sa.create_engine(
            url,
            connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
            hide_parameters=True,
        )

    @sa.event.listens_for(db, "connect")
    def _prepare(connection: DBAPIConnection, _record: object) -> None:
        driver = _sqlite_driver(connection)
        driver.isolation_level = None  # we say BEGIN ourselves
        driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        driver.execute("PRAGMA foreign_keys=ON")
        driver.execute(f"PRAGMA journal_mode={sqlite_journal()}")
        driver.execute(f"PRAGMA synchronous={synchronous}")
        if synchronous == "FULL" and driver.execute("PRAGMA synchronous").fetchone() != (2,):
            raise RuntimeError("SQLite did not accept synchronous=FULL; an acknowledged commit could be lost")

    @sa.event.listens_for(db, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A deferred transaction that writes later fails under several writers; take the lock at once.
        reads_only = connection.get_execution_options().get("reads_only", False)
        driver = _sqlite_driver(connection.connection.driver_connection)
        driver.execute("BEGIN" if reads_only else "BEGIN IMMEDIATE")

    return db


def _sqlite_driver(connection: object) -> sqlite3.Connection:
    if not isinstance(connection, sqlite3.Connection):
        raise TypeError(f"SQLite is used through Python's own sqlite3 module, not {type(connection)}")
    return connection


def _postgresql(url: URL) -> sa.Engine:
    ways = {**MISSED_AFTER, "tcp_user_timeout": GIVEN_UP_AFTER_MS}
    asked = {name: value for name, value in ways.items() if name not in url.query}
    db = sa.create_engine(url, hide_parameters=True, connect_args=asked)

    @sa.event.listens_for(db, "connect")
    def _be_missed(driver: Any, _record: object) -> None:
        driver.execute("; ".join(f"SET tcp_{name} = {after}" for name, after in MISSED_AFTER.items()))
        driver.commit()

    @sa.event.listens_for(db, "checkout")
    def _look(driver: DBAPIConnection, record: sa.pool.ConnectionPoolEntry, _lent: object) -> None:
        # A journey for each checkout would be a third of a move. A server that has gone says so to our own
        # machine; only what lies between may go without a word, and that takes longer than a moment.
        now = perf_counter()
        rested = now - record.info.get(RESTED_SINCE, now)
        if (rested > ASK_AFTER_S or _has_heard(driver)) and not _answers(db, driver):
            raise sa.exc.InvalidatePoolError("The database has closed its connections; new ones are opened.")

    @sa.event.listens_for(db, "before_cursor_execute")
    def _settle(connection: sa.Connection, *_statement: object) -> None:
        # What the ORM is about to say comes after what was said before it and still waits.
        wire = connection.info.get(WIRE)
        if wire is not None:
            wire.settle()

    @sa.event.listens_for(db, "checkin")
    def _forget(_driver: object, record: sa.pool.ConnectionPoolEntry) -> None:
        wire = record.info.get(WIRE)
        if wire is not None:
            wire.rollback()
        record.info[RESTED_SINCE] = perf_counter()

    return db


def _has_heard(driver: Any) -> bool:
    """Tell whether a server has said something unasked, such as that it ends, on a connection that rests."""
    if driver.closed:
        return True
    poll = select.poll()
    poll.register(driver.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _answers(db: sa.Engine, driver: DBAPIConnection) -> bool:
    try:
        return bool(db.dialect.do_ping(driver))
    except db.dialect.loaded_dbapi.Error:
        return False
