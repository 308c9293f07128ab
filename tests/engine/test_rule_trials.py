"""Trials of rules: what they hold, what they say when a promise is broken, and what is no trial."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import BadDefinition
from engine.rule_trials import Tried, try_rules
from engine.rules import load_rules
from tests.engine.action_words import ACTION, AUDIT, ENGLAND
from tests.engine.test_rules import CLOCK, KINDS
from tests.engine.test_rules_fairness import RULES

WORDS = {"action": ACTION, "audit": AUDIT}
TRIAL = """\
about: action
trials:
  - trial: The owner is reminded, warned, and then the chair is told
    given: {state: agreed, agreed_on: 2026-01-05, due_on: 2026-03-02}
    daily: true
    days:
      - {on: 2026-03-02, expect: []}
      - {on: 2026-03-03, expect: [action-overdue]}
      - {on: 2026-03-10, expect: [action-overdue]}
      - {on: 2026-03-11, expect: [notice action-overdue-chair]}
      - {on: 2026-03-16, expect: [action-overdue-chair]}
      - {on: 2026-03-20, given: {state: verified}, expect: []}
"""


def tried(folder: Path, text: str) -> Tried:
    (folder / "clock.yaml").write_text(CLOCK)
    (folder / "action.yaml").write_text(RULES)
    (folder / "tests").mkdir()
    (folder / "tests" / "action.yaml").write_text(text)
    return try_rules(folder, load_rules(folder, KINDS), WORDS, calendar=ENGLAND)


def test_a_promise_that_is_kept_is_counted(tmp_path: Path) -> None:
    assert tried(tmp_path, TRIAL) == Tried(1, ())


def test_rules_without_trials_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "clock.yaml").write_text(CLOCK)
    book = load_rules(tmp_path, KINDS)
    assert try_rules(tmp_path, book, WORDS, calendar=ENGLAND) == Tried(0, ())


@pytest.mark.parametrize(
    ("instead_of", "written", "place", "failure"),
    [
        (
            "2026-03-03, expect: [action-overdue]",
            "2026-03-03, expect: []",
            "8:34",
            "on 2026-03-03 action-overdue spoke, which was not expected",
        ),
        (
            "2026-03-10, expect: [action-overdue]",
            "2026-03-10, expect: [action-overdue, action-overdue-chair]",
            "9:34",
            (
                "on 2026-03-10 action-overdue-chair was expected and did not speak; "
                "the condition of 'action-overdue-chair' is not true then"
            ),
        ),
        (
            "2026-03-11, expect: [notice",
            "2026-03-11, hold: {kind: silence, until: 2026-03-31}, expect: [notice",
            "10:76",
            (
                "on 2026-03-11 notice action-overdue-chair was expected and did not speak; "
                "'action-overdue-chair' is held until 2026-04-01"
            ),
        ),
        (
            "      - {on: 2026-03-11, expect: [notice action-overdue-chair]}\n",
            "",
            "9:34",
            "on 2026-03-11 notice action-overdue-chair spoke, which was not expected",
        ),
    ],
)
def test_a_broken_promise_is_named_with_its_place_and_the_reason(
    tmp_path: Path, instead_of: str, written: str, place: str, failure: str
) -> None:
    assert TRIAL.count(instead_of) == 1
    first, *_ = tried(tmp_path, TRIAL.replace(instead_of, written)).failures
    assert str(first) == f"{tmp_path}/tests/action.yaml:{place}: {failure}"


@pytest.mark.parametrize(
    ("instead_of", "written", "complaint"),
    [
        ("about: action", "about: acton", "1:8: 'acton' is not a kind of subject; did you mean 'action'? Known: action, audit"),
        ("about: action\n", "", "1:1: the key 'about' is missing here"),
        ("state: agreed,", "state: agred,", "4:20: 'agred' is not a value of 'state'; did you mean 'agreed'? Known: agreed, in_progress, confirmed, verified"),
        ("due_on: 2026-03-02", "due: 2026-03-02", "4:51: 'due' is not a fact of action; did you mean 'due_on'? Known: state, outcome, agreed_on, due_on, evidence_count, times_moved, is_late, is_own_agency, remark"),
        ("due_on: 2026-03-02", "due_on: March", "4:59: expected a date written like 2026-01-31 (year-month-day), but found 'March'"),
        ("agreed_on: 2026-01-05, ", "", "4:12: say what 'agreed_on' is; it is a date and never empty"),
        ("agreed_on: 2026-01-05", "agreed_on:", "4:38: 'agreed_on' is a date and never empty"),
        ("2026-03-10, expect: [action-overdue]", "2026-03-10, expect: [action-late]", "9:35: 'action-late' is not a rule about action. Known: action-overdue, action-overdue-chair"),
        ("on: 2026-03-10", "on: 2026-03-01", "9:34: 2026-03-01 follows 2026-03-03; days go forward, at most 1000 at a time"),
        ("on: 2026-03-20", "on: 2036-03-20", "12:60: 2036-03-20 follows 2026-03-16; days go forward, at most 1000 at a time"),
        ("daily: true", "daily: often", "5:12: expected true or false, but found 'often'"),
        ("    given: {state: agreed, agreed_on: 2026-01-05, due_on: 2026-03-02}\n", "", "3:5: the key 'given' is missing here"),
        ("2026-03-11, expect", "2026-03-11, hold: {kind: excuse, until: 2026-03-31}, expect", "10:39: 'excuse' is not something that holds a rule. Known: reply, acknowledgement, silence"),
    ],
)  # fmt: skip
def test_what_is_no_trial_is_refused_at_its_place(
    tmp_path: Path, instead_of: str, written: str, complaint: str
) -> None:
    assert TRIAL.count(instead_of) == 1
    with pytest.raises(BadDefinition) as refused:
        tried(tmp_path, TRIAL.replace(instead_of, written))
    assert [
        str(problem).removeprefix(f"{tmp_path}/tests/action.yaml:") for problem in refused.value.problems
    ] == [complaint]


def test_a_trial_without_a_day_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadDefinition, match="6:11: a trial looks on at least one day"):
        tried(tmp_path, TRIAL[: TRIAL.index("    days:")] + "    days: []\n")


def test_what_a_rule_sets_is_so_for_the_others_from_then_on(tmp_path: Path) -> None:
    rules = RULES + (
        "\n  - id: action-marked\n    about: action\n    title: An action is marked\n"
        "    when: due_on is not empty and due_on + 1 week <= today and not is_late\n"
        "    once_per: due_on\n    set: {is_late: true}\n"
        "\n  - id: action-was-marked\n    about: action\n    title: An action was marked\n"
        "    when: is_late\n    once_per: is_late\n    repeat: {every: 1 week, at_most: 2}\n    tell: [owner]\n"
    )
    text = TRIAL[: TRIAL.index("    days:")].replace("daily: true", "daily: false") + (
        "    days:\n"
        "      - {on: 2026-03-08, expect: [action-overdue]}\n"
        "      - {on: 2026-03-09, expect: [action-marked, action-was-marked]}\n"
        "      - {on: 2026-03-16, expect: [action-overdue, notice action-overdue-chair, action-was-marked]}\n"
    )
    (tmp_path / "clock.yaml").write_text(CLOCK)
    (tmp_path / "action.yaml").write_text(rules)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "action.yaml").write_text(text)
    assert try_rules(tmp_path, load_rules(tmp_path, KINDS), WORDS, calendar=ENGLAND) == Tried(1, ())
