"""Lists, one subject, its history and its doors, as they are shown to people and given to programs."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import AT_STAGE, Run, one_line

WHAT = (
    "audits",
    "returns",
    "recommendations",
    "actions",
    "approvals",
    "concerns",
    "cases",
    "findings",
    "meetings",
    "people",
    "agencies",
    "mails",
)


@pytest.mark.parametrize("what", WHAT)
def test_every_list_fits_a_hundred_columns_and_has_a_form_for_programs(
    run: Run, database: Path, what: str
) -> None:
    shown = run("list", what, database=database)
    assert shown.exit_code == 0
    assert max(len(line.rstrip()) for line in shown.stdout.splitlines()) <= 100
    assert "None" not in shown.stdout
    rows = json.loads(run("list", what, "--json", database=database).stdout)
    assert rows
    assert all(isinstance(row, dict) for row in rows)


def test_the_overview_says_what_there_is_and_where_to_look_next(run: Run, database: Path) -> None:
    shown = run("list", database=database)
    assert "10 accepted" in shown.stdout
    assert "1 not taken up" in shown.stdout
    assert "auditloop list audits" in shown.stdout
    rows = json.loads(run("list", "--json", database=database).stdout)
    assert {"what": "returns", "number": 10, "states": [["accepted", 10]], "note": ""} in rows


def test_a_list_says_how_much_is_for_others(run: Run, database: Path) -> None:
    shown = run("list", "returns", "--as", "bo", database=database)
    assert "North Trust" in shown.stdout
    assert "8 more of other agencies, not shown." in shown.stdout
    nothing = run("list", "returns", "--as", "cleo", database=database)
    assert "No returns to show." in nothing.stdout
    assert json.loads(run("list", "returns", "--as", "cleo", "--json", database=database).stdout) == []


def test_who_holds_no_post_is_told_so(run: Run, database: Path) -> None:
    for words in (("list", "audits"), ("list",)):
        shown = run(*words, "--as", "viv", database=database)
        assert "Viv Vane holds no post in the group today and sees nothing." in shown.stdout


def test_a_list_is_narrowed(run: Run, database: Path) -> None:
    agreed = run("list", "actions", "--state", "agreed", "--audit", "2014-15/1", database=database)
    assert "action/3" in agreed.stdout
    assert "overdue" in run("list", "actions", "--late", database=database).stdout
    mails = run("list", "mails", "--most", "2", database=database)
    assert "older, not shown." in mails.stdout
    assert len(json.loads(run("list", "mails", "--most", "2", "--json", database=database).stdout)) == 2


def test_a_waiting_decision_names_whom_it_waits_for(run: Run, database: Path) -> None:
    run("move", "action/1", "close", "--as", "bo", "--given", "reason=Done elsewhere", database=database)
    assert "waits for Ada" in one_line(
        run("list", "approvals", "--state", "waiting", database=database).stdout
    )


@pytest.mark.parametrize(
    ("words", "number", "sentence"),
    [
        (("list", "audit"), 2, "did you mean 'audits'"),
        (("list", "actions", "--state", "begun"), 2, "is not a state of action"),
        (("list", "actions", "--audit", "action/1"), 2, "is not an audit"),
        (("list", "actions", "--audit", "2013-14/1"), 5, "There is no audit 2013-14/1"),
        (("list", "audits", "--late"), 2, "Only returns and actions"),
        (("list", "mails", "--most", "0"), 2, "greater than or equal to 1"),
        (("list", "audits", "--as", "adda"), 2, "did you mean 'ada'"),
        (("show", "acton/1"), 2, "did you mean 'action'"),
        (("show", "action"), 2, "is not a reference"),
        (("show", "action/99"), 5, "There is no action/99."),
        (
            ("show", "return/1", "--as", "cleo"),
            5,
            "There is no agency_return/1 that Cleo Cartwright may see.",
        ),
        (("history", "recommendation/1", "--as", "gil"), 5, "that Gil Gadsby may see"),
        (("offers", "action/1", "--as", "cleo"), 5, "that Cleo Cartwright may see"),
        (("offers", "action/1"), 2, "--as"),
    ],
)
def test_what_cannot_be_looked_at_is_said(
    run: Run, database: Path, words: tuple[str, ...], number: int, sentence: str
) -> None:
    answer = run(*words, database=database)
    assert answer.exit_code == number
    assert sentence in one_line(answer.stderr)
    assert answer.stdout == ""


def test_an_audit_is_shown_stage_by_stage(run: Run, database: Path) -> None:
    shown = run("show", "2014-15/1", database=database).stdout
    headings = [line for line in shown.splitlines() if line.strip() in _HEADINGS]
    assert [heading.strip() for heading in headings] == list(_HEADINGS)
    assert shown.startswith("Audit 2014-15/1: Neglect\n")
    assert "Actions since 15 Dec 2014." in shown
    assert "See also: auditloop history audit/1" in shown
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= 100


_HEADINGS = (
    "Aims",
    "Cases",
    "Returns by records",
    "Looked at together",
    "Findings",
    "Recommendations",
    "Decisions",
)


def test_the_lay_member_is_shown_no_case(run: Run, database: Path) -> None:
    case = json.loads(run("list", "cases", "--json", database=database).stdout)[0]["case"]
    assert case in run("show", "audit/1", database=database).stdout
    pooled = run("show", "audit/1", "--as", "cleo", database=database).stdout
    assert case not in pooled
    assert "2 more are not yours to read." in pooled
    assert "1 more, for individual practice, stay with their own agency." in one_line(pooled)
    shown = run("show", case, "--as", "bo", database=database).stdout
    assert shown.startswith(f"Case {case}\n")
    assert "return/1" in shown
    assert run("show", case, "--as", "cleo", database=database).exit_code == 5


def test_a_subject_for_a_program_has_names_and_plain_values(run: Run, database: Path) -> None:
    shown = json.loads(run("show", "action/1", "--json", database=database).stdout)
    assert shown["ref"] == "action/1"
    assert shown["original_due_on"] == "2015-02-27"
    assert shown["recommendation"] == "recommendation/1"
    assert shown["is_overdue"] is True
    assert shown["notes"][0]["rating"] == "on track"
    assert shown["version"] == 4


def test_a_history_tells_each_line_and_that_the_seals_hold(run: Run, database: Path) -> None:
    shown = run("history", "action/1", database=database).stdout
    assert "Nell Norris took the step ‘Add a progress note’." in shown
    assert "says it is on track: The first ten files are done." in shown
    assert "told: Nell Norris" in shown
    assert "All 4 lines are sealed, and every seal holds." in shown
    lines = json.loads(run("history", "action/1", "--json", database=database).stdout)
    assert [line["number"] for line in lines] == [1, 2, 3, 4]
    assert lines[0]["at"] == "2014-12-11T15:00:00.000000Z"[:19] + "Z"
    assert all(line["is_sealed"] for line in lines)


def test_a_history_tells_reasons_and_what_was_written(run: Run, database: Path) -> None:
    run("move", "action/1", "close", "--as", "bo", "--given", "reason=Done elsewhere", database=database)
    run("decide", "9", "reject", "--as", "ada", "--reason", "Not yet", database=database)
    asked = one_line(run("history", "approval/9", database=database).stdout)
    assert "reason: Done elsewhere" in asked
    assert "reason: Not yet" in asked
    run("sweep", database=database)
    spoken = one_line(run("history", "action/1", database=database).stdout)
    assert "The rule ‘action-overdue’ spoke: An action is overdue." in spoken
    assert (
        "The rule ‘action-overdue-board’ gave notice to the owner: An action is sixty days overdue." in spoken
    )
    assert "because state in (agreed, in_progress) (agreed) and waiting_on is empty (empty)" in spoken


def test_a_line_that_was_changed_is_marked(run: Run, database: Path) -> None:
    connection = sqlite3.connect(database)
    connection.execute("DROP TRIGGER event_refuses_update")
    connection.execute("UPDATE event SET actor = 'person/1' WHERE subject_kind = 'action' AND seq = 2")
    connection.commit()
    connection.close()
    shown = run("history", "action/1", database=database).stdout
    assert "THE SEAL OF THIS LINE DOES NOT HOLD." in shown
    assert "The seal does not hold at line 2: run `auditloop verify`." in shown


def test_a_case_has_no_history_and_takes_no_steps(run: Run, database: Path) -> None:
    case = json.loads(run("list", "cases", "--json", database=database).stdout)[0]["case"]
    for words in (("history", case), ("offers", case, "--as", "sam")):
        answer = run(*words, database=database)
        assert answer.exit_code == 2
        assert "A case takes no steps; its returns do." in answer.stderr


def test_doors_are_shown_open_and_closed_with_every_reason(run: Run, database: Path) -> None:
    shown = run("offers", "action/1", "--as", "nell", database=database).stdout
    opened, closed = shown.split("\nClosed")
    assert "action/1 stands at ‘Agreed’ (version 4); nell is here as owner, post holder." in one_line(opened)
    assert "extend: Ask for a later date" in opened
    assert "Needs the decision of the chair." in opened
    assert "Asks for new_due_on=2015-03-31, reason=words." in opened
    assert "Comes with data of its own, so that `auditloop move` cannot take it." in one_line(opened)
    assert "confirm: Confirm that the action is complete" in closed
    assert "is a step for the agency lead; you are here as owner and post holder." in one_line(closed)
    doors = json.loads(run("offers", "action/1", "--as", "nell", "--json", database=database).stdout)
    assert doors["version"] == 4
    assert {door["trigger"] for door in doors["doors"] if door["is_open"]} >= {"begin", "extend"}


def test_where_no_step_leads_on_that_is_said(run: Run, database: Path) -> None:
    shown = run("offers", "approval/1", "--as", "sam", database=database).stdout
    assert "No step leads on from here." in shown


def test_an_optional_word_of_a_step_is_said_to_be_optional(run: Run, database_at: AT_STAGE) -> None:
    shown = run("offers", "audit/1", "--as", "sam", database=database_at("proposed")).stdout
    assert "Asks for remark=words (optional)." in shown


def test_a_case_is_called_by_its_own_reference(run: Run, database: Path) -> None:
    for words in (("show", "case/1"), ("history", "case/1"), ("offers", "case/1", "--as", "bo")):
        answer = run(*words, database=database)
        assert answer.exit_code == 2
        assert "case/1 is no case: a case is called by its own reference, such as C-7KQ2MP" in answer.stderr
