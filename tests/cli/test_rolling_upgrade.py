"""A new version comes while the one before still runs: what is only added disturbs nobody, what is taken away waits."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa

from assurance.migrate import (
    MIGRATIONS,
    NotOurs,
    is_additive,
    is_behind,
    migrate,
    newest_shape,
    shape_of,
    shapes,
)
from engine.errors import Refused
from engine.store import Store, open_store
from tests.cli.conftest import Run
from tests.cli.fleet import Running

FIRST_MARKED = "0023_oldest_shape"
# What programs of the version before may stumble over; a guard that is made anew is in nobody's way.
TAKES_AWAY = re.compile(r"drop_|rename_|alter_column|DROP (?!TRIGGER)|DELETE FROM|RENAME |SET NOT NULL")
ADDED = '''"""Adds a table of which programs before it know nothing."""

import sqlalchemy as sa
from alembic import op

revision = "9998_next_version"
down_revision = "{before}"
branch_labels = None
depends_on = None
additive = True


def upgrade() -> None:
    op.create_table("next_version", sa.Column("id", sa.Integer(), primary_key=True))
    op.add_column("tenant", sa.Column("motto", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("tenant", "motto")
    op.drop_table("next_version")
'''
TAKEN = '''"""Takes a column away that programs before it read."""

from alembic import op

revision = "9999_without_notes"
down_revision = "9998_next_version"
branch_labels = None
depends_on = None
additive = False


def upgrade() -> None:
    op.drop_column("tenant", "note")


def downgrade() -> None:
    raise NotImplementedError
'''


@pytest.fixture
def next_version(tmp_path: Path) -> Path:
    """The migrations of a next version, which adds a table and a column."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "9998_next_version.py").write_text(
        ADDED.format(before=newest_shape()), encoding="utf-8"
    )
    return folder


@pytest.fixture
def version_after(next_version: Path) -> Path:
    """The migrations of a version that takes something away besides."""
    (next_version / "versions" / "9999_without_notes.py").write_text(TAKEN, encoding="utf-8")
    return next_version


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of this version, of each kind."""
    where = str(tmp_path / "here.sqlite")
    if request.param == "postgresql":
        where = request.getfixturevalue("postgres_database")
    with closing(open_store(where)) as store:
        migrate(store)
    return where


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """The same, open."""
    with closing(open_store(database)) as opened:
        yield opened


def test_every_migration_from_now_on_says_whether_it_only_adds() -> None:
    since = shapes()[shapes().index(FIRST_MARKED) :]
    texts = {name: (MIGRATIONS / "versions" / f"{name}.py").read_text(encoding="utf-8") for name in since}
    assert [
        name
        for name, text in texts.items()
        if not re.search(r"^additive = (True|False)$", text, re.MULTILINE)
    ] == []
    ups = {
        name: text.partition("def upgrade()")[2].partition("def downgrade()")[0]
        for name, text in texts.items()
    }
    assert [name for name, text in ups.items() if is_additive(name) and TAKES_AWAY.search(text)] == []


def test_programs_go_on_running_on_what_a_newer_version_has_only_added_to(
    store: Store, next_version: Path
) -> None:
    migrate(store, steps=next_version)
    assert shape_of(store) == "9998_next_version"
    assert not is_behind(shape_of(store))
    with pytest.raises(NotOurs, match="was written by a newer program: its shape is 9998_next_version"):
        migrate(store)


def test_programs_refuse_what_a_newer_version_has_taken_something_away_from(
    run: Run, store: Store, database: str, version_after: Path
) -> None:
    migrate(store, steps=version_after)
    with pytest.raises(NotOurs, match="newer or another program: its shape is 9999_without_notes"):
        shape_of(store)
    answer = run("list", "audits", database=database)
    assert answer.exit_code == 5
    assert "was written by a newer or another program" in answer.stderr


@pytest.mark.postgres
def test_a_server_of_pages_goes_on_through_an_upgrade_that_adds_and_holds_up_one_that_takes_away(
    postgres_database: str, tmp_path: Path, next_version: Path
) -> None:
    with closing(open_store(postgres_database)) as store:
        migrate(store)
        web = Running("web", "--port", "0", DATABASE=postgres_database, VAR=str(tmp_path))
        try:
            web.until("Stop with Ctrl-C.")
            migrate(store, steps=next_version)
            health = httpx2.get(f"{web.address}/health", timeout=30).json()
            late = Running("web", "--port", "0", DATABASE=postgres_database, VAR=str(tmp_path))
            late.until("Stop with Ctrl-C.")
            assert late.stop() == 0
            (next_version / "versions" / "9999_without_notes.py").write_text(TAKEN, encoding="utf-8")
            after = shutil.copytree(next_version, tmp_path / "after")
            with pytest.raises(
                Refused, match=r"9999_without_notes would take away .* running: auditloop web 0\.1\.0 on "
            ):
                migrate(store, steps=after)
            assert shape_of(store) == "9998_next_version"
        finally:
            assert web.stop() == 0
        assert "database" in str(health)
        migrate(store, steps=after)
        with store.db.connect() as connection:
            assert "note" not in {column["name"] for column in sa.inspect(connection).get_columns("tenant")}
