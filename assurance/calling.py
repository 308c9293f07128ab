"""Calls workers to the post as soon as mail is owed, after the commit that owes it, so that it leaves within a second.

A call in the same transaction would be no safer, since a worker comes by itself too, and it would cost: PostgreSQL
lets those who notify commit only one after the other. Whoever is killed between commit and call delays a mail until
the next round, and loses none.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from assurance.office import Office
from engine.job_tables import call_for
from engine.store import Store

POST, DELIVER = "post", "deliver"
CLOCK, SWEEP = "clock", "sweep"
AT_MOST_EVERY = 0.1  # seconds between two calls of one process

log = logging.getLogger("auditloop.calling")


class Bell:
    """Calls from a thread of its own, so that nobody who owes mail waits for it; many rings at once are one call."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rung, self._closed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._answer, name="bell", daemon=True)
        self._thread.start()

    def ring(self) -> None:
        """Have workers called to the post."""
        self._rung.set()

    def close(self) -> None:
        """Make the call that is still to be made, and no more."""
        self._closed.set()
        was_rung = self._rung.is_set()
        self._rung.set()
        self._thread.join()
        if was_rung:
            call(self._store, POST, DELIVER)

    def _answer(self) -> None:
        while True:
            self._rung.wait()
            if self._closed.is_set():
                return
            self._rung.clear()
            call(self._store, POST, DELIVER)
            self._closed.wait(AT_MOST_EVERY)


@contextmanager
def calling(office: Office) -> Iterator[None]:
    """Have workers called to the post whenever an office owes mail, until the block is left."""
    bell, before = Bell(office.store), office.on_owed
    office.on_owed = bell.ring
    try:
        yield
    finally:
        office.on_owed = before
        bell.close()


@contextmanager
def calling_at_the_end(office: Office) -> Iterator[None]:
    """Call workers to the post once the block is left, if mail was owed in it and workers can be called here."""
    if office.store.db.dialect.name != "postgresql":
        yield
        return
    owed, before = threading.Event(), office.on_owed
    office.on_owed = owed.set
    try:
        yield
    finally:
        office.on_owed = before
        if owed.is_set():
            call(office.store, POST, DELIVER)


def call(store: Store, line: str, task: str) -> None:
    """Call a worker to do something now; where that cannot be, it is done in the next round."""
    try:
        call_for(store, line, task)
    except SQLAlchemyError:
        log.info("no worker could be called to %s; it is done in the next round", task, exc_info=True)
