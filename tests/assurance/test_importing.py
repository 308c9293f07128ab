"""Actions out of a spreadsheet: what each row would do is told first, and then all are planned or none."""

from __future__ import annotations

import io
from datetime import date

import pytest
import sqlalchemy as sa
from openpyxl import Workbook, load_workbook

from assurance.commands.importing import HEADINGS, NEEDED, CheckedRow, check_actions, import_actions
from assurance.queries.tracker import Search, all_tracked
from assurance.records import Action, Agency, Post
from assurance.sheets import MOST_ROWS, SheetRow, read_sheet
from engine.errors import Refused
from engine.moved import Ref
from reports.tracker import tracker_as_csv, tracker_as_xlsx
from tests.assurance.conftest import At
from tests.assurance.full_world import full_world
from tests.assurance.looking import looks
from tests.assurance.test_at_once import at_once
from tests.world import World

ROW = {
    "Audit": "2014-15/1",
    "Recommendation": "1",
    "Agency": "North Trust",
    "What the agency will do": "Write a leaflet",
    "Owner": "Health Visiting",
    "Done when": "Every team has it",
    "First due": "27/03/2015",
}


@pytest.fixture
def world(world_at: At) -> World:
    """A world in which something of every kind stands."""
    return full_world(world_at)


def rows(*given: dict[str, str]) -> tuple[SheetRow, ...]:
    """Rows of a file, from the second on; what is not given is as in `ROW`."""
    return tuple(
        SheetRow(number, tuple((ROW | one).get(heading, "") for heading in HEADINGS))
        for number, one in enumerate(given, start=2)
    )


def checked(world: World, *given: dict[str, str], who: str = "sam") -> tuple[CheckedRow, ...]:
    """What rows would do."""
    with looks(world, who) as (tx, _):
        return check_actions(tx, rows(*given))


# -- reading a file ------------------------------------------------------------------------------------------


def read(name: str, content: bytes) -> tuple[SheetRow, ...]:
    return read_sheet(name, content, ("Agency", "First due"), needed=("Agency",))


@pytest.mark.parametrize(
    "text",
    [
        "Agency,First due\r\nNorth Trust,2015-03-27\r\n",
        "\ufefffirst due;AGENCY\n2015-03-27;North Trust\n\n;\n",
        "Agency\tOther\tFirst due\n North Trust \tx\t2015-03-27",
    ],
)
def test_a_csv_file_is_read_by_its_headings_whatever_parts_its_columns(text: str) -> None:
    assert read("a.csv", text.encode()) == (SheetRow(2, ("North Trust", "2015-03-27")),)


def test_a_text_that_windows_has_written_is_read_too() -> None:
    assert read("a.csv", "Agency\nCafé Trust\n".encode("cp1252")) == (SheetRow(2, ("Café Trust", "")),)


def test_a_workbook_is_read_with_its_days_and_numbers() -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in (["Agency", "First due"], ["North Trust", date(2015, 3, 27)], [None, None], [3.0, "x"]):
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    assert read("a.xlsx", file.getvalue()) == (
        SheetRow(2, ("North Trust", "2015-03-27")),
        SheetRow(4, ("3", "x")),
    )


