"""A fact that decides a condition silently when it is empty is worth a warning; what the author has answered is not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.vocabulary import Value
from tests.engine.action_words import ACTION, ENGLAND
from tests.engine.condition_rows import CONDITIONS, condition
from tests.engine.conditions_said_twice import Said, Situation, conditions, situations

SAY = "say what is meant with '{0} is empty' or '{0} is not empty'"
OPTIONAL = [name for name, field in ACTION.fields.items() if field.optional]


@pytest.mark.parametrize(
    ("text", "fact", "what"),
    [
        # The whole condition is decided.
        ("due_on < today", "due_on", "this condition never holds, because 'due_on < today'"),
        ("state = agreed and today > due_on", "due_on", "this condition never holds, because 'today > due_on'"),
        ("not (due_on < today)", "due_on", "this condition always holds, because 'due_on < today'"),
        ("not (due_on < today and is_late)", "due_on", "this condition always holds, because 'due_on < today'"),
        ("is_late or not due_on < today", "due_on", "this condition always holds, because 'due_on < today'"),
        ("outcome != kept", "outcome", "this condition never holds, because 'outcome != kept'"),
        ("not outcome in (kept)", "outcome", "this condition always holds, because 'outcome in (kept)'"),
        ("is_own_agency and is_late", "is_own_agency", "this condition never holds, because 'is_own_agency'"),
        ("agreed_on + 1 week < due_on", "due_on", "this condition never holds, because 'agreed_on + 1 week < due_on'"),
        # One of its ways is.
        ("is_late or due_on < today", "due_on", "'due_on < today'"),
        ("state = verified or (state = agreed and due_on < today)", "due_on", "'due_on < today'"),
        ("is_late and not due_on < today", "due_on", "'due_on < today'"),
        # The question is asked, but the answer makes no difference.
        ("due_on is empty and due_on < today", "due_on", "this condition never holds, because 'due_on < today'"),
        ("(due_on is empty or is_late) and due_on < today", "due_on", "this condition never holds, because 'due_on < today'"),
        ("(due_on is not empty or is_late) and due_on < today", "due_on", "this condition never holds, because 'due_on < today'"),
        ("(due_on is not empty and due_on < today) or due_on = 2026-03-31", "due_on", "this condition never holds, because 'due_on = 2026-03-31'"),
        ("remark is not empty and due_on < today", "due_on", "this condition never holds, because 'due_on < today'"),
    ],
)  # fmt: skip
def test_a_fact_that_decides_silently_is_worth_a_warning(text: str, fact: str, what: str) -> None:
    sentence = f"'{fact}' can be empty, and then {what} counts as not true; {SAY.format(fact)}"
    assert condition(text).warnings() == (sentence,)


@pytest.mark.parametrize(
    "text",
    [
        "agreed_on < today",
        "due_on is empty",
        "due_on is not empty and due_on < today",
        "due_on is not empty and state = agreed and (is_late or due_on < today)",
        "due_on is empty or due_on < today",
        "not (due_on is empty or due_on >= today)",
        "not (due_on is not empty and due_on < today)",
        "is_late and (due_on is empty or not due_on < today)",
        # An empty date has a way of its own.
        "(due_on is empty and agreed_on + 10 working days <= today) or due_on < today",
        "(due_on is empty and is_late) or (is_late and due_on < today)",
        "(is_late and due_on is not empty) or due_on < today",
        "due_on is not empty and times_moved is not empty and (due_on < today or times_moved > 2)",
    ],
)
def test_what_the_author_has_answered_is_left_alone(text: str) -> None:
    assert condition(text).warnings() == ()


def test_every_fact_that_decides_silently_is_named_once() -> None:
    warnings = condition("due_on < today and times_moved > 2 and due_on + 1 week < today").warnings()
    assert [warning.split("'")[1] for warning in warnings] == ["due_on", "times_moved"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("agreed_on is empty", "'agreed_on' can never be empty, so 'agreed_on is empty' is never true"),
        (
            "is_late or agreed_on is not empty",
            "'agreed_on' can never be empty, so 'agreed_on is not empty' is always true",
        ),
        ("not (is_late or state is empty)", "'state' can never be empty, so 'state is empty' is never true"),
    ],
)
def test_a_question_that_has_only_one_answer_is_worth_a_warning(text: str, sentence: str) -> None:
    assert condition(text).warnings() == (sentence,)


@settings(max_examples=250, deadline=None)
@given(
    said=conditions() | st.sampled_from([Said(text, lambda _facts, _today: False) for text in CONDITIONS]),
    now=situations(),
    name=st.sampled_from(OPTIONAL),
)
def test_what_a_warning_says_of_an_empty_fact_is_so(said: Said, now: Situation, name: str) -> None:
    parsed = condition(said.text)
    facts: dict[str, Value] = {**now.facts, name: None}
    holds = parsed.holds(facts, today=now.today, calendar=ENGLAND)
    about = [warning for warning in parsed.warnings() if warning.startswith(f"'{name}' can be empty")]
    assert not (holds and any("this condition never holds" in warning for warning in about))
    assert holds or not any("this condition always holds" in warning for warning in about)
    assert parsed.can_hold_without(name) or not holds


@pytest.mark.parametrize(
    ("text", "name", "answer"),
    [
        ("due_on is not empty and due_on < today", "due_on", False),
        ("due_on < today", "due_on", False),
        ("not due_on < today", "due_on", True),
        ("is_late", "due_on", True),
        ("is_late or due_on < today", "due_on", True),
        ("due_on is empty and is_late", "due_on", True),
    ],
)
def test_it_is_known_whether_a_condition_can_hold_while_a_fact_is_empty(
    text: str, name: str, answer: bool
) -> None:
    assert condition(text).can_hold_without(name) is answer
