"""Opening: what is said, and which number is given, when there is nothing to work on or a word cannot be used."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from assurance.migrate import newest_shape
from assurance.story.cast import bring_on
from cli.opening import INTERRUPTED, answering
from engine.fences import EVERY
from tests.cast import cast
from tests.cli.conftest import Run, one_line
from tests.world import World


@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("show", "action/1"),
        ("history", "action/1"),
        ("offers", "action/1", "--as", "bo"),
        ("move", "action/1", "begin", "--as", "bo"),
        ("decide", "approval/1", "approve", "--as", "ada"),
        ("sweep",),
        ("deliver",),
        ("verify",),
        ("report", "annual", "--year", "2014-15"),
    ],
)
def test_a_missing_database_is_never_made_by_a_command_that_only_uses_it(
    run: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    missing = tmp_path / "missing.sqlite"
    answer = run(*words, database=missing)
    assert answer.exit_code == 5
    assert f"There is no database at {missing}." in answer.stderr
    assert "auditloop migrate" in answer.stderr
    assert answer.stdout == ""
    assert not missing.exists()


def test_without_a_word_the_database_is_the_usual_one(run: Run) -> None:
    assert "There is no database at var/auditloop.sqlite." in run("list").stderr


def test_the_database_may_come_from_the_settings(run: Run, database: Path) -> None:
    assert run("list", "audits", DATABASE=str(database)).exit_code == 0


def test_an_empty_file_has_no_tables_yet(run: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty.sqlite"
    empty.touch()
    answer = run("list", database=empty)
    assert answer.exit_code == 5
    assert "has no tables yet; run `auditloop migrate`" in answer.stderr


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        (
            "0001_people_and_posts",
            f"has an older shape (0001_people_and_posts instead of {newest_shape()}); run `auditloop migrate`",
        ),
        (
            "9999_later",
            f"was written by a newer or another program: its shape is 9999_later; this one knows {newest_shape()}",
        ),
    ],
)
def test_another_shape_is_named_with_what_helps(run: Run, empty: Path, shape: str, sentence: str) -> None:
    with sqlite3.connect(empty) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (shape,))
        connection.execute("UPDATE oldest_shape SET shape = ?", (shape,))
    connection.close()
    answer = run("list", database=empty)
    assert answer.exit_code == 5
    assert sentence in one_line(answer.stderr)


def test_a_file_that_is_no_database_is_said_to_be_none(run: Run, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear all, " * 100)
    answer = run("list", database=letter)
    assert answer.exit_code == 5
    assert f"The database {letter} does not answer as it should: file is not a database." in answer.stderr


def test_a_server_that_is_not_there_is_no_database_either(run: Run) -> None:
    answer = run("list", database="postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=2")
    assert answer.exit_code == 5
    assert "The database postgresql://nobody@127.0.0.1:1/nothing" in answer.stderr
    assert "does not answer as it should: " in answer.stderr
    assert "?." not in answer.stderr


def test_every_setting_that_cannot_be_used_is_named_at_once(run: Run) -> None:
    answer = run("list", SMTP="x", MAIL_FROM="nobody", DATABASE="mysql://x/y")
    assert answer.exit_code == 2
    assert "AUDITLOOP_SMTP is not a setting" in answer.stderr
    assert "AUDITLOOP_MAIL_FROM" in answer.stderr
    assert "AUDITLOOP_DATABASE" in answer.stderr


def test_a_fault_in_a_workflow_refuses_with_its_line(run: Run, database: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "action.yaml").write_text("workflow: action\ntitle: Action\nstate: {}\nmoves: []\n")
    answer = run("list", database=database, WORKFLOWS=str(own))
    assert answer.exit_code == 2
    assert f"{own}/action.yaml:" in answer.stderr


def test_an_empty_database_says_that_there_is_no_group(run: Run, empty: Path) -> None:
    answer = run("list", database=empty)
    assert answer.exit_code == 5
    assert "There is no group in this database yet" in answer.stderr


def test_of_several_groups_one_has_to_be_named(run: Run, database: Path) -> None:
    world = World(database)
    with world.office.store.begin(group=EVERY) as session:
        newcomers = replace(cast("other"), meetings=())
        bring_on(session, newcomers, world.office.playbook, at=world.clock.now())
    world.close()
    answer = run("list", database=database)
    assert answer.exit_code == 2
    assert "several groups; say which one with --group: qa, other" in answer.stderr
    assert "actions" in run("list", "--group", "qa", database=database).stdout
    assert "nothing to see here yet" in run("list", "--group", "other", database=database).stdout
    unknown = run("list", "--group", "othr", database=database)
    assert unknown.exit_code == 2
    assert "did you mean 'other'" in unknown.stderr
    several = run("list", "--as", "ada", database=database)
    assert several.exit_code == 2
    assert "2 people" in several.stderr
    assert run("list", "--as", "ada", "--group", "qa", database=database).exit_code == 0


def test_with_json_a_fault_is_json_too(run: Run, tmp_path: Path) -> None:
    answer = run("list", "--json", database=tmp_path / "missing.sqlite")
    assert answer.exit_code == 5
    assert answer.stdout == ""
    told = json.loads(answer.stderr)
    assert told["error"] == "nothing_there"
    assert told["reasons"][0]["sentence"].startswith("There is no database")


def test_an_interruption_is_said_and_numbered(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as left, answering():
        raise KeyboardInterrupt
    assert left.value.exit_code == INTERRUPTED
    assert "rolled back" in capsys.readouterr().err


def test_a_mistake_of_ours_is_not_passed_off_as_an_answer() -> None:
    with pytest.raises(OSError, match="out of the blue"), answering():
        raise OSError("out of the blue")
