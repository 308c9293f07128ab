"""Being heard from the command line: reply, acknowledge, silence, wait and resume."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from engine.clock import SystemClock
from tests.cli.conftest import AT_STAGE, Run, one_line
from tests.world import World

LAST_DAY = "2999-12-31"


def test_a_rule_is_silenced_shown_and_lifted(run: Run, database: Path) -> None:
    until = in_days(30)
    silenced = run(
        "silence", "action/2", "--rule", "action-overdue", "--as", "sam", "--until", until, "--reason", "They are moving.", database=database
    )  # fmt: skip
    assert (silenced.exit_code, silenced.stdout.partition(" until ")[0]) == (
        0,
        "hold/1: the rule ‘action-overdue’ about action/2 is silent",
    )
    (listed,) = json.loads(run("list", "holds", "--json", database=database).stdout)
    assert (listed["what"], listed["about"], listed["until_on"]) == ("silence", "action/2", until)
    shown = json.loads(run("show", "hold/1", "--as", "sam", "--json", database=database).stdout)
    assert (shown["placed_by"], shown["words"], shown["is_in_force"]) == (
        "Sam Sedley",
        "They are moving.",
        True,
    )
    told = run("history", "action/2", database=database).stdout
    assert "Sam Sedley silenced the rule ‘action-overdue’ until" in one_line(told)
    lifted = run(
        "move", "hold/1", "lift", "--as", "sam", "--given", "reason=They have moved.", database=database
    )
    assert (lifted.exit_code, lifted.stdout) == (0, "hold/1 is now at ‘Lifted’ (version 2).\n")


def test_a_rule_about_everything_is_silenced(run: Run, database: Path) -> None:
    until = in_days(30)
    words = ("silence", "--rule", "re-audit-due", "--as", "sam", "--until", until, "--reason", "Next year.")
    assert run(*words, database=database).stdout.startswith(
        "hold/1: the rule ‘re-audit-due’ about everything is silent"
    )
    assert "everything" in run("list", "holds", database=database).stdout


def test_a_notice_is_answered_and_the_reply_looked_at(run: Run, database_at: AT_STAGE) -> None:
    database = database_at("actions")
    assert run("sweep", database=database).exit_code == 0
    words = ("reply", "action/1", "action-overdue-board", "--as", "nell", "--text", "It was held.")
    said = run(*words, database=database)
    assert said.exit_code == 0
    assert said.stdout.startswith(
        "hold/1: your reply stands in the history of action/1. The rule ‘action-overdue-board’"
    )
    again = run(*words, database=database)
    assert (again.exit_code, again.stdout) == (3, "")
    assert "(hold/1); one is enough." in again.stderr
    seen = run("move", "hold/1", "let_speak", "--as", "sam", "--json", database=database)
    assert json.loads(seen.stdout)["state"] == "lifted"
    told = one_line(run("history", "action/1", "--as", "nell", database=database).stdout)
    assert (
        "Sam Sedley looked at the reply to the rule ‘action-overdue-board’ and let it speak (hold/1)." in told
    )


def test_an_escalation_is_accepted(run: Run, database_at: AT_STAGE) -> None:
    database = database_at("actions")
    world = World(database)
    for day in (date(2015, 3, 10), date(2015, 3, 13)):
        world.night(day)
    world.close()
    until = in_days(30)
    words = ("acknowledge", "action/1", "--as", "ada", "--until", until, "--reason", "The lead is ill.")
    said = run(*words, database=database)
    assert said.exit_code == 0
    assert said.stdout.startswith("hold/1: the escalation about action/1 is accepted until ")
    assert run("sweep", database=database).exit_code == 0
    shown = json.loads(run("show", "action/1", "--json", database=database).stdout)
    assert [hold["what"] for hold in shown["holds"]] == ["acknowledgement"]


def test_an_action_waits_and_goes_on(run: Run, database: Path) -> None:
    waits = run(
        "wait", "action/2", "police", "--as", "nell", "--reason", "The list is theirs.", database=database
    )
    assert (waits.exit_code, waits.stdout) == (
        0,
        "action/2 waits for Shire Constabulary; its owner is not chased meanwhile.\n",
    )
    assert "waits for others" in one_line(run("list", "actions", database=database).stdout)
    shown = one_line(run("show", "action/2", "--as", "fay", database=database).stdout)
    assert "Waits for Shire Constabulary" in shown
    assert "What is awaited The list is theirs." in shown
    goes_on = run("resume", "action/2", "--as", "fay", "--text", "It was sent.", "--json", database=database)
    assert json.loads(goes_on.stdout)["said"].startswith("action/2 waits no more; its owner is chased from ")


@pytest.mark.parametrize(
    ("words", "number", "sentence"),
    [
        (
            ("reply", "action/2", "action-overdue-chair", "--as", "nell", "--text", "It was held."),
            3,
            "No notice of the rule ‘action-overdue-chair’ is open about Action 2.",
        ),
        (
            ("reply", "action/2", "overdue", "--as", "nell", "--text", "So."),
            2,
            "'overdue' is not a rule about action",
        ),
        (
            ("acknowledge", "action/2", "--as", "ada", "--until", LAST_DAY, "--reason", "Known."),
            3,
            "No escalation stands about Action 2 that somebody could accept.",
        ),
        (
            ("acknowledge", "action/2", "--as", "ada", "--until", "soon", "--reason", "Known."),
            2,
            "--until 'soon' is not a date such as 2015-03-31.",
        ),
        (
            ("silence", "action/2", "--as", "sam", "--until", LAST_DAY, "--reason", "Noise."),
            3,
            "Rules are silenced for 90 days at most",
        ),
        (
            ("silence", "--as", "nell", "--until", LAST_DAY, "--reason", "Noise."),
            3,
            "Only the coordinator or chair",
        ),
        (
            ("wait", "action/2", "polic", "--as", "nell", "--reason", "Theirs."),
            2,
            "'polic' is not an agency of this group; did you mean 'police'?",
        ),
        (
            ("wait", "2014-15/1", "police", "--as", "sam", "--reason", "Theirs."),
            2,
            "audit/1 waits for no agency",
        ),
        (("resume", "action/2", "--as", "nell", "--text", "So."), 3, "It waits for no other agency."),
    ],
)
def test_what_cannot_be_is_answered_with_a_sentence(
    run: Run, database: Path, words: tuple[str, ...], number: int, sentence: str
) -> None:
    answer = run(*words, database=database)
    assert (answer.exit_code, answer.stdout) == (number, "")
    assert sentence in one_line(answer.stderr)


def in_days(days: int) -> str:
    """Give a day so many days after the day of the machine, by which the command line goes."""
    return str(SystemClock().now().date() + timedelta(days=days))
