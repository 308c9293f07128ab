"""The report as a Word document: headings, lists and tables that are such, not only look so."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO

import docx
import pytest
from docx.document import Document
from docx.oxml.ns import qn

from reports.annual import report_of
from reports.document import Column, Table
from reports.render import render_docx
from reports.word import LINE_WIDTH, column_widths
from tests.reports.years import a_recommendation, a_year, an_action, an_audit


@pytest.fixture(scope="module")
def document() -> Document:
    year = a_year(an_audit(1, strategic=(a_recommendation(1), a_recommendation(2))), an_audit(2))
    return docx.Document(BytesIO(render_docx(report_of(year))))


def styled(document: Document, style: str) -> list[str]:
    return [
        paragraph.text
        for paragraph in document.paragraphs
        if paragraph.style and paragraph.style.name == style
    ]


def test_it_says_what_it_is(document: Document) -> None:
    about = document.core_properties
    assert about.title == "Quality Assurance sub group: annual report 2014–15"
    assert about.author == "Safeguarding Children Board"
    assert about.subject == "Position as at 31 March 2015"
    assert about.language == "en-GB"
    created = about.created
    assert created is not None
    assert created.astimezone(UTC) == datetime(2015, 4, 20, 8, 5, tzinfo=UTC)


def test_headings_are_headings(document: Document) -> None:
    assert styled(document, "Title") == ["Quality Assurance sub group: annual report 2014–15"]
    assert styled(document, "Heading 1")[:3] == ["Purpose of the group", "Functions", "Membership"]
    assert styled(document, "Heading 1")[-2:] == ["Future plans", "About this report"]
    assert "Audit 1: Theme 1" in styled(document, "Heading 2")
    assert styled(document, "Heading 3") == ["Progress of audit 1", "Progress of audit 2"]


def test_every_numbered_list_begins_at_one(document: Document) -> None:
    numbered = [one for one in document.paragraphs if one.style and one.style.name == "List Number"]
    numbers = [one._p.xpath("./w:pPr/w:numPr/w:numId/@w:val") for one in numbered]
    assert numbers[0] == numbers[1] != numbers[2]
    starts = document.part.numbering_part.element.findall(f".//{qn('w:startOverride')}")
    assert [start.get(qn("w:val")) for start in starts] == ["1", "1"]


def test_bullets_are_bullets(document: Document) -> None:
    assert "Choose themes" in styled(document, "List Bullet")


def test_every_table_has_a_caption_and_repeats_its_head(document: Document) -> None:
    captions = styled(document, "Caption")
    assert len(captions) == len(document.tables)
    for table, caption in zip(document.tables, captions, strict=True):
        assert table._tbl.tblPr.find(qn("w:tblCaption")).get(qn("w:val")) == caption
        marks = [row._tr.trPr.find(qn("w:tblHeader")) is not None for row in table.rows]
        assert marks == [True] + [False] * (len(table.rows) - 1)
        assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in table.rows)


def test_a_table_holds_what_the_report_says(document: Document) -> None:
    cells = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert cells[0] == ["Audit", "Held", "Cases", "Aims", "Returns asked for", "Strategic recommendations"]
    assert cells[-1] == ["All audits", "", "8", "4", "8", "3"]


def test_short_tables_stay_together_and_long_ones_may_break() -> None:
    actions = tuple(an_action(f"Agency {number}") for number in range(13))
    year = a_year(an_audit(strategic=(a_recommendation(actions=actions),)))
    tables = docx.Document(BytesIO(render_docx(report_of(year)))).tables
    short, long = tables[0], tables[1]
    assert [_is_kept(row.cells[0]) for row in short.rows] == [True] * (len(short.rows) - 1) + [False]
    assert not any(_is_kept(row.cells[0]) for row in long.rows)


def test_pages_are_numbered(document: Document) -> None:
    foot = document.sections[0].footer.paragraphs[0]
    fields = [element.text for element in foot._p.iter(qn("w:instrText"))]
    assert fields == ["PAGE", "NUMPAGES"]


def test_columns_get_their_longest_word_and_then_by_length_of_text() -> None:
    columns = (
        Column("Recommendation"),
        Column("Agency"),
        Column("Date", is_day=True),
        Column("Days", is_number=True),
    )
    rows = (("1.1", "South Gloucestershire Clinical Commissioning Group", "19 Dec 2014", "102"),)
    widths = column_widths(Table("T", columns, rows))
    assert sum(widths) <= LINE_WIDTH
    assert widths[1] == max(widths)
    assert widths[2] > widths[3]


def test_columns_with_little_text_leave_the_line_unfilled() -> None:
    assert sum(column_widths(Table("T", (Column("A"), Column("B")), (("a", "b"),)))) < LINE_WIDTH / 2


def test_columns_of_words_too_long_for_the_line_share_it() -> None:
    columns = tuple(Column("Antidisestablishmentarianism") for _ in range(5))
    widths = column_widths(Table("T", columns, ()))
    assert sum(widths) == pytest.approx(LINE_WIDTH)


def _is_kept(cell: docx.table._Cell) -> bool:
    return bool(cell.paragraphs[0].paragraph_format.keep_with_next)
