"""Steps and decisions from the command line, and the number of each answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import AT_STAGE, Run, as_program, execute, one_line

EXTEND = (
    "move",
    "action/1",
    "extend",
    "--as",
    "nell",
    "--given",
    "new_due_on=2027-03-31",
    "--given",
    "reason=Illness",
)


def test_a_step_is_taken(run: Run, database: Path) -> None:
    answer = run("move", "action/1", "begin", "--as", "nell", database=database)
    assert answer.exit_code == 0
    assert answer.stdout == "action/1 is now at ‘In progress’ (version 5).\n"


def test_a_step_that_needs_a_decision_asks_for_it_and_the_decision_takes_it(run: Run, database: Path) -> None:
    asked = run(*EXTEND, database=database)
    assert (asked.exit_code, asked.stdout) == (0, "approval/9 waits for the decision of Ada Ashdown.\n")
    decided = run("decide", "approval/9", "approve", "--as", "ada", database=database)
    assert (decided.exit_code, decided.stdout) == (0, "approval/9: approved. action/1 is at ‘Agreed’.\n")
    shown = json.loads(run("show", "action/1", "--json", database=database).stdout)
    assert (shown["current_due_on"], shown["times_moved"]) == ("2027-03-31", 1)


@pytest.mark.parametrize(
    ("answer", "said"), [("change", "approval/9: change requested."), ("reject", "approval/9: rejected.")]
)
def test_a_decision_can_also_be_to_change_or_to_reject(
    run: Run, database: Path, answer: str, said: str
) -> None:
    run(*EXTEND, database=database)
    without = run("decide", "9", answer, "--as", "ada", database=database)
    assert (without.exit_code, without.stdout) == (3, "")
    assert "Fill in ‘Reason’ with a few words." in without.stderr
    with_reason = run("decide", "9", answer, "--as", "ada", "--reason", "Give more notice", database=database)
    assert with_reason.exit_code == 0
    assert with_reason.stdout.startswith(said)


@pytest.mark.parametrize(
    ("words", "number", "sentence"),
    [
        (("move", "action/1", "confirm", "--as", "nell"), 3, "is a step for the agency lead"),
        (("move", "action/1", "verify", "--as", "ada"), 3, "is possible while the action is Confirmed"),
        (("move", "action/1", "note_progress", "--as", "nell"), 3, "it has a form of its own"),
        (("move", "action/1", "note_progress", "--as", "ada"), 3, "is a step for the owner, the agency lead"),
        (("move", "action/1", "close", "--as", "bo"), 3, "Fill in ‘Reason’ with a few words."),
        (("move", "action/1", "begin", "--as", "nell", "--given", "why=so"), 3, "does not ask for ‘why’"),
        (("move", "action/1", "begn", "--as", "nell"), 2, "Did you mean ‘begin’?"),
        (("move", "action/1", "begin", "--as", "nel"), 2, "did you mean 'nell'"),
        (("move", "action/1", "extend", "--as", "nell", "--given", "new_due_on"), 2, "is not NAME=VALUE"),
        (
            ("move", "action/1", "extend", "--as", "nell", "--given", "new_due_on=soon"),
            2,
            "is not a date such as",
        ),
        (("move", "action/1", "begin", "--as", "viv"), 5, "There is no action/1 that Viv Vane may see."),
        (
            ("move", "action/99", "begin", "--as", "nell"),
            5,
            "There is no action/99 that Nell Norris may see.",
        ),
        (("decide", "99", "approve", "--as", "ada"), 5, "There is no approval/99"),
        (("decide", "action/1", "approve", "--as", "ada"), 2, "action/1 is not a decision"),
        (("decide", "1", "approve", "--as", "ada"), 3, "it is already Approved"),
        (("decide", "1", "perhaps", "--as", "ada"), 2, "'perhaps' is not one of"),
        (
            ("decide", "1", "approve", "--as", "ada", "--meeting", "2015-99"),
            2,
            "is not a meeting of this group",
        ),
    ],
)
def test_every_refusal_has_its_sentence_and_its_number(
    run: Run, database: Path, words: tuple[str, ...], number: int, sentence: str
) -> None:
    answer = run(*words, database=database)
    assert answer.exit_code == number
    assert sentence in one_line(answer.stderr)
    assert answer.stdout == ""
    assert run("verify", "--quiet", database=database).exit_code == 0


def test_nobody_decides_on_what_they_asked_for_or_on_their_own_agency(run: Run, database: Path) -> None:
    run("move", "action/3", "close", "--as", "gil", "--given", "reason=Done elsewhere", database=database)
    answer = run("decide", "9", "approve", "--as", "ada", database=database)
    assert answer.exit_code == 3
    assert "You hold a post in the agency whose work this is" in answer.stderr
    assert run("decide", "9", "approve", "--as", "dan", database=database).exit_code == 0


def test_whoever_was_slower_is_told_who_was_faster(run: Run, database: Path) -> None:
    run("move", "action/1", "begin", "--as", "nell", database=database)
    answer = run("move", "action/1", "begin", "--as", "bo", "--version", "4", database=database)
    assert answer.exit_code == 4
    assert answer.stderr.startswith("Nell Norris changed Action 1 on")
    as_json = run("move", "action/1", "begin", "--as", "bo", "--version", "4", "--json", database=database)
    assert json.loads(as_json.stderr)["error"] == "stale"


def test_the_same_request_twice_is_one_step(run: Run, database: Path) -> None:
    first = run(*EXTEND, "--key", "form-1", database=database)
    again = run(*EXTEND, "--key", "form-1", database=database)
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "This request was made before" in again.stdout
    decided = run("decide", "9", "approve", "--as", "ada", "--key", "form-2", database=database)
    repeated = run("decide", "9", "approve", "--as", "ada", "--key", "form-2", database=database)
    assert (decided.exit_code, repeated.exit_code) == (0, 0)
    assert "nothing was done twice" in repeated.stdout


def test_only_the_group_in_a_meeting_moves_a_date_for_the_third_time(run: Run, database: Path) -> None:
    execute(database, "UPDATE action SET times_moved = 2 WHERE id = 1")
    words = ("move", "action/1", "extend_by_group", "--as", "nell")
    given = ("--given", "new_due_on=2027-03-31", "--given", "reason=Illness")
    assert run(*words, *given, database=database).exit_code == 0
    alone = run("decide", "9", "approve", "--as", "ada", database=database)
    assert alone.exit_code == 3
    assert "name the meeting at which it did" in alone.stderr
    long_ago = run("decide", "9", "approve", "--as", "ada", "--meeting", "2015-03", database=database)
    assert long_ago.exit_code == 3
    assert "The meeting on 12 March 2015 cannot have decided" in long_ago.stderr
    execute(database, 'UPDATE meeting SET "on" = (SELECT asked_on FROM approval WHERE id = 9)')
    together = run("decide", "9", "approve", "--as", "ada", "--meeting", "2015-03", database=database)
    assert together.stdout == "approval/9: approved. action/1 is at ‘Agreed’.\n"


def test_an_audit_goes_its_way_by_its_own_reference(run: Run, database_at: AT_STAGE) -> None:
    database = database_at("proposed")
    asked = run("move", "2014-15/1", "agree_theme", "--as", "sam", "--json", database=database)
    assert json.loads(asked.stdout)["approval"] == "approval/1"
    assert run("decide", "1", "approve", "--as", "ada", database=database).stdout.endswith(
        "audit/1 is at ‘Theme agreed’.\n"
    )


def test_a_decision_for_which_nobody_is_in_post_says_so(run: Run, database: Path) -> None:
    execute(database, "UPDATE post_holding SET until_on = '2015-01-01' WHERE person_id IN (1, 4)")
    answer = run(*EXTEND, database=database)
    assert answer.stdout == "approval/9 waits for the decision of a post that nobody holds.\n"
    listed = run("list", "approvals", "--state", "waiting", "--json", database=database)
    assert json.loads(listed.stdout)[0]["waits_for"] == []
    assert "waits for nobody" in run("list", "approvals", "--state", "waiting", database=database).stdout


def test_the_installed_program_moves_and_refuses(database: Path) -> None:
    moved = as_program("move", "action/1", "begin", "--as", "nell", database=database)
    assert (moved.returncode, moved.stderr) == (0, "")
    refused = as_program("move", "action/1", "begin", "--as", "nell", database=database)
    assert refused.returncode == 3
    assert "it is already In progress" in refused.stderr
    assert "Traceback" not in refused.stderr
