"""Where the output goes: a full disk is said, a reader who leaves ends it quietly, and neither leaves a traceback."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cli.main import EXIT_CODES
from tests.cli.conftest import PROGRAM

SHOWING = (("--help",), ("list", "audits"), ("list", "--json"), ("history", "action/1"), ("verify",))


def writing_to(target: int, database: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Run the program with its output going to a file of the system."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AUDITLOOP_")}
    own["AUDITLOOP_DATABASE"] = str(database)
    return subprocess.run([PROGRAM, *words], stdout=target, stderr=subprocess.PIPE, env=own, check=False)


@pytest.mark.parametrize("words", SHOWING)
def test_a_full_disk_is_said(database: Path, words: tuple[str, ...]) -> None:
    target = os.open("/dev/full", os.O_WRONLY)
    answer = writing_to(target, database, *words)
    os.close(target)
    assert answer.returncode == 1
    assert answer.stderr == b"What there is to say cannot be written: No space left on device.\n"


@pytest.mark.parametrize("words", SHOWING)
def test_a_reader_who_leaves_ends_it_quietly(database: Path, words: tuple[str, ...]) -> None:
    reading, target = os.pipe()
    os.close(reading)
    answer = writing_to(target, database, *words)
    os.close(target)
    assert (answer.returncode, answer.stderr) == (141, b"")
    assert "141 when whoever reads its output has left" in EXIT_CODES


def test_a_full_disk_for_the_sentences_themselves_is_no_fault_of_ours(database: Path) -> None:
    own = dict(os.environ) | {"AUDITLOOP_DATABASE": str(database)}
    with Path("/dev/full").open("wb") as full:
        answer = subprocess.run(
            [PROGRAM, "show", "x"], stdout=subprocess.PIPE, stderr=full, env=own, check=False
        )
    assert (answer.returncode, answer.stdout) == (1, b"")
