"""Words that nobody can read: refused where texts come in, shown with a mark where they name a file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from assurance.config import HOME
from engine.errors import Refused
from tests.cli.conftest import AT_STAGE, PROGRAM, Run
from tests.world import World

CLEAR_THE_SCREEN = "\x1b[2J"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("move", "action/1", "close", "--as", "bo", "--given", f"reason=a{CLEAR_THE_SCREEN}"), "--given"),
        (("move", "action/1", "begin", "--as", "nell", "--key", "a\x07"), "--key"),
        (("decide", "1", "reject", "--as", "ada", "--reason", "no\x9b"), "--reason"),
        (("decide", "1", "reject", "--as", "ada", "--reason", "no\udcff"), "--reason"),
        (("show", "action/1\x00"), "REF"),
        (("list", "\x1bactions"), "WHAT"),
        (("report", "annual", "--year", "2014-15\x7f"), "--year"),
    ],
)
def test_a_word_that_nobody_can_read_is_bad_input(
    run: Run, database: Path, words: tuple[str, ...], named: str
) -> None:
    answer = run(*words, database=database)
    assert answer.exit_code == 2
    assert answer.stderr.startswith(f"{named} holds \\")
    assert answer.stderr.endswith("which nobody can read; write it without.\n")
    assert answer.stdout == ""


def test_it_is_told_to_programs_too(run: Run, database: Path) -> None:
    told = json.loads(run("show", "a\x1b", "--json", database=database).stderr)
    assert (told["error"], told["reasons"][0]["code"]) == ("bad_input", "unreadable")


def test_new_lines_and_tabs_are_text(run: Run, database: Path) -> None:
    words = ("move", "action/1", "close", "--as", "bo", "--given", "reason=First.\n\tSecond.")
    assert run(*words, database=database).exit_code == 0


def test_arguments_in_another_encoding_get_a_sentence(database: Path) -> None:
    for words in ((b"show", b"caf\xe9"), (b"check", b"caf\xe9"), (b"diagram", b"caf\xe9.yaml")):
        answer = subprocess.run(
            [os.fsencode(PROGRAM), *words], capture_output=True, check=False, cwd=database.parent
        )
        assert answer.returncode == 2
        assert b"Traceback" not in answer.stderr
        assert b"\\udce9" in answer.stderr


def test_the_name_of_a_file_is_shown_with_its_letters_made_visible(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / f"odd{CLEAR_THE_SCREEN}\n"
    folder.mkdir()
    shutil.copy(HOME / "workflows" / "action.yaml", folder / "action.yaml")
    sound = (folder / "action.yaml").read_text(encoding="utf-8")
    (folder / "action.yaml").write_text(sound.replace("to: verified", "to: verifed"), encoding="utf-8")
    answer = run("check", str(folder))
    assert answer.exit_code == 2
    assert "odd\\x1b[2J\\n/action.yaml:" in answer.stdout
    assert "\x1b" not in answer.output
    empty = run("check", str(folder / "\x1b"))
    assert "/\\x1b is not a folder" in empty.stderr


def test_what_a_command_is_given_is_held_to_it_too(database_at: AT_STAGE) -> None:
    world = World(database_at("proposed"))
    with pytest.raises(Refused, match=r"holds .x1b, which nobody can read"):
        world.moves("sam", world.audit, "agree_theme", remark=f"Well{CLEAR_THE_SCREEN}")
    world.close()
