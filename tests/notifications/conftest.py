"""An outbox of one's own, on both kinds of database, and certificates for a mail server on this machine."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.store import Base, Store, open_store


class Certificate(NamedTuple):
    """Files of a certificate for 127.0.0.1 and of its key."""

    certificate: Path
    key: Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty outbox in an SQLite file."""
    yield from _with_outbox(str(tmp_path / "outbox.db"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty outbox, once in an SQLite file and once in PostgreSQL."""
    if request.param == "sqlite":
        yield from _with_outbox(str(tmp_path / "outbox.db"))
    else:
        yield from _with_outbox(request.getfixturevalue("postgres_database"))


@pytest.fixture
def postgres_store(postgres_database: str) -> Iterator[Store]:
    """An empty outbox in PostgreSQL."""
    yield from _with_outbox(postgres_database)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate that only those trust who are told to."""
    return made_certificate(tmp_path_factory.mktemp("certificate"))


def made_certificate(folder: Path) -> Certificate:
    """Make a certificate for a server on this machine."""
    files = Certificate(folder / "certificate.pem", folder / "key.pem")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    places = ["-out", str(files.certificate), "-keyout", str(files.key)]
    subprocess.run([*command.split(), *names, *places], check=True, capture_output=True)
    return files


def _with_outbox(where: str) -> Iterator[Store]:
    store = open_store(where)
    tables = [Base.metadata.tables[name] for name in ("message", "restoration")]
    Base.metadata.create_all(store.db, tables=tables)
    yield store
    store.close()
