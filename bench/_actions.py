"""As many open actions as are asked for, written fast: rows, first lines and timers; one in a hundred late, and told so."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.records import Action, DigestItem
from engine.fences import EVERY
from engine.ledger import Event
from engine.store import Base, Store, among, instant_text
from engine.timers import Timer

FIRST_ID = 1_000_000
ONE_IN = 100  # of so many one is late, with its reminder in the history
TODAY = date(2015, 6, 1)  # a Monday
LATE = TODAY - timedelta(days=3)
FAR = TODAY + timedelta(days=60)  # of what is due then no rule speaks yet
SPREAD_IN_DAYS = 300
SMALLEST_STRIDE = 5
DUE_COLUMNS = ("original_due_on", "current_due_on", "chased_from_on")


@dataclass(frozen=True, slots=True)
class Actions:
    """Many open actions in a database, and the instant at which rules look at them today."""

    store: Store
    number: int
    look_at: datetime

    def two_sets(self, each: int) -> tuple[list[int], list[int]]:
        """Give twice so many actions that are not late, both sets spread over the whole table.

        Raises ValueError for a table that is too small.
        """
        stride = self.number // each
        if stride < SMALLEST_STRIDE:
            raise ValueError(f"{self.number:,} actions are too few, if {each:,} are due at once")
        first, second = ([FIRST_ID + step * stride + place for step in range(each)] for place in (1, 3))
        return _without_late(first), _without_late(second)

    def rows_of(self, actions: Sequence[int]) -> tuple[int, int, int]:
        """Count the lines, the items of digests and the timers of actions."""
        these = {"these": list(actions)}
        with self.store.reading(group=EVERY) as session:
            counts = [
                session.scalar(
                    sa.select(sa.func.count())
                    .select_from(table)
                    .where(table.subject_kind == "action", among(table.subject_id, "these")),
                    these,
                )
                for table in (Event, DigestItem, Timer)
            ]
        lines, items, timers = (count or 0 for count in counts)
        return lines, items, timers

    def fall_due(self, actions: Sequence[int], on: date) -> None:
        """Let actions have been due on a day, so that rules look at them now; what was told before is forgotten."""
        these = {"these": list(actions)}
        row = sa.update(Action).where(among(Action.id, "these")).values(dict.fromkeys(DUE_COLUMNS, on))
        timer = sa.update(Timer).where(Timer.subject_kind == "action", among(Timer.subject_id, "these"))
        with self.store.begin(group=EVERY) as session:
            connection = session.connection()
            for statement in (sa.text("DELETE FROM digest_item"), sa.text("DELETE FROM message")):
                connection.execute(statement)
            connection.execute(row, these)
            connection.execute(timer.values(due_at=self.look_at), these)


def write_actions(store: Store, pattern: int, number: int, *, look_at: datetime) -> Actions:
    """Copy an agreed action so many times, each with its first line and a timer, and late ones with their reminder.

    Their seals are not those of the lines; who measures sweeps does not ask them.
    """
    writer = _Writer(store.db.dialect.name == "sqlite", number)
    late = f"i % {ONE_IN} = 0"
    due_on = f"CASE WHEN {late} THEN {writer.day(LATE)} ELSE {writer.day(FAR, f'i % {SPREAD_IN_DAYS}')} END"
    row = {
        **dict.fromkeys(DUE_COLUMNS, due_on),
        "id": f"{FIRST_ID} + i",
        "number": f"{FIRST_ID} + i",
        "version": f"CASE WHEN {late} THEN 2 ELSE 1 END",
        "material_version": "1",
        "last_note_on": writer.day(TODAY, "-5 - i % 30"),
    }
    said = {"rule": "action-overdue", "occasion": LATE.isoformat(), "number": 0, "on": LATE.isoformat()}
    line = {"subject_id": f"{FIRST_ID} + i"}
    reminder = {
        **line,
        "seq": "2",
        "kind": "'fired'",
        "actor": "'clock'",
        "at": f"'{instant_text(look_at - timedelta(days=2))}'",
        "once": f"'rule:action-overdue:action/' || ({FIRST_ID} + i) || ':{LATE}:0'",
        "data": f"'{json.dumps(said)}'",
    }
    with store.begin(group=EVERY) as session:
        first = f"o.subject_kind = 'action' AND o.subject_id = {pattern} AND o.seq = 1"
        writer.copy(session, "action", f"o.id = {pattern}", row)
        writer.copy(session, "event", first, line)
        writer.copy(session, "event", f"{first} AND {late}", reminder)
        timer = {**line, "due_at": writer.instant(f"i % {SPREAD_IN_DAYS}")}
        writer.copy(session, "timer", f"o.subject_kind = 'action' AND o.subject_id = {pattern}", timer)
        session.execute(sa.delete(Timer).where(Timer.subject_kind == "action", Timer.subject_id < FIRST_ID))
    with store.db.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))
    return Actions(store, number, look_at)


def _without_late(actions: Sequence[int]) -> list[int]:
    return [number + 1 if (number - FIRST_ID) % ONE_IN == 0 else number for number in actions]


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes copies of rows, numbered from 1, in the words of one kind of database."""

    is_file: bool
    number: int

    def copy(self, session: Session, table: str, wanted: str, changed: Mapping[str, str]) -> None:
        names = [column.name for column in Base.metadata.tables[table].columns]
        values = ", ".join(changed.get(name, f'o."{name}"') for name in names)
        numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {self.number})"
        named = ", ".join(f'"{name}"' for name in names)
        session.execute(
            sa.text(
                f'INSERT INTO "{table}" ({named}) {numbers} SELECT {values} FROM n, "{table}" o WHERE {wanted}'.replace(
                    ":", "\\:"
                )
            )
        )

    def day(self, first: date, later: str = "0") -> str:
        """Give the day that is so many days later."""
        if self.is_file:
            return f"date('{first}', ({later}) || ' days')"
        return f"(date '{first}' + ({later})::int)"

    def instant(self, later: str) -> str:
        """Give the instant at which rules look, so many days after the first that is far away."""
        day = self.day(FAR - timedelta(days=30), later)
        return (
            f"{day} || 'T05:30:00.000000Z'" if self.is_file else f"({day}::text || ' 05:30+00')::timestamptz"
        )
