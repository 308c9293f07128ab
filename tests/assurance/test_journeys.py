"""Whole journeys through the office, on SQLite and on PostgreSQL: from the theme to what has lasted."""

from __future__ import annotations

from tests.assurance.conftest import At
from tests.world import STAGES


def test_an_audit_goes_from_its_theme_to_the_agencies_actions(any_world_at: At) -> None:
    world = any_world_at("actions")
    moves = [line.data["to"] for line in world.history(world.audit) if "to" in line.data]
    assert moves == list(STAGES)
    assert world.proof().faults == ()
