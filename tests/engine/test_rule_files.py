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

BAD_RULES = Path(__file__).parent / "bad_yaml" / "rules"
CLOCK = 'calendar: england-and-wales\nlook_at: "07:45"\n'

FACTS = (
    "Known: state, outcome, agreed_on, due_on, evidence_count, times_moved, is_late, is_own_agency, remark"
)
STATES = "Known: agreed, in_progress, confirmed, verified"
ID = "does not do as an id; write at most 60 small letters, digits and hyphens, such as 'action-overdue'"
ITSELF = "quiets itself, directly or by way of the rules that it quiets"

MISTAKES = {
    "condition_is_a_list": ["5:11: expected a text, but found a list"],
    "condition_is_missing": ["2:5: the key 'when' is missing here"],
    "copy_of_what_is_told": ["8:19: 'owner' is told already; once is enough"],
    "id_with_capitals": [f"2:9: 'Action overdue' {ID}"],
    "key_misspelled": [
        "8:5: 'serverity' is not a key that is known here; did you mean 'severity'? Known: id, about, title, when, once_per, repeat, notice, unless, tell, copy, severity, quiets, set"
    ],
    "many_faults_in_one_file": [
        f"2:9: 'First' {ID}",
        "4:11: expected a text, but found nothing",
        "7:12: 'ownr' is not somebody who can be told about action; did you mean 'owner'? Known: owner, chair, agency.lead",
        "8:15: 'loud' is not a severity. Known: reminder, escalation, urgent",
        f"12:20: 'todya' is not a fact of action; did you mean 'today'? {FACTS}, today",
        f"13:15: 'due' is not a fact of action; did you mean 'due_on'? {FACTS}",
    ],
    "no_list_of_rules": [
        "1:1: 'id' is not a key that is known here. Known: rules",
        "1:1: the key 'rules' is missing here",
        "2:1: 'about' is not a key that is known here. Known: rules",
    ],
    "once_per_a_text": ["6:15: 'remark' is a text; a rule fires once per date, number, choice or yes and no"],
    "once_per_unknown_fact": [f"6:15: 'due' is not a fact of action; did you mean 'due_on'? {FACTS}"],
    "quiets_a_rule_about_another_kind": [
        "8:14: 'audit-late' is about audit; a rule quiets only rules about its own kind"
    ],
    "quiets_an_unknown_rule": ["8:14: 'action-late' is not the id of a rule. Known: action-overdue"],
    "quiets_in_a_circle": [f"8:14: 'first' {ITSELF}", f"15:14: 'second' {ITSELF}"],
    "quiets_itself": [f"8:13: 'action-overdue' {ITSELF}"],
    "repeat_at_most_some": ["8:38: expected a whole number, such as 3, but found 'some'"],
    "repeat_every_nought_days": ["8:21: '0' does not do here; write a number from 1 to 9999"],
    "repeat_in_an_unknown_unit": [
        "8:23: 'fortnights' is not a unit of time. Known: days, working days, weeks, months, years"
    ],
    "repeat_that_fires_once": [
        "8:38: expected a whole number from 2 to 100, but found 1; it counts the first time too, and a rule that fires once needs no repeat"
    ],
    "repeat_without_a_number": [
        "8:21: expected a span of time such as '10 working days' or '1 week', but found 'week'"
    ],
    "repeat_without_end": ["8:13: the key 'at_most' is missing here"],
    "rules_without_hyphens": [
        "2:3: expected a list, one entry a line, each beginning with '- ', but found a mapping"
    ],
    "same_id_twice": [
        "8:9: the id 'action-overdue' stands here twice; the first one is at same_id_twice.yaml:2"
    ],
    "sets_a_date_to_true": ["8:19: 'due_on' is a date; it cannot be set to 'true'"],
    "sets_a_flag_to_today": ["8:20: 'is_late' is either true or false; it cannot be set to 'today'"],
    "sets_a_shifted_date": ["8:19: a rule sets a fact to true, false or today, and not to 'today + 1 week'"],
    "sets_an_unknown_fact": [f"8:11: 'is_overdue' is not a fact of action. {FACTS}"],
    "sets_the_state": [
        "8:11: a rule cannot set 'state', which is one word out of a list; it sets a date to today, or a yes or no to true or false"
    ],
    "state_without_the_fact": ["5:11: 'agreed' is a state; write 'state = agreed'"],
    "tells_nobody": ["2:5: this rule tells nobody and sets nothing; give it the key 'tell' (or 'set')"],
    "told_twice": ["7:19: 'owner' is told already; once is enough"],
    "unknown_addressee": [
        "7:19: 'agency.led' is not somebody who can be told about action; did you mean 'agency.lead'? Known: owner, chair, agency.lead"
    ],
    "unknown_fact": [f"5:30: 'due_date' is not a fact of action. {FACTS}, today"],
    "unknown_kind": ["3:12: 'acton' is not a kind of subject; did you mean 'action'? Known: action, audit"],
    "unknown_severity": ["8:15: 'urgent' is not a severity. Known: reminder, escalation, urgent"],
    "unknown_state": [f"5:19: 'agred' is not a state of action; did you mean 'agreed'? {STATES}"],
    "unknown_state_on_the_second_line": [
        f"7:7: 'confirmd' is not a state of action; did you mean 'confirmed'? {STATES}"
    ],
}


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
