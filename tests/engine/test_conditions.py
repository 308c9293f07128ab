"""Conditions hold, are explained and announce their next change, for every form, empty facts and odd days included."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.condition_tree import Compare, Every, Fact, Not, OneOf, Operator, Today
from engine.conditions import Comparison, Value, parse, parse_value
from engine.errors import BadDefinition
from engine.vocabulary import Kind
from engine.yamlfile import parse_yaml
from tests.engine.action_words import ACTION, ENGLAND
from tests.engine.condition_rows import CONDITIONS, DAYS, actions, condition
from tests.engine.conditions_said_twice import (
    Said,
    Situation,
    comparisons,
    comparisons_of_days,
    conditions,
    situations,
)

FACTS: dict[str, Value] = {
    "state": "in_progress",
    "outcome": None,
    "agreed_on": date(2026, 1, 5),
    "due_on": date(2026, 3, 1),
    "evidence_count": 2,
    "times_moved": None,
    "is_late": False,
    "is_own_agency": None,
    "remark": None,
}
TODAY = date(2026, 2, 2)
ACTIONS = actions(150)


def holds(text: str, *, today: date = TODAY, **changed: Value) -> bool:
    return condition(text).holds({**FACTS, **changed}, today=today, calendar=ENGLAND)


def next_change(text: str, *, today: date = TODAY, **changed: Value) -> date | None:
    return condition(text).next_change({**FACTS, **changed}, today=today, calendar=ENGLAND)


@settings(max_examples=400, deadline=None)
@given(said=conditions(), now=situations())
def test_a_condition_holds_exactly_when_its_second_wording_does(said: Said, now: Situation) -> None:
    parsed = condition(said.text)
    assert parsed.holds(now.facts, today=now.today, calendar=ENGLAND) is said.meaning(now.facts, now.today)


@settings(max_examples=300, deadline=None)
@given(said=comparisons(), now=situations())
def test_a_negation_holds_exactly_when_the_comparison_does_not(said: Said, now: Situation) -> None:
    negated = condition(f"not {said.text}").holds(now.facts, today=now.today, calendar=ENGLAND)
    assert negated is not condition(said.text).holds(now.facts, today=now.today, calendar=ENGLAND)


@settings(max_examples=250, deadline=None)
@given(said=comparisons_of_days() | conditions(), now=situations())
def test_no_turn_of_the_answer_in_200_days_is_missed(said: Said, now: Situation) -> None:
    parsed = condition(said.text)
    announced = parsed.next_change(now.facts, today=now.today, calendar=ENGLAND)
    answer = parsed.holds(now.facts, today=now.today, calendar=ENGLAND)
    for day in (now.today + timedelta(days=ahead) for ahead in range(1, 201)):
        if day == announced:
            announced = parsed.next_change(now.facts, today=day, calendar=ENGLAND)
            assert announced is None or announced > day
            answer = parsed.holds(now.facts, today=day, calendar=ENGLAND)
        assert parsed.holds(now.facts, today=day, calendar=ENGLAND) is answer, f"turned unannounced on {day}"


@pytest.mark.parametrize("text", [text for text in CONDITIONS if "today" in text])
def test_no_turn_is_missed_on_any_of_the_days_on_which_calendars_go_wrong(text: str) -> None:
    parsed = condition(text)
    for number, facts in enumerate(ACTIONS):
        start = DAYS[number % len(DAYS)]
        turns, looks = set(), set()
        look: date | None = start
        before = None
        for day in (start + timedelta(days=ahead) for ahead in range(201)):
            answer = parsed.holds(facts, today=day, calendar=ENGLAND)
            if before is not None and answer is not before:
                turns.add(day)
            before = answer
            if day == look:
                looks.add(day)
                look = parsed.next_change(facts, today=day, calendar=ENGLAND)
        assert turns <= looks


@settings(max_examples=200, deadline=None)
@given(said=comparisons_of_days(), now=situations())
def test_a_single_comparison_turns_on_the_very_day_that_was_announced(said: Said, now: Situation) -> None:
    parsed = condition(said.text)
    announced = parsed.next_change(now.facts, today=now.today, calendar=ENGLAND)
    # Equality is announced for a day that a shift may leap over, so it may be early.
    if announced is not None and not {"=", "!="} & set(said.text.split()):
        before = parsed.holds(now.facts, today=announced - timedelta(days=1), calendar=ENGLAND)
        assert parsed.holds(now.facts, today=announced, calendar=ENGLAND) is not before


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("state = in_progress", True),
        ("state != in_progress", False),
        ("state in (agreed, in_progress)", True),
        ("state not in (agreed, in_progress)", False),
        ("evidence_count >= 1 and not is_late", True),
        ("evidence_count in (0, 1)", False),
        ("agreed_on in (2026-01-05, 2026-01-06)", True),
        ("not not is_late", False),
        ("is_late = false", True),
        ("true = is_late", False),
        ("3 > evidence_count", True),
        ("due_on > today and (is_late or remark is empty)", True),
        ("due_on - 1 month < today", True),
        ("today + 27 days = due_on", True),
        ("agreed_on < due_on", True),
    ],
)
def test_every_form_of_the_language_is_understood(text: str, answer: bool) -> None:
    assert holds(text) is answer


@pytest.mark.parametrize("sign", ["=", "!=", "<", "<=", ">", ">="])
def test_a_comparison_with_an_empty_fact_is_false_and_its_negation_true(sign: str) -> None:
    for text in (
        f"times_moved {sign} 0",
        f"0 {sign} times_moved",
        f"due_on {sign} today",
        f"today {sign} due_on",
    ):
        assert not holds(text, due_on=None)
        assert holds(f"not {text}", due_on=None)


def test_an_empty_flag_is_neither_true_nor_false() -> None:
    assert not holds("is_own_agency")
    assert not holds("is_own_agency = false")
    assert holds("not is_own_agency")


def test_a_fact_that_is_not_given_is_an_error_and_not_empty() -> None:
    with pytest.raises(KeyError, match="is_late"):
        condition("is_late").holds({}, today=TODAY, calendar=ENGLAND)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("due_on < today", "2026-03-02"),
        ("due_on <= today", "2026-03-01"),
        ("due_on = today", "2026-03-01"),
        ("due_on >= today", "2026-03-02"),
        ("due_on + 10 working days <= today", "2026-03-13"),
        ("due_on - 7 working days <= today", "2026-02-19"),
        ("today > 2026-04-30", "2026-05-01"),
        ("today + 3 working days > due_on", "2026-02-25"),
        ("today + 1 month >= due_on", None),
        ("today + 1 week >= due_on", "2026-02-22"),
        ("today - 1 year > agreed_on", "2027-01-06"),
        ("due_on < today or agreed_on + 1 month < today", "2026-02-06"),
        ("agreed_on < due_on", None),
        ("state = in_progress", None),
        ("agreed_on < today", None),
    ],
)
def test_the_next_change_is_known_to_the_day(text: str, day: str | None) -> None:
    assert next_change(text) == (day and date.fromisoformat(day))


def test_equality_with_today_turns_twice() -> None:
    assert next_change("due_on = today", today=date(2026, 2, 28)) == date(2026, 3, 1)
    assert next_change("due_on = today", today=date(2026, 3, 1)) == date(2026, 3, 2)
    assert next_change("due_on = today", today=date(2026, 3, 2)) is None


def test_a_month_after_the_thirty_first_is_the_last_day_of_the_next_month() -> None:
    for day, answer in ((date(2024, 2, 28), False), (date(2024, 2, 29), True)):
        assert holds("due_on + 1 month <= today", due_on=date(2024, 1, 31), today=day) is answer
    assert holds("due_on + 1 year = today", due_on=date(2024, 2, 29), today=date(2025, 2, 28))


def test_working_days_pass_over_christmas_and_easter() -> None:
    assert next_change("due_on + 1 working day <= today", due_on=date(2026, 12, 24)) == date(2026, 12, 29)
    assert next_change("due_on + 1 working day <= today", due_on=date(2026, 4, 2)) == date(2026, 4, 7)
    assert next_change("due_on - 1 working day <= today", due_on=date(2026, 4, 7)) == date(2026, 4, 2)


def test_time_does_not_matter_where_a_lasting_fact_has_decided() -> None:
    assert next_change("state = agreed and due_on < today") is None
    assert next_change("state = in_progress and due_on < today") == date(2026, 3, 2)
    assert next_change("state = in_progress or due_on < today") is None
    assert next_change("not (state = agreed and due_on < today)") is None


def test_an_empty_date_never_changes_anything() -> None:
    assert next_change("due_on < today", due_on=None) is None
    assert next_change("due_on + 1 week < today or is_late", due_on=None) is None


def test_a_day_beyond_all_years_neither_crashes_nor_is_forgotten() -> None:
    assert next_change("due_on < today", due_on=date.max) is None
    assert next_change("due_on <= today", due_on=date.max) == date.max
    for span in ("3 days", "3 weeks", "3 months", "3 years", "3 working days"):
        assert not holds(f"due_on + {span} <= today", due_on=date.max)
        assert holds(f"due_on - {span} <= today", due_on=date.min)
    assert next_change("today + 1 week > due_on", due_on=date(2999, 1, 1)) == date(2998, 12, 26)
    assert next_change("today - 1 week > due_on", due_on=date.max) is None


def test_an_explanation_shows_every_comparison_with_the_values_of_the_day() -> None:
    text = (
        "state in (agreed, in_progress) and not (due_on + 1 week <= today or remark is not empty) and not is_late "
        "and state not in (verified) and not times_moved > 2 and due_on is not empty"
    )
    assert condition(text).comparisons(FACTS, today=TODAY, calendar=ENGLAND) == (
        Comparison("state in (agreed, in_progress)", "in_progress", ("agreed", "in_progress"), holds=True),
        Comparison("due_on + 1 week <= today", date(2026, 3, 8), TODAY, holds=False),
        Comparison("remark is not empty", None, None, holds=False),
        Comparison("not is_late", left=False, right=True, holds=True),
        Comparison("state not in (verified)", "in_progress", ("verified",), holds=True),
        Comparison("not times_moved > 2", FACTS["times_moved"], 2, holds=True),
        Comparison("due_on is not empty", FACTS["due_on"], None, holds=True),
    )


def test_the_text_is_kept_on_one_line() -> None:
    node = parse_yaml("|\n  is_late\n    and   evidence_count = 0\n", file="action.yaml")
    assert parse(node, ACTION).text == "is_late and evidence_count = 0"


def test_the_tree_is_a_plain_value_that_can_be_compiled_to_something_else() -> None:
    due_on, state = Fact("due_on", Kind.DATE, optional=True), Fact("state", Kind.CHOICE, optional=False)
    assert condition("not state in (agreed)  and due_on  < today").tree == Every(
        (Not(OneOf(state, ("agreed",), "")), Compare(due_on, Operator.BELOW, Today(), "")),
    )


@given(left=st.integers(-2, 2), right=st.integers(-2, 2), sign=st.sampled_from(Operator))
def test_opposite_and_turned_operators_keep_their_promises(left: int, right: int, sign: Operator) -> None:
    def said(operator: Operator, one: int, two: int) -> bool:
        return holds(f"evidence_count {operator} {two + 2}", evidence_count=one + 2)

    assert said(sign.opposite, left, right) is not said(sign, left, right)
    assert said(sign.turned, right, left) is said(sign, left, right)


def test_a_value_alone_can_be_read_too() -> None:
    expression = parse_value(parse_yaml("today + 6 months", file="action.yaml"), ACTION)
    assert expression.kind is Kind.DATE
    assert expression.value(FACTS, today=date(2025, 8, 31), calendar=ENGLAND) == date(2026, 2, 28)
    shifted = parse_value(parse_yaml("due_on + 1 week", file="action.yaml"), ACTION)
    assert shifted.value({"due_on": None}, today=TODAY, calendar=ENGLAND) is None
    for text, value in (("3", 3), ("true", True), ("2026-01-31", date(2026, 1, 31)), ("evidence_count", 2)):
        parsed = parse_value(parse_yaml(text, file="action.yaml"), ACTION)
        assert parsed.value(FACTS, today=TODAY, calendar=ENGLAND) == value
    with pytest.raises(BadDefinition, match="1:7: expected the end here, but found 'today'"):
        parse_value(parse_yaml("today today", file="action.yaml"), ACTION)
