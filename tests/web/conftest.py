"""What tests of pages ask for: a world with its pages, at any stage of its audit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.web.site import Site
from tests.world import Templates


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
