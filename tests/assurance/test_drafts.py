"""Changed rules are read with all the others, tried, and never put in force."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from assurance.drafts import draft_book, rule_files, shelf_as_it_stands
from assurance.queries.rehearse import Change, rehearse
from engine.errors import BadDefinition, Refused
from tests.assurance.conftest import At
from tests.world import World

OLD, NEW = "due_on + 5 working days <= today", "due_on + 2 working days <= today"


def text_of(world: World, name: str) -> str:
    return next(file.text for file in rule_files(world.settings) if file.name == name)


def test_every_file_of_the_shelf_can_be_changed(world: World) -> None:
    names = [file.name for file in rule_files(world.settings)]
    assert "action.yaml" in names
    assert "clock.yaml" in names
    book = draft_book(world.settings, "action.yaml", text_of(world, "action.yaml"))
    assert book.hash == world.office.playbook.book.hash == shelf_as_it_stands(world.settings).hash


def test_a_draft_is_rehearsed_and_the_shelf_and_the_history_stay_as_they_are(world_at: At) -> None:
    world = world_at("agency_audits")
    world.nights(date(2014, 12, 8))
    before = text_of(world, "agency_return.yaml")
    book = draft_book(world.settings, "agency_return.yaml", before.replace(OLD, NEW))
    with world.office.reading(world.actor("sam")) as tx:
        found = rehearse(tx, book)
    assert {one.change for one in found.differences() if one.saying.rule == "return-late-chair"} == {
        Change.EARLIER
    }
    assert text_of(world, "agency_return.yaml") == before
    assert world.proof().faults == ()


def test_a_fault_in_a_draft_names_the_file_and_the_line_and_no_folder(world: World) -> None:
    text = text_of(world, "action.yaml").replace("tell: [chair]", "tell: [chairman]", 1)
    with pytest.raises(BadDefinition) as bad:
        draft_book(world.settings, "action.yaml", text)
    (problem,) = bad.value.problems
    assert problem.file == "action.yaml"
    assert problem.line == text[: text.index("chairman")].count("\n") + 1
    assert "did you mean 'chair'" in problem.message


@pytest.mark.parametrize("name", ["../action.yaml", "actions.yaml", "/etc/passwd", "action.yml"])
def test_only_a_file_of_the_shelf_is_changed(world: World, name: str) -> None:
    with pytest.raises(Refused, match="is not a file of rules here"):
        draft_book(world.settings, name, "rules: []")


def test_a_file_of_a_further_family_is_changed_in_its_own_folder(world: World, tmp_path: Path) -> None:
    family = tmp_path / "family"
    family.mkdir()
    (family / "clock.yaml").write_text(text_of(world, "clock.yaml"), encoding="utf-8")
    (family / "own.yaml").write_text(
        "rules:\n  - {id: own, about: action, title: Own, when: state = agreed, once_per: state_since_on, tell: [owner]}\n",
        encoding="utf-8",
    )
    settings = replace(world.settings, rules=(*world.settings.rules, family))
    text = next(file.text for file in rule_files(settings) if file.name == "own.yaml")
    book = draft_book(settings, "own.yaml", text.replace("title: Own", "title: Changed"))
    assert [rule.title for rule in book.rules if rule.id == "own"] == ["Changed"]
    assert len(book.rules) == len(world.office.playbook.book.rules) + 1
