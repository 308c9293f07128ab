"""Reads a table out of a CSV or an Excel file: rows of words under the headings that were asked for. It judges no content."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zipfile import BadZipFile

from openpyxl import load_workbook

from assurance.files.kinds import media_type_of
from assurance.files.names import ending_of, plain_name
from engine.errors import Reason, Refused

MOST_ROWS = 200
MOST_COLUMNS = 60
_SEPARATORS = ",;\t"
_CALCULATES = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row: its number in the file, counted from 1 with the headings, and its words in the order asked for."""

    number: int
    cells: tuple[str, ...]


def read_sheet(
    name: str, content: bytes, headings: Sequence[str], *, needed: Sequence[str]
) -> tuple[SheetRow, ...]:
    """Give the rows of a file's first sheet; a heading that is not there gives empty cells, an empty row is left out.

    Days become 2015-03-27. Raises Refused, with all reasons at once, for a file of another kind, for one without the
    headings that are `needed`, for one without rows, and for more rows than `MOST_ROWS`.
    """
    rows = _rows(plain_name(name), content)
    first = next(rows, ())
    places = {_plain(cell): place for place, cell in reversed(list(enumerate(first)))}
    missing = [heading for heading in needed if _plain(heading) not in places]
    if missing:
        found = ", ".join(cell for cell in first if cell) or "nothing"
        said = ", ".join(f"‘{heading}’" for heading in missing)
        sentence = (
            f"Its first row has no heading {said}; it has: {found}. Name the columns as the export does."
        )
        raise Refused(Reason("no_heading", sentence))
    columns = [places.get(_plain(heading)) for heading in headings]
    read: list[SheetRow] = []
    for number, row in enumerate(rows, start=2):
        if any(row):
            read.append(SheetRow(number, tuple(_at(row, place) for place in columns)))
        if len(read) > MOST_ROWS:
            sentence = f"The file has more than {MOST_ROWS} rows; take it in parts."
            raise Refused(Reason("too_many_rows", sentence))
    if not read:
        raise Refused(Reason("no_rows", "Under the headings the file has no rows."))
    return tuple(read)


def _rows(name: str, content: bytes) -> Iterator[tuple[str, ...]]:
    if ending_of(name) not in ("csv", "xlsx"):
        raise Refused(Reason("file_type", "Send a CSV file (.csv) or an Excel workbook (.xlsx)."))
    media_type_of(name, content)
    return _of_text(content) if ending_of(name) == "csv" else _of_workbook(content)


def _of_text(content: bytes) -> Iterator[tuple[str, ...]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")  # as Windows has written it for long
    first = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            yield _words(row)
    except csv.Error as error:
        sentence = "The file cannot be read as CSV; open it in a spreadsheet, save it again and send that."
        raise Refused(Reason("file_mismatch", sentence)) from error


def _of_workbook(content: bytes) -> Iterator[tuple[str, ...]]:
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        rows = sheet.iter_rows(max_row=2 * MOST_ROWS + 2, max_col=MOST_COLUMNS, values_only=True)
        yield from map(_words, rows)
    except (BadZipFile, KeyError, IndexError, ValueError, TypeError, OSError, SyntaxError) as error:
        sentence = "The workbook cannot be read; open it, save it again and send that."
        raise Refused(Reason("file_mismatch", sentence)) from error


def _words(row: Iterable[object]) -> tuple[str, ...]:
    return tuple(_word(cell) for cell in row)


def _word(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    word = str(cell).strip()
    # An export has put the apostrophe there, so that no spreadsheet calculates with what somebody wrote.
    return word[1:] if word.startswith("'") and word[1:].startswith(_CALCULATES) else word


def _at(row: tuple[str, ...], place: int | None) -> str:
    return row[place] if place is not None and place < len(row) else ""


def _plain(heading: str) -> str:
    return " ".join(heading.casefold().split())
