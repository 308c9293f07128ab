"""A sweep over many open actions of which some are due, as bare SQL has it and as loops over objects have it.

What is due gets a line of history, a mail to be sent, and the mark that it was told. The floor does that set by set, in
one commit. `every row` is the loop over all open actions with the rule in Python; `due rows` has SQL find them first.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from bench.peers import three_tables
from bench.peers.contract import Database, NotTheSameWork
from bench.peers.rows import with_pragmas

NOW = 1_800_000_000
YEAR = 31_536_000
IDLE_LOOKS = 200
ROWS_AT_ONCE = 1_000


class Base(DeclarativeBase):
    """The ancestor of the three."""

    type_annotation_map = {int: sa.BigInteger().with_variant(sa.Integer, "sqlite")}


class Action(Base):
    """An open action."""

    __tablename__ = "action"
    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str]
    title: Mapped[str]
    owner: Mapped[str]
    due_at: Mapped[int]
    reminded_at: Mapped[int | None]

    __table_args__ = (
        sa.Index(
            "ix_action_due",
            "due_at",
            sqlite_where=sa.text("state = 'open' AND reminded_at IS NULL"),
            postgresql_where=sa.text("state = 'open' AND reminded_at IS NULL"),
        ),
    )


class History(Base):
    """A line of history."""

    __tablename__ = "history"
    id: Mapped[int] = mapped_column(primary_key=True)
    action_id: Mapped[int]
    event: Mapped[str]
    at: Mapped[int]


class Outbox(Base):
    """A mail to be sent."""

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(primary_key=True)
    action_id: Mapped[int]
    payload: Mapped[str]


DUE = "state = 'open' AND reminded_at IS NULL AND due_at <= {now}"
SETS = (
    f"INSERT INTO history (action_id, event, at) SELECT id, 'reminded', {{now}} FROM action WHERE {DUE}",
    f"INSERT INTO outbox (action_id, payload) SELECT id, '{{{{\"to\": \"' || owner || '\"}}}}' FROM action WHERE {DUE}",
    f"UPDATE action SET reminded_at = {{now}} WHERE {DUE}",
)


class Sweeps:
    """The ways to sweep one database; each takes the instant and says how many were due."""

    def __init__(self, database: Database) -> None:
        self.db = sa.create_engine(database.url)
        if database.is_file:
            with_pragmas(self.db, database)

    def by_sets(self, now: int) -> int:
        """Write for all that is due in three statements."""
        with self.db.begin() as connection:
            return [connection.exec_driver_sql(text.format(now=now)).rowcount for text in SETS][-1]

    def due_rows(self, now: int) -> int:
        """Load what is due as objects."""
        with Session(self.db) as session, session.begin():
            query = sa.select(Action).where(
                Action.state == "open", Action.reminded_at.is_(None), Action.due_at <= now
            )
            return sum(_remind(session, action, now) for action in session.scalars(query).all())

    def every_row(self, now: int) -> int:
        """Load all that is open as objects and ask each."""
        with Session(self.db, autoflush=False) as session, session.begin():
            query = sa.select(Action).where(Action.state == "open")
            rows = session.scalars(query.execution_options(yield_per=ROWS_AT_ONCE))
            return sum(
                _remind(session, action, now)
                for action in rows
                if action.reminded_at is None and action.due_at <= now
            )

    def forget(self) -> None:
        """Let nobody have been told."""
        with self.db.begin() as connection:
            connection.execute(
                sa.update(Action).where(Action.reminded_at.is_not(None)).values(reminded_at=None)
            )
            connection.execute(sa.delete(History))
            connection.execute(sa.delete(Outbox))

    def is_any_due(self, now: int) -> bool:
        """Ask whether anything is due."""
        with self.db.connect() as connection:
            query = f"SELECT id FROM action WHERE {DUE.format(now=now)} LIMIT 1000"
            return connection.exec_driver_sql(query).first() is not None


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill the table, sweep it in every way, and print what it took as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--journal", default="TRUNCATE")
    parser.add_argument("--number", type=int, default=10_000)
    parser.add_argument("--due", type=int, default=1_000)
    parser.add_argument("--turns", type=int, default=3)
    asked = parser.parse_args(arguments)
    database = Database(asked.database, asked.journal)
    sweeps = Sweeps(database)
    Base.metadata.create_all(sweeps.db)
    _fill(database, asked.number, asked.due)
    ways = {"due rows": sweeps.due_rows, "every row": sweeps.every_row}
    spent: dict[str, list[float]] = {name: [] for name in ("floor", *ways)}
    for _ in range(asked.turns):
        for name, sweep in ways.items():
            spent["floor"].append(_timed(sweeps, sweeps.by_sets, asked.due))
            spent[name].append(_timed(sweeps, sweep, asked.due))
    sweeps.forget()
    idle = {
        "floor": _milliseconds(lambda: sweeps.is_any_due(0), IDLE_LOOKS),
        "due rows": _milliseconds(lambda: sweeps.due_rows(0), IDLE_LOOKS),
        "every row": _milliseconds(lambda: sweeps.every_row(0), 1),
    }
    sweeps.db.dispose()
    print(json.dumps({name: {"due_ms": median(spent[name]), "idle_ms": idle[name]} for name in spent}))
    return 0


def _fill(database: Database, number: int, due: int) -> None:
    """Write open actions, every so many of them due, the others some day of the coming year."""
    step = number // due
    three_tables.tell(
        database,
        [
            (
                "INSERT INTO action (state, title, owner, due_at, reminded_at) "
                "SELECT 'open', 'Implement recommendation number ' || i, 'owner' || (i % 500) || '@example.org', "
                f"CASE WHEN i % {step} = 0 THEN {NOW} - i % 86400 ELSE {NOW} + 1 + i * 7919 % {YEAR} END, NULL "
                f"FROM {three_tables.numbers(database, number, kind='bigint')}"
            )
        ],
    )


def _remind(session: Session, action: Action, now: int) -> int:
    action.reminded_at = now
    session.add(History(action_id=action.id, event="reminded", at=now))
    session.add(Outbox(action_id=action.id, payload=json.dumps({"to": action.owner})))
    return 1


def _timed(sweeps: Sweeps, sweep: Callable[[int], int], due: int) -> float:
    sweeps.forget()
    began = perf_counter()
    found = sweep(NOW)
    spent = (perf_counter() - began) * 1e3
    if found != due:
        raise NotTheSameWork(f"{found} were due, not {due}")
    return spent


def _milliseconds(look: Callable[[], object], times: int) -> float:
    spent = []
    for _ in range(times):
        began = perf_counter()
        look()
        spent.append((perf_counter() - began) * 1e3)
    return median(spent)


if __name__ == "__main__":
    sys.exit(main())
