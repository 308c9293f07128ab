"""A mistake in a rule file is answered with its place; a folder is read whole or not at all."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.errors import BadDefinition
from engine.rules import load_rules
from engine.vocabulary import Vocabulary
from tests.engine.action_words import ACTION, AUDIT
from tests.engine.rule_mistakes import MISTAKES

BAD_RULES = Path(__file__).parent / "bad_yaml" / "rules"
CLOCK = 'calendar: england-and-wales\nlook_at: "07:45"\n'


@dataclass(frozen=True)
class Kind:
    """A kind of subject that has a vocabulary and nothing else."""

    vocabulary: Vocabulary


KINDS = {"action": Kind(ACTION), "audit": Kind(AUDIT)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "clock.yaml").write_text(CLOCK)
    return tmp_path


def complaints(folder: Path) -> list[str]:
    with pytest.raises(BadDefinition) as refused:
        load_rules(folder, KINDS)
    return [str(problem).replace(f"{folder}/", "") for problem in refused.value.problems]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_at_its_place(folder: Path, mistake: str) -> None:
    shutil.copy(BAD_RULES / f"{mistake}.yaml", folder)
    assert complaints(folder) == [f"{mistake}.yaml:{complaint}" for complaint in MISTAKES[mistake]]


def test_every_mistake_in_the_folder_is_expected_here() -> None:
    assert {path.stem for path in BAD_RULES.glob("*.yaml")} == set(MISTAKES)


def test_the_mistakes_of_all_files_are_named_at_once(folder: Path) -> None:
    for mistake in ("unknown_kind", "rules_without_hyphens", "unknown_severity"):
        shutil.copy(BAD_RULES / f"{mistake}.yaml", folder)
    (folder / "torn.yaml").write_text("rules: [")
    places = [complaint.split(": ")[0] for complaint in complaints(folder)]
    assert places == [
        "rules_without_hyphens.yaml:2:3",
        "torn.yaml:1:9",
        "unknown_kind.yaml:3:12",
        "unknown_severity.yaml:2:9",
        "unknown_severity.yaml:8:15",
    ]


def test_a_rule_that_is_refused_is_still_known_to_those_that_quiet_it(folder: Path) -> None:
    shutil.copy(BAD_RULES / "unknown_severity.yaml", folder)
    text = (BAD_RULES / "quiets_itself.yaml").read_text().replace("- id: action-overdue", "- id: action-late")
    (folder / "quiet.yaml").write_text(text)
    assert [complaint.split(": ")[0] for complaint in complaints(folder)] == ["unknown_severity.yaml:8:15"]


def test_a_folder_without_a_clock_is_refused(tmp_path: Path) -> None:
    [complaint] = complaints(tmp_path)
    assert complaint.startswith("clock.yaml:1:1: this file is missing; it says whose working days count")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    [complaint] = complaints(tmp_path / "rules")
    assert complaint.endswith("rules:1:1: the folder of rules cannot be read: No such file or directory")


def test_a_file_with_another_ending_is_not_passed_over_in_silence(folder: Path) -> None:
    (folder / "action.yml").write_text("rules: []")
    assert complaints(folder) == ["action.yml:1:1: name this file 'action.yaml'; other endings are not read"]


@pytest.mark.parametrize(
    ("clock", "complaint"),
    [
        ("calendar: england-and-wales\n", "1:1: the key 'look_at' is missing here"),
        ("calendar: x\nlook_at: 7:45\n", "2:10: expected a time of day such as '07:45', but found '7:45'"),
        (
            "calendar: x\nlook_at: '25:00'\n",
            "2:10: expected a time of day such as '07:45', but found '25:00'",
        ),
    ],
)
def test_a_mistake_in_the_clock_is_answered_at_its_place(folder: Path, clock: str, complaint: str) -> None:
    (folder / "clock.yaml").write_text(clock)
    assert complaints(folder) == [f"clock.yaml:{complaint}"]
