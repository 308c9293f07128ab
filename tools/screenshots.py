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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from playwright.sync_api import APIResponse, Browser, Page, sync_playwright

from assurance.accounts.sessions import open_demo_session
from assurance.config import settings_from
from assurance.facts import NOUNS
from assurance.migrate import migrate
from assurance.office import Office
from assurance.playbook import read_shelf
from assurance.records import Person, Post, PostHolding
from engine.clock import OffsetClock, SystemClock
from engine.fences import EVERY
from engine.ledger import Event
from engine.store import open_store
from tools.chromium import launch
from web.api.route import ApiRoute
from web.app import ROUTES, create_app
from web.cookies import SESSION
from web.server import bind, served

WIDE, NARROW = 1280, 320
HEIGHT = 900
OK = 200
OUT = Path("var/screenshots")
# What stands for the parts of an address that name no subject.
WORDS = {
    "kind": "action", "trigger": "extend", "name": "action-overdue", "form": "", "token": "", "rule": "action-overdue",
}  # fmt: skip
NO_PICTURE = (".csv", ".xlsx", ".ics", ".svg", ".json")
_PART = re.compile(r"\{(\w+)(?::\w+)?\}")
_TAG = re.compile(r"<[^>]+>")
_VALUE = re.compile(r'(href|value|content|nonce|src|action|datetime)="[^"]*"')


@contextmanager
def shown_office(database: Path) -> Iterator[Office]:
    """Open a copy of an installation at the instant of its last line."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "shown.sqlite"
        shutil.copyfile(database, copy)
        settings = replace(settings_from({}), database=str(copy), var=Path(folder))
        with closing(open_store(copy)) as store:
            migrate(store)
            with store.reading(group=EVERY) as session:
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
    with office.store.reading(group=EVERY) as session:
        return dict(session.execute(query).all())


def pages_of(office: Office) -> list[str]:
    """Give the address of every page: with the newest subject of each kind, and one from the middle."""
    with office.store.reading(group=EVERY) as session:
        numbers = {kind: sorted(session.scalars(sa.select(noun.table.id))) for kind, noun in NOUNS.items()}
    found: list[str] = []
    for route in ROUTES:
        if route.method != "GET" or isinstance(route, ApiRoute) or route.path.endswith(NO_PICTURE):
            continue
        kind = next((kind for kind in numbers if f"/{kind}/{{number" in route.path), "action")
        chosen = numbers[kind] or [1]
        for number in dict.fromkeys((chosen[-1], chosen[len(chosen) // 2])):
            path = _fill(route.path, WORDS | {"number": str(number)})
            if ("//" not in path and not path.endswith("/")) or path == "/":
                found.append(path)
    return list(dict.fromkeys(found))


def _fill(path: str, given: Mapping[str, str]) -> str:
    return _PART.sub(lambda part: given.get(part[1], "1"), path)


def shape_of(html: str) -> str:
    """Give what a page is made of, without its words and numbers."""
    return "".join(dict.fromkeys(re.sub(r"\d+", "#", _VALUE.sub("", tag)) for tag in _TAG.findall(html)))


def picture(page: Page, address: str, path: str, name: str) -> None:
    """Take one page at both widths, and say where its words are wider than a telephone."""
    for width, suffix in ((WIDE, "wide"), (NARROW, "narrow")):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        answer = page.goto(address + path)
        status = 0 if answer is None else answer.status
        if status != OK:
            print(f"{status} {path} as {name.partition('-')[0]}: no picture")
            return
        file = OUT / f"{name}-{suffix}.png"
        page.screenshot(path=file, full_page=True)
        too_wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        print(f"{status} {file}{'   WIDER THAN THE WINDOW' if too_wide else ''}")


def take(
    browser: Browser,
    office: Office,
    address: str,
    person: str,
    paths: Sequence[str],
    *,
    prefix: str,
    seen: set[tuple[str, str]],
) -> None:
    """Take pictures of some pages as one person; what looks the same for another post is taken once."""
    context = browser.new_context()
    token = open_demo_session(office, person)
    context.add_cookies([{"name": SESSION, "value": token, "url": address}])
    page = context.new_page()
    for path in paths:
        plain = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "my-work"
        answer = page.request.get(address + path)
        look = (path, shape_of(answer.text()) if answer.ok and _is_html(answer) else "")
        if look in seen or not look[1]:
            continue
        seen.add(look)
        picture(page, address, path, f"{prefix}{plain}")
    context.close()


def _is_html(answer: APIResponse) -> bool:
    return "text/html" in answer.headers.get("content-type", "")


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
            seen: set[tuple[str, str]] = set()
            chosen = {given.person: given.person} if given.person else people_of(office)
            for role, person in chosen.items():
                paths = given.paths or pages_of(office)
                take(browser, office, address, person, paths, prefix=f"{role}-", seen=seen)


if __name__ == "__main__":
    main()
