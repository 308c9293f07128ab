"""Which databases are taken: what is said of those of another program, in memory, of no name, and of odd addresses."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.opening import shown
from tests.cli.conftest import Run, execute, one_line

CHANGING = (("migrate",), ("demo", "--no-serve", "--no-deliver"))
USING = (("list",), ("serve",))


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """The database of another program."""
    file = tmp_path / "foreign.sqlite"
    execute(file, "CREATE TABLE invoice (number INTEGER)")
    return file


@pytest.mark.parametrize("words", [*CHANGING, *USING])
def test_nothing_of_ours_goes_into_the_database_of_another_program(
    run: Run, foreign: Path, words: tuple[str, ...]
) -> None:
    before = foreign.read_bytes()
    answer = run(*words, database=foreign)
    assert answer.exit_code == 5
    assert one_line(answer.stderr) == (
        f"The database {foreign} belongs to another program: it holds invoice, and nothing of ours."
    )
    assert foreign.read_bytes() == before


@pytest.mark.parametrize("words", [*CHANGING, *USING])
def test_a_shape_that_is_none_of_ours_is_left_alone(run: Run, empty: Path, words: tuple[str, ...]) -> None:
    # Neither later nor earlier by its letters: it is looked up among ours.
    execute(empty, "UPDATE alembic_version SET version_num = '0003_other'", "DELETE FROM oldest_shape")
    answer = run(*words, database=empty)
    assert answer.exit_code == 5
    assert "was written by a newer or another program: its shape is 0003_other" in answer.stderr


def test_the_doctor_names_the_database_of_another_program(run: Run, foreign: Path) -> None:
    answer = run("doctor", database=foreign)
    assert answer.exit_code == 1
    assert "belongs to another program" in one_line(answer.stdout)
    assert "auditloop migrate" not in answer.stdout


@pytest.mark.parametrize(
    "where", ["", ":memory:", "sqlite://", "sqlite:///:memory:", "sqlite:///a?mode=memory"]
)
@pytest.mark.parametrize("words", [*CHANGING, *USING])
def test_a_database_in_memory_is_no_database(run: Run, where: str, words: tuple[str, ...]) -> None:
    answer = run(*words, database=where)
    assert answer.exit_code == 2
    assert "name a file, such as var/auditloop.sqlite" in answer.stderr


@pytest.mark.parametrize("words", [*CHANGING, *USING, ("doctor",)])
def test_a_folder_is_no_database(run: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    answer = run(*words, database=tmp_path)
    assert answer.exit_code == 2
    assert (
        answer.stderr
        == f"{tmp_path} is a folder; name the file in it, such as {tmp_path}/auditloop.sqlite.\n"
    )


@pytest.mark.parametrize("where", ["mysql://x/y", "postgresql://u@[::1", "postgresql://u@h:port/x"])
def test_an_address_that_cannot_be_used_is_named_as_it_was_given(run: Run, where: str) -> None:
    answer = run("list", database=where)
    assert answer.exit_code == 2
    assert answer.stderr.startswith("--database: ")
    assert "give a path" in answer.stderr
    assert run("list", DATABASE=where).stderr.startswith("AUDITLOOP_DATABASE: ")


def test_no_password_is_shown() -> None:
    assert shown("postgresql://u:secret@h/x") == "postgresql://u:***@h/x"
    assert shown("var/auditloop.sqlite") == "var/auditloop.sqlite"


def test_a_damaged_database_is_named(run: Run, database: Path) -> None:
    execute(database, "DROP TABLE timer")
    answer = run("sweep", database=database)
    assert answer.exit_code == 5
    assert f"The database {database} does not answer as it should: no such table: timer." in one_line(
        answer.stderr
    )
