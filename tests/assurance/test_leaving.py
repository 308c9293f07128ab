"""A group leaves: everything of it in one file, then nothing of it here, and the others as they were."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from assurance.exporting import LEFT_OUT, MANIFEST, TABLES, export_group, read_export, tables_of_groups
from assurance.files.cabinet import cabinet_of
from assurance.groups import add_group, groups_of
from assurance.queries.health import missing_guards, of_contents
from assurance.records import Action, Group, Person, RemovedGroup, StoredFile
from assurance.removing import remove_group
from assurance.tables import METADATA
from engine.errors import Refused
from engine.fences import EVERY, admit
from engine.ledger import Event
from engine.store import open_store
from tests.assurance.conftest import At
from tests.cast import LONDON
from tests.two_groups import ITS_OWN, OTHER, group_number
from tests.world import World

WHO = "operator"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def world(request: pytest.FixtureRequest, world_at: At) -> Iterator[World]:
    """A group that has done something and another beside it that was just founded."""
    if request.param == "sqlite":
        world = world_at("proposed")
    else:
        world = World(request.getfixturevalue("empty_postgres_house"))
        world.audit_at("proposed")
    world.found(OTHER)
    yield world
    if request.param == "postgresql":
        world.close()


def rows_of(world: World, key: str) -> dict[str, int]:
    """Count what stands in each table of a group."""
    number = group_number(world, key)
    counted = {
        table.name: world.ask(
            sa.select(sa.func.count()).select_from(table).where(table.c.group_id == number)
        )[0]
        for table in tables_of_groups()
        if "group_id" in table.c
    }
    return {name: count for name, count in counted.items() if count}


def test_an_export_holds_every_row_of_the_group_and_none_of_another(world: World, tmp_path: Path) -> None:
    expected = rows_of(world, ITS_OWN)
    manifest = export_group(world.office, ITS_OWN, tmp_path / "group.zip")
    held = {name: part.number for name, part in manifest.tables.items() if part.number}
    pinned = held.pop("definition")
    assert held == expected | {"tenant": 1}
    assert 0 < pinned < world.ask(sa.select(sa.func.count()).select_from(METADATA.tables["definition"]))[0]
    with zipfile.ZipFile(tmp_path / "group.zip") as archive:
        for name in expected:
            lines = archive.read(f"{TABLES}{name}.jsonl").decode().splitlines()
            assert {json.loads(line)["group_id"] for line in lines} == {group_number(world, ITS_OWN)}
        written = b"".join(archive.read(name) for name in archive.namelist())
    assert b"@other.example" not in written
    assert read_export(tmp_path / "group.zip") == manifest
    assert (tmp_path / "group.zip").stat().st_mode & 0o077 == 0


def test_an_export_holds_nothing_that_proves_anybody() -> None:
    for name, columns in LEFT_OUT.items():
        assert columns <= set(METADATA.tables[name].c.keys())
    secret = {"hash", "secret", "fingerprint", "csrf", "token"}
    proving = {
        table.name
        for table in tables_of_groups()
        for column in map(str, table.c.keys())
        if secret & set(column.split("_")) and column not in LEFT_OUT.get(table.name, frozenset())
    }
    # The fingerprints of a request, a checkpoint, a rule and a letter let nobody in.
    assert proving <= {"answered_request", "checkpoint", "adopted_rule", "message"}


def test_a_group_is_not_removed_while_a_file_lies_here_that_its_export_was_made_without(
    world: World, tmp_path: Path
) -> None:
    world.office.settings = replace(world.office.settings, var=tmp_path)
    cabinet, place = cabinet_of(world.office.settings), "a" * 64
    with world.office.store.begin(group=EVERY) as session:
        session.add(
            StoredFile(
                group_id=group_number(world, ITS_OWN),
                subject_kind="audit",
                subject_id=1,
                agency_id=None,
                evidence_id=None,
                person_id=world.number(Person, "bo"),
                stored_at=world.clock.now(),
                place=place,
                name="a.txt",
                media_type="text/plain",
                size=3,
                sha256=sha256(b"abc").hexdigest(),
                is_scanned=False,
                taken_back_at=None,
            )
        )
    assert export_group(world.office, ITS_OWN, tmp_path / "group.zip").missing == (place,)
    with pytest.raises(Refused, match="there is no folder of files"):
        remove_group(world.office, ITS_OWN, tmp_path / "group.zip", by=WHO)
    cabinet.bring(place, b"abc", at=world.clock.now())
    with pytest.raises(Refused, match="1 file lies here that the export was made without"):
        remove_group(world.office, ITS_OWN, tmp_path / "group.zip", by=WHO)
    assert cabinet.content(place, sha256(b"abc").hexdigest()) == b"abc"
    cabinet.remove(place)
    remove_group(world.office, ITS_OWN, tmp_path / "group.zip", by=WHO)


def test_a_group_that_was_exported_can_be_removed_and_the_others_stay_as_they_were(
    world: World, tmp_path: Path
) -> None:
    number, others = group_number(world, ITS_OWN), rows_of(world, OTHER)
    manifest = export_group(world.office, ITS_OWN, tmp_path / "group.zip")
    remove_group(world.office, ITS_OWN, tmp_path / "group.zip", by=WHO)
    for table in tables_of_groups():
        own = table.c.id == number if table.name == "tenant" else table.c.group_id == number
        assert world.ask(sa.select(sa.func.count()).select_from(table).where(own)) == [0], table.name
    assert rows_of(world, OTHER) == others
    assert world.proof().faults == ()
    (line,) = world.ask(sa.select(RemovedGroup))
    assert (line.group_id, line.key, line.removed_by, line.removed_at) == (
        number,
        ITS_OWN,
        WHO,
        world.clock.now(),
    )
    assert (line.heads, line.manifest) == (manifest.heads, manifest.fingerprint)
    assert json.loads(line.rows)["event"] == manifest.tables["event"].number
    with world.does("sam", group=OTHER) as tx:
        assert tx.playbook.groups.keys() == {tx.actor.group_id}


def test_what_has_changed_since_its_export_is_not_removed(world: World, tmp_path: Path) -> None:
    export_group(world.office, ITS_OWN, tmp_path / "group.zip")
    before = rows_of(world, ITS_OWN)
    with world.does("sam") as tx:
        tx.session.execute(
            sa.update(Person)
            .where(Person.key == "bo", Person.group_id == tx.actor.group_id)
            .values(name="Bo B.")
        )
    with pytest.raises(Refused, match="has changed since it was exported") as refused:
        remove_group(world.office, ITS_OWN, tmp_path / "group.zip", by=WHO)
    assert "Of person, a row is not what it was when it was exported." in str(refused.value)
    assert rows_of(world, ITS_OWN) == before
    assert world.ask(sa.select(RemovedGroup.key)) == []


def test_nothing_is_removed_by_the_export_of_another_group_nor_by_a_damaged_one(
    world: World, tmp_path: Path
) -> None:
    export_group(world.office, OTHER, tmp_path / "other.zip")
    with pytest.raises(Refused, match="is an export of the group 'other', not of 'qa'"):
        remove_group(world.office, ITS_OWN, tmp_path / "other.zip", by=WHO)
    with (
        zipfile.ZipFile(tmp_path / "other.zip") as whole,
        zipfile.ZipFile(tmp_path / "less.zip", "w") as less,
    ):
        for name in whole.namelist():
            content = whole.read(name)
            less.writestr(name, content if name == MANIFEST else content.replace(b"Ada", b"Eve"))
    with pytest.raises(Refused, match=r"tables/person.jsonl was changed"):
        remove_group(world.office, OTHER, tmp_path / "less.zip", by=WHO)
    (tmp_path / "none.zip").write_bytes(b"no archive")
    with pytest.raises(Refused, match="is no export of a group"):
        remove_group(world.office, OTHER, tmp_path / "none.zip", by=WHO)
    with pytest.raises(Refused, match="is there already; name a new file"):
        export_group(world.office, OTHER, tmp_path / "none.zip")
    with pytest.raises(Refused, match="did you mean 'other'"):
        export_group(world.office, "othr", tmp_path / "new.zip")
    assert len(groups_of(world.office)) == 2


@pytest.mark.parametrize(
    "change", ["DELETE FROM event", "UPDATE event SET kind = kind", "DELETE FROM account_event"]
)
def test_sealed_lines_go_by_no_other_way(world: World, tmp_path: Path, change: str) -> None:
    with world.does("ida") as tx:
        tx.session.execute(
            sa.text(
                "INSERT INTO account_event (group_id, at, what, detail) VALUES (:group, :at, 'tried', '')"
            ),
            {"group": tx.actor.group_id, "at": "2014-09-01T10:00:00.000000Z"},
        )
    with pytest.raises(DBAPIError, match="never changed"), world.office.store.begin(group=EVERY) as session:
        session.execute(sa.text(change))
    export_group(world.office, OTHER, tmp_path / "other.zip")
    remove_group(world.office, OTHER, tmp_path / "other.zip", by=WHO)
    with pytest.raises(DBAPIError, match="never changed"), world.office.store.begin(group=EVERY) as session:
        session.execute(sa.text(change))
    refused = pytest.raises(DBAPIError, match="log of removed groups is never changed")
    with refused, world.office.store.begin(group=EVERY) as session:
        session.execute(sa.text("DELETE FROM removed_group"))
    with world.office.store.reading(group=EVERY) as session:
        assert missing_guards(session, session.info["dialect"].name) == []


def test_a_new_group_never_gets_the_number_of_one_that_was_removed(world: World, tmp_path: Path) -> None:
    number = group_number(world, OTHER)
    export_group(world.office, OTHER, tmp_path / "other.zip")
    remove_group(world.office, OTHER, tmp_path / "other.zip", by=WHO)
    assert world.found("third") > number


def test_a_group_is_added_with_its_administrator_alone(world: World) -> None:
    added = add_group(
        world.office,
        "north",
        "North sub group",
        administrator="Ida Innes",
        email="ida@north.example",
        zone=LONDON,
    )
    assert added.administrators == ("ida_innes",)
    assert [row.key for row in groups_of(world.office)] == ["north", OTHER, ITS_OWN]
    with world.does("ida_innes", group="north") as tx:
        assert tx.session.scalars(sa.select(Group.key).where(Group.id == tx.actor.group_id)).one() == "north"
    with pytest.raises(Refused, match="is in this database already"):
        add_group(world.office, "north", "Once more", administrator="Ida", email="i@n.example", zone=LONDON)
    with pytest.raises(Refused, match="write small letters"):
        add_group(world.office, "The North", "North", administrator="Ida", email="i@n.example", zone=LONDON)


def test_the_doctor_tells_of_a_group_that_stands_in_the_log_and_is_still_here(world: World) -> None:
    line = RemovedGroup(
        group_id=group_number(world, OTHER),
        key=OTHER,
        removed_at=world.clock.now(),
        removed_by=WHO,
        manifest="0" * 64,
        rows="{}",
        files=0,
        heads="0" * 64,
    )
    with world.office.store.begin(group=EVERY) as session:
        session.add(line)
    with world.office.store.reading(group=EVERY) as session:
        seen = list(of_contents(session, session.info["dialect"].name, world.clock.now()))
    assert [one.value.split(":")[0] for one in seen if "log of removed groups" in one.advice] == [OTHER]


@pytest.mark.postgres
def test_whoever_runs_the_program_removes_no_group(empty_postgres_house: str, tmp_path: Path) -> None:
    owner = open_store(empty_postgres_house)
    with owner.db.connect() as connection, connection.begin():
        admit(connection, "auditloop_runtime")
    owner.close()
    url = sa.make_url(empty_postgres_house).set(username="auditloop_runtime")
    world = World(url.render_as_string(hide_password=False))
    export_group(world.office, ITS_OWN, tmp_path / "group.zip")
    with pytest.raises(Refused, match="Name the owner of the tables"):
        remove_group(world.office, ITS_OWN, tmp_path / "group.zip", by=WHO)
    assert world.ask(sa.select(sa.func.count()).select_from(Event))[0] > 0
    assert world.ask(sa.select(sa.func.count()).select_from(Action)) == [0]
    world.close()
