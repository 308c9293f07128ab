"""The tracker as a file for a spreadsheet: CSV and Excel, one row for each action, every cell a text or a day.

What people wrote is never taken for a formula: in Excel a cell is marked as text, and in CSV, where nothing can be
marked, a text that a spreadsheet would calculate begins with an apostrophe.
Source of the rule: OWASP, CSV Injection.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple, TypeAlias

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Font, NamedStyle
from openpyxl.utils import get_column_letter

from assurance.queries.tracker import Sign, Tracked

Value: TypeAlias = str | date | None

KINDS = {"strategic": "Multi-agency strategic", "individual_practice": "Individual practice"}
_CALCULATES = ("=", "+", "-", "@", "\t", "\r", "\n")
# What a spreadsheet's file cannot hold: XML 1.0 knows no control characters but tab and the ends of lines.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# Styles by name: a style of its own for each cell would take ten times as long.
TEXT, DAY, HEADING = "Text", "Day", "Heading"
_DAY_FORMAT = "dd/mm/yyyy"


class Column(NamedTuple):
    """One column: its heading, its width in Excel in characters, and what stands in it."""

    heading: str
    width: int
    cell: Callable[[Tracked], Value]


def tracker_as_csv(rows: Iterable[Tracked]) -> bytes:
    """Write actions as CSV in UTF-8, with the mark by which spreadsheets know it; days as 2015-02-27."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([column.heading for column in COLUMNS])
    for row in rows:
        writer.writerow([_harmless(column.cell(row)) for column in COLUMNS])
    return text.getvalue().encode("utf-8-sig")


def tracker_as_xlsx(rows: Iterable[Tracked], *, about: Sequence[str]) -> bytes:
    """Write actions as an Excel file; `about` says on a second sheet what was looked for, by whom and when."""
    book = Workbook(write_only=True)
    for style in _styles():
        book.add_named_style(style)
    sheet = _sheet(book, "Actions", [column.width for column in COLUMNS])
    sheet.freeze_panes = "A2"
    sheet.append([_text_cell(sheet, column.heading, is_heading=True) for column in COLUMNS])
    places = [_Place(_text_cell(sheet, ""), _day_cell(sheet)) for _ in COLUMNS]
    for row in rows:
        sheet.append([place.holding(column.cell(row)) for place, column in zip(places, COLUMNS, strict=True)])
    words = _sheet(book, "About this list", [100])
    for line in about:
        words.append([_text_cell(words, line)])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _styles() -> Iterator[NamedStyle]:
    """Make the styles of one workbook, which keeps them for itself."""
    top = Alignment(vertical="top")
    wrapped = Alignment(wrap_text=True, vertical="top")
    yield NamedStyle(TEXT, alignment=wrapped)
    yield NamedStyle(DAY, alignment=top, number_format=_DAY_FORMAT)
    yield NamedStyle(HEADING, alignment=wrapped, font=Font(bold=True))


def _sheet(book: Workbook, title: str, widths: Sequence[int]) -> Any:
    sheet = book.create_sheet(title)
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    return sheet


class _Place(NamedTuple):
    """The two cells of one column, each with its style: a row is written as it is appended, and they serve the next."""

    text: Cell
    day: Cell

    def holding(self, value: Value) -> Cell | None:
        """Give the cell that fits, with a value in it."""
        if value is None:
            return None
        if isinstance(value, str):
            return _hold_text(self.text, value)
        self.day.value = value
        return self.day


def _day_cell(sheet: Any) -> Cell:
    cell = WriteOnlyCell(sheet)
    cell.style = DAY
    return cell


def _text_cell(sheet: Any, value: str, *, is_heading: bool = False) -> Cell:
    cell = WriteOnlyCell(sheet)
    cell.style = HEADING if is_heading else TEXT
    return _hold_text(cell, value)


def _hold_text(cell: Cell, value: str) -> Cell:
    cell.value = _UNPRINTABLE.sub("", value)
    cell.data_type = "s"  # also where it begins as a formula does
    return cell


def _harmless(value: Value) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return value.isoformat()
    return f"'{value}" if value.startswith(_CALCULATES) else value


def _yes_no(sign: Sign) -> Callable[[Tracked], Value]:
    return lambda row: "yes" if sign in row.signs else "no"


COLUMNS = (
    Column("Action", 12, lambda row: str(row.ref)),
    Column("Audit", 11, lambda row: row.audit),
    Column("Recommendation", 16, lambda row: str(row.recommendation_number or "")),
    Column("What should change", 45, lambda row: row.recommendation_text),
    Column("Kind", 22, lambda row: None if row.type is None else KINDS[row.type]),
    Column("Agency", 26, lambda row: row.agency),
    Column("What the agency will do", 45, lambda row: row.text),
    Column("Owner", 24, lambda row: row.owner),
    Column("Done when", 40, lambda row: row.measure),
    Column("State", 13, lambda row: row.state_title),
    Column("First due", 12, lambda row: row.original_due_on),
    Column("Now due", 12, lambda row: row.current_due_on),
    Column("Times moved", 13, lambda row: str(row.times_moved)),
    Column("Days past first due", 19, lambda row: str(row.days_past_original)),
    Column("Overdue", 10, _yes_no(Sign.OVERDUE)),
    Column("Slipped", 10, _yes_no(Sign.SLIPPED)),
    Column("No date", 10, _yes_no(Sign.UNDATED)),
    Column("Owner says", 12, lambda row: row.rating),
    Column("Waiting on", 26, lambda row: row.waiting_on),
    Column("Waiting since", 14, lambda row: row.waiting_since_on),
    Column("Confirmed", 12, lambda row: row.confirmed_on),
)
