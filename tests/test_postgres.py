"""The tests' own PostgreSQL: one server a run, one database a test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest
import sqlalchemy as sa

from tests.postgres import Server

pytestmark = pytest.mark.postgres


@pytest.fixture
def empty_folder() -> Iterator[Path]:
    """A folder with a short name, since the name of a socket may not be long."""
    folder = Path(mkdtemp(prefix="auditloop-"))
    yield folder
    shutil.rmtree(folder)


def test_a_database_of_ones_own_is_empty_and_writable(postgres_database: str) -> None:
    db = sa.create_engine(postgres_database)
    with db.begin() as connection:
        assert sa.inspect(connection).get_table_names() == []
        connection.execute(sa.text("CREATE TABLE note (id integer)"))
    db.dispose()


def test_another_test_does_not_see_it(postgres_database: str) -> None:
    db = sa.create_engine(postgres_database)
    with db.connect() as connection:
        assert sa.inspect(connection).get_table_names() == []
    db.dispose()


def test_the_server_keeps_what_is_committed_as_a_real_one_does(postgres_url: str) -> None:
    db = sa.create_engine(postgres_url)
    with db.connect() as connection:
        settings = {
            name: connection.scalar(sa.text(f"SHOW {name}")) for name in ("fsync", "synchronous_commit")
        }
    db.dispose()
    assert settings == {"fsync": "on", "synchronous_commit": "on"}


def test_the_server_from_the_wheel_survives_a_crash(empty_folder: Path) -> None:
    server = Server.create(empty_folder, from_wheel=True)
    server.start()
    try:
        with server.database() as url:
            db = sa.create_engine(url, poolclass=sa.NullPool)
            with db.begin() as connection:
                connection.execute(sa.text("CREATE TABLE note AS SELECT 1 AS id"))
            server.stop(mode="immediate")
            server.start()
            with db.connect() as connection:
                assert connection.scalar(sa.text("SELECT id FROM note")) == 1
    finally:
        server.stop()
