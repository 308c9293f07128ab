"""A line that leads from one definition to another has to leave where the subject stood and arrive where it stands."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from engine.definitions import MIGRATED, publish
from engine.ledger import Line
from engine.moved import Ref
from engine.proof import verify
from engine.store import Store
from engine.workflow_file import content_hash
from engine.yamlfile import parse_yaml
from tests.engine.leaves import LEAF_HASH, SPRING, Leaf, bud, write

NEW_TEXT = "workflow: leaf # which now sprouts\ntitle: Leaf"
NEW_HASH = content_hash(parse_yaml(NEW_TEXT, file="leaf.yaml"))
TOLD = {"from_definition": LEAF_HASH, "definition": NEW_HASH, "row": {"definition_id": 2}}


def faults(store: Store) -> list[str]:
    with store.reading() as session:
        return [str(fault) for fault in verify(session, [Leaf]).faults]


@pytest.fixture
def leaf(any_store: Store) -> Store:
    """A leaf that went by the first definition, and a second definition for it."""
    with any_store.begin() as session:
        publish(session, kind="leaf", content_hash=NEW_HASH, text=NEW_TEXT, at=SPRING)
        write(session, bud(session), Line("entered", SPRING, "person/1", {"definition": LEAF_HASH}))
    return any_store


def migrate(store: Store, told: dict[str, Any], **changes: Any) -> None:
    with store.begin() as session:
        line = Line(MIGRATED, SPRING, "person/1", {**TOLD, **told}, changes={"definition_id": 2, **changes})
        write(session, Ref("leaf", 1), line)


def test_a_leaf_that_went_over_is_sound(leaf: Store) -> None:
    migrate(leaf, {})
    assert faults(leaf) == []


def test_a_leaf_whose_state_is_called_otherwise_is_sound(leaf: Store) -> None:
    migrate(leaf, {"from": "bud", "to": "sprout"}, state="sprout")
    assert faults(leaf) == []


def test_a_state_that_was_changed_without_being_told_is_found(leaf: Store) -> None:
    migrate(leaf, {}, state="sprout")
    assert faults(leaf) == ["leaf/1 line 3: its state is 'sprout', its history says 'bud'"]


def test_a_line_that_left_another_state_is_found(leaf: Store) -> None:
    migrate(leaf, {"from": "open", "to": "sprout"}, state="sprout")
    assert faults(leaf) == ["leaf/1 line 3: it left the state 'open', but stood at 'bud'"]


def test_a_line_that_left_another_definition_is_found(leaf: Store) -> None:
    migrate(leaf, {"from_definition": NEW_HASH})
    assert faults(leaf) == [
        f"leaf/1 line 3: it left the definition {NEW_HASH[:12]}, but went by {LEAF_HASH[:12]} until then"
    ]


def test_a_leaf_that_is_pinned_elsewhere_than_its_history_says_is_found(leaf: Store) -> None:
    migrate(leaf, {})
    with leaf.begin() as session:
        session.execute(sa.text("UPDATE leaf SET definition_id = 1"))
    assert faults(leaf) == ["leaf/1 line 3: its definition_id is 1, its history says 2"]


def test_a_definition_that_took_the_place_of_the_right_one_is_found(leaf: Store) -> None:
    migrate(leaf, {})
    other = "workflow: leaf\ntitle: Another leaf"
    forged = content_hash(parse_yaml(other, file="leaf.yaml"))
    with leaf.begin() as session:
        session.execute(
            sa.text("UPDATE definition SET hash = :hash, text = :text WHERE id = 2"),
            {"hash": forged, "text": other},
        )
    assert faults(leaf) == ["leaf/1 line 3: definition/2 is not the one that its history names"]
