"""The page about changed workflows: its session is played, and its table of words that the program names is whole."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assurance.config import PREFIX
from assurance.needed import FORMS, SETTLED, STATES, STEPS
from cli.main import app
from tests.assurance.changed_workflows import RENAMED_ACTION, shelf_of
from tests.tools.written import blocks, rows

WORKFLOWS = "workflows/README.md"
BY_CHANCE = re.compile(r"\b[0-9a-f]{12}\b")  # of hashes the page shows any


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example year, played to its end."""
    file = tmp_path_factory.mktemp("year") / "year.sqlite"
    printed(f"auditloop demo --no-serve --no-deliver --database {file}", {})
    return file


def printed(command: str, settings: Mapping[str, str]) -> list[str]:
    """Run a command as the page shows it and give its lines, those about faults among them."""
    _, *words = shlex.split(command)
    without_others = dict.fromkeys(name for name in os.environ if name.startswith(PREFIX))
    result = CliRunner(env={**without_others, "COLUMNS": None, **settings}).invoke(app, words)
    return [line.rstrip() for line in BY_CHANCE.sub("0", result.output).rstrip("\n").splitlines()]


def test_the_session_of_the_page_goes_as_it_is_shown(year: Path, tmp_path: Path) -> None:
    shelf_of(tmp_path, {"action": RENAMED_ACTION})
    settings = {
        "AUDITLOOP_DATABASE": str(year),
        "AUDITLOOP_WORKFLOWS": str(tmp_path / "workflows-0"),
        "AUDITLOOP_RULES": str(tmp_path / "rules-0"),
    }
    shown = [block.text for block in blocks(WORKFLOWS) if block.info == "text definitions"]
    assert len(shown) == 3
    for text in shown:
        command, *lines = BY_CHANCE.sub("0", text).splitlines()
        answer = printed(command.removeprefix("$ "), settings)
        assert list(_as_far_as_shown(answer, lines)) == lines, "\n".join(answer)
    assert printed("auditloop verify", settings)[0].startswith("Sound: ")


def _as_far_as_shown(answer: Sequence[str], lines: Sequence[str]) -> Iterator[str]:
    """Give an answer with `...` in the place of what the page leaves out."""
    if "..." not in lines:
        yield from answer
        return
    before = lines.index("...")
    yield from answer[:before]
    yield "..."
    yield from answer[before + 1 - len(lines) :]


def test_every_word_that_the_program_names_stands_in_the_table() -> None:
    found = {
        cells[0].text: tuple(cell.code for cell in cells[1:])
        for cells in rows(WORKFLOWS, "noun", "states", "ends", "moves", "moves with a form")
    }
    assert found == {
        kind: (
            tuple(STATES.get(kind, ())),
            SETTLED[kind].states if kind in SETTLED else (),
            tuple(STEPS.get(kind, ())),
            FORMS[kind],
        )
        for kind in FORMS
    }
    assert {*STATES, *SETTLED, *STEPS} <= FORMS.keys()
