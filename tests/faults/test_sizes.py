"""How often a fault is played follows from two settings, and a failure can be played again by its seed alone."""

from __future__ import annotations

import random

import pytest

from tests.faults.sizes import ROUNDS, SEED, SIZES, rounds, seeds, size_of

PART = "a killed demo"


def test_the_check_plays_its_own_size_the_long_run_a_share_of_the_whole_and_a_seed_one_round() -> None:
    assert size_of(PART, {}) == SIZES[PART].check
    assert size_of(PART, {ROUNDS: "100"}) == SIZES[PART].long
    assert size_of(PART, {ROUNDS: "5", SEED: "7"}) == SIZES[PART].long // 20
    assert size_of(PART, {ROUNDS: "0"}) == 1
    assert size_of(PART, {SEED: "7", ROUNDS: ""}) == 1


def test_one_seed_gives_all_that_follow() -> None:
    first, second, *_ = seeds(PART, {SEED: "7", ROUNDS: "100"})
    assert first == 7
    assert list(seeds(PART, {SEED: str(second)})) == [second]


def test_a_failure_says_how_to_play_it_again(capsys: pytest.CaptureFixture[str]) -> None:
    def one(chance: random.Random) -> None:
        assert chance.random() > 1, "never"

    with pytest.raises(AssertionError, match="never"):
        rounds(PART, one)
    said = capsys.readouterr().out
    assert f"Once more: {SEED}=" in said
    assert said.rstrip().endswith("'tests/faults/test_sizes.py::test_a_failure_says_how_to_play_it_again'")
