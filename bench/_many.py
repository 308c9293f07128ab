"""The example's year many times over: as many audits and actions as are asked for, in a database of their own.

Every copy of an audit brings its aims, cases, returns, answers, findings, recommendations, decisions and mails, in a
programme year of its own. Then its actions are copied until there are enough; two in three of these are open again,
every second of them overdue. Each line of each copy is sealed anew, so that histories are whole.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from assurance.config import HOME, settings_from
from assurance.migrate import migrate
from assurance.office import Office
from assurance.story import play, read_story
from engine.clock import FrozenClock
from engine.ledger import SEALED_COLUMNS, seal_of
from engine.store import open_store

YEAR = HOME / "examples" / "year-2014-15"
AUDITS_OF_A_YEAR, FIRST_YEAR = 3, 2014
AUDIT_STRIDE, ACTION_STRIDE = 1_000_000, 100_000_000
OPEN_IN_THREE = 2  # of three copies of an action so many are open
LATER = 365  # days by which the dates of every second open copy lie later, so that it is not overdue
CONFIRM = "confirm"
FAR_AWAY = "2030-01-01T06:30:00.000000Z"
# Tables whose rows are copied with each audit, parents first; what stands in no such table is shared.
OF_AUDITS = (
    "audit", "aim", "case_file", "agency_return", "answer", "moderation", "finding", "recommendation",
    "recommendation_aim", "recommendation_finding", "agency_answer", "re_audit", "dissemination", "immediate_concern",
    "approval", "hold", "action", "progress_note", "evidence", "digest_item", "message", "event_text",
)  # fmt: skip
MOVED = ("audit", "agency_return", "recommendation", "immediate_concern", "approval", "hold", "action")
BESIDE_ACTIONS = ("progress_note", "evidence", "event_text")
ONCE_ONLY = {"case_file": ("case_ref",), "digest_item": ("key",), "message": ("key", "message_id")}
DUE = ("original_due_on", "current_due_on", "chased_from_on")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shift:
    """By how much the numbers of a copy lie above those of what is copied; `mark` keeps apart what may be there once."""

    by: int
    tables: frozenset[str]
    mark: str

    def moved(self, table: str, row: Row, parents: Mapping[str, str]) -> Row:
        """Give a row as it stands in the copy."""
        own = {name: self._number(parents.get(name), value) for name, value in row.items()}
        if "id" in own:
            own["id"] += self.by
        if own.get("subject_kind") in self.tables:
            own["subject_id"] = row["subject_id"] + self.by
        for name in ONCE_ONLY.get(table, ()):
            own[name] = None if own[name] is None else f"{own[name]}{self.mark}"
        return own

    def _number(self, parent: str | None, value: Any) -> Any:
        return value + self.by if parent in self.tables and value is not None else value


def write_many(path: Path, *, audits: int, actions: int, year: Path | None = None) -> None:
    """Make a database with at least so many audits and exactly so many actions; `year` is a played example to copy.

    Raises ValueError where the copied audits alone bring more actions than are asked for.
    """
    if year is None:
        play_year(path)
    else:
        shutil.copyfile(year, path)
        with closing(open_store(path)) as store:
            migrate(store)
    with closing(sqlite3.connect(path)) as file:
        file.row_factory = sqlite3.Row
        file.execute("PRAGMA synchronous=OFF")
        writer = _Writer(file)
        for copy in range(1, -(-audits // AUDITS_OF_A_YEAR)):
            writer.copy_audits(copy)
        writer.copy_actions(actions)
        file.commit()
        file.execute("ANALYZE")


def play_year(path: Path) -> None:
    """Play the example year into a new database."""
    settings = replace(settings_from({}, database=str(path)), smtp_url=None)
    story = read_story(YEAR, workflows=settings.workflows, rules=settings.rules)
    store = open_store(path, survives_power_cut=False)
    migrate(store)
    clock = FrozenClock(datetime.combine(story.begins, time(6), tzinfo=story.cast.zone))
    with closing(Office(settings, store, story.shelf, clock=clock)) as office:
        play(office, story, clock=clock)


class _Writer:
    """Copies rows of a played year."""

    def __init__(self, file: sqlite3.Connection) -> None:
        self._file = file
        self._parents = {table: self._parents_of(table) for table in (*OF_AUDITS, "programme")}
        self._rows = {table: self._read(table) for table in OF_AUDITS}
        self._lines: dict[tuple[str, int], list[Row]] = {}
        for line in self._all("SELECT * FROM event ORDER BY subject_kind, subject_id, seq"):
            self._lines.setdefault((line["subject_kind"], line["subject_id"]), []).append(line)

    def copy_audits(self, copy: int) -> None:
        """Copy every audit with all that belongs to it, into an earlier programme year of its own."""
        shift = Shift(copy * AUDIT_STRIDE, frozenset(OF_AUDITS), f":{copy}")
        programme, year = self._programme(copy)
        for table in OF_AUDITS:
            some = [row for row in self._rows[table] if row.get("subject_kind", table) in shift.tables]
            rows = [shift.moved(table, row, self._parents[table]) for row in some]
            if table == "audit":
                for row in rows:
                    number = row["reference"].partition("/")[2]
                    row |= {"programme_id": programme, "reference": f"{year}/{number}"}
            if table in MOVED:
                for row, old in zip(rows, some, strict=True):
                    row["head"] = self._copy_lines((table, old["id"]), shift.by)
            self._insert(table, rows)

    def copy_actions(self, number: int) -> None:
        """Copy actions with what stands beside them until there are so many."""
        known = self._all("SELECT * FROM action ORDER BY id")
        left = number - len(known)
        if left < 0:
            raise ValueError(f"the copied audits alone bring {len(known):,} actions, more than {number:,}")
        self._rows = {table: self._read(table) for table in BESIDE_ACTIONS}
        for copy in range(1, -(-left // len(known)) + 1):
            shift = Shift(copy * ACTION_STRIDE, frozenset({"action"}), f":{copy}")
            some = known[: left - (copy - 1) * len(known)]
            self._copy_some(some, copy, shift)

    def _copy_some(self, some: Sequence[Row], copy: int, shift: Shift) -> None:
        rows = []
        for place, old in enumerate(some):
            row = shift.moved("action", old, self._parents["action"]) | {
                "number": old["number"] + copy * 1_000
            }
            is_open = (place + copy) % (OPEN_IN_THREE + 1) != 0
            if is_open:
                row |= _opened(self._until_confirmed(old["id"]))
            if is_open and (place + copy) % 2:
                row |= {name: _later(row[name]) for name in DUE}
            row["head"] = self._copy_lines(
                ("action", old["id"] % AUDIT_STRIDE),
                row["id"] - old["id"] % AUDIT_STRIDE,
                until=row["version"],
            )
            rows.append(row)
        self._insert("action", rows)
        self._insert("timer", [_timer(row) for row in rows if row["confirmed_on"] is None])
        numbers = {old["id"] for old in some}
        for table in BESIDE_ACTIONS:
            beside = [
                row
                for row in self._rows[table]
                if row.get("action_id", row.get("subject_id")) in numbers
                and row.get("subject_kind", "action") == "action"
            ]
            self._insert(table, [shift.moved(table, row, self._parents[table]) for row in beside])

    def _until_confirmed(self, action: int) -> list[Row]:
        found = []
        for line in self._lines["action", action % AUDIT_STRIDE]:
            if json.loads(line["data"]).get("trigger") == CONFIRM:
                break
            found.append(line)
        return found

    def _copy_lines(self, subject: tuple[str, int], by: int, *, until: int | None = None) -> str:
        """Write a subject's lines under its new number, each sealed anew; give the last seal."""
        number = subject[1]
        seal, lines = "", []
        for line in self._lines[subject][:until]:
            own = line | {"subject_id": number + by}
            own["once"] = None if own["once"] is None else f"{own['once']}:{by}"
            seal = own["seal"] = seal_of(seal, [own[name] for name in SEALED_COLUMNS])
            lines.append(own)
        self._insert("event", lines)
        return seal

    def _programme(self, copy: int) -> tuple[int, str]:
        """Open the programme year in which a copy's audits stand."""
        pattern = self._all("SELECT * FROM programme ORDER BY id")[0]
        first = FIRST_YEAR - copy
        own = pattern | {
            "id": copy * AUDIT_STRIDE,
            "year": f"{first}-{(first + 1) % 100:02}",
            "starts_on": f"{first}-04-01",
            "ends_on": f"{first + 1}-03-31",
        }
        self._insert("programme", [own])
        return own["id"], own["year"]

    def _all(self, query: str) -> list[Row]:
        return [dict(row) for row in self._file.execute(query)]

    def _read(self, table: str) -> list[Row]:
        return self._all(f'SELECT * FROM "{table}"')

    def _parents_of(self, table: str) -> Mapping[str, str]:
        """Give for each column that points at a table which table that is."""
        return {row["from"]: row["table"] for row in self._all(f'PRAGMA foreign_key_list("{table}")')}

    def _insert(self, table: str, rows: Sequence[Row]) -> None:
        if rows:
            names = ", ".join(f'"{name}"' for name in rows[0])
            places = ", ".join("?" * len(rows[0]))
            statement = f'INSERT INTO "{table}" ({names}) VALUES ({places})'
            self._file.executemany(statement, [tuple(row.values()) for row in rows])


def _opened(lines: Sequence[Row]) -> Row:
    """Give what an action is whose history ends with these lines."""
    states = [said["to"] for said in (json.loads(line["data"]) for line in lines) if "to" in said]
    version = len(lines)
    return {
        "state": states[-1],
        "version": version,
        "material_version": version,
        "confirmed_on": None,
        "verified_on": None,
    }


def _timer(row: Row) -> Row:
    return {
        "subject_kind": "action",
        "subject_id": row["id"],
        "group_id": row["group_id"],
        "due_at": FAR_AWAY,
    }


def _later(day: str | None) -> str | None:
    return None if day is None else (date.fromisoformat(day) + timedelta(days=LATER)).isoformat()
