"""The shape of the database: migrations make exactly what the classes say, can be taken back, and guard the history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from assurance.facts import vocabularies
from assurance.migrate import MIGRATIONS, NotOurs, migrate, newest_shape, shape_of, shapes
from assurance.records import Audit, Meeting
from assurance.tables import METADATA
from engine.definitions import Definition
from engine.fences import EVERY
from engine.ledger import history
from engine.moved import Ref
from engine.proof import verify
from engine.store import Store, open_store
from engine.workflow import Workflow
from engine.workflow_file import content_hash
from engine.yamlfile import parse_yaml
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


def config(connection: sa.Connection | None = None) -> Config:
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
    with empty_store.begin(group=EVERY) as session:
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
            world.office.store.begin(group=EVERY) as session,
        ):
            session.execute(sa.text(stroke))
    assert world.proof().faults == ()


# Meetings got histories when there were meetings already.

BEFORE_HISTORIES = "0009_two_clocks"


THE_YEAR_BEFORE = """
INSERT INTO tenant (id, key, name, board, purpose, functions, frequency, zone, note)
    VALUES (1, 'qa', 'Group', 'Board', '', '', '', 'Europe/London', '');
INSERT INTO definition (kind, hash, text, published_at)
    VALUES ('audit', 'x', '', '2014-04-01T09:00:00.000000Z');
INSERT INTO programme (id, group_id, year, starts_on, ends_on)
    VALUES (1, 1, '2014-15', '2014-04-01', '2015-03-31');
INSERT INTO meeting (id, group_id, key, title, at, "on") VALUES
    (3, 1, '2014-09', 'September', '2014-09-16T13:00:00.000000Z', '2014-09-16'),
    (7, 1, '2999-01', 'Far away', '2999-01-15T14:00:00.000000Z', '2999-01-15');
INSERT INTO audit (id, group_id, state, state_since_on, version, material_version, head, definition_id, reference,
        programme_id, theme, source_kind, source, scope, look_back_months, case_target, meeting_id)
    VALUES (1, 1, 'proposed', '2014-05-06', 0, 0, '', 1, '2014-15/1', 1, 'T', 'review', 'S', 'S', 12, 4, 3);
INSERT INTO moderation (id, group_id, audit_id, meeting_id, held_on, note)
    VALUES (1, 1, 1, 3, '2014-09-16', 'All')
"""


def before_histories(store: Store) -> None:
    """Write a group with two meetings, an audit that one of them looks at, and what was said of it there."""
    with store.db.connect() as connection, connection.begin():
        command.upgrade(config(connection), BEFORE_HISTORIES)
        for statement in THE_YEAR_BEFORE.split(";"):
            connection.execute(sa.text(statement))


def test_meetings_that_are_there_get_the_first_line_of_a_history(empty_store: Store) -> None:
    before_histories(empty_store)
    migrate(empty_store)
    assert differences(empty_store) == []
    with empty_store.reading(group=EVERY) as session:
        rows = {row.id: row for row in session.scalars(sa.select(Meeting))}
        proof = verify(session, [Meeting])
        lines = {number: history(session, Ref("meeting", number)) for number in rows}
        assert session.get_one(Audit, 1).meeting_id == 3
        published = session.scalars(sa.select(Definition.text).where(Definition.kind == "meeting")).all()
    assert {number: row.state for number, row in rows.items()} == {3: "held", 7: "planned"}
    assert (rows[3].starts_at, rows[3].ends_at) == (
        datetime(2014, 9, 16, 13, tzinfo=UTC),
        datetime(2014, 9, 16, 15, tzinfo=UTC),
    )
    assert (rows[3].on, rows[3].place, rows[3].sequence) == (date(2014, 9, 16), "", 0)
    assert rows[3].uid != rows[7].uid
    assert ([fault for fault in proof.faults if fault.subject.startswith("meeting")], proof.lines) == ([], 2)
    for number, (line,) in lines.items():
        assert (line.kind, line.actor, line.data["to"]) == ("opened", "clock", rows[number].state)
        assert line.data["taken_over"] is True
    (text,) = published
    workflow = Workflow.from_text(text, vocabularies()["meeting"], file="meeting.yaml")
    assert {"planned", "held", "cancelled"} == set(workflow.states)


def test_what_points_at_a_meeting_still_does_once_meetings_have_histories(empty_store: Store) -> None:
    before_histories(empty_store)
    migrate(empty_store)
    with pytest.raises(DBAPIError), empty_store.begin(group=EVERY) as session:
        session.execute(sa.text("DELETE FROM meeting WHERE id = 3"))
    with pytest.raises(DBAPIError), empty_store.begin(group=EVERY) as session:
        session.execute(sa.text("UPDATE audit SET meeting_id = 99"))


def test_the_step_that_gives_meetings_histories_can_be_taken_back_with_meetings_there(
    empty_store: Store,
) -> None:
    before_histories(empty_store)
    migrate(empty_store)
    with empty_store.db.connect() as connection, connection.begin():
        command.downgrade(config(connection), BEFORE_HISTORIES)
        days = connection.execute(sa.text('SELECT id, "on" FROM meeting ORDER BY id')).all()
    assert [(number, str(day)) for number, day in days] == [(3, "2014-09-16"), (7, "2999-01-15")]


def test_the_workflow_of_those_meetings_is_what_its_hash_was_taken_of() -> None:
    step = ScriptDirectory.from_config(config()).get_revision("0010_meetings").module
    assert content_hash(parse_yaml(step.WORKFLOW, file="meeting.yaml")) == step.WORKFLOW_HASH
