"""The tracker as a file: the rows that were looked for, and nothing that a spreadsheet would calculate."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from openpyxl import load_workbook

from assurance.queries.tracker import Sign, Tracked
from engine.moved import Ref
from reports.tracker import COLUMNS, tracker_as_csv, tracker_as_xlsx

FORMULAS = ("=1+1", "+44 117 000", "-2 teams", "@SUM(A1)", "\t=1", "=HYPERLINK(“x”)")


def an_action(text: str = "Brief every team", *, waits: bool = False) -> Tracked:
    """One action of the trust, once moved and overdue."""
    return Tracked(
        ref=Ref("action", 12),
        recommendation=Ref("recommendation", 4),
        recommendation_number=2,
        recommendation_text="Tell schools on the day",
        type="strategic",
        audit="2014-15/1",
        agency="North Trust",
        text=text,
        measure=None,
        owner="Health Visiting",
        state="in_progress",
        state_title="In progress",
        original_due_on=date(2015, 2, 27),
        current_due_on=date(2015, 3, 31),
        times_moved=1,
        days_past_original=39,
        confirmed_on=None,
        signs=(Sign.OVERDUE, Sign.SLIPPED),
        rating="on track",
        waiting_on="County Council" if waits else None,
        waiting_since_on=date(2015, 3, 2) if waits else None,
        working_days_waited=0,
    )


def read_csv(file: bytes) -> list[dict[str, str]]:
    """The rows of a CSV file by their headings."""
    return list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline="")))


def test_the_csv_file_has_a_row_for_each_action_with_its_honest_dates() -> None:
    rows = read_csv(tracker_as_csv([an_action(), an_action(waits=True)]))
    assert [row["Waiting on"] for row in rows] == ["", "County Council"]
    first = rows[0]
    assert (first["Action"], first["Agency"]) == ("action/12", "North Trust")
    assert (first["Audit"], first["Recommendation"]) == ("2014-15/1", "2")
    assert (first["First due"], first["Now due"]) == ("2015-02-27", "2015-03-31")
    assert (first["Times moved"], first["Days past first due"]) == ("1", "39")
    assert (first["Overdue"], first["Slipped"], first["No date"]) == ("yes", "yes", "no")
    assert (first["Owner says"], first["Done when"]) == ("on track", "")


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_calculate_stays_a_text_in_csv(text: str) -> None:
    (row,) = read_csv(tracker_as_csv([an_action(text)]))
    assert row["What the agency will do"] == f"'{text}"


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_calculate_stays_a_text_in_excel(text: str) -> None:
    book = load_workbook(io.BytesIO(tracker_as_xlsx([an_action(text)], about=["=2+2"])))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value is not None} <= {"s", "d"}
    assert text.strip() in [str(cell.value).strip() for cell in cells]


def test_the_excel_file_keeps_days_as_days_and_says_what_was_looked_for() -> None:
    book = load_workbook(
        io.BytesIO(tracker_as_xlsx([an_action()], about=["Actions on 7 April 2015", "Open"]))
    )
    headings, row = book["Actions"].iter_rows(values_only=True)
    told = dict(zip(headings, row, strict=True))
    assert len(headings) == len(COLUMNS)
    assert str(told["First due"]) == "2015-02-27 00:00:00"
    assert (told["Action"], told["Times moved"], told["Done when"]) == ("action/12", "1", None)
    assert [line for (line,) in book["About this list"].iter_rows(values_only=True)] == [
        "Actions on 7 April 2015",
        "Open",
    ]


def test_a_character_that_no_spreadsheet_can_hold_is_left_out() -> None:
    book = load_workbook(io.BytesIO(tracker_as_xlsx([an_action("Brief\x07 every team")], about=[])))
    assert "Brief every team" in next(book["Actions"].iter_rows(min_row=2, values_only=True))
