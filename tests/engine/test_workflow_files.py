"""A workflow file with a mistake is refused at the word that is wrong; a folder is read whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.errors import BadDefinition, Problem
from engine.lint import lint
from engine.vocabulary import Field, Kind, Vocabulary
from engine.workflow import Workflow, load_workflows
from tests.engine.action_workflow import ACTION, BAD, GOOD

MISTAKES = sorted(path.stem for path in BAD.glob("*.yaml"))
EXPECT = "# expect "


def problems_of(text: str) -> tuple[Problem, ...]:
    try:
        workflow = Workflow.from_text(text, ACTION, file="action.yaml")
    except BadDefinition as bad:
        return bad.problems
    return tuple(finding.problem for finding in lint(workflow) if finding.is_error)


def refusal(folder: Path, *, common: Vocabulary | None = None) -> str:
    with pytest.raises(BadDefinition) as bad:
        load_workflows(folder, {"action": ACTION}, common=common)
    return str(bad.value).replace(f"{folder}/", "")


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    shutil.copytree(GOOD, tmp_path / "workflows")
    return tmp_path / "workflows"


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_where_it_stands(mistake: str) -> None:
    text = (BAD / f"{mistake}.yaml").read_text(encoding="utf-8")
    expected = [line.removeprefix(EXPECT) for line in text.splitlines() if line.startswith(EXPECT)]
    found = [str(problem).removeprefix("action.yaml:") for problem in problems_of(text)]
    assert expected
    assert [message.split(" Known: ")[0] for message in found] == expected


def test_many_mistakes_are_known_by_name() -> None:
    assert len(MISTAKES) >= 40


def test_all_mistakes_of_a_file_are_told_at_once_in_the_order_of_its_lines() -> None:
    text = (GOOD / "action.yaml").read_text(encoding="utf-8")
    text = text.replace("by: owner\n", "by: ownr\n", 1).replace("from: verified", "from: verfied", 1)
    text = text.replace("expected: 10 working days", "expected: soon").replace(
        "tell: [owner]", "tell: [nobody]", 1
    )
    messages = [problem.message.split(";")[0] for problem in problems_of(text)]
    assert messages == [
        "expected a span of time such as '10 working days' or '1 week', but found 'soon'",
        "'nobody' is not somebody who can be told about action. Known: owner, chair, coordinator, agency_lead",
        "'ownr' is not a role in action",
        "'verfied' is not a state of action",
    ]


def test_a_folder_is_read_with_the_folders_in_it(shelf: Path) -> None:
    (shelf / "clinical").mkdir()
    for name in ("clinical_audit.yaml", "improvement_step.yaml"):
        (shelf / name).rename(shelf / "clinical" / name)
    workflows = load_workflows(shelf, {"action": ACTION})
    assert list(workflows) == ["action", "clinical_audit", "improvement_step"]
    assert workflows["action"].place.file == str(shelf / "action.yaml")


def test_kinds_with_words_of_their_own_share_the_common_ones(shelf: Path) -> None:
    change(shelf / "improvement_step.yaml", "by: clinical_lead}", "by: coordinator, tell: coordinator}")
    common = Vocabulary(
        "",
        {"opened_on": Field("opened_on", Kind.DATE)},
        roles=("coordinator",),
        conflicts=("own_work",),
        addressees=("coordinator",),
    )
    vocabulary = load_workflows(shelf, {"action": ACTION}, common=common)["improvement_step"].vocabulary
    assert set(vocabulary.fields) == {"opened_on", "due_on", "state"}
    assert (vocabulary.roles, vocabulary.conflicts) == (("coordinator", "clinical_lead"), ("own_work",))
    assert "'coordinator' is not a role in improvement_step" in refusal(shelf)


def test_the_faults_of_all_files_are_told_at_once(shelf: Path) -> None:
    change(shelf / "action.yaml", "to: agreed", "to: agred")
    change(shelf / "improvement_step.yaml", "from: open", "from: opne")
    lines = refusal(shelf).splitlines()
    assert [line.split(":")[0] for line in lines] == ["action.yaml", "improvement_step.yaml"]


def test_what_the_linter_calls_an_error_keeps_the_folder_out(shelf: Path) -> None:
    change(shelf / "improvement_step.yaml", "to: dropped", "to: done")
    assert refusal(shelf) == "improvement_step.yaml:10:3: no way leads from 'open' to 'dropped'"


def test_what_the_linter_only_warns_of_keeps_nothing_out(shelf: Path) -> None:
    change(shelf / "improvement_step.yaml", "title: Dropped", "title: Done")
    assert "improvement_step" in load_workflows(shelf, {"action": ACTION})


def test_a_folder_without_a_workflow_is_no_shelf(tmp_path: Path) -> None:
    assert "there is no workflow in this folder; its files end in .yaml" in refusal(tmp_path)


def test_a_file_that_would_be_passed_over_is_named(shelf: Path) -> None:
    (shelf / "action.yaml").rename(shelf / "action.yml")
    assert "action.yml:1:1: this file would not be looked at; name it action.yaml" in refusal(shelf)


def test_a_file_has_the_name_of_its_kind(shelf: Path) -> None:
    (shelf / "action.yaml").rename(shelf / "actions.yaml")
    assert "actions.yaml:1:11: the file actions.yaml is for 'actions', but this says 'action'" in refusal(
        shelf
    )


def test_a_file_says_of_which_kind_it_is(shelf: Path) -> None:
    change(shelf / "improvement_step.yaml", "workflow: improvement_step\n", "")
    assert "improvement_step.yaml:1:1: the key 'workflow' is missing here" in refusal(shelf)


def test_one_kind_has_one_file(shelf: Path) -> None:
    (shelf / "more").mkdir()
    shutil.copy(shelf / "action.yaml", shelf / "more" / "action.yaml")
    assert "more/action.yaml:1:1: the kind 'action' has a workflow already, in action.yaml" in refusal(shelf)


def test_a_kind_that_nobody_knows_brings_its_own_words(shelf: Path) -> None:
    (shelf / "action.yaml").rename(shelf / "actoin.yaml")
    change(shelf / "actoin.yaml", "workflow: action", "workflow: actoin")
    assert (
        "actoin.yaml:1:11: 'actoin' is not a kind that the program knows; either the name is wrong, or 'fields' and "
        "'roles' are missing; did you mean 'action'?"
    ) in refusal(shelf)


def test_a_kind_that_the_program_knows_brings_no_words_of_its_own(shelf: Path) -> None:
    change(shelf / "action.yaml", "states:", "roles: [helper]\nstates:")
    expected = "action.yaml:5:1: the program knows the facts of 'action' already; take the key 'roles' out"
    assert expected in refusal(shelf)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "improvement_step.yaml",
            "parent: clinical_audit",
            "parent: clinical_adit",
            "6:9: 'clinical_adit' is not a kind; did you mean 'clinical_audit'?",
        ),
        (
            "clinical_audit.yaml",
            "steps_done: {of: improvement_step",
            "steps_done: {of: improvment_step",
            "14:20: 'improvment_step' is not a kind with a workflow; did you mean 'improvement_step'?",
        ),
        (
            "clinical_audit.yaml",
            "not_in: [done, dropped]",
            "not_in: [done, droped]",
            "13:53: 'droped' is not a state of improvement_step; did you mean 'dropped'?",
        ),
        (
            "improvement_step.yaml",
            "parent: clinical_audit",
            "parent: action",
            "13:20: 'improvement_step' is no child of 'clinical_audit'; its file needs 'parent: clinical_audit'",
        ),
    ],
)
def test_kin_are_known_to_each_other(shelf: Path, file: str, old: str, new: str, message: str) -> None:
    change(shelf / file, old, new)
    assert f".yaml:{message}" in refusal(shelf)


def test_a_child_may_be_of_a_kind_that_the_program_knows(shelf: Path) -> None:
    change(shelf / "clinical_audit.yaml", "of: improvement_step, in: done", "of: action, in: verified")
    assert load_workflows(shelf, {"action": ACTION})["clinical_audit"].own is not None


def test_a_definition_that_was_accepted_once_can_be_read_whatever_the_linter_says_today() -> None:
    text = (BAD / "state_that_nobody_reaches.yaml").read_text(encoding="utf-8")
    assert Workflow.from_text(text, ACTION, file="action.yaml").states["lost"].title == "Lost"
