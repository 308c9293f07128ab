"""Writers of one process share a commit where several wait, and nobody is told before all of it is stored."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import FrameType

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from engine.bookmarks import Bookmark, remember, remembered
from engine.errors import Refused
from engine.store import Store, open_store
from engine.writers import Writers
from tests.engine.leaves import plant

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 20.0


class Crowd:
    """One writer who has the turn, and others who come meanwhile, one after the other."""

    def __init__(self, store: Store) -> None:
        assert store.writers is not None
        self._store = store
        self._writers = store.writers
        self._crowd = ThreadPoolExecutor(12)
        self._may_go_on = threading.Event()
        self.said: list[str] = []

    def first(self, does: Callable[[Session], None], *, fails: bool = False) -> Future[None]:
        """Let somebody take the turn and keep it until the others may go on."""
        has_turn = threading.Event()

        def waits(session: Session) -> None:
            session.info["driver"].set_trace_callback(self.said.append)
            does(session)
            has_turn.set()
            assert self._may_go_on.wait(PATIENCE_S)
            if fails:
                raise Refused.because("no", "This is refused.")

        first = self._crowd.submit(self._writes, "first", waits)
        assert has_turn.wait(PATIENCE_S)
        return first

    def comes(self, name: str, does: Callable[[Session], None]) -> Future[None]:
        """Let somebody come, and wait until they stand in line."""
        before = self._writers.in_line
        coming = self._crowd.submit(self._writes, name, does)
        _wait_for(lambda: self._writers.in_line > before)
        return coming

    def goes_on(self) -> None:
        """Let the first be done, and everybody after them."""
        self._may_go_on.set()
        self._crowd.shutdown()

    def _writes(self, name: str, does: Callable[[Session], None]) -> None:
        with self._store.begin() as session:
            does(session)
        self.said.append(f"{name} is told")


def notes(name: str) -> Callable[[Session], None]:
    """Give what writes a bookmark."""
    return lambda session: remember(session, "group", name, "written")


def stored(store: Store) -> set[str]:
    """Give the bookmarks that are there."""
    with store.reading() as session:
        return set(remembered(session, "group"))


def test_those_who_wait_share_one_commit_and_are_told_after_it(store: Store) -> None:
    crowd = Crowd(store)
    crowd.first(notes("first"))
    for name in ("second", "third", "fourth"):
        crowd.comes(name, notes(name))
    assert stored(store) == set()
    crowd.goes_on()
    assert crowd.said.count("COMMIT") == 1
    told = [place for place, said in enumerate(crowd.said) if said.endswith("is told")]
    assert len(told) == 4
    assert min(told) > crowd.said.index("COMMIT")
    assert stored(store) == {"first", "second", "third", "fourth"}


def test_whoever_is_refused_takes_back_their_own_work_alone(store: Store) -> None:
    def refused(session: Session) -> None:
        notes("refused")(session)
        raise Refused.because("no", "This is refused.")

    def wrong(session: Session) -> None:
        notes("wrong")(session)
        session.add(Bookmark(work="group", place="first", value="twice"))

    crowd = Crowd(store)
    first = crowd.first(notes("first"))
    second, third, fourth = (
        crowd.comes("second", refused),
        crowd.comes("third", wrong),
        crowd.comes("fourth", notes("fourth")),
    )
    crowd.goes_on()
    assert isinstance(second.exception(), Refused)
    assert isinstance(third.exception(), IntegrityError)
    assert first.exception() is fourth.exception() is None
    assert stored(store) == {"first", "fourth"}


def test_where_the_first_is_refused_the_next_begins_anew(store: Store) -> None:
    crowd = Crowd(store)
    first = crowd.first(notes("first"), fails=True)
    second = crowd.comes("second", notes("second"))
    crowd.goes_on()
    assert isinstance(first.exception(), Refused)
    assert second.exception() is None
    assert stored(store) == {"second"}


def test_the_last_who_is_refused_commits_for_the_others(store: Store) -> None:
    def refused(session: Session) -> None:
        notes("refused")(session)
        raise Refused.because("no", "This is refused.")

    crowd = Crowd(store)
    first = crowd.first(notes("first"))
    last = crowd.comes("last", refused)
    crowd.goes_on()
    assert first.exception() is None
    assert isinstance(last.exception(), Refused)
    assert stored(store) == {"first"}


def test_a_commit_that_fails_is_said_to_everybody_and_nothing_is_stored(store: Store, tmp_path: Path) -> None:
    def impatient(session: Session) -> None:
        session.info["driver"].execute("PRAGMA busy_timeout=20")
        notes("first")(session)

    def too_late(session: Session) -> None:
        # What is seen here is not stored yet, and never will be.
        assert set(remembered(session, "group")) == {"first", "second"}
        raise Refused.because("no", "The first was faster.")

    with closing(sqlite3.connect(tmp_path / "leaves.sqlite", isolation_level=None)) as reader:
        crowd = Crowd(store)
        first = crowd.first(impatient)
        others = [
            crowd.comes("second", notes("second")),
            crowd.comes("late", too_late),
            crowd.comes("third", notes("third")),
        ]
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM bookmark").fetchone()
        crowd.goes_on()
        for one in (first, *others):
            assert isinstance(one.exception(), OperationalError)
            assert "database is locked" in str(one.exception())
    assert stored(store) == set()
    with store.begin() as session:
        notes("later")(session)
    assert stored(store) == {"later"}


@pytest.mark.parametrize("is_said", [True, False])
def test_where_the_database_undoes_all_of_it_everybody_hears_so(store: Store, *, is_said: bool) -> None:
    def loses_all(session: Session) -> None:
        # As SQLite does by itself when the disk is full.
        session.info["driver"].execute("ROLLBACK")
        if is_said:
            raise sqlite3.OperationalError("database or disk is full")

    crowd = Crowd(store)
    first = crowd.first(notes("first"))
    second = crowd.comes("second", loses_all)
    third = crowd.comes("third", notes("third"))
    crowd.goes_on()
    assert isinstance(first.exception(), OperationalError)
    assert second.exception() is not None
    assert third.exception() is None
    assert stored(store) == {"third"}


def test_a_command_that_begins_inside_another_is_told_so_at_once(store: Store) -> None:
    with store.begin(), pytest.raises(RuntimeError, match="A command has one transaction"), store.begin():
        pass
    with store.begin() as session:
        notes("later")(session)
    assert stored(store) == {"later"}


def test_nobody_stands_in_line_for_ever(store: Store) -> None:
    hasty = Store(store.db, Writers(store.db, patience_s=0.01))
    with hasty.begin() as session, ThreadPoolExecutor(1) as other:
        with pytest.raises(sqlite3.OperationalError, match="the turn to write has not come"):
            other.submit(_writes, hasty, "never").result()
        notes("first")(session)
    _writes(hasty, "second")
    assert stored(store) == {"first", "second"}


def test_whoever_gives_up_at_the_moment_of_their_turn_leaves_nobody_waiting(store: Store) -> None:
    writers = Writers(store.db, patience_s=0.02)
    hasty = Store(store.db, writers)
    with ThreadPoolExecutor(2) as crowd:

        def writes_first() -> None:
            with hasty.begin() as session:
                notes("first")(session)
                coming = crowd.submit(_writes, hasty, "never")
                _wait_for(lambda: writers.in_line > 0 or coming.done())

                def gives_up_meanwhile(frame: FrameType, _event: str, _value: object) -> None:
                    # Just as the first looks whether anybody joins: no other moment would tell.
                    if frame.f_code.co_name == "has_room":
                        coming.exception(PATIENCE_S)

                before = sys.gettrace()
                sys.settrace(gives_up_meanwhile)
            sys.settrace(before)
            assert isinstance(coming.exception(), sqlite3.OperationalError)

        crowd.submit(writes_first).result(PATIENCE_S)
    assert stored(store) == {"first"}


def test_many_writers_of_two_processes_all_get_their_turn_and_a_kill_takes_nothing_that_was_told(
    tmp_path: Path,
) -> None:
    file = tmp_path / "killed.sqlite"
    store = open_store(file)
    plant(store)
    command = [sys.executable, "-m", "tests.engine.eight_writers", str(file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writers:
        assert writers.stdout is not None
        told = [writers.stdout.readline().strip()]
        for number in range(5):
            _writes(store, f"ours {number}")
        writers.kill()
        told += [line.strip() for line in writers.stdout if line.endswith("\n")]
    with store.reading() as session:
        assert set(remembered(session, "killed")) >= set(told)
    assert len(told) > 1
    assert len(stored(store)) == 5
    with store.reading() as session:
        assert session.scalar(sa.text("PRAGMA integrity_check")) == "ok"
    store.close()


def _writes(store: Store, name: str) -> None:
    with store.begin() as session:
        notes(name)(session)


def _wait_for(has_come: Callable[[], bool]) -> None:
    tick = threading.Event()
    for _ in range(int(PATIENCE_S / 0.001)):
        if has_come():
            return
        tick.wait(0.001)
    raise TimeoutError("what was waited for has not come")
