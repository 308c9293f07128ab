"""Playing a story: what is said where a step is refused, and where two play into one database."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path

import pytest
import typer

from assurance.config import HOME, settings_from
from assurance.migrate import migrate
from assurance.office import Office
from assurance.story import Story, play, read_story
from cli.opening import TOO_LATE, answering
from engine.clock import FrozenClock
from engine.errors import Stale
from engine.store import open_store
from tests.cli.conftest import Run, one_line

FAMILY = HOME / "examples" / "clinical-audit"


def player(story: Story, database: Path) -> tuple[Office, FrozenClock]:
    """Somebody who plays a story into a database."""
    settings = replace(
        settings_from({}, database=str(database)),
        workflows=story.workflow_folders,
        rules=story.rule_folders,
    )
    store = open_store(database)
    migrate(store)
    clock = FrozenClock(datetime.combine(story.begins, time(6), tzinfo=story.cast.zone))
    return Office(settings, store, story.shelf, clock=clock), clock


def test_a_refused_step_says_that_the_same_command_goes_on_from_there(run: Run, tmp_path: Path) -> None:
    shutil.copytree(FAMILY, tmp_path / "family")
    file, database = tmp_path / "family" / "story.yaml", tmp_path / "year.sqlite"
    sound = file.read_text(encoding="utf-8")
    wrong = sound.replace("as: bram, do: move, subject: pain", "as: cora, do: move, subject: pain", 1)
    assert wrong != sound
    file.write_text(wrong, encoding="utf-8")
    words = ("demo", str(tmp_path / "family"), "--no-serve", "--no-deliver")
    refused = run(*words, database=database)
    assert refused.exit_code == 3
    assert f"{file}:" in refused.stderr
    assert f"The database {database} stays as it is" in one_line(refused.stderr)
    assert "the same command goes on from this step" in one_line(refused.stderr)
    assert "Traceback" not in refused.output
    told = json.loads(run(*words, "--json", database=database).stderr)
    assert told["error"] == "refused"
    assert told["reasons"][-1]["code"] == "stays"
    file.write_text(sound, encoding="utf-8")
    assert run(*words, database=database).exit_code == 0


def test_of_two_who_play_into_one_database_one_goes_on(tmp_path: Path) -> None:
    story = read_story(FAMILY, workflows=[HOME / "workflows"], rules=[HOME / "rules"])
    slow, slow_clock = player(story, tmp_path / "year.sqlite")
    fast, fast_clock = player(story, tmp_path / "year.sqlite")
    overtaken: list[int] = []

    def overtake(_day: date, _steps: int, of: int) -> None:
        if not overtaken:
            overtaken.append(play(fast, story, clock=fast_clock).steps)
            assert 0 < overtaken[0] <= of

    with pytest.raises(Stale, match="Another demo is playing into this database"):
        play(slow, story, clock=slow_clock, progress=overtake)
    slow.close()
    fast.close()


def test_whoever_plays_into_the_database_of_another_ends_with_a_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(typer.Exit) as left, answering(as_json=True):
        raise Stale.because("other_player", "Another demo is playing into this database.")
    assert left.value.exit_code == TOO_LATE
    assert json.loads(capsys.readouterr().err)["error"] == "stale"
