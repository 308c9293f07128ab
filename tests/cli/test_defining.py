"""For whoever writes workflows and rules: mistakes with their line, and pictures."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from assurance.config import HOME
from tests.cli.conftest import Run

FAMILY = HOME / "examples" / "clinical-audit"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A copy of the house's workflows and rules, side by side in a folder of one's own."""
    folder = tmp_path / "own"
    shutil.copytree(HOME / "workflows", folder / "workflows")
    shutil.copytree(HOME / "rules", folder / "rules")
    return folder


def edit(file: Path, old: str, new: str) -> None:
    """Make a mistake in a file."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_house_is_sound_with_all_its_examples(run: Run) -> None:
    answer = run("check")
    assert answer.exit_code == 0
    assert "3 stories" in answer.stdout
    assert answer.stdout.startswith("Sound: 18 workflows")
    assert run("check", "--quiet").stdout == ""


def test_a_misspelt_fact_is_named_with_its_place_and_what_may_be_meant(run: Run, own: Path) -> None:
    edit(own / "workflows" / "action.yaml", "recommendation_is_agreed:", "recomendation_is_agreed:")
    for folder in (own, own / "workflows"):
        answer = run("check", str(folder))
        assert answer.exit_code == 2
        assert answer.stdout.startswith(
            f"{own}/workflows/action.yaml:44:9: 'recomendation_is_agreed' is not a fact"
        )
        assert "did you mean 'recommendation_is_agreed'?" in answer.stdout
        assert "1 mistake found." in answer.stderr


def test_a_folder_that_holds_one_workflow_is_checked_too(run: Run, tmp_path: Path) -> None:
    shutil.copy(HOME / "workflows" / "action.yaml", tmp_path / "action.yaml")
    assert run("check", str(tmp_path)).stdout == "Sound: 1 workflow.\n"
    edit(tmp_path / "action.yaml", "to: verified", "to: verifed")
    answer = run("check", str(tmp_path))
    assert answer.exit_code == 2
    assert "did you mean 'verified'?" in answer.stdout


def test_a_misspelt_state_in_a_rule_is_named(run: Run, own: Path) -> None:
    edit(own / "rules" / "action.yaml", "in_progress", "inprogress")
    for folder in (own, own / "rules"):
        answer = run("check", str(folder))
        assert answer.exit_code == 2
        assert "did you mean 'in_progress'?" in answer.stdout
        assert f"{own}/rules/action.yaml:" in answer.stdout


def test_a_calendar_that_nobody_knows_is_named(run: Run, own: Path) -> None:
    edit(own / "rules" / "clock.yaml", "england-and-wales", "scotland")
    answer = run("check", str(own))
    assert answer.exit_code == 2
    assert "'scotland' is not a calendar; known: england-and-wales, weekdays" in answer.stdout


def test_a_move_that_sets_what_is_only_looked_up_is_named(run: Run, own: Path) -> None:
    edit(own / "workflows" / "action.yaml", "set: {verified_on: today}", "set: {evidence: 1}")
    answer = run("check", str(own))
    assert answer.exit_code == 2
    assert "'evidence' is counted or looked up for action, so that no move can set it" in answer.stdout


def test_a_file_of_neither_kind_is_named_for_what_it_lacks(run: Run, tmp_path: Path) -> None:
    (tmp_path / "action.yaml").write_text("workfow: action\n")
    answer = run("check", str(tmp_path))
    assert answer.exit_code == 2
    assert "the key 'workflow' is missing here" in answer.stdout


def test_workflows_and_rules_in_one_folder_are_told_apart_by_folders(run: Run, tmp_path: Path) -> None:
    shutil.copy(HOME / "workflows" / "action.yaml", tmp_path / "action.yaml")
    shutil.copy(HOME / "rules" / "action.yaml", tmp_path / "about_actions.yaml")
    answer = run("check", str(tmp_path))
    assert answer.exit_code == 2
    assert "keep them in folders of their own" in answer.stdout


def test_what_is_allowed_but_looks_wrong_is_a_warning(run: Run, tmp_path: Path) -> None:
    shutil.copy(HOME / "workflows" / "action.yaml", tmp_path / "action.yaml")
    edit(tmp_path / "action.yaml", "Add at least one piece of evidence.", "Add evidence")
    answer = run("check", str(tmp_path))
    assert answer.exit_code == 0
    assert ": warning: people read this as an answer" in answer.stdout
    assert answer.stdout.endswith("Sound: 1 workflow, 1 warning.\n")
    assert run("check", "--quiet", str(tmp_path)).stdout == ""


def test_a_mistake_in_a_story_is_named(run: Run, tmp_path: Path) -> None:
    shutil.copytree(FAMILY, tmp_path / "family")
    assert "1 story" in run("check", str(tmp_path / "family")).stdout
    edit(tmp_path / "family" / "group.yaml", "zone: Europe/London", "zone: Europe/Londn")
    answer = run("check", str(tmp_path / "family"))
    assert answer.exit_code == 2
    assert "'Europe/Londn' is not a time zone" in answer.stdout


def test_mistakes_are_given_to_programs(run: Run, own: Path) -> None:
    edit(own / "workflows" / "action.yaml", "recommendation_is_agreed:", "recomendation_is_agreed:")
    answer = run("check", "--json", str(own))
    assert answer.exit_code == 2
    (fault,) = json.loads(answer.stdout)["faults"]
    assert (fault["line"], fault["column"]) == (44, 9)


@pytest.mark.parametrize(
    ("folder", "sentence"),
    [("nowhere", "is not a folder"), (".", "There is no workflow, no rule and no story in")],
)
def test_where_nothing_can_be_checked_that_is_said(run: Run, folder: str, sentence: str) -> None:
    answer = run("check", folder)
    assert answer.exit_code == 2
    assert sentence in answer.stderr


def test_a_house_with_a_mistake_is_named_too(run: Run, own: Path) -> None:
    edit(own / "workflows" / "action.yaml", "to: verified", "to: verifed")
    answer = run("check", WORKFLOWS=str(own / "workflows"))
    assert answer.exit_code == 2
    assert f"{own}/workflows/action.yaml:" in answer.stdout


def test_the_same_folder_twice_counts_once(run: Run, tmp_path: Path) -> None:
    shutil.copy(HOME / "workflows" / "action.yaml", tmp_path / "action.yaml")
    assert run("check", str(tmp_path), f"{tmp_path}/", ".").stdout == "Sound: 1 workflow.\n"


def test_what_is_left_out_is_named(run: Run, tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(HOME / "rules", own / "rules")
    (own / "lost.yaml").symlink_to("nowhere.yaml")
    (own / "notes.yaml").write_text("notes: none\n")
    (own / "folder.yml").mkdir()
    answer = run("check", str(own))
    assert answer.exit_code == 0
    assert f"{own}/lost.yaml:1:1: warning: left out: this link leads nowhere\n" in answer.stdout
    assert f"{own}/notes.yaml:1:1: warning: left out: this is neither a workflow" in answer.stdout
    assert f"{own}/folder.yml:1:1: warning: left out: this is no file\n" in answer.stdout
    (own / "rules" / "lost.yaml").symlink_to("nowhere.yaml")
    again = run("check", str(own))
    assert again.exit_code == 2
    assert again.stdout.count(f"{own}/rules/lost.yaml") == 1


def test_what_a_story_leaves_out_is_named(run: Run, tmp_path: Path) -> None:
    shutil.copytree(FAMILY, tmp_path / "family")
    (tmp_path / "family" / "more.yaml").write_text("steps: []\n")
    assert "more.yaml:1:1: warning: left out" in run("check", str(tmp_path / "family")).stdout


# -- diagrams ----------------------------------------------------------------------------------------------


def test_a_workflow_is_drawn_as_text_and_as_a_picture(run: Run, tmp_path: Path) -> None:
    text = run("diagram", "action")
    assert text.exit_code == 0
    assert text.stdout.startswith("stateDiagram-v2\n")
    picture = run("diagram", "action", "--svg", "--output", str(tmp_path / "action.svg"))
    assert picture.stdout == f"Wrote {tmp_path / 'action.svg'}.\n"
    assert (tmp_path / "action.svg").read_text(encoding="utf-8").startswith("<svg")


def test_a_file_outside_the_house_is_drawn_too(run: Run) -> None:
    drawn = run("diagram", str(FAMILY / "workflows" / "improvement.yaml"))
    assert drawn.exit_code == 0
    assert "stateDiagram-v2" in drawn.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("acton",), "did you mean 'action'?"),
        (("nowhere.yaml",), "There is no file nowhere.yaml."),
        (("action", "--output", "no/such/folder.svg"), "no/such/folder.svg cannot be used"),
    ],
)
def test_what_cannot_be_drawn_is_said(run: Run, words: tuple[str, ...], sentence: str) -> None:
    answer = run("diagram", *words)
    assert answer.exit_code == 2
    assert sentence in answer.stderr
