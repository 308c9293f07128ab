"""Work that processes share: called for at once, thrown away where its worker is dead, and no table that is made twice."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.job_tables import call_for, lacks_jobs, make_job_tables, replaces_jobs
from engine.jobs import Job, work_until
from engine.only_one import only_one
from engine.store import Store, open_store

pytestmark = pytest.mark.postgres

LONG = 60.0
NEVER = "0 0 1 1 *"  # at New Year
NAMESPACE = "SET LOCAL search_path TO procrastinate"


@pytest.fixture
def store(postgres_database: str) -> Iterator[Store]:
    """An empty database."""
    with closing(open_store(postgres_database)) as opened:
        yield opened


@pytest.fixture
def ready(store: Store) -> Store:
    """A database with the tables in it."""
    make(store)
    return store


def make(store: Store) -> None:
    with store.db.connect() as connection, connection.begin():
        make_job_tables(connection)


def lacking(store: Store) -> tuple[bool, bool]:
    with store.db.connect() as connection, connection.begin():
        return lacks_jobs(connection), replaces_jobs(connection)


def tell(store: Store, statement: str) -> list[object]:
    with store.db.connect() as connection, connection.begin():
        connection.execute(sa.text(NAMESPACE))
        answer = connection.execute(sa.text(statement))
        return list(answer.scalars()) if answer.returns_rows else []


def work(where: str, jobs: tuple[Job, ...], enough: Callable[[], bool]) -> None:
    """Work until it is enough, which is asked a few times a second."""

    async def until_enough() -> None:
        stop = asyncio.Event()
        working = asyncio.create_task(work_until(stop, where, jobs))
        pause = threading.Event()
        async with asyncio.timeout(LONG):
            while not enough():
                await asyncio.to_thread(pause.wait, 0.1)
        stop.set()
        await working

    asyncio.run(until_enough())


def address(store: Store) -> str:
    return store.db.url.render_as_string(hide_password=False)


def test_the_tables_are_made_once_in_a_namespace_of_their_own(store: Store) -> None:
    assert lacking(store) == (True, False)
    make(store)
    call_for(store, "post", "deliver")
    make(store)
    assert lacking(store) == (False, False)
    assert sa.inspect(store.db).get_table_names() == []
    assert tell(store, "SELECT count(*) FROM procrastinate_jobs") == [1]


def test_tables_of_an_older_version_are_made_anew_and_those_of_a_newer_one_left(ready: Store) -> None:
    call_for(ready, "post", "deliver")
    tell(ready, "COMMENT ON SCHEMA procrastinate IS '99.00.00_01_pre_of_a_newer_version'")
    assert lacking(ready) == (False, False)
    tell(ready, "COMMENT ON SCHEMA procrastinate IS '02.14.01_01_add_indexes_for_fetch_job'")
    assert lacking(ready) == (True, True)
    make(ready)
    assert lacking(ready) == (False, False)
    assert tell(ready, "SELECT count(*) FROM procrastinate_jobs") == [0]


def test_who_is_called_comes_at_once_and_two_calls_are_one_job(ready: Store) -> None:
    came = threading.Event()
    for _ in range(2):
        call_for(ready, "post", "deliver")
    assert tell(ready, "SELECT count(*) FROM procrastinate_jobs") == [1]
    work(address(ready), (Job("deliver", "post", NEVER, came.set),), came.is_set)
    came.clear()
    call_for(ready, "post", "deliver")
    work(address(ready), (Job("deliver", "post", NEVER, came.set),), came.is_set)


def test_a_job_that_fails_is_gone_and_the_next_is_done(ready: Store) -> None:
    tried: list[int] = []

    def fails_once() -> None:
        tried.append(1)
        if len(tried) == 1:
            call_for(ready, "post", "deliver")
            raise RuntimeError("not this time")

    call_for(ready, "post", "deliver")
    work(address(ready), (Job("deliver", "post", NEVER, fails_once),), lambda: len(tried) == 2)
    assert tell(ready, "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'deliver'") == [0]


def test_what_dead_workers_have_kept_is_thrown_away_and_was_in_nobodys_way(ready: Store) -> None:
    tell(
        ready,
        "WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id) "
        "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, status, worker_id) "
        "SELECT 'post', 'deliver', 'deliver', 'doing', id FROM dead",
    )
    came = threading.Event()
    call_for(ready, "post", "deliver")
    kept = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'deliver'"
    jobs = (Job("deliver", "post", NEVER, came.set),)
    work(address(ready), jobs, lambda: came.is_set() and tell(ready, kept) == [0])


def test_a_database_that_is_away_is_asked_again_until_somebody_stops_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = f"postgresql://nobody@/nothing?host={tmp_path}"
    with caplog.at_level(logging.WARNING, logger="auditloop.worker"):
        work(nowhere, (), lambda: "the database does not answer, and is asked again" in caplog.text)


def test_only_one_is_at_it_until_they_leave_it(store: Store) -> None:
    with only_one(store, "counting") as first, only_one(store, "counting") as second:
        assert (first, second) == (True, False)
        with only_one(store, "something else") as other:
            assert other
    with only_one(store, "counting") as again:
        assert again
