"""What a rule has said is told while it is so: not after its day was moved, not when a louder rule has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from engine.conditions import Value
from engine.rule import FiredBefore, Hold, HoldKind, Past, Rule, RuleBook
from engine.rule_truth import Lapse, Lapsed, Said, due_since, lapse_of
from engine.rules import load_rules
from tests.engine.action_words import ENGLAND
from tests.engine.test_rules import ACTION_RULES, CLOCK, DUE, FACTS, KINDS

OVERDUE, CHAIR = "action-overdue", "action-overdue-chair"
OCCASION = DUE.isoformat()
DAY_AFTER = DUE + timedelta(days=1)
CHAIRS_DAY = date(2026, 3, 16)  # ten working days after the second of March
WITH_NOTICE = ACTION_RULES.replace(
    "    tell: chair\n", "    tell: chair\n    notice: {to: owner, before: 3 working days}\n"
)


@pytest.fixture
def rules(tmp_path: Path) -> tuple[Rule, ...]:
    return _book(tmp_path, ACTION_RULES).about("action")


@pytest.fixture
def fair_rules(tmp_path: Path) -> tuple[Rule, ...]:
    return _book(tmp_path, WITH_NOTICE).about("action")


def _book(folder: Path, text: str) -> RuleBook:
    (folder / "clock.yaml").write_text(CLOCK)
    (folder / "action.yaml").write_text(text)
    return load_rules(folder, KINDS)


def fired(*ids: str, numbers: frozenset[int] = frozenset({0})) -> Past:
    return Past(fired={(rule, OCCASION): FiredBefore(DAY_AFTER, numbers) for rule in ids})


def judged(
    said: Said,
    rules: tuple[Rule, ...],
    past: Past,
    *,
    today: date = DAY_AFTER,
    facts: Mapping[str, Value] = FACTS,
) -> Lapse | None:
    return lapse_of(said, rules, facts, today=today, calendar=ENGLAND, past=past)


def test_what_was_said_stays_true_while_its_condition_is(rules: tuple[Rule, ...]) -> None:
    said = Said(OVERDUE, OCCASION)
    for days in range(1, 14):
        assert judged(said, rules, fired(OVERDUE), today=DUE + timedelta(days=days)) is None


@pytest.mark.parametrize(
    "changed",
    [{"state": "verified"}, {"due_on": None}, {"due_on": DUE + timedelta(days=30)}],
    ids=["it is done", "it has no date", "its day was moved into the future"],
)
def test_what_is_over_is_not_told(rules: tuple[Rule, ...], changed: dict[str, Value]) -> None:
    lapse = judged(Said(OVERDUE, OCCASION), rules, fired(OVERDUE), facts={**FACTS, **changed})
    assert lapse == Lapse(Lapsed.OVER)


def test_a_day_that_was_moved_and_has_passed_too_is_another_occasion(rules: tuple[Rule, ...]) -> None:
    later = {**FACTS, "due_on": DUE + timedelta(days=3)}
    today = DUE + timedelta(days=5)
    assert judged(Said(OVERDUE, OCCASION), rules, fired(OVERDUE), facts=later, today=today) == Lapse(
        Lapsed.OVER
    )


def test_a_rule_that_is_gone_is_not_told(rules: tuple[Rule, ...]) -> None:
    assert judged(Said("action-late", OCCASION), rules, Past()) == Lapse(Lapsed.GONE)


def test_a_louder_rule_that_has_spoken_or_speaks_today_keeps_it_quiet(rules: tuple[Rule, ...]) -> None:
    said, quieted = Said(OVERDUE, OCCASION), Lapse(Lapsed.QUIETED, quieted_by=CHAIR)
    assert judged(said, rules, fired(OVERDUE, CHAIR), today=CHAIRS_DAY) == quieted
    assert judged(said, rules, fired(OVERDUE), today=CHAIRS_DAY) == quieted
    assert judged(said, rules, fired(OVERDUE), today=CHAIRS_DAY - timedelta(days=1)) is None
    assert judged(Said(CHAIR, OCCASION), rules, fired(OVERDUE, CHAIR), today=CHAIRS_DAY) is None


def test_a_louder_rule_that_was_passed_over_keeps_nobody_quiet(rules: tuple[Rule, ...]) -> None:
    past = fired(OVERDUE)
    passed = {**past.fired, (CHAIR, OCCASION): FiredBefore(DAY_AFTER, frozenset({0}), was_passed_over=True)}
    assert judged(Said(OVERDUE, OCCASION), rules, Past(fired=passed), today=CHAIRS_DAY) is None


def test_what_was_said_again_since_is_told_once(rules: tuple[Rule, ...]) -> None:
    past = fired(OVERDUE, numbers=frozenset({0, 1}))
    today = DAY_AFTER + timedelta(days=7)
    assert judged(Said(OVERDUE, OCCASION, 0), rules, past, today=today) == Lapse(Lapsed.FOLLOWED)
    assert judged(Said(OVERDUE, OCCASION, 1), rules, past, today=today) is None
    assert judged(Said(OVERDUE, OCCASION), rules, past, today=today) is None


@pytest.mark.parametrize("rule", [OVERDUE, None], ids=["this rule", "every rule"])
def test_what_is_silenced_is_told_after_the_last_day(rules: tuple[Rule, ...], rule: str | None) -> None:
    silence = Hold(HoldKind.SILENCE, rule, None, DAY_AFTER + timedelta(days=2))
    longer = replace(silence, until_on=DAY_AFTER + timedelta(days=4))
    past = replace(fired(OVERDUE), holds=(silence, longer))
    held = Lapse(Lapsed.HELD, hold=longer, until_on=DAY_AFTER + timedelta(days=5))
    assert judged(Said(OVERDUE, OCCASION), rules, past) == held
    assert judged(Said(OVERDUE, OCCASION), rules, past, today=DAY_AFTER + timedelta(days=5)) is None


def test_what_holds_another_rule_holds_nothing_here(rules: tuple[Rule, ...]) -> None:
    other = Hold(HoldKind.SILENCE, CHAIR, None, DAY_AFTER + timedelta(days=2))
    accepted = Hold(HoldKind.ACKNOWLEDGEMENT, OVERDUE, None, DAY_AFTER + timedelta(days=2))
    past = replace(fired(OVERDUE), holds=(other, accepted))
    assert judged(Said(OVERDUE, OCCASION), rules, past) is None


def test_the_last_day_of_all_days_has_no_day_after(rules: tuple[Rule, ...]) -> None:
    past = replace(fired(OVERDUE), holds=(Hold(HoldKind.SILENCE, None, None, date.max),))
    lapse = judged(Said(OVERDUE, OCCASION), rules, past)
    assert lapse is not None
    assert lapse.until_on == date.max


# -- notice ------------------------------------------------------------------------------------------------

NOTICED_ON = date(2026, 3, 11)  # three working days before the chair's day
NOTICE = Said(CHAIR, OCCASION, is_notice=True)


def test_a_notice_is_true_while_the_escalation_lies_ahead(fair_rules: tuple[Rule, ...]) -> None:
    past = replace(fired(OVERDUE), noticed={(CHAIR, OCCASION): NOTICED_ON})
    for day in (NOTICED_ON, NOTICED_ON + timedelta(days=1), CHAIRS_DAY - timedelta(days=1)):
        assert judged(NOTICE, fair_rules, past, today=day) is None
    assert judged(Said(OVERDUE, OCCASION), fair_rules, past, today=CHAIRS_DAY - timedelta(days=1)) is None


def test_a_notice_is_late_once_the_rule_has_spoken(fair_rules: tuple[Rule, ...]) -> None:
    assert judged(NOTICE, fair_rules, fired(CHAIR), today=CHAIRS_DAY) == Lapse(Lapsed.FOLLOWED)


def test_a_notice_of_what_will_not_come_is_over(fair_rules: tuple[Rule, ...]) -> None:
    moved = {**FACTS, "due_on": DUE + timedelta(days=30)}
    assert judged(NOTICE, fair_rules, Past(), today=NOTICED_ON, facts=moved) == Lapse(Lapsed.OVER)
    early = NOTICED_ON - timedelta(days=1)
    assert judged(NOTICE, fair_rules, Past(), today=early) == Lapse(Lapsed.OVER)


def test_a_notice_of_a_rule_that_gives_none_any_more_is_gone(rules: tuple[Rule, ...]) -> None:
    assert judged(NOTICE, rules, Past(), today=NOTICED_ON) == Lapse(Lapsed.GONE)


def test_a_notice_is_held_by_what_holds_its_rule(fair_rules: tuple[Rule, ...]) -> None:
    hold = Hold(HoldKind.SILENCE, CHAIR, None, NOTICED_ON + timedelta(days=5))
    past = replace(fired(OVERDUE), holds=(hold,), noticed={(CHAIR, OCCASION): NOTICED_ON})
    lapse = judged(NOTICE, fair_rules, past, today=NOTICED_ON)
    assert lapse == Lapse(Lapsed.HELD, hold=hold, until_on=NOTICED_ON + timedelta(days=6))


# -- how late ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "is_notice", "since", "due"),
    [
        (OVERDUE, False, DUE - timedelta(days=9), DAY_AFTER),
        (OVERDUE, False, DUE + timedelta(days=5), DUE + timedelta(days=5)),
        (CHAIR, False, DAY_AFTER, CHAIRS_DAY),
        (CHAIR, True, DAY_AFTER, NOTICED_ON),
        (CHAIR, False, CHAIRS_DAY + timedelta(days=30), CHAIRS_DAY + timedelta(days=30)),
    ],
)
def test_what_nobody_asked_for_days_was_due_on_its_first_day(
    fair_rules: tuple[Rule, ...], rule: str, is_notice: bool, since: date, due: date
) -> None:
    [one] = [one for one in fair_rules if one.id == rule]
    today = CHAIRS_DAY + timedelta(days=30)
    found = due_since(one, FACTS, is_notice=is_notice, since=since, today=today, calendar=ENGLAND)
    assert found == due


def test_what_is_not_due_before_today_is_due_today(rules: tuple[Rule, ...]) -> None:
    [chair] = [one for one in rules if one.id == CHAIR]
    day = due_since(chair, FACTS, is_notice=False, since=DAY_AFTER, today=NOTICED_ON, calendar=ENGLAND)
    assert day == NOTICED_ON
