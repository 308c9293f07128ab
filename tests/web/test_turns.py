"""What takes long is done for one person at a time."""

from __future__ import annotations

import pytest

from engine.errors import Refused
from web.turns import Turns


def test_whoever_comes_meanwhile_is_told_so_and_gets_the_turn_afterwards() -> None:
    turns = Turns("Somebody else is just doing that.", patience=0.01)
    with turns.taken(), pytest.raises(Refused, match="Somebody else is just"), turns.taken():
        pass
    with turns.taken():
        pass


def test_a_turn_that_ends_badly_is_given_back() -> None:
    turns = Turns("Somebody else is just doing that.", patience=0.01)
    with pytest.raises(ValueError, match="broken"), turns.taken():
        raise ValueError("broken")
    with turns.taken():
        pass
