"""The shape of the database: migrations make exactly what the classes say, can be taken back, and guard the history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from assurance.migrate import MIGRATIONS, NotOurs, migrate, newest_shape, shape_of, shapes
from assurance.tables import METADATA
from engine.store import Store, open_store
from tests.assurance.conftest import At


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        store = open_store(tmp_path / "empty.sqlite")
    else:
        store = open_store(request.getfixturevalue("postgres_database"))
    yield store
    store.close()


def differences(store: Store) -> list[object]:
    with store.db.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, METADATA))


def tables(store: Store) -> set[str]:
    return set(sa.inspect(store.db).get_table_names())


def config(connection: sa.Connection) -> Config:
    told = Config()
    told.set_main_option("script_location", str(MIGRATIONS))
    told.set_main_option("path_separator", "os")
    told.attributes["connection"] = connection
    return told


def test_migrations_make_exactly_what_the_classes_say(empty_store: Store) -> None:
    assert shape_of(empty_store) is None
    migrate(empty_store)
    assert differences(empty_store) == []
    assert tables(empty_store) == {*METADATA.tables, "alembic_version"}
    assert shape_of(empty_store) == newest_shape()


def test_migrating_again_changes_nothing(empty_store: Store) -> None:
    migrate(empty_store)
    migrate(empty_store)
    assert differences(empty_store) == []


def test_all_migrations_can_be_taken_back_and_made_again(empty_store: Store) -> None:
    migrate(empty_store)
    with empty_store.db.connect() as connection, connection.begin():
        command.downgrade(config(connection), "base")
    assert tables(empty_store) == {"alembic_version"}
    migrate(empty_store)
    assert differences(empty_store) == []


def test_every_step_can_be_taken_alone_in_both_directions(empty_store: Store) -> None:
    with empty_store.db.connect() as connection, connection.begin():
        told = config(connection)
        steps = list(ScriptDirectory.from_config(told).walk_revisions())
        assert len(steps) >= 2
        for _ in steps:
            command.upgrade(told, "+1")
            command.downgrade(told, "-1")
            command.upgrade(told, "+1")
    assert differences(empty_store) == []


def test_a_migration_that_fails_leaves_nothing_behind(empty_store: Store) -> None:
    first = shapes()[0]
    with empty_store.db.connect() as connection, connection.begin():
        command.upgrade(config(connection), first)
        connection.execute(sa.text("CREATE TABLE message (id INTEGER)"))
    before = tables(empty_store)
    with pytest.raises(DBAPIError, match=r"message.* already exists"):
        migrate(empty_store)
    assert tables(empty_store) == before
    assert shape_of(empty_store) == first


def test_the_tables_of_another_program_are_left_alone(empty_store: Store) -> None:
    with empty_store.begin() as session:
        session.execute(sa.text("CREATE TABLE message (id INTEGER)"))
    with pytest.raises(NotOurs, match="belongs to another program: it holds message"):
        migrate(empty_store)
    assert tables(empty_store) == {"message"}


def test_the_database_itself_refuses_to_change_the_history(any_world_at: At) -> None:
    world = any_world_at("proposed")
    strokes = [
        "UPDATE event SET data = '{}'",
        "UPDATE event SET seal = seal WHERE seq = 1",
        "DELETE FROM event",
        "DELETE FROM event WHERE seq = (SELECT max(seq) FROM event)",
    ]
    if world.office.store.path is None:
        strokes.append("TRUNCATE event CASCADE")
    for stroke in strokes:
        with (
            pytest.raises(DBAPIError, match="the history is never changed"),
            world.office.store.begin() as session,
        ):
            session.execute(sa.text(stroke))
    assert world.proof().faults == ()
