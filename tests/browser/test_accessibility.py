"""No page keeps anybody out: axe-core finds nothing, nothing is wider than a telephone, headings are in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.live import NARROW, WIDE, Live, faults_of, live
from tests.web.canaries import EVERYBODY, canary_world
from tests.web.matrix import Filled, filled
from tests.world import Templates, World
from web.api.route import ApiRoute

OF_EACH = 2  # subjects of a route: the first and the last that there are
_TAG = re.compile(r"<[^>]+>")
_VALUE = re.compile(r'(href|value|content|nonce|src|action|datetime)="[^"]*"')
_NUMBER = re.compile(r"\d+")
IN_ORDER = """() => {
    const levels = [...document.querySelectorAll('h1,h2,h3,h4')].map(one => Number(one.tagName[1]))
    const skipped = levels.some((level, place) => place > 0 && level > levels[place - 1] + 1)
    return levels.filter(level => level === 1).length === 1 && !skipped
}"""
NO_WIDER = "document.documentElement.scrollWidth <= window.innerWidth"


@pytest.fixture(scope="module")
def site(
    served_templates: Templates, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    """A world in which there is something of every kind."""
    file: Path = tmp_path_factory.mktemp("served") / "world.sqlite"
    world = canary_world(served_templates, file)
    at = world.clock.now()
    world.close()
    with live(lambda address: World(file, at=at, base_url=address), browser) as one:
        yield one


def _some(rows: Iterator[Filled]) -> list[Filled]:
    by_route: dict[str, list[Filled]] = {}
    for row in rows:
        if row.route.method == "GET" and not isinstance(row.route, ApiRoute):
            by_route.setdefault(f"{row.route.path} {row.kind}", []).append(row)
    return [row for found in by_route.values() for row in dict.fromkeys((found[0], found[-1]))]


def _faults(page: Page, path: str) -> list[str]:
    found = faults_of(page)
    if not page.evaluate(IN_ORDER):
        found.append(f"{path}: its headings are not in order, or it has not one of the first level")
    page.set_viewport_size({"width": NARROW["width"], "height": NARROW["height"]})
    if not page.evaluate(NO_WIDER):
        found.append(f"{path}: it is wider than a telephone")
    page.set_viewport_size({"width": WIDE["width"], "height": WIDE["height"]})
    return found


def shape_of(html: str) -> str:
    """Give what a page is made of, without its words and numbers: two of one shape are as good or as bad as one another."""
    tags = [_VALUE.sub("", tag) for tag in _TAG.findall(html)]
    return "".join(dict.fromkeys(_NUMBER.sub("#", tag) for tag in tags))


@pytest.fixture(scope="module")
def shapes() -> set[str]:
    """The shapes of pages that were looked at already."""
    return set()


@pytest.mark.parametrize("person", EVERYBODY)
def test_no_page_keeps_anybody_out(site: Live, shapes: set[str], person: str) -> None:
    page = site.at(person)
    faults: list[str] = []
    for row in _some(filled(site.world)):
        answer = page.request.get(site.address + row.path)
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        shape = shape_of(answer.text())
        if shape not in shapes:
            shapes.add(shape)
            page.goto(site.address + row.path)
            faults += _faults(page, row.path)
    assert faults == []
    page.close()
