"""The report as Markdown: readable as it stands, and safe from whatever people write."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reports.annual import AnnualReport, report_of
from reports.document import Block, Bullets, Column, Numbered, Paragraph, Section, Table
from reports.markdown import WIDTH, render_markdown
from tests.reports.years import AS_AT, a_recommendation, a_year, an_audit

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = (
    "# not a heading",
    "1. not a list",
    "2015) not a list",
    "- not a list",
    "+ not a list",
    "* not a list",
    "> not a quotation",
    "--- not a rule",
    "===",
    "---",
    "*not* _emphasis_ **at** __all__",
    "snake_case_words stay",
    "~~not struck~~",
    "`not code` and ```not a fence",
    "[not](a link) ![nor](a picture)",
    "<b>not a tag</b> <script>alert(1)</script> <https://example.org>",
    "&amp; &copy; &#65; stay as they are & so does this",
    r"back\slash \* \\ at the end\\",
    "a | b || c \\| d",
    "two\nlines\r\n\tand a tab",
    "    four spaces are not code",
)


def a_report(*blocks: Block) -> AnnualReport:
    return AnnualReport(
        title="A report",
        board="A board",
        year="2014-15",
        as_at=AS_AT,
        generated_at=datetime(2015, 4, 20, 9, 5, tzinfo=ZoneInfo("Europe/London")),
        sections=(Section("A section", blocks),),
        footer=("A footer.",),
    )


def read_back(*blocks: Block) -> list[str]:
    """Give the texts that a reader of the Markdown sees in the one section, and refuse any mark-up that is not ours."""
    tokens = PARSER.parse(render_markdown(a_report(*blocks)))
    start = next(place for place, token in enumerate(tokens) if token.content == "A section")
    end = next(place for place, token in enumerate(tokens) if token.type == "hr")
    return [_seen(token) for token in tokens[start + 1 : end] if token.type == "inline"]


def _seen(token: Token) -> str:
    children = token.children or []
    strange = {child.type for child in children} - {
        "text",
        "text_special",
        "softbreak",
        "strong_open",
        "strong_close",
    }
    assert not strange, f"{token.content!r} was taken for {strange}"
    return "".join(" " if child.type == "softbreak" else child.content for child in children)


def plain(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("text", HOSTILE)
def test_what_people_write_is_never_taken_for_markdown(text: str) -> None:
    told = plain(text)
    assert read_back(Paragraph(text)) == [told]
    assert read_back(Bullets((text, "after"))) == [told, "after"]
    assert read_back(Numbered((text, "after"))) == [told, "after"]
    table = Table(text, (Column(text), Column("B", is_number=True)), ((text, "1"),))
    assert read_back(table) == [told, told, "B", told, "1"]


WORDS = st.text(alphabet="ab1. -+*_#>=|`~[]()<>&;!\\\n", max_size=30).map(lambda text: f"x{text}y")


@given(st.lists(WORDS, min_size=1, max_size=40).map(" ".join))
def test_a_wrapped_paragraph_stays_one_paragraph(text: str) -> None:
    assert read_back(Paragraph(text)) == [plain(text)]


@given(st.text(alphabet="ab1. -+*_#>=|`~[]()<>&;!\\\n", min_size=1, max_size=200).filter(str.strip))
def test_any_text_is_read_as_it_was_written(text: str) -> None:
    assert read_back(Paragraph(text)) == [plain(text)]
    assert read_back(Bullets((text, text))) == [plain(text)] * 2
    assert read_back(Table("T", (Column("A"), Column("B")), ((text, text),))) == [
        "T",
        "A",
        "B",
        plain(text),
        plain(text),
    ]


def test_a_date_that_wraps_is_not_disfigured() -> None:
    words = "word " * 18
    assert "\n2015. Then" in render_markdown(a_report(Paragraph(f"{words}January 2015. Then it went on.")))


def test_lines_are_short_enough_to_read_as_plain_text() -> None:
    text = render_markdown(report_of(a_year(an_audit(strategic=(a_recommendation(text="word " * 80),)))))
    assert max(len(line) for line in text.splitlines() if not line.startswith("|")) <= WIDTH


def test_the_columns_of_a_table_stand_below_each_other() -> None:
    table = Table(
        "Counts", (Column("Audit"), Column("Cases", is_number=True)), (("First", "4"), ("Second one", "12"))
    )
    assert (
        "**Counts**\n\n"
        "| Audit      | Cases |\n"
        "| ---------- | ----: |\n"
        "| First      |     4 |\n"
        "| Second one |    12 |\n" in render_markdown(a_report(table))
    )


def test_headings_go_down_one_level_at_a_time() -> None:
    text = render_markdown(report_of(a_year(an_audit())))
    levels = [line.partition(" ")[0] for line in text.splitlines() if line.startswith("#")]
    assert levels[0] == "#"
    assert levels.count("#") == 1
    assert all(len(after) <= len(before) + 1 for before, after in itertools.pairwise(levels))
    assert "### Audit 1: Theme 1" in text
    assert "#### Progress of audit 1" in text


def test_it_begins_with_the_day_it_speaks_for_and_ends_with_when_it_was_made() -> None:
    text = render_markdown(replace(report_of(a_year(an_audit())), board="A *board*"))
    assert text.startswith(
        "# Quality Assurance sub group: annual report 2014–15\n\nA \\*board\\*. Position as at 31 March 2015.\n\n"
    )
    assert text.endswith("\n\nGenerated on 20 April 2015 at 09:05 (BST).\n")
