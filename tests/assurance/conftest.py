"""A world for each test of this folder: the cast in an office of its own, on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest
import sqlalchemy as sa

from assurance.config import HOME
from assurance.migrate import migrate
from assurance.playbook import read_shelf
from assurance.tables import METADATA
from engine.fences import EVERY
from engine.store import open_store
from tests.assurance.desk import Desk, desk_in
from tests.assurance.papers import papers_shelf, with_an_information_lead
from tests.assurance.post_office import CLOCK_FILE
from tests.postgres import Server
from tests.world import Templates, World

At = Callable[[str], World]


class Reopen(Protocol):
    """Opens a world again under other rules, and under another clock where one is given."""

    def __call__(self, world: World, rules: str, *, clock: str = CLOCK_FILE) -> World: ...


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Files with the audit at each stage, made when a test first asks for one."""
    return Templates(tmp_path_factory.mktemp("templates"))


@pytest.fixture
def world(templates: Templates, tmp_path: Path) -> Iterator[World]:
    """An office with the whole cast and no audit yet, in an SQLite file."""
    world = templates.world(tmp_path / "world.sqlite")
    yield world
    world.close()


@pytest.fixture
def world_at(templates: Templates, tmp_path: Path) -> Iterator[At]:
    """An office whose audit stands at the stage that the test names, in an SQLite file."""
    opened: list[World] = []

    def at(stage: str) -> World:
        world = templates.world(tmp_path / f"{stage}-{len(opened)}.sqlite", stage)
        opened.append(world)
        return world

    yield at
    for world in opened:
        world.close()


@pytest.fixture
def reopen(tmp_path: Path) -> Iterator[Reopen]:
    """Open a world's database again at the same instant, under rules of the test's own and a clock that rests at night."""
    opened: list[World] = []

    def again(world: World, rules: str, *, clock: str = CLOCK_FILE) -> World:
        folder = tmp_path / f"rules-{len(opened)}"
        folder.mkdir()
        (folder / "clock.yaml").write_text(clock, encoding="utf-8")
        (folder / "rules.yaml").write_text(rules, encoding="utf-8")
        shelf = read_shelf((HOME / "workflows",), (folder,))
        opened.append(World(world.settings.database, at=world.clock.now(), shelf=shelf))
        return opened[-1]

    yield again
    for world in opened:
        world.close()


@pytest.fixture(scope="session")
def postgres_house(postgres_server: Server) -> Iterator[str]:
    """A migrated PostgreSQL database for all tests of this folder: emptying it takes less time than making one."""
    with postgres_server.database() as url:
        store = open_store(url)
        migrate(store)
        store.close()
        yield url


@pytest.fixture
def empty_postgres_house(postgres_house: str) -> str:
    """The same, with nothing in it; the guard of the history is put aside for that."""
    store = open_store(postgres_house)
    with store.begin(group=EVERY) as session:
        session.execute(sa.text("SET session_replication_role = replica"))
        # Row by row: TRUNCATE makes every file anew, which takes a second where there are so many tables.
        for table in METADATA.tables:
            session.execute(sa.text(f"DELETE FROM {table}"))
        # Only ours: Procrastinate has sequences too, in a namespace of its own.
        ours = "FROM pg_sequences WHERE schemaname = current_schema()"
        session.execute(sa.text(f"SELECT setval(sequencename::regclass, 1, false) {ours}"))
    store.close()
    return postgres_house


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_world_at(request: pytest.FixtureRequest) -> Iterator[At]:
    """The same, once in an SQLite file and once in PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("world_at")
        return
    world = World(request.getfixturevalue("empty_postgres_house"))

    def at(stage: str) -> World:
        world.audit_at(stage)
        return world

    yield at
    world.close()


@pytest.fixture
def desk(world_at: At, tmp_path: Path) -> Desk:
    """A desk for returned mail in a world whose agencies were asked, in an SQLite file."""
    return desk_in(world_at("agency_audits"), tmp_path / "bounces")


@pytest.fixture
def any_desk(any_world_at: At, tmp_path: Path) -> Desk:
    """The same, once in an SQLite file and once in PostgreSQL."""
    return desk_in(any_world_at("agency_audits"), tmp_path / "bounces")


@pytest.fixture(scope="session")
def papers_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the cast and an information lead, made once and copied for each test."""
    file = tmp_path_factory.mktemp("papers") / "made.sqlite"
    with_an_information_lead(World(file, shelf=papers_shelf())).close()
    return file


@pytest.fixture
def papers(papers_made: Path, tmp_path: Path) -> Iterator[World]:
    """An office that knows papers which several have to agree to, in an SQLite file."""
    world = World(shutil.copyfile(papers_made, tmp_path / "papers.sqlite"), shelf=papers_shelf())
    yield world
    world.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_papers(request: pytest.FixtureRequest) -> Iterator[World]:
    """The same, once in an SQLite file and once in PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("papers")
        return
    house = request.getfixturevalue("empty_postgres_house")
    world = with_an_information_lead(World(house, shelf=papers_shelf()))
    yield world
    world.close()
