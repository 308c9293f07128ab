"""Keeping records sound: the proof of the history, byte for byte, and the making of databases."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from assurance.migrate import newest_shape
from tests.cli.conftest import Run

LINE = "subject_kind = 'action' AND subject_id = 1 AND seq = 2"


def change(database: Path, statement: str) -> None:
    """Take out the guards and change the history behind everybody's back."""
    connection = sqlite3.connect(database)
    connection.execute("DROP TRIGGER event_refuses_update")
    connection.execute("DROP TRIGGER event_refuses_delete")
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_an_untouched_history_is_proved_sound(run: Run, database: Path) -> None:
    answer = run("verify", database=database)
    assert answer.exit_code == 0
    assert answer.stdout.startswith("Sound: ")
    assert run("verify", "--quiet", database=database).stdout == ""
    proof = json.loads(run("verify", "--json", database=database).stdout)
    assert proof["faults"] == []
    assert proof["lines"] > 100


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("group_id", "7"),
        ("subject_kind", "'actiom'"),
        ("subject_id", "9"),
        ("seq", "9"),
        ("kind", "'mowed'"),
        ("at", "replace(at, '2014', '2015')"),
        ("actor", "'person/9'"),
        ("once", "'x'"),
        ("data", "replace(data, 'e', 'f')"),
        ("data", "x'7bff7d'"),
        ("actor", "CAST(x'ff' AS TEXT)"),
        ("seal", "replace(seal, substr(seal, 1, 1), '-')"),
    ],
)
def test_a_change_in_any_column_is_found_and_named(run: Run, database: Path, column: str, value: str) -> None:
    change(database, f"UPDATE event SET {column} = {value} WHERE {LINE}")
    answer = run("verify", database=database)
    assert answer.exit_code == 1
    assert "action/1 line 2: " in answer.stdout
    assert " found in " in answer.stderr
    as_json = run("verify", "--json", database=database)
    assert as_json.exit_code == 1
    assert {"subject": "action/1", "line": 2} in [
        {"subject": fault["subject"], "line": fault["line"]} for fault in json.loads(as_json.stdout)["faults"]
    ]


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (f"DELETE FROM event WHERE {LINE}", "action/1 line 2: this line is missing"),
        (
            "DELETE FROM event WHERE subject_kind = 'action' AND subject_id = 1",
            "every line of its history is missing",
        ),
        (
            "UPDATE action SET state = 'verified' WHERE id = 1",
            "its state is 'verified', its history says 'agreed'",
        ),
        (
            "DELETE FROM event WHERE subject_kind = 'action' AND subject_id = 1 AND seq = 4",
            "its history ends at 3",
        ),
    ],
)
def test_what_was_taken_out_or_does_not_follow_is_found(
    run: Run, database: Path, statement: str, found: str
) -> None:
    change(database, statement)
    answer = run("verify", "--quiet", database=database)
    assert answer.exit_code == 1
    assert found in answer.stdout


def test_the_database_itself_refuses_to_change_the_history(database: Path) -> None:
    connection = sqlite3.connect(database)
    with pytest.raises(sqlite3.IntegrityError, match="the history is never changed"):
        connection.execute(f"UPDATE event SET actor = 'person/9' WHERE {LINE}")
    connection.close()


def test_a_database_is_made_once_and_brought_to_the_newest_shape(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "new" / "auditloop.sqlite"
    made = run("migrate", database=file)
    assert (made.exit_code, made.stdout) == (0, f"Made the database {file}: {newest_shape()}.\n")
    again = run("migrate", database=file)
    assert again.stdout == f"The database {file} has the newest shape already: {newest_shape()}.\n"
    assert run("migrate", "--quiet", database=file).stdout == ""
    assert run("verify", database=file).exit_code == 0


def test_a_folder_is_no_database(run: Run, tmp_path: Path) -> None:
    answer = run("migrate", database=tmp_path)
    assert answer.exit_code == 2
    assert f"{tmp_path} is a folder; name the file in it" in answer.stderr


def test_a_folder_that_cannot_be_made_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear all")
    answer = run("migrate", database=tmp_path / "letter.txt" / "auditloop.sqlite")
    assert answer.exit_code == 2
    assert "letter.txt" in answer.stderr


@pytest.mark.postgres
def test_a_database_on_a_server_is_made_and_proved_too(run: Run, postgres_database: str) -> None:
    before = run("verify", database=postgres_database)
    assert before.exit_code == 5
    assert "has no tables yet" in before.stderr
    assert run("migrate", database=postgres_database).stdout.startswith("Made the database")
    assert run("verify", database=postgres_database).exit_code == 0
    examined = run("doctor", database=postgres_database)
    assert examined.exit_code == 0
    assert "PostgreSQL" in examined.stdout
