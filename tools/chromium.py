"""Finds a Chromium for tests of pages and for pictures, and starts it without anything that calls home.

`python -m tools.chromium` says which one there is, and installs Debian's where there is none and apt may do so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
NAMED_BY = "AUDITLOOP_TEST_CHROMIUM"
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip
APT = (
    ["apt-get", "update", "-qq"],
    ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
)


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
            "There is no Chromium here, which the tests of pages need. Install it (on Debian and Ubuntu: apt-get install "
            f"chromium), or name one in {NAMED_BY}."
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


def install() -> None:
    """Install Debian's Chromium, where this is Debian and we may.

    Raises NoBrowser where that is not so, or where apt fails.
    """
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        chromium()
        return
    print("  install Chromium, for the tests of pages ...", flush=True)
    for command in APT:
        ended = subprocess.run(
            command,
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise NoBrowser(f"{' '.join(command)} failed: {ended.stderr.strip()[-500:]}")


def main() -> int:
    """Say which Chromium there is, after installing one where that is possible."""
    try:
        try:
            found = chromium()
        except NoBrowser:
            install()
            found = chromium()
    except NoBrowser as reason:
        print(reason, file=sys.stderr)
        return 1
    print(f"Pages are tried in {found}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
