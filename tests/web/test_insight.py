"""The pages of figures: what each post sees of them, and that no picture needs a script, a style or a colour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser

import pytest

from tests.assurance.full_world import INDIVIDUAL, OF_INDIVIDUAL, full_world
from tests.web.site import Site

SiteAt = Callable[[str | None], Site]
EVERYBODY = ("ada", "dan", "sam", "una", "bo", "nell", "esme", "gil", "cleo", "ida", "thea")


class Drawings(HTMLParser):
    """Every element and attribute inside the SVG pictures of a page, and the words that are drawn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.fills: list[str] = []
        self.names: list[str] = []
        self.words: list[str] = []
        self._inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = self._inside or tag == "svg"
        if self._inside:
            given = dict(attrs)
            self.elements.add(tag)
            self.attributes |= set(given)
            if given.get("id"):
                self.names.append(str(given["id"]))
            if str(given.get("fill") or "").startswith("url("):
                self.fills.append(str(given["fill"]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "svg":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside and data.strip():
            self.words.append(data.strip())


@pytest.fixture
def full_site(site_at: SiteAt) -> Site:
    """Pages of a world in which the trust has an individual practice recommendation with an action."""
    return Site(full_world(lambda stage: site_at(stage).world))


def test_the_dashboard_says_in_a_sentence_what_each_chart_shows_and_has_its_table(site: Site) -> None:
    answer = site.get("/dashboard", as_="ada")
    assert answer.status == 200
    assert answer.page.heading == "Dashboard"
    assert "Of 2 actions, 0 are finished and 2 still open" in answer.text
    assert "None of 2 open actions is overdue." in answer.text
    assert "Of 10 returns, 10 came by the day first agreed" in answer.text
    assert answer.html.count("<svg") == 4  # no bar for what is nought: overdue, quarters, repeated aims
    assert answer.html.count("<table") == answer.html.count("own-panel__about") - 2


def test_charts_bring_no_script_no_style_and_nothing_from_elsewhere(site: Site) -> None:
    site.world.on(date(2015, 6, 1))
    drawn = Drawings(site.get("/dashboard", as_="ada").html)
    assert drawn.elements == {"svg", "title", "defs", "pattern", "path", "rect", "g", "text"}
    assert not drawn.attributes & {"style", "href", "xlink:href", "onclick", "onload", "src"}
    assert not any("http" in word for word in drawn.words)


def test_pieces_of_bars_are_told_apart_by_patterns_that_the_page_has_once(site: Site) -> None:
    drawn = Drawings(site.get("/dashboard", as_="ada").html)
    assert len(drawn.names) == len(set(drawn.names))
    assert drawn.fills
    assert {fill.removeprefix("url(#").removesuffix(")") for fill in drawn.fills} <= set(drawn.names)


@pytest.mark.parametrize("who", EVERYBODY)
def test_everybody_in_post_sees_figures_of_what_they_may_see(full_site: Site, who: str) -> None:
    number = 3 if who in ("ada", "dan", "sam", "una", "bo", "nell") else 2
    for path in ("/dashboard", "/embedded", "/reports"):
        assert full_site.get(path, as_=who).status == 200
    assert f"Of {number} actions, 0 are finished" in full_site.get("/dashboard", as_=who).text


@pytest.mark.parametrize("path", ["/dashboard", "/embedded", "/reports", "/reports/tracker"])
def test_whoever_holds_no_post_sees_nothing(site: Site, path: str) -> None:
    assert site.get(path, as_="viv").status == 404
    assert site.get(path).path.startswith("/sign-in")


def test_figures_are_narrowed_in_the_address_and_can_be_widened_again(full_site: Site) -> None:
    narrowed = full_site.get("/dashboard?year=2014-15&audit=1&agency=4", as_="cleo")
    assert "The one" not in narrowed.text
    assert "Of 1 action, 0 are finished and 1 still open." in narrowed.text
    assert "/dashboard" in narrowed.page.links
    assert '<option value="4" selected>' in narrowed.html


@pytest.mark.parametrize(
    "query", ["audit=99", "audit=one", "agency=99", "agency=-1", "audit=99999999999999999999"]
)
def test_an_audit_or_agency_that_there_is_not_is_not_there(site: Site, query: str) -> None:
    assert site.get(f"/dashboard?{query}", as_="ada").status == 404


def test_a_year_that_there_is_not_is_refused_in_words(site: Site) -> None:
    answer = site.get("/dashboard?year=2013-14", as_="ada")
    assert answer.status == 422
    assert "is not a year with audits" in answer.text


def test_what_was_completed_is_shown_with_the_day_for_asking(full_site: Site) -> None:
    world = full_site.world
    world.on(date(2015, 2, 2))
    world.moves("sam", INDIVIDUAL, "begin")
    world.completes("bo", OF_INDIVIDUAL)
    world.is_granted("sam", INDIVIDUAL, "implement")
    assert "To be asked from 2 August 2015." in full_site.get("/embedded", as_="nell").text
    world.on(date(2015, 8, 3))
    due = full_site.get("/embedded?show=due", as_="bo")
    assert "To be asked since 2 August 2015." in due.text
    assert "To be asked now (1)" in due.text
    for who in ("gil", "cleo", "ida"):
        other = full_site.get("/embedded", as_=who)
        assert "Keep a chronology" not in other.html
        assert "All (0)" in other.text


def test_a_sort_that_there_is_not_is_not_there(site: Site) -> None:
    assert site.get("/embedded?show=perhaps", as_="ada").status == 404
