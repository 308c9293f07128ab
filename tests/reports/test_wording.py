"""How numbers, days and lists read."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from reports import wording


@pytest.mark.parametrize(
    ("value", "words"), [(0, "none"), (1, "one"), (10, "ten"), (11, "11"), (1200, "1,200"), (-1, "-1")]
)
def test_numbers_up_to_ten_are_words(value: int, words: str) -> None:
    assert wording.number(value) == words


@pytest.mark.parametrize(
    ("value", "noun", "words"),
    [
        (0, "return", "no returns"),
        (1, "case", "one case"),
        (4, "family", "four families"),
        (2, "child", "two children"),
        (12, "area for development", "12 areas for development"),
    ],
)
def test_a_noun_follows_its_number(value: int, noun: str, words: str) -> None:
    assert wording.several(value, noun) == words


@pytest.mark.parametrize(("value", "word"), [(0, "is"), (1, "is"), (2, "are")])
def test_a_verb_follows_its_number(value: int, word: str) -> None:
    assert wording.verb(value, "is") == word


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""),
        ("  the review\n of Family L ", "The review of Family L."),
        ("Has it lasted?", "Has it lasted?"),
        ("Stop!", "Stop!"),
    ],
)
def test_text_from_people_becomes_a_sentence(text: str, said: str) -> None:
    assert wording.sentence(text) == said


@pytest.mark.parametrize(
    ("items", "said"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_a_list_reads_as_a_sentence_has_it(items: list[str], said: str) -> None:
    assert wording.listed(items) == said


def test_days_and_instants_are_written_out() -> None:
    day = date(2014, 9, 4)
    assert wording.day(day) == "4 September 2014"
    assert wording.month(day) == "September 2014"
    assert (wording.short_day(day), wording.short_day(None)) == ("4 Sep 2014", "–")
    summer = datetime(2014, 9, 4, 9, 5, tzinfo=ZoneInfo("Europe/London"))
    assert wording.instant(summer) == "4 September 2014 at 09:05 (BST)"


def test_a_programme_year_has_the_dash_of_print() -> None:
    assert wording.years("2014-15") == "2014–15"
