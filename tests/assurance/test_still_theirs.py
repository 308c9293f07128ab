"""What waits to be told stays with those whom it is for: other rules, other posts and other words take it from nobody."""

from __future__ import annotations

import pytest

from assurance.sweep import sweep
from tests.assurance.conftest import At, Reopen
from tests.assurance.post_office import CLOCK_FILE, RULES
from tests.assurance.test_truth import LOUD, at_seven, goes_out, owed_in
from tests.world import World


@pytest.fixture
def owed(world_at: At, reopen: Reopen) -> World:
    """The morning on which the chair is owed a word about two actions; no mail goes yet."""
    return owed_in(world_at, reopen)


def test_a_rule_that_waits_for_somebodys_word_quiets_nobody(owed: World, reopen: Reopen) -> None:
    world = reopen(owed, RULES.replace("+ 60 days", "+ 14 days"), clock=CLOCK_FILE + "cap: 1\n")
    at_seven(world)
    assert [one.rule for one in sweep(world.office).withheld] == ["late-board"]
    assert goes_out(world) == [("ada", f"{LOUD} (2 of them)."), ("sam", f"{LOUD} (2 of them).")]
