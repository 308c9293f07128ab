"""The front door: what `auditloop --help` shows, how quickly, and how each command teaches itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.main import BOOK, OnCall
from tests.cli.conftest import Run, as_program

ROOT = Path(__file__).resolve().parents[2]
# Commands with others below them, and one of these.
GROUPS = {
    "report": "annual",
    "definitions": "plan",
    "account": "invite",
    "group": "export",
    "retention": "plan",
    "keys": "rotate",
}


def test_the_help_lists_every_command_with_its_line(run: Run) -> None:
    shown = run("--help")
    assert shown.exit_code == 0
    for entry in BOOK.values():
        assert entry.name in shown.stdout
        assert entry.line in shown.stdout


def test_without_a_word_the_help_is_shown(run: Run) -> None:
    shown = run()
    assert "auditloop demo --no-serve" in shown.output


def test_the_help_says_what_the_program_ends_with(run: Run) -> None:
    shown = " ".join(run("--help").stdout.split())
    assert "3 when the workflow refuses; 4 when somebody else was faster" in shown


def test_the_help_is_shown_without_reading_the_commands() -> None:
    code = (
        "import sys; import cli.main; from typer.main import get_command;"
        "get_command(cli.main.app).list_commands(None);"
        "print([name for name in ('sqlalchemy', 'apscheduler', 'docx') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


@pytest.mark.parametrize("name", BOOK)
def test_every_command_teaches_itself(run: Run, name: str) -> None:
    words = (name, GROUPS[name]) if name in GROUPS else (name,)
    shown = run(*words, "--help")
    assert shown.exit_code == 0
    assert "Example" in shown.stdout
    assert f"auditloop {' '.join(words)}" in shown.stdout
    assert "<bool>" not in shown.stdout


def test_a_command_says_of_itself_what_the_list_of_commands_says() -> None:
    commands: Any = OnCall()
    assert len(commands) == len(BOOK)
    for name, command in commands.items():
        own = command.commands[GROUPS[name]] if name in GROUPS else command
        assert own.help.strip()
        assert name in GROUPS or own.help.split()[:2] == BOOK[name].line.split()[:2]


def test_the_book_of_commands_is_not_written_to() -> None:
    with pytest.raises(TypeError, match="added to BOOK"):
        OnCall()["other"] = None
    with pytest.raises(TypeError, match="taken out of BOOK"):
        del OnCall()["list"]


def test_a_command_that_is_not_there_is_answered_with_the_nearest(run: Run) -> None:
    shown = run("verfy")
    assert shown.exit_code == 2
    assert "verify" in shown.stderr


def test_an_option_that_is_not_there_is_bad_input(run: Run) -> None:
    shown = run("verify", "--fast")
    assert shown.exit_code == 2
    assert "No such option" in shown.stderr


def test_the_version_is_told(run: Run) -> None:
    assert run("--version").stdout == "auditloop 0.1.0\n"


def test_the_database_may_stand_before_the_command_too(run: Run, database: Path) -> None:
    assert run("--database", str(database), "verify").exit_code == 0
    assert run("--database", str(database), "report", "annual", "--year", "2014-15").exit_code == 0
    assert run("--database", "other.sqlite", "verify", database=database).exit_code == 0


def test_the_installed_program_ends_with_the_number_of_its_answer(tmp_path: Path) -> None:
    missing = as_program("verify", database=tmp_path / "nothing.sqlite")
    assert missing.returncode == 5
    assert missing.stdout == ""
    assert "There is no database" in missing.stderr
    assert "Traceback" not in missing.stderr
