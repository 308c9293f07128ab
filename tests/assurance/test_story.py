"""A story is read whole: every mistake is named at its line and column, once, and nothing is stored of it."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from assurance.config import HOME
from assurance.story import Story, read_story
from engine.errors import BadDefinition
from tests.assurance.test_story_played import GOOD

BAD = Path(__file__).parent / "bad_stories"
MISTAKES = sorted(BAD.glob("*.yaml"), key=lambda path: path.name)
EXPECT = "# expect "


def read(folder: Path) -> Story:
    return read_story(folder, workflows=(HOME / "workflows",), rules=(HOME / "rules",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the good story, into which a mistake can be written."""
    shutil.copytree(GOOD, tmp_path / "story")
    return tmp_path / "story"


def problems(folder: Path) -> list[str]:
    with pytest.raises(BadDefinition) as refused:
        read(folder)
    return [str(problem).removeprefix(f"{folder}/") for problem in refused.value.problems]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda path: path.stem)
def test_a_mistake_is_named_once_and_where_it_stands(mistake: Path, folder: Path) -> None:
    _, file, _ = mistake.name.split(".")
    text = mistake.read_text(encoding="utf-8")
    shutil.copyfile(mistake, folder / f"{file}.yaml")
    expected = [line.removeprefix(EXPECT) for line in text.splitlines() if line.startswith(EXPECT)]
    assert 1 <= len(expected) <= 2
    assert [problem.split(" Known: ")[0] for problem in problems(folder)] == [
        f"{file}.yaml:{one}" for one in expected
    ]


def test_many_mistakes_are_known_by_name() -> None:
    assert len(MISTAKES) >= 60
    assert {path.name.split(".")[1] for path in MISTAKES} == {"group", "story"}


def test_each_bad_story_differs_from_the_good_one_in_its_one_mistake() -> None:
    for mistake in MISTAKES:
        good = (GOOD / f"{mistake.name.split('.')[1]}.yaml").read_text(encoding="utf-8").splitlines()
        bad = [
            line for line in mistake.read_text(encoding="utf-8").splitlines() if not line.startswith(EXPECT)
        ]
        changed = set(bad) - set(good)
        assert len(changed) <= 2, mistake.name


def test_all_mistakes_of_all_steps_are_told_at_once(folder: Path) -> None:
    path = folder / "story.yaml"
    text = path.read_text(encoding="utf-8")
    for right, wrong in (
        ("rating: late", "rating: slow"),
        ("reached: 40", "reached: none"),
        ("as: dan", "as: don"),
    ):
        assert right in text
        text = text.replace(right, wrong, 1)
    path.write_text(text, encoding="utf-8")
    lines = [int(problem.split(":")[1]) for problem in problems(folder)]
    assert len(lines) == 3
    assert lines == sorted(lines)


def test_who_speaks_of_what_a_faulty_step_would_have_opened_is_not_blamed_for_it(folder: Path) -> None:
    path = folder / "story.yaml"
    text = path.read_text(encoding="utf-8").replace(
        "{on: 2014-09-01, as: sam, do: open_audit", "{as: sam, do: open_audit"
    )
    path.write_text(text, encoding="utf-8")
    assert problems(folder) == ["story.yaml:11:5: the key 'on' is missing here"]


def test_the_familys_own_workflows_and_rules_are_read_with_the_story(folder: Path) -> None:
    story = read(folder)
    assert story.workflow_folders == (HOME / "workflows", folder / "workflows")
    assert {"audit", "dip_sample", "sample_step"} <= story.shelf.workflows.keys()
    (folder / "rules" / "dip_sample.yaml").write_text("rules: nonsense\n", encoding="utf-8")
    assert problems(folder)[0].startswith("rules/dip_sample.yaml:1:8: ")


def test_a_folder_without_a_story_or_a_group_is_refused(folder: Path) -> None:
    (folder / "story.yaml").unlink()
    assert problems(folder)[0].startswith("story.yaml:1:1: ")
    shutil.copyfile(GOOD / "story.yaml", folder / "story.yaml")
    (folder / "group.yaml").unlink()
    assert problems(folder)[0].startswith("group.yaml:1:1: ")


def test_steps_of_one_day_follow_each_other_by_the_minute() -> None:
    story = read(GOOD)
    first_day = [
        step.at.time().isoformat("minutes") for step in story.steps if step.at.date() == story.begins
    ]
    assert first_day == ["10:00", "10:01"]
    assert [step.at for step in story.steps] == sorted(step.at for step in story.steps)


def test_filling_returns_is_three_steps_for_each_case() -> None:
    story = read(GOOD)
    days = [
        (step.verb.name, step.person, step.at.date())
        for step in story.steps
        if step.place.startswith("step 16.")
    ]
    assert days == [
        *[("begin_return", "bo", date(2014, 9, 10))] * 2,
        *[("hand_in_return", "bo", date(2014, 9, 18))] * 2,
        *[("accept_return", "sam", date(2014, 9, 19))] * 2,
    ]


def test_the_example_stories_are_sound() -> None:
    for example in sorted((HOME / "examples").glob("*/group.yaml")):
        assert read(example.parent).steps
