"""What tests in a browser ask for: the browser, and a world that is served to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.live import Live, live
from tests.world import Templates
from tools.chromium import launch

OPEN = Callable[..., Live]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium without a window; a run without one fails, with a sentence that says what to install.

    It goes with each file of tests: while it is there its loop runs in this thread, and others could start none.
    """
    with sync_playwright() as play, launch(play) as one:
        yield one


@pytest.fixture(scope="session")
def served_templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Databases with the audit at each stage, made once."""
    return Templates(tmp_path_factory.mktemp("stages"))


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of one's own: a file, and one of a PostgreSQL server."""
    if request.param == "sqlite":
        return str(tmp_path / "empty.sqlite")
    address: str = request.getfixturevalue("postgres_database")
    return address


@pytest.fixture
def live_at(served_templates: Templates, browser: Browser, tmp_path: Path) -> Iterator[OPEN]:
    """Serve a world of one's own with the audit at a stage."""
    with ExitStack() as opened:

        def open_at(stage: str | None, *, scripts: bool = True) -> Live:
            file = tmp_path / "live.sqlite"
            return opened.enter_context(
                live(
                    lambda address: served_templates.world(file, stage, base_url=address),
                    browser,
                    scripts=scripts,
                )
            )

        yield open_at
