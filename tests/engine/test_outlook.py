"""An outlook follows one subject ahead and finds what looking at it every day finds, what rules set among it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.conditions import Value
from engine.outlook import Day
from engine.rules import Hold, HoldKind, Opinion, Outlook, Past, RuleBook, judge, load_rules
from tests.engine.action_words import ENGLAND
from tests.engine.conditions_said_twice import days
from tests.engine.test_rules import CLOCK, FACTS, KINDS
from tests.engine.test_rules_fairness import AGENDA_RULE, RULES

FLAGS = """
  - id: action-late
    about: action
    title: An action is marked as late
    when: due_on is not empty and due_on + 1 week <= today and not is_late
    once_per: due_on
    set: {is_late: true}

  - id: action-marked
    about: action
    title: An action that is marked as late
    when: is_late and state != verified
    once_per: is_late
    repeat: {every: 2 weeks, at_most: 3}
    tell: [owner]

  - id: action-agreed-anew
    about: action
    title: An action is taken for agreed today
    when: is_late and due_on is not empty and due_on + 3 weeks <= today
    once_per: due_on
    set: {agreed_on: today}

  - id: action-agreed
    about: action
    title: An action was agreed after its day
    when: due_on is not empty and agreed_on > due_on
    once_per: agreed_on
    tell: [owner]
"""
# Due on Monday 2 March 2026.
MARKED_ON = date(2026, 3, 9)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "clock.yaml").write_text(CLOCK)
    (folder / "action.yaml").write_text(RULES + AGENDA_RULE + FLAGS)
    return load_rules(folder, KINDS)


def said(opinion: Opinion) -> tuple[str, str, int, bool]:
    return opinion.rule.id, opinion.occasion, opinion.number, opinion.is_notice


def found_daily(
    book: RuleBook, facts: Mapping[str, Value], past: Past, first: date, last: date
) -> dict[date, list[tuple[str, str, int, bool]]]:
    """Look every day, as the sweep does: what a rule sets has its turn at the next sweep of the same day."""
    found: dict[date, list[tuple[str, str, int, bool]]] = {}
    day = first
    while day <= last:
        while verdicts := judge(book.about("action"), facts, today=day, calendar=ENGLAND, past=past):
            past = past.after(verdicts, today=day)
            facts = {**facts, **{name: value for one in verdicts for name, value in one.sets.items()}}
            found.setdefault(day, []).extend(
                (one.rule.id, one.occasion, one.number, one.is_notice) for one in verdicts
            )
        day += timedelta(days=1)
    return found


def found_ahead(
    book: RuleBook, facts: Mapping[str, Value], past: Past, first: date, last: date
) -> dict[date, list[tuple[str, str, int, bool]]]:
    outlook = Outlook(book.about("action"), facts, past, today=first, calendar=ENGLAND)
    found = {}
    day: date | None = first
    while day is not None and day <= last:
        outlook.go_to(day)
        if some := [said(opinion) for opinion in outlook.says()]:
            found[day] = some
        day = outlook.next_day()
    return found


def test_what_a_rule_sets_makes_others_speak_on_the_same_day(book: RuleBook) -> None:
    found = found_ahead(book, FACTS, Past(), MARKED_ON, MARKED_ON + timedelta(days=14))
    assert [rule for rule, *_ in found[MARKED_ON]] == ["action-overdue", "action-late", "action-marked"]
    assert [rule for rule, *_ in found[MARKED_ON + timedelta(days=14)]] == [
        "action-marked",
        "action-agreed-anew",
        "action-agreed",
    ]


def test_while_a_rule_is_told_the_facts_are_those_that_it_has_set(book: RuleBook) -> None:
    outlook = Outlook(book.about("action"), FACTS, Past(), today=MARKED_ON, calendar=ENGLAND)
    known = [(opinion.rule.id, outlook.facts["is_late"]) for opinion in outlook.says()]
    assert known == [("action-overdue", False), ("action-late", True), ("action-marked", True)]


def test_what_nobody_can_say_any_more_needs_no_further_day(book: RuleBook) -> None:
    facts = {**FACTS, "state": "verified", "is_late": True, "agreed_on": date(2026, 3, 1)}
    outlook = Outlook(book.about("action"), facts, Past(), today=date(2026, 3, 23), calendar=ENGLAND)
    assert [opinion.rule.id for opinion in outlook.says()] == ["action-agreed-anew", "action-agreed"]
    assert outlook.next_day() is None
    assert tuple(outlook.says()) == ()


@settings(max_examples=120, deadline=None)
@given(
    due_on=days() | st.none(),
    agreed_on=days(),
    is_late=st.booleans(),
    start=days(),
    held=st.none() | st.integers(0, 60),
    kind=st.sampled_from(list(HoldKind)),
    rule=st.sampled_from([None, "action-overdue-chair", "action-overdue"]),
)
def test_an_outlook_finds_what_a_daily_look_finds(
    book: RuleBook,
    due_on: date | None,
    agreed_on: date,
    is_late: bool,
    start: date,
    held: int | None,
    kind: HoldKind,
    rule: str | None,
) -> None:
    facts = {**FACTS, "due_on": due_on, "agreed_on": agreed_on, "is_late": is_late}
    holds = () if held is None else (Hold(kind, rule, None, start + timedelta(days=held)),)
    last = start + timedelta(days=120)
    ahead = found_ahead(book, facts, Past(holds=holds), start, last)
    assert ahead == found_daily(book, facts, Past(holds=holds), start, last)


@settings(max_examples=60, deadline=None)
@given(
    subjects=st.lists(
        st.fixed_dictionaries(
            {
                "state": st.sampled_from(["agreed", "in_progress", "verified"]),
                "due_on": st.sampled_from([None, date(2026, 3, 2), date(2026, 3, 9), date(2026, 4, 1)]),
                "agreed_on": st.sampled_from([date(2026, 1, 5), date(2026, 3, 20)]),
                "is_late": st.booleans(),
            }
        ),
        min_size=2,
        max_size=8,
    ),
    later=st.integers(0, 40),
)
def test_a_day_says_of_many_what_each_outlook_says_alone(
    book: RuleBook, subjects: list[dict[str, Value]], later: int
) -> None:
    rules, today = book.about("action"), MARKED_ON + timedelta(days=later)
    day = Day(rules, today=today, calendar=ENGLAND)
    for changed in subjects:
        facts = {**FACTS, **changed}
        together, alone = (
            day.outlook(facts, Past()),
            Outlook(rules, facts, Past(), today=today, calendar=ENGLAND),
        )
        assert [together.verdict(one) for one in together.says()] == [
            alone.verdict(one) for one in alone.says()
        ]
        assert (together.facts, together.past) == (alone.facts, alone.past)
        after = together.next_day()
        assert after == alone.next_day()
        if after is not None:
            together.go_to(after)
            alone.go_to(after)
            assert together.opinions() == alone.opinions()
