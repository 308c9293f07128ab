"""What is told goes together with what is asked, and what a statement promises is held by the database itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from engine import timers
from engine.definitions import Definition
from engine.errors import Stale, is_unanswered
from engine.ledger import append
from engine.moved import Ref, Standing
from engine.prepared import Prepared
from engine.store import Store, open_store
from engine.wire import Promise
from tests.engine.leaves import LEAF_HASH, LEAF_TEXT, SPRING, Leaf, bud, opened, plant, standing
from tests.postgres import Server

_PAINT = Prepared(sa.update(Leaf).where(Leaf.id == sa.bindparam("leaf")).values(colour=sa.bindparam("paint")))
_PAINTS = Prepared(sa.select(Leaf.colour).order_by(Leaf.id))
_SERVER = sa.text("SELECT pg_backend_pid()")
_GROUP = sa.text("SELECT current_setting('auditloop.group', true)")


def paint(session: Session, leaf: int, colour: str) -> None:
    """Tell the database to paint a leaf, which has to be there."""
    gone = Promise(1, Stale.because("gone", "This leaf has gone."))
    _PAINT.tell(session, {"leaf": leaf, "paint": colour}, gone)


@pytest.fixture
def far_store(postgres_leaves: str) -> Iterator[Store]:
    """Leaves on a server, which every statement has to travel to."""
    store = open_store(postgres_leaves)
    plant(store)
    yield store
    store.close()


@contextmanager
def journeys(store: Store, folder: Path) -> Iterator[list[str]]:
    """Write down what the server answers when it is ready for more: once for each journey."""
    with store.db.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
    made: list[str] = []
    with (folder / "said").open("w+", encoding="utf-8") as said:
        driver.pgconn.trace(said.fileno())
        yield made
        driver.pgconn.untrace()
        said.seek(0)
        made += re.findall(r"ReadyForQuery.*", said.read())


def test_a_promise_is_kept_or_nothing_is_stored(any_store: Store) -> None:
    with any_store.begin() as session:
        leaf = bud(session).id
    with any_store.begin() as session:
        paint(session, leaf, "green")
        assert _PAINTS.rows(session, {}) == [("green",)]
    with pytest.raises(Stale, match="This leaf has gone"):
        _paint_all(any_store, [leaf, 99], "red")
    with any_store.reading() as session:
        assert _PAINTS.rows(session, {}) == [("green",)]


def test_what_was_told_is_there_for_whatever_is_asked_next(any_store: Store) -> None:
    with any_store.begin() as session:
        leaf = bud(session).id
        paint(session, leaf, "green")
        assert session.scalar(sa.select(Leaf.colour)) == "green"
        paint(session, leaf, "red")
        later = _PAINTS.rows_soon(session, {})
        assert _PAINTS.rows(session, {}) == [("red",)] == list(later())
    with any_store.reading() as session:
        assert _PAINTS.rows_soon(session, {})() == (("red",),)


def test_what_the_database_refuses_is_raised_and_nothing_is_stored(any_store: Store) -> None:
    with any_store.begin() as session:
        leaf = bud(session)
        stands = standing(session, leaf)
    for asks in (False, True):
        with pytest.raises(IntegrityError, match=r"(?i)unique"):
            _open_both(any_store, leaf, leaf, once="one request", asks=asks)
    with any_store.reading() as session:
        assert standing(session, leaf) == stands


def test_after_a_fault_nobody_ends_as_if_there_had_been_none(any_store: Store) -> None:
    with any_store.begin() as session:
        leaf = bud(session).id
    with pytest.raises(DBAPIError, match="undone"):
        _paint_past_a_fault(any_store, leaf)
    with any_store.reading() as session:
        assert _PAINTS.rows(session, {}) == [(None,)]


@pytest.mark.postgres
def test_the_loser_of_a_race_is_told_with_the_commit_and_nothing_of_it_is_stored(far_store: Store) -> None:
    with far_store.begin() as session:
        leaf = bud(session)
        stands = standing(session, leaf)
        append(session, Leaf, stands, opened())
    with pytest.raises(Stale, match="in the meantime"):
        _arm_and_open(far_store, leaf, stands)
    with far_store.reading() as session:
        assert timers.set_for(session, "leaf", [leaf.id]) == {}


@pytest.mark.postgres
def test_a_transaction_makes_one_journey_for_each_question_and_one_to_commit(
    far_store: Store, tmp_path: Path
) -> None:
    with far_store.begin() as session:
        leaf = bud(session).id
    with journeys(far_store, tmp_path) as made, far_store.begin(group=1) as session:
        assert _PAINTS.rows(session, {}) == [(None,)]
        for colour in ("green", "red", "brown"):
            paint(session, leaf, colour)
    assert len(made) == 2
    with far_store.reading() as session:
        assert _PAINTS.rows(session, {}) == [("brown",)]


@pytest.mark.postgres
def test_a_commit_that_fails_is_raised(far_store: Store) -> None:
    twig = (
        "CREATE TABLE IF NOT EXISTS twig (id int, CONSTRAINT one UNIQUE (id) DEFERRABLE INITIALLY DEFERRED)"
    )
    with far_store.begin() as session:
        session.execute(sa.text(twig))
    with pytest.raises(IntegrityError, match="COMMIT"):
        _grow_twigs(far_store, 2)
    with far_store.reading() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM twig")) == 0


@pytest.mark.postgres
def test_a_value_that_cannot_be_sent_costs_no_connection(far_store: Store) -> None:
    with far_store.begin() as session:
        leaf, server = bud(session).id, session.scalar(_SERVER)
    with pytest.raises(DataError, match="NUL"):
        _paint_all(far_store, [leaf], "gr\0en")
    with far_store.reading() as session:
        assert session.scalar(_SERVER) == server


@pytest.mark.postgres
def test_whoever_is_refused_while_reading_makes_the_server_forget_nothing(far_store: Store) -> None:
    for _ in range(8):  # so often that psycopg too has the server know it by a name
        with far_store.reading() as session:
            session.scalar(_SERVER)
    for ends in (_ends_well, _is_refused):
        with suppress(Stale), far_store.reading() as session:
            _PAINTS.rows(session, {})
            ends()
    with far_store.reading() as session:
        ours = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%leaf%'"
        assert session.scalar(sa.text(ours)) == 1


@pytest.mark.postgres
def test_the_group_is_told_for_one_transaction_alone(far_store: Store) -> None:
    with far_store.begin(group=3) as session:
        assert session.scalar(_GROUP) == "3"
    with far_store.begin() as session:
        assert not session.scalar(_GROUP)
    with far_store.reading(group=4) as session:
        assert session.scalar(_GROUP) == "4"


@pytest.mark.postgres
def test_connections_that_the_server_has_closed_are_opened_anew(
    far_store: Store, postgres_server: Server
) -> None:
    with far_store.begin() as session:
        gone = session.scalar(_SERVER)
    _close_from_there(postgres_server, gone)
    with far_store.begin() as session:
        assert session.scalar(_SERVER) != gone


@pytest.mark.postgres
def test_a_commit_without_an_answer_is_told_from_one_that_is_refused(
    far_store: Store, postgres_server: Server
) -> None:
    with far_store.begin() as session:
        leaf = bud(session)
    with pytest.raises(OperationalError) as unanswered:
        _paint_and_be_cut_off(far_store, leaf.id, postgres_server, asks=False)
    assert is_unanswered(unanswered.value)
    with pytest.raises(IntegrityError) as refused:
        _open_both(far_store, leaf, leaf, once="one request", asks=False)
    assert not is_unanswered(refused.value)
    with pytest.raises(OperationalError) as lost:
        _paint_and_be_cut_off(far_store, leaf.id, postgres_server, asks=True)
    assert not is_unanswered(lost.value)


def _ends_well() -> None:
    """Be content."""


def _is_refused() -> None:
    raise Stale.because("gone", "This leaf has gone.")


def _paint_and_be_cut_off(store: Store, leaf: int, server: Server, *, asks: bool) -> None:
    with store.begin() as session:
        paint(session, leaf, "green")
        _close_from_there(server, session.scalar(_SERVER))
        if asks:
            _PAINTS.rows(session, {})


def _close_from_there(server: Server, connection: object) -> None:
    with psycopg.connect(server.url("postgres").replace("+psycopg", ""), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [connection])


def _paint_all(store: Store, leaves: list[int], colour: str) -> None:
    with store.begin() as session:
        for leaf in leaves:
            paint(session, leaf, colour)


def _paint_past_a_fault(store: Store, leaf: int) -> None:
    with store.begin() as session:
        paint(session, leaf, "green")
        session.add(Definition(kind="leaf", hash=LEAF_HASH, text=LEAF_TEXT, published_at=SPRING))
        with suppress(IntegrityError):
            session.flush()


def _open_both(store: Store, *leaves: Ref, once: str, asks: bool) -> None:
    with store.begin() as session:
        for leaf in leaves:
            append(session, Leaf, standing(session, leaf), opened(once=once))
        if asks:
            _PAINTS.rows(session, {})


def _arm_and_open(store: Store, leaf: Ref, stands: Standing) -> None:
    with store.begin() as session:
        timers.arm(session, [leaf], group_id=1, due_at=SPRING)
        append(session, Leaf, stands, opened())


def _grow_twigs(store: Store, number: int) -> None:
    with store.begin() as session:
        for _ in range(number):
            session.execute(sa.text("INSERT INTO twig VALUES (1)"))
