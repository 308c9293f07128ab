"""Erasing at the command line: what is past its time, and what should never have been written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, execute

SETTLED = "2001-03-01"


def test_what_is_past_its_time_is_shown_erased_once_and_told(run: Run, database: Path) -> None:
    execute(
        database,
        f"UPDATE message SET state = 'sent', sent_at = '{SETTLED}T06:30:00.000000Z', created_at = '{SETTLED}'",
    )
    planned = run("retention", "plan", database=database)
    assert planned.exit_code == 0
    assert "letters  from before " in planned.stdout
    found = json.loads(run("retention", "plan", "--json", database=database).stdout)
    applied = run("retention", "apply", database=database)
    assert applied.exit_code == 0
    assert "Copies and backups that were made before still hold it" in applied.stdout
    assert "letters" in {one["kind"] for one in found}
    assert run("retention", "apply", database=database).stdout == "Nothing is past its time.\n"
    assert run("retention", "plan", database=database).stdout == "Nothing is past its time.\n"
    assert run("verify", database=database).exit_code == 0


def test_two_people_erase_a_note_and_the_history_says_so(run: Run, database: Path) -> None:
    words = ("erase", "action/1", "--containing", "first ten files", "--reason", "It names a child")
    done = run(*words, "--as", "sam", "--agreed-by", "ada", database=database)
    assert done.exit_code == 0
    assert done.stdout.startswith("Erased 1 text of action/1. ")
    told = run("history", "action/1", database=database).stdout
    assert "Sam Sedley erased 1 text on request; Ada Ashdown agreed." in told
    assert "first ten files" not in told
    assert run("verify", database=database).exit_code == 0
    again = run(*words, "--as", "sam", "--agreed-by", "ada", database=database)
    assert again.exit_code == 3


def test_a_line_is_erased_and_says_when(run: Run, database: Path) -> None:
    words = ("--reason", "A name", "--as", "sam", "--agreed-by", "ada", "--json")
    done = run("erase", "immediate_concern/1", "--line", "1", *words, database=database)
    assert json.loads(done.stdout) == {"ref": "immediate_concern/1", "texts": [[1, "concern"]], "rows": 0}
    assert "concern: (erased on " in run("history", "immediate_concern/1", database=database).stdout


@pytest.mark.parametrize(
    ("words", "number", "told"),
    [
        ((), 2, "Say what to erase: either --line N, or --containing WORDS."),
        (("--line", "1", "--containing", "files"), 2, "Say what to erase"),
        (("--line", "99"), 3, "Nothing is written in line 99"),
    ],
)
def test_what_is_to_be_erased_is_said_once(
    run: Run, database: Path, words: tuple[str, ...], number: int, told: str
) -> None:
    whole = ("erase", "action/1", *words, "--reason", "A name", "--as", "sam", "--agreed-by", "ada")
    answer = run(*whole, database=database)
    assert (answer.exit_code, told in answer.stderr) == (number, True), answer.stderr