def test_an_apostrophe_against_formulas_is_taken_off_again() -> None:
    assert read("a.csv", b"Agency\n'=1+1\n'tis\n") == (
        SheetRow(2, ("=1+1", "")),
        SheetRow(3, ("'tis", "")),
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.pdf", b"%PDF-1.4 %%EOF", "Send a CSV file"),
        ("a.xlsx", b"Agency\n", "is not an Excel workbook"),
        ("a.csv", b"PK\x03\x04", "which nobody can read"),
        ("a.csv", b"Owner,First due\nx,y\n", "no heading ‘Agency’; it has: Owner, First due"),
        ("a.csv", b"\n", "it has: nothing"),
        ("a.csv", b"Agency\n\n", "no rows"),
        ("a.csv", b"Agency\n" + b"x\n" * (MOST_ROWS + 1), f"more than {MOST_ROWS} rows"),
        ("a.csv", b'Agency\n"x', "cannot be read as CSV"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_in_words(name: str, content: bytes, said: str) -> None:
    with pytest.raises(Refused, match=said):
        read(name, content)


# -- what it would do ----------------------------------------------------------------------------------------


def test_a_row_says_what_it_would_plan_and_nothing_is_written(world: World) -> None:
    (one,) = checked(world, {"Kind": "Multi-agency strategic"})
    assert one.plan is not None
    assert one.recommendation == Ref("recommendation", 2)
    assert one.plan.agency_id == world.number(Agency, "trust")
    assert one.plan.owner_post_id == world.number(Post, "health_visiting")
    assert (one.plan.measure, one.plan.due_on) == ("Every team has it", date(2015, 3, 27))
    assert (one.faults, one.warnings) == ((), ())


@pytest.mark.parametrize("written", ["2015-03-27", "27/03/2015", "27.3.2015", "27 March 2015", "27 Mar 2015"])
def test_a_day_is_read_as_people_write_it(world: World, written: str) -> None:
    (one,) = checked(world, {"First due": written})
    assert one.plan is not None
    assert one.plan.due_on == date(2015, 3, 27)


@pytest.mark.parametrize(
    ("given", "column", "said"),
    [
        ({"Audit": "2014-15/9"}, "Audit", "did you mean '2014-15/1'"),
        ({"Recommendation": "two"}, "Recommendation", "Write the number"),
        ({"Recommendation": "99999999999999999999"}, "Recommendation", "has no such recommendation"),
        ({"Kind": "Strategy"}, "Kind", "is not a kind of recommendation"),
        ({"Agency": "North Trusts"}, "Agency", "did you mean 'North Trust'"),
        ({"Owner": "Social Care"}, "Owner", "is not a post of this agency"),
        ({"First due": "31/02/2015"}, "First due", "is no day; write it as 27/03/2015"),
        ({"What the agency will do": ""}, "What the agency will do", "Write down what the agency will do"),
        ({"Action": "action/2"}, "Action", "leave the cell empty"),
    ],
)
def test_what_is_wrong_is_told_with_its_column(
    world: World, given: dict[str, str], column: str, said: str
) -> None:
    (one,) = checked(world, given)
    assert one.plan is None
    assert [fault.column for fault in one.faults] == [column]
    assert said in one.faults[0].sentence


def test_every_fault_of_a_row_is_told_at_once(world: World) -> None:
    (one,) = checked(world, {"Agency": "Nobody", "First due": "soon", "Audit": ""})
    assert {fault.column for fault in one.faults} == {"Agency", "First due", "Audit"}


def test_the_same_twice_in_a_file_is_a_fault_of_the_second(world: World) -> None:
    first, second = checked(world, {}, {"What the agency will do": "write a  LEAFLET"})
    assert first.plan is not None
    assert "the same as row 2" in second.faults[0].sentence


def test_where_nothing_can_be_planned_the_row_says_why(world_at: At) -> None:
    world = world_at("actions")
    world.completes("bo", world.action("trust"))
    world.completes("gil", world.action("ccg"), by="dan")
    ref = Ref("recommendation", 1)
    world.moves("sam", ref, "begin")
    world.is_granted("sam", ref, "implement")
    world.moves("ada", ref, "override_embedded", reason="The inspection has seen it.")
    (one,) = checked(world, {})
    assert "it is Embedded" in one.faults[0].sentence


def test_what_may_tell_who_somebody_is_is_pointed_out(world: World) -> None:
    (one,) = checked(world, {"Done when": "Sarah has it"})
    assert one.plan is not None
    assert "looks like somebody's name" in one.warnings[0]


def test_nobody_learns_from_a_check_what_they_may_not_see(world: World) -> None:
    individual = {"Kind": "Individual practice"}
    (for_sam,) = checked(world, individual)
    (for_gil,) = checked(world, individual, who="gil")
    assert for_sam.recommendation == Ref("recommendation", 1)
    assert "has no such recommendation" in for_gil.faults[0].sentence


# -- taking it in --------------------------------------------------------------------------------------------


def test_all_rows_are_planned_in_one_go_and_once(world: World) -> None:
    given = rows({}, {"What the agency will do": "Hold a briefing", "Agency": "County Council", "Owner": ""})
    with world.does("sam") as tx:
        first, second = import_actions(tx, given, key="once")
    assert world.row(Action, first).text == "Write a leaflet"
    assert world.row(Action, second).agency_id == world.number(Agency, "council")
    assert world.state(first) == world.state(second) == "proposed"
    with pytest.raises(Refused, match="Every row is there already"), world.does("sam") as tx:
        import_actions(tx, given, key="once")
    assert world.proof().faults == ()


def test_one_row_with_a_fault_keeps_all_of_them_out(world: World) -> None:
    with pytest.raises(Refused) as refused, world.does("sam") as tx:
        import_actions(tx, rows({}, {"Agency": "Nobody"}, {"First due": "soon"}))
    assert [str(reason.sentence)[:14] for reason in refused.value.reasons] == [
        "Row 3, Agency:",
        "Row 4, First d",
    ]
    assert world.known(Ref("recommendation", 2)).facts["actions"] == 2


def test_a_lead_takes_in_nothing_for_another_agency(world: World) -> None:
    with pytest.raises(Refused, match="does not speak for this agency"), world.does("gil") as tx:
        import_actions(tx, rows({}))


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_what_was_exported_is_there_already(world: World, ending: str) -> None:
    with looks(world, "sam") as (tx, viewer):
        found = all_tracked(tx, viewer, Search())
        file = tracker_as_csv(found) if ending == "csv" else tracker_as_xlsx(found, about=["All"])
        again = check_actions(tx, read_sheet(f"a.{ending}", file, HEADINGS, needed=NEEDED))
    assert [one.there_already for one in again] == [row.ref for row in found]


def test_rows_that_are_added_to_an_export_are_taken_in(world: World) -> None:
    with looks(world, "sam") as (tx, viewer):
        file = tracker_as_xlsx(all_tracked(tx, viewer, Search()), about=[])
    book = load_workbook(io.BytesIO(file))
    sheet = book["Actions"]
    headings = [cell.value for cell in sheet[1]]
    sheet.append([ROW.get(str(heading)) for heading in headings])
    changed = io.BytesIO()
    book.save(changed)
    with world.does("sam") as tx:
        planned = import_actions(tx, read_sheet("a.xlsx", changed.getvalue(), HEADINGS, needed=NEEDED))
    assert [world.row(Action, ref).text for ref in planned] == ["Write a leaflet"]


def test_of_two_who_take_the_same_file_in_at_once_one_plans_its_actions(any_world_at: At) -> None:
    world = full_world(any_world_at)
    before = len(world.ask(sa.select(Action.id)))
    given = rows({}, {"What the agency will do": "Read the leaflet aloud"})

    def takes_in() -> int:
        with world.does("sam") as tx:
            return len(import_actions(tx, given))

    outcomes = at_once(*[takes_in] * 4)
    assert (
        sorted(str(one) for one in outcomes if isinstance(one, Refused))
        == ["Every row is there already; there is nothing to plan."] * 3
    )
    assert [one for one in outcomes if not isinstance(one, Refused)] == [2]
    assert len(world.ask(sa.select(Action.id))) == before + 2
