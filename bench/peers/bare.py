"""The floor of the race: the same rows written by nothing but the driver, several statements in a transaction.

It reads nothing, judges nothing and seals nothing.
"""

from __future__ import annotations

import sqlite3
import sys

import psycopg

from bench.peers import three_tables
from bench.peers.contract import (
    ACTOR,
    MOVES,
    STATES,
    Database,
    Mover,
    NotTheSameWork,
    Peer,
    in_processes,
    main,
)
from engine.clock import SystemClock

ENTER = (
    "INSERT INTO instance (state, version, title, data, updated_at) VALUES (?, 1, ?, '{}', ?) RETURNING id"
)
CHANGE = "UPDATE instance SET state = ?, version = version + 1, updated_at = ? WHERE id = ? AND state = ? AND version = ?"
NOTE = """INSERT INTO history (instance_id, seq, action, from_state, to_state, actor, at)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""
OWE = "INSERT INTO outbox (instance_id, topic, payload) VALUES (?, ?, ?)"


class Bare:
    """One connection of the driver's own."""

    def __init__(self, database: Database) -> None:
        self._clock = SystemClock()
        self._is_file = database.is_file
        self._connection: sqlite3.Connection | psycopg.Connection
        if database.is_file:
            self._connection = sqlite3.connect(database.path, isolation_level=None)
            for pragma in database.pragmas:
                self._connection.execute(pragma)
        else:
            self._connection = psycopg.connect(database.plain_url, autocommit=True, prepare_threshold=1)

    def create(self, number: int) -> int:
        """Write a first row with its line and its mail."""
        now = self._now()
        self._begin()
        found = self._tell(ENTER, (STATES[0], f"Recommendation {number}", now)).fetchone()
        if found is None:
            raise NotTheSameWork("the new row has no key")
        subject: int = found[0]
        self._tell(NOTE, (subject, 1, "create", None, STATES[0], ACTOR, now))
        self._tell(OWE, (subject, three_tables.TOPIC, three_tables.mail(STATES[0])))
        self._tell("COMMIT")
        return subject

    def advance(self, subject: int, step: int) -> None:
        """Write a move: row by compare-and-set, line, mail."""
        now, source, target = self._now(), STATES[step], STATES[step + 1]
        self._begin()
        if self._tell(CHANGE, (target, now, subject, source, step + 1)).rowcount != 1:
            raise NotTheSameWork(f"{subject} is not {source}")
        self._tell(NOTE, (subject, step + 2, MOVES[step], source, target, ACTOR, now))
        self._tell(OWE, (subject, three_tables.TOPIC, three_tables.mail(target)))
        self._tell("COMMIT")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _begin(self) -> None:
        self._tell("BEGIN IMMEDIATE" if self._is_file else "BEGIN")

    def _tell(self, text: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor | psycopg.Cursor:
        if isinstance(self._connection, sqlite3.Connection):
            return self._connection.execute(text, values)
        return self._connection.execute(text.replace("?", "%s").encode(), values)

    def _now(self) -> object:
        now = self._clock.now()
        return now.isoformat() if self._is_file else now


def opened(database: Database) -> Mover:
    """Open a connection."""
    return Bare(database)


if __name__ == "__main__":
    sys.exit(
        main(Peer(three_tables.set_up, three_tables.preload, three_tables.counted, in_processes(opened)))
    )
