"""The writers of one process at one SQLite file: they stand in line, and whoever is in it together shares one commit.

SQLite has one writer at a time, and a commit waits for the disk longer than a command works. So whoever is done while
others wait hands them the open transaction, each in a savepoint of their own, and the last of them commits for all.
Nobody is told that it is stored before it is: all of a group wait for that one commit, and where it fails, all hear so.
A writer who is alone begins and commits as if there were no line.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, get_ident
from time import perf_counter

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, SQLAlchemyError

MOST_IN_GROUP = 32
LONGEST_GROUP_S = 0.05
# Another process asks for the file again and again, at last ten times a second: it has to find it free sometimes.
UNBROKEN_S = 0.05
PAUSE_S = 0.002
_FAULTS = (SQLAlchemyError, sqlite3.Error)


class Writers:
    """The line of this process in front of one file; `patience_s` is how long somebody stands in it, in seconds."""

    def __init__(self, db: sa.Engine, *, patience_s: float) -> None:
        self._db = db
        self._patience_s = patience_s
        self._lock = Lock()
        self._line: deque[_Place] = deque()
        self._writer: int | None = None
        self._group: _Group | None = None
        self._unbroken_since = 0.0

    @property
    def in_line(self) -> int:
        """Tell how many wait for their turn."""
        return len(self._line)

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Write in one's turn: what the block has written is on the disk when this ends, or none of it.

        Raises sqlite3.OperationalError where the turn does not come, and SQLAlchemy's OperationalError where the
        commit, which may be somebody else's too, has failed.
        """
        self._stand_in_line()
        group, own = self._enter()
        try:
            yield group.connection
            group.keep(own)
        except BaseException as error:
            self._leave(group, own, error)
            if own is not None:
                # Refused perhaps for what others of the group have written: it is said once that is on the disk.
                group.wait(told=error)
            raise
        self._hand_on(group)
        group.wait()

    def _enter(self) -> tuple[_Group, sa.NestedTransaction | None]:
        """Join the group that is open, or open one."""
        group = self._group
        try:
            if group is None:
                group = self._group = _Group(self._db)
            return group, group.enter()
        except BaseException as error:
            if group is None:
                self._let_next()
            else:
                self._leave(group, None, error)
            raise

    def _stand_in_line(self) -> None:
        with self._lock:
            if self._writer is None:
                self._writer = get_ident()
                self._unbroken_since = perf_counter()
                return
            if self._writer == get_ident():
                raise RuntimeError("A command has one transaction; another one cannot begin inside it.")
            place = _Place()
            self._line.append(place)
        try:
            has_come = place.has_come.wait(self._patience_s)
        except BaseException:
            if self._gave_up(place):
                raise
            self._pass_on()
            raise
        if not has_come and self._gave_up(place):
            raise sqlite3.OperationalError("database is locked: the turn to write has not come")

    def _gave_up(self, place: _Place) -> bool:
        """Leave the line; False where the turn has come in the very moment."""
        with self._lock:
            if place.has_come.is_set():
                return False
            self._line.remove(place)
            return True

    def _pass_on(self) -> None:
        """Give away a turn of which nothing was made, with the group that may be open."""
        group = self._group
        if group is None:
            self._let_next()
        else:
            self._hand_on(group)

    def _hand_on(self, group: _Group) -> None:
        """Let the next in line join a group, or commit for it where nobody may or does."""
        if not (group.has_room() and self._let_join()):
            self._settle(group)

    def _let_join(self) -> bool:
        """Give the turn to whoever stands first in line; False where nobody does, not even one who has just given up."""
        with self._lock:
            if not self._line:
                return False
            self._give_turn()
            return True

    def _let_next(self) -> None:
        """Give the turn to whoever stands first in line, or to nobody."""
        with self._lock:
            if self._line:
                self._give_turn()
            else:
                self._writer = None

    def _give_turn(self) -> None:
        place = self._line.popleft()
        self._writer = place.whose
        place.has_come.set()

    def _leave(self, group: _Group, own: sa.NestedTransaction | None, error: BaseException) -> None:
        """Undo what one of a group has written; the others' stays, unless the database has undone that too."""
        goes_on = False
        try:
            goes_on = group.undo(own, error)
        finally:
            if goes_on:
                self._hand_on(group)
            else:
                self._settle(group)

    def _settle(self, group: _Group) -> None:
        """Commit for all of a group, and give the turn away: its writers and the line are told, however it ends."""
        self._group = None
        try:
            group.commit()
            if self._line and perf_counter() - self._unbroken_since > UNBROKEN_S:
                Event().wait(PAUSE_S)
                self._unbroken_since = perf_counter()
        finally:
            self._let_next()
            group.is_settled.set()


class _Place:
    """A place in the line."""

    __slots__ = ("has_come", "whose")

    def __init__(self) -> None:
        self.whose = get_ident()
        self.has_come = Event()


class _Group:
    """Those who share one transaction; whoever has the turn speaks to its connection, and nobody else does."""

    def __init__(self, db: sa.Engine) -> None:
        self.connection = db.connect()
        try:
            self._whole = self.connection.begin()
        except BaseException:
            self.connection.close()
            raise
        self._began = perf_counter()
        self._kept = 0
        self._failure: BaseException | None = None
        self.is_settled = Event()

    def enter(self) -> sa.NestedTransaction | None:
        """Set a savepoint for one more; the first needs none, since nobody else's work would be undone with theirs."""
        return self.connection.begin_nested() if self._kept else None

    def keep(self, own: sa.NestedTransaction | None) -> None:
        """Count one in whose work is done."""
        if own is not None:
            own.commit()
        self._kept += 1

    def has_room(self) -> bool:
        """Tell whether one more may join, so that the first does not wait for too many."""
        return self._kept < MOST_IN_GROUP and perf_counter() - self._began < LONGEST_GROUP_S

    def undo(self, own: sa.NestedTransaction | None, error: BaseException) -> bool:
        """Undo what one has written; tell whether the others' work is still there, and open to more."""
        if own is None or not self._kept:
            return False
        try:
            if own.is_active:
                own.rollback()
        except _FAULTS as fault:
            self._failure = fault
            return False
        if self._is_open():
            return True
        # A full disk, for instance, undoes the whole transaction, and with it those who were done.
        self._failure = error
        return False

    def commit(self) -> None:
        """Commit what was kept, and give the connection back; what goes wrong is said to all who wait."""
        try:
            if self._failure is None and self._kept:
                if not self._is_open():
                    raise sqlite3.OperationalError("the database has undone the transaction")
                self._whole.commit()
        except _FAULTS as fault:
            self._failure = fault
        except BaseException as error:
            self._failure = error
            raise
        finally:
            self._give_back()

    def _give_back(self) -> None:
        """Undo what was not committed, and give the connection back; one that cannot be undone is closed."""
        try:
            if self._is_open():
                self._whole.rollback()
        except _FAULTS:
            self.connection.invalidate()
        finally:
            self.connection.close()

    def wait(self, *, told: BaseException | None = None) -> None:
        """Wait until the commit is on the disk; raises OperationalError where it failed, unless one is told that anyway."""
        self.is_settled.wait()
        if self._failure is not None and self._failure is not told:
            why = getattr(self._failure, "orig", None) or self._failure
            raise OperationalError("COMMIT", None, why) from self._failure

    def _is_open(self) -> bool:
        driver = self.connection.connection.driver_connection
        return isinstance(driver, sqlite3.Connection) and driver.in_transaction
