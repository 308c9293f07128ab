"""Finds a Chromium for tests of pages and for pictures, and starts it without anything that calls home."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
NAMED_BY = "AUDITLOOP_TEST_CHROMIUM"
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip


class NoBrowser(Exception):
    """There is no Chromium on this machine."""


def chromium() -> str:
    """Give the path of a Chromium.

    Raises NoBrowser where there is none, with what to do about it.
    """
    named = os.environ.get(NAMED_BY)
    found = named or next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise NoBrowser(
            "There is no Chromium here. Install it (on Debian and Ubuntu: apt-get install chromium), or name one in "
            f"{NAMED_BY}."
        )
    return found


@contextmanager
def launch(play: Playwright) -> Iterator[Browser]:
    """Start the browser without a window, and close it at the end."""
    browser = play.chromium.launch(executable_path=chromium(), headless=True, args=list(QUIET))
    try:
        yield browser
    finally:
        browser.close()
