"""A store with leaves in it, on both kinds of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store import Store, open_store
from tests.engine.leaves import plant
from tests.postgres import Server


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An SQLite file in which leaves can grow."""
    yield from _planted(str(tmp_path / "leaves.sqlite"))


@pytest.fixture(scope="module")
def postgres_leaves(postgres_server: Server) -> Iterator[str]:
    """A PostgreSQL database for all tests of a file, because making one takes longer than a test does."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """The same, once in an SQLite file and once in PostgreSQL."""
    if request.param == "sqlite":
        yield from _planted(str(tmp_path / "leaves.sqlite"))
    else:
        yield from _planted(request.getfixturevalue("postgres_leaves"))


def _planted(where: str) -> Iterator[Store]:
    store = open_store(where)
    plant(store)
    yield store
    store.close()
