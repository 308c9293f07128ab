"""The wording check, as a table: what it remarks on, and what it lets be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assurance.wording import Lack, remarks_on

GOOD = "The Trust tells schools within two working days in nine of ten cases."
TABLE = [
    (GOOD, set()),
    ("", set()),
    ("   ", set()),
    ("The Trust should give greater consideration to fathers by March 2015 in all cases.", {Lack.WEAK}),
    ("The Trust considers fathers within a month in all cases.", {Lack.WEAK}),
    ("Social care should think about ethnicity in every plan by 3 March.", {Lack.WEAK}),
    ("Managers look into late reports within a month in all cases.", {Lack.WEAK}),
    ("Schools are encouraged to tell social care within a day in all cases.", {Lack.WEAK}),
    ("Police should be mindful of siblings in all cases by next meeting.", {Lack.WEAK}),
    ("The council raises awareness in all teams by June.", {Lack.WEAK}),
    ("Agencies should raise awareness in all teams by June.", {Lack.WEAK}),
    ("Tell parents within two days in nine of ten cases.", {Lack.OWNER}),
    ("The Trust tells schools in nine of ten cases.", {Lack.DATE}),
    ("The Trust tells schools within two working days.", {Lack.MEASURE}),
    ("Tell the parents.", {Lack.OWNER, Lack.DATE, Lack.MEASURE}),
    ("The Trust tells schools by 31 March 2015; a dip sample of ten files shows it.", set()),
    ("The Trust tells schools every quarter, measured by a survey.", set()),
    ("GPs see the plan before the next meeting, shown by 80% read receipts.", set()),
    ("The police brief every team by May and train the supervisors in all cases.", {Lack.SEVERAL}),
    ("The police brief every team by May, then review the form in all cases.", {Lack.SEVERAL}),
    (
        "Schools should meet within a month, and everybody should get the minutes in all cases.",
        {Lack.SEVERAL},
    ),
    ("Schools must record it in all cases by May. They must tell parents.", {Lack.SEVERAL}),
    ("Schools record it in all cases by May, as well as telling parents.", {Lack.SEVERAL}),
    ("Schools share the plan and record of the meeting in all cases by May.", set()),
    ("Health visitors and school nurses get the plan within a week in all cases.", set()),
]


@pytest.mark.parametrize(("text", "lacks"), TABLE, ids=[row[0][:60] or "nothing" for row in TABLE])
def test_the_wording_is_looked_at(text: str, lacks: set[Lack]) -> None:
    assert {remark.lack for remark in remarks_on(text)} == lacks


def test_what_stands_in_a_field_of_its_own_is_not_asked_of_the_text() -> None:
    assert remarks_on("Tell the parents.", has_owner=True, has_date=True, has_measure=True) == ()


def test_a_remark_names_the_words_that_led_to_it() -> None:
    weak, several = remarks_on(
        "Give greater consideration to fathers and review the form.",
        has_owner=True,
        has_date=True,
        has_measure=True,
    )
    assert (weak.letters, several.letters) == ("consideration", "and review")
    assert weak.sentence == (
        "‘consideration’ asks for something that nobody can see. Say what somebody will do."
    )
    assert "two things to do (‘and review’)" in several.sentence


@pytest.mark.parametrize(
    "published",
    [
        "Workers should weigh up more carefully what a parent's drinking goes on doing to the care of the child.",
        "All agencies should think about ethnicity, write it into each assessment and analysis, and ask what it means.",
        "Housing should look for ways, beside its usual routes, of helping families into a permanent home.",
    ],
)
def test_what_groups_have_published_is_remarked_on(published: str) -> None:
    assert Lack.WEAK in {remark.lack for remark in remarks_on(published)}


@given(st.text(max_size=300))
def test_whatever_is_typed_is_looked_through(text: str) -> None:
    for remark in remarks_on(text):
        assert remark.sentence.endswith(".")
        assert remark.letters in text
