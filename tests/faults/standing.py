"""What stands in a database and in a maildir, told so that two histories of the same events are equal."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

# Made of chance: salts, the names by which calendars know a meeting, and what is computed from them.
BY_CHANCE = {
    "event": {"seal"},
    "event_text": {"salt"},
    "case_file": {"case_ref"},
    "audit": {"head"},
    "agency_return": {"head"},
    "recommendation": {"head"},
    "action": {"head"},
    "approval": {"head"},
    "immediate_concern": {"head"},
    "matter": {"head"},
    "meeting": {"head", "uid"},
}
# How often and when a mail was tried, which a kill may change.
TRIES = {"attempts", "doubts", "first_try_at", "last_try_at", "last_code", "last_text", "sent_at", "rendered"}


def retold(database: Path) -> dict[str, list[dict[str, Any]]]:
    """Give every row of every table, without what is made of chance and without how often mails were tried."""
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return {
            table: [_told(table, row) for row in connection.execute(f'SELECT * FROM "{table}"')]
            for table in tables
        }


def _told(table: str, row: sqlite3.Row) -> dict[str, Any]:
    left_out = BY_CHANCE.get(table, set()) | (TRIES if table == "message" else set())
    told = {name: row[name] for name in dict(row) if name not in left_out}
    if table == "event":
        data = json.loads(row["data"])
        told["data"] = {name: value for name, value in data.items() if name not in ("texts", "case_ref")}
        told["data"].get("row", {}).pop("uid", None)
    if table == "message":
        told["context"] = json.loads(row["context"])
        told["context"].get("calendar", {}).pop("uid", None)
    return told


def column(database: Path, query: str) -> list[Any]:
    """Give the one column that a query asks for."""
    with closing(sqlite3.connect(database)) as connection:
        return [value for (value,) in connection.execute(query)]


def sent(database: Path) -> list[str]:
    """Give the Message-ID of every mail that is held for sent."""
    return column(database, "SELECT message_id FROM message WHERE state = 'sent'")


def states(database: Path) -> set[str]:
    """Give the states in which mails stand."""
    return set(column(database, "SELECT DISTINCT state FROM message"))


def letters(folder: Path) -> Counter[str]:
    """Count the letters of a maildir by their Message-ID; one that was not made yet holds none."""
    read = BytesHeaderParser().parsebytes
    return Counter(read(file.read_bytes())["Message-ID"] for file in (folder / "new").glob("*"))
