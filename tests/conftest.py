"""What every test may ask for; the PostgreSQL server of a run is started by the first test that needs it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.postgres import NoPostgres, Server, close_shared_folder, open_shared_folder, shared_server


def pytest_configure() -> None:
    """Make the meeting place of the workers, in the process that starts them."""
    if _starts_the_run():
        open_shared_folder()


def pytest_unconfigure() -> None:
    """Stop the server when the last worker is done."""
    if _starts_the_run():
        close_shared_folder()


@pytest.fixture(scope="session")
def postgres_server() -> Server:
    """The PostgreSQL server of this run, shared by all workers: for reading and for databases of one's own."""
    try:
        return shared_server()
    except NoPostgres as reason:
        pytest.skip(f"No PostgreSQL: {reason}")


@pytest.fixture(scope="session")
def postgres_url(postgres_server: Server) -> str:
    """The address of the server's own database; a test that writes takes `postgres_database`."""
    return postgres_server.url("postgres")


@pytest.fixture
def postgres_database(postgres_server: Server) -> Iterator[str]:
    """The address of an empty PostgreSQL database that is the test's own."""
    with postgres_server.database() as url:
        yield url


def _starts_the_run() -> bool:
    return "PYTEST_XDIST_WORKER" not in os.environ
