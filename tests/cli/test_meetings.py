"""Meetings at the command line: listed, shown, moved and cancelled by the ordinary commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import AT_STAGE, Run, one_line


@pytest.fixture
def meeting_to_come(database_at: AT_STAGE) -> Path:
    """A database in which the agencies read their files for the meeting of December 2014."""
    return database_at("agency_audits")


def test_meetings_are_listed_with_their_place_and_what_they_look_at(run: Run, meeting_to_come: Path) -> None:
    listed = run("list", "meetings", "--as", "cleo", database=meeting_to_come)
    heading, first, *others = listed.stdout.splitlines()
    assert heading.split() == ["Ref", "Key", "Meeting", "When", "Where", "State", "Audits"]
    assert one_line(first) == (
        "meeting/1 2014-12 Meeting of December 11 Dec 2014, 14:00 Council House Planned 2014-15/1"
    )
    assert sum(line.startswith("meeting/") for line in others) == 2
    assert one_line(run("list", "meetings", "--state", "held", database=meeting_to_come).stdout) == (
        "No meetings to show."
    )
    of_audit = run("list", "meetings", "--audit", "2014-15/1", "--json", database=meeting_to_come)
    (row,) = json.loads(of_audit.stdout)
    assert (row["ref"], row["at"], row["ends_at"]) == (
        "meeting/1",
        "2014-12-11T14:00:00Z",
        "2014-12-11T16:00:00Z",
    )


def test_a_meeting_is_shown_with_its_audits_and_whoever_is_invited(run: Run, meeting_to_come: Path) -> None:
    shown = run("show", "meeting/1", "--as", "bo", database=meeting_to_come).stdout
    assert shown.startswith("Meeting of December 2014, 11 December 2014\nPlanned since 1 Sep 2014.")
    assert "Where    Council House" in shown
    assert "2014-15/1  Neglect" in shown
    assert "Sam Sedley" in shown


def test_moving_a_meeting_says_what_came_along(run: Run, meeting_to_come: Path) -> None:
    words = ("move", "meeting/1", "move_meeting", "--as", "sam", "--given", "new_on=2999-12-12")
    moved = run(*words, "--given", "starts=09:30", "--given", "place=Library", database=meeting_to_come)
    assert moved.exit_code == 0
    assert moved.stdout == (
        "meeting/1 is now at ‘Planned’ (version 2).\n"
        "The returns of audit 2014-15/1 stay due on 27 November 2014, the day that somebody named.\n"
    )
    history = one_line(run("history", "meeting/1", database=meeting_to_come).stdout)
    assert "Sam Sedley took the step ‘Move the meeting’. the day of the meeting: 12 December 2999" in history
    assert "starts: 09:30" in history
    assert "place: Library" in history
    assert "All 2 lines are sealed" in history
    mails = json.loads(run("list", "mails", "--json", database=meeting_to_come).stdout)
    assert {mail["state"] for mail in mails if mail["cause"] == "meeting/1 line 1"} == {"withdrawn"}
    assert {mail["template"] for mail in mails if mail["cause"] == "meeting/1 line 2"} == {"invitation"}


def test_cancelling_a_meeting_names_the_audit_that_needs_another(run: Run, meeting_to_come: Path) -> None:
    words = ("move", "meeting/1", "cancel", "--as", "dan", "--given", "reason=Snow", "--json")
    cancelled = json.loads(run(*words, database=meeting_to_come).stdout)
    assert (cancelled["state"], cancelled["brought"]) == (
        "cancelled",
        ["Audit 2014-15/1 was to be looked at there; name another meeting."],
    )
    assert run("verify", database=meeting_to_come).exit_code == 0


@pytest.mark.parametrize(
    ("given", "number", "sentence"),
    [
        (("new_on=2014-12-12",), 3, "A meeting is moved to today or to a later day."),
        (("new_on=soon",), 2, "--given new_on: 'soon' is not a date such as 2015-03-31."),
        (("new_on=2999-12-12", "starts=9"), 3, "'9' is not an hour of the day; write it as 14:00."),
        (("day=2999-12-12",), 3, "day"),
    ],
)
def test_a_move_that_cannot_be_says_why(
    run: Run, meeting_to_come: Path, given: tuple[str, ...], number: int, sentence: str
) -> None:
    asked = [word for pair in given for word in ("--given", pair)]
    answer = run("move", "meeting/1", "move_meeting", "--as", "sam", *asked, database=meeting_to_come)
    assert (answer.exit_code, answer.stdout) == (number, "")
    assert sentence in one_line(answer.stderr)


def test_the_open_doors_of_a_meeting_say_what_each_asks_for(run: Run, meeting_to_come: Path) -> None:
    offers = one_line(run("offers", "meeting/1", "--as", "ada", database=meeting_to_come).stdout)
    assert "move_meeting: Move the meeting Returns whose day was reckoned from the meeting" in offers
    assert "Asks for new_on=2015-03-31, starts=words (optional)" in offers
    closed = one_line(run("offers", "meeting/1", "--as", "bo", database=meeting_to_come).stdout)
    assert "is a step for the coordinator, the chair or the deputy chair" in closed
