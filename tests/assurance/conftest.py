"""A world for each test of this folder: the cast in an office of its own, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.world import Templates, World

At = Callable[[str], World]


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


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_world_at(request: pytest.FixtureRequest) -> Iterator[At]:
    """The same, once in an SQLite file and once in PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("world_at")
        return
    world = World(request.getfixturevalue("postgres_database"))

    def at(stage: str) -> World:
        world.audit_at(stage)
        return world

    yield at
    world.close()
