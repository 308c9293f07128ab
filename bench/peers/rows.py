"""The three tables as SQLAlchemy's ORM has them, and a session as most applications open one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from bench.peers import three_tables
from bench.peers.contract import ACTOR, STATES, Database
from engine.clock import SystemClock


class Instant(sa.TypeDecorator[datetime]):
    """An instant, kept as text on SQLite."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Keep text on SQLite."""
        return dialect.type_descriptor(
            sa.String() if dialect.name == "sqlite" else sa.DateTime(timezone=True)
        )

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        """Write it as the database keeps it."""
        return value.isoformat() if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        """Read it."""
        return datetime.fromisoformat(value) if isinstance(value, str) else value


class Base(DeclarativeBase):
    """The ancestor of the three."""

    type_annotation_map = {datetime: Instant}


class Instance(Base):
    """A subject; its version is compared with each change."""

    __tablename__ = "instance"
    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str]
    version: Mapped[int] = mapped_column()
    title: Mapped[str]
    data: Mapped[str | None]
    updated_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": version}


class History(Base):
    """A line of history."""

    __tablename__ = "history"
    id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[int]
    seq: Mapped[int]
    action: Mapped[str]
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime]


class Outbox(Base):
    """A mail to be sent."""

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[int]
    topic: Mapped[str]
    payload: Mapped[str]
    sent_at: Mapped[datetime | None]


class Sessions:
    """Opens a session for each request, over a small pool with the durability that is asked for."""

    def __init__(self, database: Database, *, connections: int = 1) -> None:
        self._clock = SystemClock()
        self.db = sa.create_engine(database.url, pool_size=connections)
        if database.is_file:
            with_pragmas(self.db, database)
        self.begin = sessionmaker(self.db).begin

    def now(self) -> datetime:
        """Give the present instant."""
        return self._clock.now()

    def create(self, number: int, *, data: str = "{}") -> int:
        """Enter a subject with its first line and mail."""
        now = self.now()
        with self.begin() as session:
            row = Instance(state=STATES[0], title=f"Recommendation {number}", data=data, updated_at=now)
            session.add(row)
            session.flush()
            note(session, row, "create", None, seq=1, at=now)
            return row.id

    def close(self) -> None:
        """Close the pool."""
        self.db.dispose()


def note(session: Session, row: Instance, word: str, source: str | None, *, seq: int, at: datetime) -> None:
    """Add the line and the mail of a move to the session."""
    line = History(
        instance_id=row.id, seq=seq, action=word, from_state=source, to_state=row.state, actor=ACTOR, at=at
    )
    mail = Outbox(instance_id=row.id, topic=three_tables.TOPIC, payload=three_tables.mail(row.state))
    session.add_all([line, mail])


def with_pragmas(db: sa.Engine | type[sa.Engine], database: Database) -> None:
    """Have each connection to a file begin with the pragmas of the race."""

    def prepare(connection: Any, _record: object) -> None:
        for pragma in database.pragmas:
            connection.execute(pragma)

    sa.event.listen(db, "connect", prepare)
