"""The second belt on PostgreSQL: whoever names no group gets nothing, and whoever names one gets its rows and no others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, ProgrammingError

from assurance.config import HOME
from assurance.migrate import migrate
from assurance.records import Action, Agency, Group
from assurance.tables import METADATA
from engine.fences import EVERY, SEALED, Unfit, admit, name_group, role_of, unfenced
from engine.ledger import Event
from engine.store import Store, open_store
from tests.postgres import Server
from tests.two_groups import OTHER
from tests.world import World

RUNTIME = "auditloop_runtime"


@pytest.fixture(scope="module")
def world(postgres_server: Server) -> Iterator[World]:
    """Two groups on a database whose owner has let another role run the program; the program runs as that role."""
    with postgres_server.database() as url:
        owner = open_store(url)
        migrate(owner)
        with owner.db.connect() as connection, connection.begin():
            admit(connection, RUNTIME)
        owner.close()
        world = World(as_role(url, RUNTIME))
        world.found(OTHER)
        yield world
        world.close()


def as_role(url: str, role: str) -> str:
    """Give the address of a database for another role."""
    return sa.make_url(url).set(username=role).render_as_string(hide_password=False)


def agencies(store: Store, *, group: int | None) -> set[int]:
    """Ask for every agency, of whatever group, as a query would that forgot whom it is for."""
    with store.reading(group=group) as session:
        return {row.group_id for row in session.scalars(sa.select(Agency))}


def test_every_table_of_groups_is_fenced(world: World) -> None:
    with world.office.store.reading(group=EVERY) as session:
        assert unfenced(session) == ()
        fenced = set(session.scalars(sa.text("SELECT relname FROM pg_class WHERE relforcerowsecurity")))
    assert fenced == {table.name for table in METADATA.sorted_tables if "group_id" in table.c} | {"tenant"}


def test_whoever_names_no_group_gets_nothing(world: World) -> None:
    assert agencies(world.office.store, group=None) == set()
    with world.office.store.reading() as session:
        for table in METADATA.sorted_tables:
            if "group_id" in table.c or table.name == "tenant":
                assert session.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 0, table


def test_a_query_that_forgot_its_group_gets_the_rows_of_the_group_that_is_named(world: World) -> None:
    first, second = world.office.groups()
    assert agencies(world.office.store, group=first) == {first}
    assert agencies(world.office.store, group=second) == {second}
    with world.office.store.reading(group=first) as session:
        assert session.scalars(sa.select(Group.id)).all() == [first]
        assert session.scalar(sa.select(sa.func.count()).where(Event.group_id == second)) == 0


def test_what_works_for_all_groups_says_so(world: World) -> None:
    with world.office.store.reading(group=EVERY) as session:
        assert set(session.scalars(sa.select(Agency.group_id))) == set(world.office.groups())


def test_nothing_can_be_written_into_another_group(world: World) -> None:
    first, second = world.office.groups()
    intruder = Agency(group_id=second, key="intruder", name="Intruder")
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        world.office.store.begin(group=first) as session,
    ):
        session.add(intruder)
    with world.office.store.begin(group=first) as session:
        moved = session.connection().execute(sa.update(Agency).values(name="Ours"))
        assert moved.rowcount == len([one for one in world.ask(sa.select(Agency.group_id)) if one == first])
    assert "Ours" not in world.ask(sa.select(Agency.name).where(Agency.group_id == second))


def test_a_row_cannot_be_handed_to_another_group(world: World) -> None:
    first, second = world.office.groups()
    away = sa.update(Agency).values(group_id=second)
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        world.office.store.begin(group=first) as session,
    ):
        session.execute(away)


@pytest.mark.parametrize("ends", ["committed", "rolled back", "failed"])
def test_a_connection_that_goes_from_hand_to_hand_forgets_the_group(world: World, ends: str) -> None:
    store, first = open_store(world.settings.database), world.office.groups()[0]
    try:
        with store.db.connect() as connection:
            began = connection.begin()
            name_group(connection, first)
            assert set(connection.scalars(sa.select(Agency.group_id))) == {first}
            if ends == "failed":
                with pytest.raises(DBAPIError):
                    connection.execute(sa.text("SELECT 1 / 0"))
            began.commit() if ends == "committed" else began.rollback()
            assert connection.scalars(sa.select(Agency.group_id)).all() == []
        assert agencies(store, group=None) == set()
        assert agencies(store, group=first) == {first}
        assert agencies(store, group=None) == set()
    finally:
        store.close()


@pytest.mark.parametrize("table", [name for name in SEALED if name in METADATA.tables])
@pytest.mark.parametrize("change", ["UPDATE {} SET group_id = group_id", "DELETE FROM {}", "TRUNCATE {}"])
def test_whoever_runs_the_program_may_not_even_try_to_change_what_is_sealed(
    world: World, table: str, change: str
) -> None:
    refused = pytest.raises(ProgrammingError, match="permission denied")
    with refused, world.office.store.begin(group=EVERY) as session:
        session.execute(sa.text(change.format(table)))


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE action DISABLE ROW LEVEL SECURITY",
        "DROP POLICY own_group ON action",
        "ALTER TABLE event DISABLE TRIGGER ALL",
        "DROP TABLE action",
        "DELETE FROM alembic_version",
    ],
)
def test_whoever_runs_the_program_cannot_take_a_fence_down(world: World, change: str) -> None:
    refused = pytest.raises(ProgrammingError, match=r"must be owner|permission denied")
    with refused, world.office.store.begin(group=EVERY) as session:
        session.execute(sa.text(change))


def test_the_program_does_all_its_work_as_a_role_that_owns_nothing(world: World) -> None:
    with world.office.store.reading(group=EVERY) as session:
        assert role_of(session) == (RUNTIME, False, False)
    world.audit_at("actions")
    world.nights(world.working_days_from(world.today, 3))
    world.delivers()
    assert world.proof().faults == ()
    assert {row.group_id for row in world.ask(sa.select(Action))} == {world.group_id}


def test_the_owner_is_fenced_too(postgres_server: Server) -> None:
    with postgres_server.database() as url:
        world = World(url)
        with world.office.store.reading(group=EVERY) as session:
            role = role_of(session)
        assert (role.passes, role.owns) == (False, True)
        assert agencies(world.office.store, group=None) == set()
        world.close()


def test_no_role_is_let_in_that_no_fence_holds(postgres_server: Server) -> None:
    with postgres_server.database() as url:
        store = open_store(url)
        migrate(store)
        with store.db.connect() as connection, connection.begin():
            with pytest.raises(Unfit, match="is a superuser or has BYPASSRLS"):
                admit(connection, "auditloop")
            with pytest.raises(Unfit, match="owns the tables"):
                admit(connection, role_of(connection).name)
        store.close()


def test_no_page_and_no_command_of_people_works_for_every_group() -> None:
    crossing = {
        str(file.relative_to(HOME))
        for package in ("web", "reports", "assurance/commands", "assurance/queries")
        for file in (HOME / package).rglob("*.py")
        if "EVERY" in file.read_text(encoding="utf-8").split()
        or "group=EVERY" in file.read_text(encoding="utf-8")
    }
    # Whose feed it is follows from its address; the other three count for whoever runs the installation.
    asked = {"feeds", "gauges", "health", "vital_signs"}
    assert crossing == {f"assurance/queries/{name}.py" for name in asked}
