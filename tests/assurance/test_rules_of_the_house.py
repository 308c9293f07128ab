"""Every rule that is shipped promises something that can be tried: what it says, whom it hears, what holds it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assurance.config import HOME
from assurance.playbook import read_shelf
from engine.rule import Rule
from engine.rule_trials import NOTICE
from engine.yamlfile import read_yaml

CLINICAL = HOME / "examples" / "clinical-audit"
FOLDERS = [HOME / "rules", CLINICAL / "rules"]


def rules_of(folder: Path) -> tuple[Rule, ...]:
    workflows = (HOME / "workflows", CLINICAL / "workflows")
    return read_shelf(workflows, (folder,)).book.rules


def read(file: Path) -> dict[str, Any]:
    found: Any = read_yaml(file).plain()
    assert isinstance(found, dict)
    return found


def trials_of(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted((folder / "tests").glob("*.yaml")):
        yield from read(file)["trials"]


def expected(folder: Path) -> set[str]:
    return {word for trial in trials_of(folder) for day in trial["days"] for word in day["expect"]}


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_every_rule_is_held_by_a_trial(folder: Path) -> None:
    assert sorted({rule.id for rule in rules_of(folder)} - expected(folder)) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_every_rule_that_hears_people_first_is_seen_doing_so(folder: Path) -> None:
    noticed = {word.removeprefix(NOTICE) for word in expected(folder) if word.startswith(NOTICE)}
    assert sorted({rule.id for rule in rules_of(folder) if rule.notice is not None} - noticed) == []


def test_everything_that_can_hold_a_rule_is_tried() -> None:
    holds = [day["hold"] for trial in trials_of(HOME / "rules") for day in trial["days"] if "hold" in day]
    assert {hold["kind"] for hold in holds} == {"reply", "acknowledgement", "silence"}


def test_a_trial_looks_at_every_noun_that_has_rules() -> None:
    about = {read(file)["about"] for file in (HOME / "rules" / "tests").glob("*.yaml")}
    assert about == {rule.about for rule in rules_of(HOME / "rules")}
