"""What tests of pages ask for: a world with its pages, at any stage of its audit."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.assurance.full_world import full_world
from tests.web.site import Site
from tests.world import Templates, World


@pytest.fixture(scope="session")
def page_templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Databases with the audit at each stage, made once."""
    return Templates(tmp_path_factory.mktemp("stages"))


@pytest.fixture
def site_at(page_templates: Templates, tmp_path: Path) -> Iterator[Callable[[str | None], Site]]:
    """Open the pages of a world of one's own with the audit at a stage, or with no audit yet."""
    opened: list[Site] = []

    def open_at(stage: str | None) -> Site:
        world = page_templates.world(tmp_path / f"{stage}-{len(opened)}.sqlite", stage)
        opened.append(Site(world))
        return opened[-1]

    yield open_at
    for one in opened:
        one.world.close()


@pytest.fixture
def site(site_at: Callable[[str | None], Site]) -> Site:
    """The pages of a world whose audit is at its actions."""
    return site_at("actions")


@pytest.fixture(scope="session")
def full_template(
    page_templates: Templates, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, datetime]:
    """A database in which something of every kind stands, made once, and its instant."""
    file = tmp_path_factory.mktemp("full") / "full.sqlite"
    world = full_world(lambda stage: page_templates.world(file, stage))
    world.close()
    return file, world.clock.now()


@pytest.fixture
def full_site(full_template: tuple[Path, datetime], tmp_path: Path) -> Iterator[Site]:
    """The pages of a world in which something of every kind stands: what is for one agency only, and a concern, too."""
    file, now = full_template
    world = World(shutil.copyfile(file, tmp_path / "full.sqlite"), at=now)
    yield Site(world)
    world.close()
