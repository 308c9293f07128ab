"""Writes a report as a Word document: real headings, lists that count, tables whose head repeats on every page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from io import BytesIO
from typing import cast

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Cm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import Table as WordTable
from docx.table import _Cell
from docx.text.paragraph import Paragraph as WordParagraph

from reports.annual import AnnualReport
from reports.document import Block, Bullets, Numbered, Paragraph, Section, Table
from reports.wording import day, instant

FONT = "Arial"
INK = RGBColor(0x1B, 0x2A, 0x41)
HEAD_SHADE = "E3E9F2"
LINE = "8A97A8"
SIZES = {
    "Normal": 10.5,
    "Title": 22,
    "Heading 1": 16,
    "Heading 2": 13,
    "Heading 3": 11,
    "Caption": 9.5,
    "Footer": 8.5,
}
TABLE_SIZE, HEAD_SIZE = Pt(8.5), Pt(8)
# In tables, in centimetres: what a letter takes, in the bold head and elsewhere; what a cell keeps free at its sides
# (in twentieths of a point too, as Word counts); what the page offers.
LETTER, HEAD_LETTER, LINE_WIDTH = 0.167, 0.19, 17.0
MARGINS, MARGIN_IN_TWENTIETHS = 0.28, 75
LONGEST_WANTED = 60
# So many rows go to the next page together rather than be torn apart.
KEPT_TOGETHER = 12


def render_docx(report: AnnualReport) -> bytes:
    """Write a report as the bytes of a .docx file, A4, in British English, with page numbers at the foot."""
    document = docx.Document()
    _describe(document, report)
    _lay_out(document)
    document.add_paragraph(report.title, style="Title")
    document.add_paragraph(f"{report.board}. Position as at {day(report.as_at)}.")
    for section in report.sections:
        _section(document, section, level=1)
    _closing(document, report)
    _page_numbers(document, report.title)
    kept = BytesIO()
    document.save(kept)
    return kept.getvalue()


def _describe(document: Document, report: AnnualReport) -> None:
    about = document.core_properties
    about.title, about.author, about.language = report.title, report.board, "en-GB"
    about.subject = f"Position as at {day(report.as_at)}"
    about.comments = ""
    about.created = about.modified = report.generated_at.astimezone(UTC).replace(tzinfo=None)


def _lay_out(document: Document) -> None:
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(2)
    for name, size in SIZES.items():
        style = _style(document, name)
        style.font.name, style.font.size = FONT, Pt(size)
        # The theme's own fonts would win over the name otherwise.
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for script in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{script}"), None)
        fonts.set(qn("w:hAnsi"), FONT)
        if name != "Normal":
            style.font.color.rgb = INK
    _style(document, "Caption").paragraph_format.keep_with_next = True
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), "en-GB")


def _style(document: Document, name: str) -> ParagraphStyle:
    return cast(ParagraphStyle, document.styles[name])


def _section(document: Document, section: Section, *, level: int) -> None:
    document.add_heading(section.title, level)
    for block in section.blocks:
        _block(document, block)
    for inner in section.sections:
        _section(document, inner, level=level + 1)


def _block(document: Document, block: Block) -> None:
    match block:
        case Paragraph(text):
            document.add_paragraph(text)
        case Bullets(items):
            for item in items:
                document.add_paragraph(item, style="List Bullet")
        case Numbered(items):
            number = _fresh_numbering(document)
            for item in items:
                _count_with(document.add_paragraph(item, style="List Number"), number)
        case _:
            _table(document, block)


def _fresh_numbering(document: Document) -> int:
    """Give a numbering that begins at 1; without it the second list would go on where the first one ended."""
    numberings = document.part.numbering_part.element
    style = document.styles["List Number"].element
    wanted = style.pPr.numPr.numId.val
    abstract = next(one.abstractNumId.val for one in numberings.num_lst if one.numId == wanted)
    fresh = numberings.add_num(abstract)
    fresh.add_lvlOverride(ilvl=0).add_startOverride(1)
    number: int = fresh.numId
    return number


def _count_with(paragraph: WordParagraph, number: int) -> None:
    counting = paragraph._p.get_or_add_pPr().get_or_add_numPr()
    counting.get_or_add_ilvl().val = 0
    counting.get_or_add_numId().val = number


def _table(document: Document, table: Table) -> None:
    document.add_paragraph(table.caption, style="Caption")
    drawn = document.add_table(rows=1, cols=len(table.columns), style="Table Grid")
    drawn.autofit = False
    _frame(drawn, table.caption)
    for cell, column in zip(drawn.rows[0].cells, table.columns, strict=True):
        _write(cell, column.title, is_bold=True, is_number=column.is_number, size=HEAD_SIZE)
        _shade(cell)
    _mark_row(drawn, 0, "w:tblHeader")
    for row in table.rows:
        cells = drawn.add_row().cells
        for place, (cell, text, column) in enumerate(zip(cells, row, table.columns, strict=True)):
            _write(cell, text, is_bold=place == 0, is_number=column.is_number)
    if len(table.rows) <= KEPT_TOGETHER:
        _keep_together(drawn)
    widths = column_widths(table)
    for place, drawn_row in enumerate(drawn.rows):
        _mark_row(drawn, place, "w:cantSplit")
        for cell, width in zip(drawn_row.cells, widths, strict=True):
            cell.width = Cm(width)
    for drawn_column, width in zip(drawn.columns, widths, strict=True):
        drawn_column.width = Cm(width)
    document.add_paragraph()


def _keep_together(table: WordTable) -> None:
    for row in list(table.rows)[:-1]:
        for cell in row.cells:
            cell.paragraphs[0].paragraph_format.keep_with_next = True


def column_widths(table: Table) -> tuple[float, ...]:
    """Share the line between columns, in centimetres: each gets its longest word, what is left goes by length of text."""
    needed, wanted = [], []
    for place, column in enumerate(table.columns):
        cells = [row[place] for row in table.rows]
        unbroken = cells if column.is_day else [word for text in cells for word in text.split()]
        head = max(len(word) for word in column.title.split()) * HEAD_LETTER
        needed.append(max(head, _longest(unbroken) * LETTER) + MARGINS)
        wanted.append(min(_longest(cells), LONGEST_WANTED) * LETTER + MARGINS)
    left = LINE_WIDTH - sum(needed)
    if left <= 0:
        return tuple(width * LINE_WIDTH / sum(needed) for width in needed)
    more = [max(want - need, 0.0) for want, need in zip(wanted, needed, strict=True)]
    share = min(left / sum(more), 1.0) if sum(more) else 0.0
    return tuple(need + share * extra for need, extra in zip(needed, more, strict=True))


def _longest(texts: Sequence[str]) -> int:
    return max((len(text) for text in texts), default=0)


def _write(cell: _Cell, text: str, *, is_bold: bool, is_number: bool, size: Pt = TABLE_SIZE) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)
    if is_number:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    run = paragraph.add_run(text)
    run.bold, run.font.size = is_bold, size


def _shade(cell: _Cell) -> None:
    shade = _element("w:shd", val="clear", color="auto", fill=HEAD_SHADE)
    cell._tc.get_or_add_tcPr().append(shade)


def _mark_row(table: WordTable, place: int, mark: str) -> None:
    table.rows[place]._tr.get_or_add_trPr().append(_element(mark))


def _frame(table: WordTable, caption: str) -> None:
    """Rule the rows, leave the columns open, keep the cells' sides narrow, and name the table for who listens.

    The order of these elements is fixed by the format (ISO/IEC 29500-1, CT_TblPr).
    """
    borders, margins = _element("w:tblBorders"), _element("w:tblCellMar")
    for side, value in (
        ("top", "single"),
        ("left", "nil"),
        ("bottom", "single"),
        ("right", "nil"),
        ("insideH", "single"),
        ("insideV", "nil"),
    ):
        borders.append(_element(f"w:{side}", val=value, sz="4", space="0", color=LINE))
    for side in ("left", "right"):
        margins.append(_element(f"w:{side}", w=str(MARGIN_IN_TWENTIETHS), type="dxa"))
    properties = table._tbl.tblPr
    properties.insert_element_before(borders, "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook")
    properties.insert_element_before(margins, "w:tblLook")
    properties.append(_element("w:tblCaption", val=caption))


def _closing(document: Document, report: AnnualReport) -> None:
    document.add_heading("About this report", 1)
    for text in (*report.footer, f"Generated on {instant(report.generated_at)}."):
        document.add_paragraph(text)


def _page_numbers(document: Document, title: str) -> None:
    foot = document.sections[0].footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    foot.add_run(f"{title} · page ")
    _field(foot, "PAGE")
    foot.add_run(" of ")
    _field(foot, "NUMPAGES")


def _field(paragraph: WordParagraph, name: str) -> None:
    run = paragraph.add_run()
    instruction = _element("w:instrText")
    instruction.text = name
    run._r.append(_element("w:fldChar", fldCharType="begin"))
    run._r.append(instruction)
    run._r.append(_element("w:fldChar", fldCharType="end"))


def _element(tag: str, **attributes: str) -> BaseOxmlElement:
    element = OxmlElement(tag)
    for name, value in attributes.items():
        element.set(qn(f"w:{name}"), value)
    return element
