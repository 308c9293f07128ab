"""Where everything is kept: what a connection promises, and what goes in comes out."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from engine.bookmarks import remember, remembered
from engine.definitions import Definition
from engine.prepared import Prepared, RowLock
from engine.store import (
    Store,
    among,
    database_url,
    instant_text,
    open_store,
    sqlite_journal,
)
from tests.engine.leaves import SPRING, Leaf, LeafBase, bud

# -- which database ----------------------------------------------------------------------------------------


def test_a_path_is_an_sqlite_file(tmp_path: Path) -> None:
    store = open_store(tmp_path / "audits.sqlite")
    assert store.db.dialect.name == "sqlite"
    assert store.path == tmp_path / "audits.sqlite"
    store.close()


@pytest.mark.parametrize("where", ["sqlite:///audits.sqlite", "audits.sqlite"])
def test_a_file_can_be_written_as_an_address_too(where: str) -> None:
    assert database_url(where).database == "audits.sqlite"


@pytest.mark.parametrize("where", ["postgresql://ann@host/audits", "postgres://ann@host/audits"])
def test_postgresql_always_goes_through_psycopg_3(where: str) -> None:
    assert database_url(where).drivername == "postgresql+psycopg"
    assert open_store(where).path is None


def test_another_database_is_refused_with_what_would_be_right() -> None:
    with pytest.raises(ValueError, match=r"'mysql' is not a database that can be used; give a path"):
        open_store("mysql://ann@host/audits")


def test_what_is_no_address_is_refused_with_what_would_be_right() -> None:
    with pytest.raises(ValueError, match="is not a database URL; give a path or postgresql://user@host/name"):
        open_store("://")


def test_a_database_in_memory_is_one_for_all_threads() -> None:
    store = open_store("sqlite://")
    assert store.path is None
    with store.db.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE bookmark (work TEXT, place TEXT, value TEXT)")
    with ThreadPoolExecutor(1) as other:
        other.submit(_remember, store, "1").result()
    with store.reading() as session:
        assert remembered(session, "reading") == {"1": "here"}
    store.close()


# -- what a connection to SQLite promises ------------------------------------------------------------------


def test_an_acknowledged_commit_survives_a_power_cut(store: Store) -> None:
    with store.db.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("synchronous", "foreign_keys", "busy_timeout", "journal_mode")
        }
    assert pragmas == {
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
        "journal_mode": sqlite_journal().lower(),
    }


def test_the_write_ahead_log_is_used_only_where_it_cannot_be_damaged() -> None:
    assert sqlite_journal((3, 51, 2)) == "TRUNCATE"
    assert sqlite_journal((3, 51, 3)) == "WAL"
    assert sqlite_journal((3, 52, 0)) == "WAL"


def test_a_writer_takes_its_lock_at_once_and_a_reader_takes_none(store: Store, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "leaves.sqlite", timeout=0)
    with store.reading(), other:
        other.execute("INSERT INTO tenant (id) VALUES (2)")
    with store.begin(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("INSERT INTO tenant (id) VALUES (3)")
    other.close()


def test_writers_wait_for_each_other_and_none_is_turned_away(any_store: Store) -> None:
    with ThreadPoolExecutor(8) as writers:
        list(writers.map(lambda number: _remember(any_store, str(number)), range(40)))
    with any_store.reading() as session:
        assert len(remembered(session, "reading")) == 40


# -- transactions ------------------------------------------------------------------------------------------


def test_what_was_written_stands_after_the_end(any_store: Store) -> None:
    with any_store.begin() as session:
        remember(session, "reading", "page", "7")
    with any_store.reading() as session:
        assert remembered(session, "reading") == {"page": "7"}


def test_whatever_goes_wrong_nothing_is_left_of_it(any_store: Store) -> None:
    with pytest.raises(ZeroDivisionError), any_store.begin() as session:
        _writes_and_fails(session)
    with any_store.reading() as session:
        assert remembered(session, "reading") == {}


# -- instants ----------------------------------------------------------------------------------------------


def test_an_instant_comes_back_as_it_went_in_and_in_utc(any_store: Store) -> None:
    at = datetime(2015, 7, 1, 10, 0, 0, 7, tzinfo=timezone(timedelta(hours=1)))
    with any_store.begin() as session:
        session.add(Definition(kind="leaf", hash="1" * 64, text="", published_at=at))
    with any_store.reading() as session:
        kept = session.scalars(sa.select(Definition.published_at).order_by(Definition.id)).all()[-1]
    assert kept == at
    assert kept.tzinfo == UTC


def test_an_instant_without_a_zone_is_refused(any_store: Store) -> None:
    naive = SPRING.replace(tzinfo=None)
    with (
        pytest.raises(sa.exc.StatementError, match="has no time zone; only aware instants are stored"),
        any_store.begin() as session,
    ):
        session.add(Definition(kind="leaf", hash="1" * 64, text="", published_at=naive))


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_the_text_of_instants_sorts_as_they_do(one: datetime, other: datetime) -> None:
    assert (instant_text(one) < instant_text(other)) == (one < other)
    assert len(instant_text(one)) == 27
    assert datetime.fromisoformat(instant_text(one)) == one


# -- prepared statements -----------------------------------------------------------------------------------

_LEAVES = Prepared(
    sa.select(Leaf.id, Leaf.colour, Leaf.falls_on)
    .where(Leaf.state == sa.bindparam("state", required=False), Leaf.colour.in_(["green", "red"]))
    .order_by(Leaf.id)
)
_PAINT = Prepared(sa.update(Leaf).where(Leaf.id == sa.bindparam("leaf")).values(colour=sa.bindparam("paint")))
_PUBLISHED = Prepared(
    sa.select(Definition.published_at, Definition.id).where(
        Definition.published_at <= sa.bindparam("at", type_=Definition.published_at.type)
    )
)


def test_a_prepared_query_gives_each_value_as_its_column_promises(any_store: Store) -> None:
    with any_store.begin() as session:
        bud(session, colour="green", falls_on=date(2015, 10, 1))
        bud(session, colour="blue")
        bud(session, colour="red")
        assert _LEAVES.rows(session, {"state": "bud"}) == [(1, "green", date(2015, 10, 1)), (3, "red", None)]
        assert _LEAVES.first(session, {"state": "bud"}) == (1, "green", date(2015, 10, 1))
        assert _LEAVES.first(session, {"state": "open"}) is None
        assert _PUBLISHED.first(session, {"at": SPRING}) == (SPRING, 1)
        assert _PUBLISHED.rows(session, {"at": SPRING - timedelta(microseconds=1)}) == []


def test_a_prepared_change_says_how_many_rows_it_touched(any_store: Store) -> None:
    with any_store.begin() as session:
        ref = bud(session)
        assert _PAINT.run(session, {"leaf": ref.id, "paint": "red"}) == 1
        assert _PAINT.run(session, {"leaf": 99, "paint": "red"}) == 0
        assert _PAINT.run(session, {"leaf": ref.id, "paint": None}) == 1


def test_a_prepared_statement_sees_what_the_session_has_not_written_yet(any_store: Store) -> None:
    with any_store.begin() as session:
        session.add(Definition(kind="leaf", hash="1" * 64, text="", published_at=SPRING))
        assert len(_PUBLISHED.rows(session, {"at": SPRING})) == 2


def test_a_value_that_is_forgotten_is_an_error_and_no_empty_value(any_store: Store) -> None:
    with any_store.begin() as session, pytest.raises(KeyError):
        _PAINT.run(session, {"leaf": 1})


def test_only_queries_and_changes_of_rows_can_be_prepared(store: Store) -> None:
    drop = Prepared(sa.schema.DropTable(LeafBase.metadata.tables["leaf"]))
    with store.begin() as session, pytest.raises(TypeError, match="only queries and changes of rows"):
        drop.run(session, {})


def _writes_and_fails(session: Session) -> None:
    remember(session, "reading", "page", "7")
    raise ZeroDivisionError


def _remember(store: Store, place: str) -> None:
    with store.begin() as session:
        remember(session, "reading", place, "here")


def test_what_can_be_made_again_waits_for_no_disk(tmp_path: Path) -> None:
    store = open_store(tmp_path / "played.sqlite", survives_power_cut=False)
    with store.reading() as session:
        assert session.execute(sa.text("PRAGMA synchronous")).scalar_one() == 0
    store.close()


_OF_THESE = Prepared(sa.select(Leaf.id, Leaf.colour).where(among(Leaf.id, "leaves")).order_by(Leaf.id))


def test_one_statement_asks_for_however_many(any_store: Store) -> None:
    with any_store.begin() as session:
        leaves = [bud(session).id for _ in range(5)]
        for wanted in ([], leaves[1:2], leaves[::2], [*leaves, 999]):
            found = _OF_THESE.rows(session, {"leaves": wanted})
            assert [number for number, _ in found] == [number for number in wanted if number != 999]


def test_one_statement_is_handed_over_for_many_rows_together(any_store: Store) -> None:
    with any_store.begin() as session:
        leaves = [bud(session).id for _ in range(3)]
        painted = [{"leaf": number, "paint": f"shade {number}"} for number in (*leaves, 999)]
        assert _PAINT.run_all(session, painted) == 3
        assert _PAINT.run_all(session, painted[:1]) == 1
        assert _PAINT.run_all(session, []) == 0
        found = _OF_THESE.rows(session, {"leaves": leaves})
    assert found == [(number, f"shade {number}") for number in leaves]


def test_many_rows_are_locked_together_and_one_alone(any_store: Store) -> None:
    lock = RowLock(Leaf.id)
    with any_store.begin() as session:
        leaves = [bud(session).id for _ in range(3)]
    with any_store.begin() as session:
        lock.take(session, leaves)
        lock.take(session, leaves[:1])
        lock.take(session, [])
        if session.info["locks_rows"]:
            assert _free(any_store, leaves) == []
    assert _free(any_store, leaves) == leaves


def test_what_points_at_a_locked_row_is_written_without_waiting(any_store: Store) -> None:
    with any_store.begin() as session:
        leaves = [bud(session).id for _ in range(3)]
    with any_store.begin() as session:
        for taken in (leaves[:1], leaves):
            RowLock(Leaf.id).take(session, taken)
        if session.info["locks_rows"]:
            with any_store.begin() as another:
                # PostgreSQL holds so whatever a foreign key points at, until the transaction ends.
                pointed_at = sa.select(Leaf.id).order_by(Leaf.id)
                pointed_at = pointed_at.with_for_update(read=True, key_share=True, skip_locked=True)
                assert list(another.scalars(pointed_at.where(Leaf.id.in_(leaves)))) == leaves


def _free(store: Store, leaves: list[int]) -> list[int]:
    """Give which leaves somebody else could lock now."""
    with store.begin() as another:
        query = sa.select(Leaf.id).where(Leaf.id.in_(leaves)).order_by(Leaf.id)
        return list(another.scalars(query.with_for_update(skip_locked=True)))


def test_a_statement_that_fails_is_told_without_what_somebody_wrote(tmp_path: Path) -> None:
    store = open_store(tmp_path / "one.sqlite")
    with pytest.raises(sa.exc.OperationalError) as failed, store.begin() as session:
        session.execute(sa.text("INSERT INTO nowhere VALUES (:said)"), {"said": "a child was seen"})
    store.close()
    assert "nowhere" in str(failed.value)
    assert "a child was seen" not in str(failed.value)


@pytest.mark.postgres
@pytest.mark.parametrize(("said", "idle"), [("", "30"), ("&keepalives_idle=45", "45")])
def test_a_server_that_is_cut_off_is_missed_within_a_minute(postgres_url: str, said: str, idle: str) -> None:
    store = open_store(f"{postgres_url}{said}")
    with store.reading() as session:
        ways = session.info["driver"].info.get_parameters()
    store.close()
    assert (ways["keepalives_idle"], ways["keepalives_count"], ways["tcp_user_timeout"]) == (
        idle,
        "3",
        "60000",
    )
