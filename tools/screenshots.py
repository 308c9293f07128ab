"""Takes pictures of pages, wide and narrow, as people of an example see them.

    python -m tools.screenshots                          every page worth looking at, for every post, into var/screenshots
    python -m tools.screenshots /action/12 /audits --as bo --database FILE

It works on a copy of the database, at the instant of its last line, and signs in as the demonstration does.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from playwright.sync_api import Browser, Page, sync_playwright

from assurance.accounts.sessions import open_demo_session
from assurance.config import settings_from
from assurance.migrate import migrate
from assurance.office import Office
from assurance.playbook import read_shelf
from assurance.records import Person, Post, PostHolding
from engine.clock import OffsetClock, SystemClock
from engine.ledger import Event
from engine.store import open_store
from tools.chromium import launch
from web.app import create_app
from web.cookies import SESSION
from web.server import bind, served

WIDE, NARROW = 1280, 320
HEIGHT = 900
OUT = Path("var/screenshots")
PAGES = (
    "/", "/audits", "/audit/1", "/audit/3", "/audit/1/findings", "/agency_returns", "/agency_return/1", "/actions",
    "/action/1", "/recommendations", "/recommendation/1", "/recommendation/1/steps/record_evidence",
    "/action/40/steps/note_progress", "/approvals", "/approval/1", "/escalations", "/meetings", "/meeting/1",
    "/programme", "/dashboard", "/embedded", "/reports", "/immediate_concerns", "/immediate_concerns/new",
    "/action/1/history", "/why/100", "/my-mails", "/account", "/admin", "/admin/mails", "/admin/people", "/rules",
    "/workflows", "/workflows/audit", "/preview", "/rehearse", "/calendar", "/admin/health", "/accessibility",
    "/privacy", "/help",
)  # fmt: skip


@contextmanager
def shown_office(database: Path) -> Iterator[Office]:
    """Open a copy of an installation at the instant of its last line."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "shown.sqlite"
        shutil.copyfile(database, copy)
        settings = replace(settings_from({}), database=str(copy), var=Path(folder))
        with closing(open_store(copy)) as store:
            migrate(store)
            with store.reading() as session:
                last = session.scalar(sa.select(Event.at).order_by(Event.at.desc()).limit(1))
            if last is None:
                sys.exit(f"{database} is empty: play the example first, with `make run`.")
            shelf = read_shelf(settings.workflows, settings.rules)
            yield Office(
                settings, store, shelf, clock=OffsetClock(datetime.fromisoformat(last), pace=SystemClock())
            )


def people_of(office: Office) -> dict[str, str]:
    """Give for each role one person who holds it now, by their keys."""
    query = (
        sa.select(Post.role, Person.key)
        .join_from(Post, PostHolding, PostHolding.post_id == Post.id)
        .join(Person, Person.id == PostHolding.person_id)
        .where(PostHolding.until_on.is_(None))
        .order_by(Post.id.desc())
    )
    with office.store.reading() as session:
        return dict(session.execute(query).all())


def picture(page: Page, address: str, path: str, name: str) -> None:
    """Take one page at both widths, and say where its words are wider than a telephone."""
    for width, suffix in ((WIDE, "wide"), (NARROW, "narrow")):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        answer = page.goto(address + path)
        status = 0 if answer is None else answer.status
        file = OUT / f"{name}-{suffix}.png"
        page.screenshot(path=file, full_page=True)
        too_wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        print(f"{status} {file}{'   WIDER THAN THE WINDOW' if too_wide else ''}")


def take(
    browser: Browser, office: Office, address: str, person: str, paths: Sequence[str], *, prefix: str
) -> None:
    """Take pictures of some pages as one person."""
    context = browser.new_context()
    token = open_demo_session(office, person)
    context.add_cookies([{"name": SESSION, "value": token, "url": address}])
    page = context.new_page()
    for path in paths:
        plain = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "my-work"
        picture(page, address, path, f"{prefix}{plain}")
    context.close()


def main() -> None:
    """Take the pictures that are asked for."""
    asked = argparse.ArgumentParser(description="Takes pictures of pages into var/screenshots.")
    asked.add_argument("paths", nargs="*", help="pages such as /action/12; none is all of them")
    asked.add_argument("--as", dest="person", help="the key of a person; none is one for each post")
    asked.add_argument("--database", type=Path, help="a played example; the newest of var/demo otherwise")
    given = asked.parse_args()
    database = given.database or max(
        Path("var/demo").glob("*.sqlite"), default=None, key=lambda file: file.stat().st_mtime
    )
    if database is None:
        sys.exit(
            "There is no played example under var/demo: run `make run` first, or name one with --database."
        )
    OUT.mkdir(parents=True, exist_ok=True)
    with shown_office(database) as office, sync_playwright() as play, launch(play) as browser:
        app = create_app(office, is_demo=True)
        with served(app, bind("127.0.0.1", 0)) as address:
            chosen = {given.person: given.person} if given.person else people_of(office)
            for role, person in chosen.items():
                take(browser, office, address, person, given.paths or PAGES, prefix=f"{role}-")


if __name__ == "__main__":
    main()
