"""The other documents: the story that they tell is played, and their lists leave nothing out."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Mapping
from contextlib import chdir, closing
from datetime import date, datetime, time
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from assurance.config import KNOWN, PREFIX, settings_from
from assurance.migrate import migrate
from assurance.office import Office
from assurance.records import Audit
from assurance.story import Story, play, read_story
from assurance.story.audit_verbs import LETTERS
from assurance.story.verbs import VERBS
from assurance.tables import METADATA, MOVED
from cli.main import app
from engine.clock import FrozenClock
from engine.diagram import svg
from engine.errors import BadDefinition
from engine.fences import EVERY
from engine.proof import verify
from engine.rules import load_rules
from engine.store import open_store
from tests.tools.test_language_documents import changed, put, shown, told, workflows_in
from tests.tools.written import ROOT, Cell, all_code, block, blocks, lines_from_files, rows, whole_files

README = "README.md"
EXAMPLES = "examples/README.md"
DATA = "docs/data.md"
DRAFT = ("agency_return.yaml", "due_on + 5 working days", "due_on + 2 working days")


def story_in(folder: Path, files: Mapping[str, str]) -> Story:
    put(files, folder)
    return read_story(folder, workflows=[ROOT / "workflows"], rules=[ROOT / "rules"])


# -- examples ----------------------------------------------------------------------------------------------


def test_the_story_of_the_page_is_played_to_its_end(tmp_path: Path) -> None:
    story = story_in(tmp_path, whole_files(EXAMPLES))
    clock = FrozenClock(datetime.combine(story.begins, time(6), tzinfo=story.cast.zone))
    settings = settings_from({}, database=str(tmp_path / "small.sqlite"))
    with closing(open_store(settings.database)) as store:
        migrate(store)
        played = play(Office(settings, store, story.shelf, clock=clock), story, clock=clock)
        with store.reading(group=EVERY) as session:
            assert session.scalars(sa.select(Audit.state)).all() == ["theme_agreed"]
            assert verify(session, MOVED).faults == ()
    assert (played.steps, clock.now().date()) == (7, date(2026, 5, 1))


@pytest.mark.parametrize("row", rows(EXAMPLES, "Instead of", "You write", "You are told"), ids=shown)
def test_a_wrong_story_is_answered_as_the_page_says(row: tuple[Cell, ...], tmp_path: Path) -> None:
    with pytest.raises(BadDefinition) as refusal:
        story_in(tmp_path, changed(whole_files(EXAMPLES), row[0], row[1]))
    assert told(refusal.value, tmp_path)[: len(row[2].lines)] == row[2].lines


def test_every_verb_of_a_story_is_listed_with_its_keys() -> None:
    listed = {
        verb.text: (set(needs.code), set(may_have.code))
        for verb, needs, may_have, _ in rows(EXAMPLES, "verb", "needs", "may have", "does")
    }
    assert listed == {name: (set(verb.required), set(verb.optional)) for name, verb in VERBS.items()}


def test_every_letter_of_an_answer_is_explained() -> None:
    text = " ".join((ROOT / EXAMPLES).read_text(encoding="utf-8").split())
    assert [
        f"`{letter}` {word}" for letter, word in LETTERS.items() if f"`{letter}` {word}" not in text
    ] == []


def test_lines_that_are_quoted_stand_in_the_example() -> None:
    for name, text in lines_from_files(EXAMPLES):
        assert text in (ROOT / "examples" / name).read_text(encoding="utf-8")


# -- what is kept ------------------------------------------------------------------------------------------


def test_every_table_is_explained_and_none_that_is_not_there() -> None:
    tables = {row[1].text for row in rows(DATA, "in the field", "table", "one row")}
    tables |= {row[1].text for row in rows(DATA, "what", "table", "one row")}
    assert tables == set(METADATA.tables)


# -- how it is built ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", rows("ARCHITECTURE.md", "name", "where", "is"), ids=lambda row: row[0].text)
def test_the_names_to_know_are_those_of_the_code(row: tuple[Cell, ...]) -> None:
    files = [file for place in row[1].code for file in _python_below(ROOT / place)]
    code = "\n".join(file.read_text(encoding="utf-8") for file in files)
    missing = [
        name for name in row[0].code if not re.search(rf"^(async )?(class|def) {name}\b", code, re.MULTILINE)
    ]
    assert missing == []


def _python_below(place: Path) -> list[Path]:
    return [place] if place.is_file() else sorted(place.rglob("*.py"))


# -- the first page ----------------------------------------------------------------------------------------


def test_the_picture_is_that_of_the_workflow() -> None:
    picture = (ROOT / "docs" / "audit.svg").read_text(encoding="utf-8")
    drawn = svg(workflows_in(ROOT / "workflows")["audit"])
    assert picture == drawn, "draw it again: auditloop diagram audit --svg > docs/audit.svg"


def test_every_setting_is_listed() -> None:
    assert {f"{PREFIX}{name}" for name in KNOWN} <= all_code(README)


def test_the_tour_shows_what_the_commands_print(tmp_path: Path) -> None:
    year = str(tmp_path / "year.sqlite")
    ended = printed(f"auditloop demo --no-serve --database {year}", {"COLUMNS": "110"})
    write_draft(tmp_path / "drafts" / "rules")
    # What follows the mails differs from run to run: the seconds and the places.
    counts, _, _ = block(README, "text demo").partition("Seconds: ")
    assert [line for line in counts.splitlines() if line not in ended] == []
    for shown_there in blocks(README):
        if shown_there.info == "text tour":
            command, *lines = shown_there.text.replace("\\\n", "").splitlines()
            with chdir(tmp_path):
                answer = printed(command.removeprefix("$ "), {"COLUMNS": None, "AUDITLOOP_DATABASE": year})
            if lines[-1] == "...":
                lines.pop()
                answer = answer[: len(lines)]
            assert answer == lines, command


def write_draft(folder: Path) -> None:
    """Write the changed rules of which the first page speaks: the house's own, but for one condition."""
    file, condition, changed_condition = DRAFT
    assert {file, condition, changed_condition} <= all_code(README)
    shutil.copytree(ROOT / "rules", folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(condition) == 1
    (folder / file).write_text(text.replace(condition, changed_condition), encoding="utf-8")


def printed(command: str, settings: Mapping[str, str | None]) -> list[str]:
    """Run a command as the page shows it and give its lines, those about faults among them."""
    _, *words = shlex.split(command)
    without_others = dict.fromkeys(name for name in os.environ if name.startswith(PREFIX))
    result = CliRunner(env={**without_others, **settings}).invoke(app, words)
    return [line.rstrip() for line in result.output.rstrip("\n").splitlines()]


def test_the_workflow_and_the_rule_of_the_first_page_load(tmp_path: Path) -> None:
    files = whole_files(README)
    workflows, rules = tmp_path / "workflows", tmp_path / "rules"
    for folder in (workflows, rules):
        folder.mkdir()
    put({name: text for name, text in files.items() if "workflow:" in text}, workflows)
    put({name: text for name, text in files.items() if "rules:" in text}, rules)
    put({"clock.yaml": (ROOT / "rules" / "clock.yaml").read_text(encoding="utf-8")}, rules)
    loaded = workflows_in(workflows)
    assert len(loaded) == 1
    assert len(load_rules(rules, {**workflows_in(ROOT / "workflows"), **loaded}).rules) == 1
