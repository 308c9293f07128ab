"""The report as a web page: one file, sound, and as good to listen to as to look at."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from reports.annual import report_of
from reports.render import render_html
from tests.reports.years import a_recommendation, a_year, an_audit

VOID = frozenset({"meta", "link", "br", "hr", "img", "input"})


class Page(HTMLParser):
    """Reads a page, holds its tags to their order, and keeps what tests ask for."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open:
            self.words.append((self.open[-1], data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def page() -> Page:
    year = a_year(an_audit(1), an_audit(2, strategic=(a_recommendation(1), a_recommendation(2))))
    return Page(render_html(report_of(year)))


def test_every_tag_is_closed_where_it_should_be(page: Page) -> None:
    assert page.open == []


def test_the_page_says_its_language_and_title(page: Page) -> None:
    assert page.all("html") == [{"lang": "en-GB"}]
    assert ("title", "Quality Assurance sub group: annual report 2014–15") in page.words


def test_headings_go_down_one_level_at_a_time(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert {2, 3, 4} <= set(levels)
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_every_section_is_named_by_its_heading_and_every_link_leads_somewhere(page: Page) -> None:
    names = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(names) == len(set(names))
    assert all(section["aria-labelledby"] in names for section in page.all("section"))
    assert all((link["href"] or "").removeprefix("#") in names for link in page.all("a"))


def test_every_table_has_a_caption_and_cells_that_say_what_they_head(page: Page) -> None:
    tables = len(page.all("table"))
    assert tables == len(page.all("caption")) == len(page.all("thead"))
    assert tables > 3
    assert {heading["scope"] for heading in page.all("th")} == {"col", "row"}
    regions = [attributes for tag, attributes in page.tags if attributes.get("role") == "region"]
    assert len(regions) == tables
    assert all(region["tabindex"] == "0" and region["aria-label"] for region in regions)


def test_nothing_is_fetched_from_anywhere(page: Page) -> None:
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    text = render_html(report_of(a_year(an_audit())))
    assert not re.search(r"https?:|url\(|@import", text)


def test_it_has_a_style_for_print(page: Page) -> None:
    style = "".join(words for tag, words in page.words if tag == "style")
    assert "@media print" in style
    assert "table-header-group" in style


def test_lists_and_days_and_numbers_are_what_they_are(page: Page) -> None:
    assert page.all("ul")
    assert len(page.all("main")) == 1
    assert {cell.get("class") for cell in page.all("td")} == {None, "day", "number"}
    assert page.all("time") == [{"datetime": "2015-04-20T09:05:00+01:00"}]


def test_what_people_write_is_text_and_nothing_else() -> None:
    year = a_year(
        an_audit(
            theme="<b>Theme</b> & 'more' \"quotes\"", strategic=(a_recommendation(text="<script>x</script>"),)
        )
    )
    report = replace(report_of(year), board="<i>board</i>", footer=("<u>footer</u>",))
    page = Page(render_html(report))
    assert not {"b", "script", "i", "u"} & {tag for tag, _ in page.tags}
    assert ("li", "<script>x</script>") in page.words
    assert ("h3", "Audit 1: <b>Theme</b> & 'more' \"quotes\"") in page.words


@pytest.mark.parametrize("ink", ["#1b2a41", "#1f2328", "#4a5565", "#0b5a8a"])
def test_every_colour_of_text_stands_out_from_its_ground(ink: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1 at least, on white and on the shade behind the contents."""
    style = render_html(report_of(a_year())).partition("</style>")[0]
    assert ink in style
    for ground in ("#ffffff", "#eef2f7"):
        light, dark = sorted((_luminance(ground), _luminance(ink)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
