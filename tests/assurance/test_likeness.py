"""Earlier texts that are like a new one: found by the words that they share, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assurance.likeness import alike

EARLIER = {
    1: "Tell schools on the day when a strategy meeting is called",
    2: "All agencies write ethnicity into each assessment",
    3: "Fathers are part of every assessment",
    4: "Each plan has a contingency plan behind it",
    5: "GPs and school nurses get the minutes of core groups",
}


@pytest.mark.parametrize(
    ("text", "likest"),
    [
        ("Schools should be told of strategy meetings within a day", 1),
        ("Assess what ethnicity means", 2),
        ("The father should be asked and assessed", 3),
        ("Make contingency plans", 4),
        ("Core group minutes go to the school nurse", 5),
    ],
)
def test_what_was_recommended_before_is_found_again(text: str, likest: int) -> None:
    found = alike(text, EARLIER)
    assert found[0].number == likest
    assert found[0].words


@pytest.mark.parametrize(
    "text", ["", "   ", "The children and the agencies should all work", "Dentists", "¿?"]
)
def test_what_shares_no_telling_word_is_like_nothing(text: str) -> None:
    assert alike(text, EARLIER) == ()


def test_the_words_that_both_have_are_told_as_they_are_written_now() -> None:
    [first, *_] = alike("Contingency planning after reviews", EARLIER)
    assert (first.number, set(first.words)) == (4, {"contingency", "planning"})


def test_the_same_text_is_wholly_like_itself() -> None:
    for number, text in EARLIER.items():
        [first, *_] = alike(text, EARLIER)
        assert (first.number, first.share) == (number, 1.0)


def test_a_rare_word_tells_more_than_a_frequent_one() -> None:
    frequent = {number: f"Supervision about topic {letter * 4}" for number, letter in enumerate("abcdefgh")}
    found = alike("Supervision of midwifery", {**frequent, 99: "Midwifery meets social care early on"})
    assert found[0].number == 99


def test_no_more_are_told_than_were_asked_for() -> None:
    many = dict.fromkeys(range(20), "Contingency plans")
    assert [one.number for one in alike("Contingency plans", many, most=3)] == [19, 18, 17]


@given(st.text(max_size=200), st.dictionaries(st.integers(), st.text(max_size=80), max_size=6))
def test_likeness_lies_between_nought_and_one(text: str, others: dict[int, str]) -> None:
    shares = [one.share for one in alike(text, others)]
    assert all(0 < share <= 1 for share in shares)
    assert shares == sorted(shares, reverse=True)
