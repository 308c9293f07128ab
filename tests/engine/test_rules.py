"""Rules fire once for an occasion, repeat at most as often as they say, and keep still when a louder one speaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.conditions import Comparison, Value
from engine.errors import BadDefinition
from engine.rules import (
    Fired,
    FiredBefore,
    Past,
    RuleBook,
    RuleClock,
    Severity,
    joined,
    judge,
    load_rules,
    next_look,
)
from engine.vocabulary import Vocabulary
from tests.engine.action_words import ACTION, AUDIT, ENGLAND
from tests.engine.conditions_said_twice import days

CLOCK = 'calendar: england-and-wales\nlook_at: "07:45"\n'
ACTION_RULES = """
rules:
  - id: action-overdue
    about: action
    title: Remind the owner of an overdue action, weekly, at most four times
    when: state in (agreed, in_progress) and due_on is not empty and due_on < today
    once_per: due_on              # a moved date is a new occasion
    repeat: {every: 1 week, at_most: 4}
    tell: [owner, agency.lead]
    set: {is_late: true}

  - id: action-overdue-chair
    about: action
    title: Escalate to the chair after ten working days overdue
    when: state in (agreed, in_progress) and due_on is not empty and due_on + 10 working days <= today
    once_per: due_on
    tell: chair
    copy: [owner]
    severity: escalation
    quiets: action-overdue
"""
AUDIT_RULES = """
rules:
  - id: audit-open
    about: audit
    title: Tell the chair of an open audit
    when: state = open
    once_per: state
    tell: [chair]
"""
FACTS: dict[str, Value] = {
    "state": "in_progress",
    "outcome": None,
    "agreed_on": date(2026, 1, 5),
    "due_on": date(2026, 3, 2),
    "evidence_count": 2,
    "times_moved": None,
    "is_late": False,
    "is_own_agency": None,
    "remark": None,
}
DUE = date(2026, 3, 2)


@dataclass(frozen=True)
class Kind:
    """A kind of subject that has a vocabulary and nothing else."""

    vocabulary: Vocabulary


KINDS = {"action": Kind(ACTION), "audit": Kind(AUDIT)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "clock.yaml").write_text(CLOCK)
    (tmp_path / "action.yaml").write_text(ACTION_RULES)
    (tmp_path / "audit.yaml").write_text(AUDIT_RULES)
    return tmp_path


@pytest.fixture
def book(folder: Path) -> RuleBook:
    return load_rules(folder, KINDS)


class Diary:
    """Judges on the days it is told to and remembers what has fired, as the ledger does."""

    def __init__(self, book: RuleBook, **changed: Value) -> None:
        self.rules = book.about("action")
        self.facts = {**FACTS, **changed}
        self.fired: dict[tuple[str, str], FiredBefore] = {}

    def look(self, today: date) -> list[tuple[str, int]]:
        """Judge once; return rule ids and numbers of what fires."""
        verdicts = judge(self.rules, self.facts, today=today, calendar=ENGLAND, past=Past(fired=self.fired))
        for verdict in verdicts:
            key = verdict.rule.id, verdict.occasion
            before = self.fired.get(key, FiredBefore(today, frozenset()))
            self.fired[key] = FiredBefore(before.first_on, before.numbers | {verdict.number})
        return [(verdict.rule.id, verdict.number) for verdict in verdicts]

    def look_daily(self, first: date, last: date) -> Iterator[tuple[date, str, int]]:
        for ahead in range((last - first).days + 1):
            today = first + timedelta(days=ahead)
            yield from ((today, *firing) for firing in self.look(today))

    def next_look(self, today: date) -> date | None:
        return next_look(self.rules, self.facts, today=today, calendar=ENGLAND, past=Past(fired=self.fired))


def test_a_book_of_rules_is_read_from_a_folder(book: RuleBook) -> None:
    overdue, chair = book.about("action")
    assert (overdue.id, overdue.about, overdue.once_per) == ("action-overdue", "action", "due_on")
    assert overdue.title == "Remind the owner of an overdue action, weekly, at most four times"
    assert (overdue.tell, overdue.copy, overdue.severity) == (("owner", "agency.lead"), (), Severity.REMINDER)
    assert (chair.tell, chair.copy, chair.severity) == (("chair",), ("owner",), Severity.ESCALATION)
    assert chair.quiets == {"action-overdue"}
    assert chair.repeat is None
    assert [rule.id for rule in book.rules] == ["action-overdue", "action-overdue-chair", "audit-open"]
    assert [rule.id for rule in book.about("audit")] == ["audit-open"]
    assert book.about("visit") == ()


def test_the_clock_says_whose_working_days_and_when_to_look(book: RuleBook) -> None:
    assert book.clock == RuleClock("england-and-wales", time(7, 45))


def test_the_hash_follows_the_content_and_not_the_comments(folder: Path, book: RuleBook) -> None:
    path = folder / "action.yaml"
    path.write_text(ACTION_RULES + "\n# The chair has seen this in May.\n")
    assert load_rules(folder, KINDS).hash == book.hash
    path.write_text(ACTION_RULES.replace("10 working days", "9 working days"))
    assert load_rules(folder, KINDS).hash != book.hash


def test_other_files_in_the_folder_are_left_alone(folder: Path, book: RuleBook) -> None:
    (folder / "README.md").write_text("What rules can say.")
    assert load_rules(folder, KINDS).hash == book.hash


def test_what_looks_wrong_but_is_allowed_is_a_warning_at_its_place(folder: Path) -> None:
    path = folder / "action.yaml"
    path.write_text(ACTION_RULES.replace("due_on is not empty and due_on < today", "due_on < today"))
    [warning] = load_rules(folder, KINDS).warnings
    assert str(warning).startswith(
        f"{path}:6:11: 'due_on' can be empty, and then this condition never holds, because"
    )


def test_an_occasion_that_may_be_empty_while_the_rule_speaks_is_a_warning_at_its_place(folder: Path) -> None:
    path = folder / "action.yaml"
    path.write_text(ACTION_RULES.replace("due_on is not empty and due_on < today", "is_late"))
    [warning] = load_rules(folder, KINDS).warnings
    assert str(warning) == (
        f"{path}:7:15: 'due_on' can be empty while the condition holds, and all that time is one occasion"
    )


def test_an_overdue_action_is_reminded_of_weekly_until_the_chair_has_it(book: RuleBook) -> None:
    assert list(Diary(book).look_daily(date(2026, 3, 1), date(2026, 6, 30))) == [
        (date(2026, 3, 3), "action-overdue", 0),
        (date(2026, 3, 10), "action-overdue", 1),
        (date(2026, 3, 16), "action-overdue-chair", 0),
    ]


def test_a_rule_that_nobody_quiets_speaks_at_most_as_often_as_it_says(book: RuleBook) -> None:
    diary = Diary(book)
    diary.rules = diary.rules[:1]
    assert [(day, number) for day, _, number in diary.look_daily(date(2026, 3, 1), date(2026, 6, 30))] == [
        (date(2026, 3, 3), 0),
        (date(2026, 3, 10), 1),
        (date(2026, 3, 17), 2),
        (date(2026, 3, 24), 3),
    ]


def test_a_verdict_says_why_for_which_occasion_and_what_is_set(book: RuleBook) -> None:
    [verdict] = judge(
        book.about("action"), FACTS, today=DUE + timedelta(days=1), calendar=ENGLAND, past=Past()
    )
    assert (verdict.rule.id, verdict.occasion, verdict.number) == ("action-overdue", "2026-03-02", 0)
    assert verdict.reasons == (
        Comparison("state in (agreed, in_progress)", "in_progress", ("agreed", "in_progress"), holds=True),
        Comparison("due_on is not empty", DUE, None, holds=True),
        Comparison("due_on < today", DUE, date(2026, 3, 3), holds=True),
    )
    assert verdict.sets == {"is_late": True}


def test_looking_twice_on_one_day_fires_once(book: RuleBook) -> None:
    diary = Diary(book)
    assert diary.look(date(2026, 3, 3)) == [("action-overdue", 0)]
    assert diary.look(date(2026, 3, 3)) == []


def test_a_moved_date_is_a_new_occasion(book: RuleBook) -> None:
    diary = Diary(book)
    diary.look(date(2026, 3, 3))
    diary.facts["due_on"] = date(2026, 3, 4)
    assert diary.look(date(2026, 3, 4)) == []
    assert diary.look(date(2026, 3, 5)) == [("action-overdue", 0)]


def test_after_days_without_a_look_only_the_current_repeat_is_sent(book: RuleBook) -> None:
    diary = Diary(book)
    diary.rules = diary.rules[:1]
    diary.look(date(2026, 3, 3))
    assert diary.look(date(2026, 3, 18)) == [("action-overdue", 2)]
    assert diary.look(date(2026, 3, 24)) == [("action-overdue", 3)]


def test_after_a_long_silence_the_last_repeat_is_sent_and_no_more(book: RuleBook) -> None:
    diary = Diary(book)
    diary.rules = diary.rules[:1]
    diary.look(date(2026, 3, 3))
    assert diary.look(date(2026, 9, 1)) == [("action-overdue", 3)]
    assert diary.look(date(2026, 9, 8)) == []
    assert diary.next_look(date(2026, 9, 8)) is None


def test_after_a_long_silence_the_highest_level_speaks_alone(book: RuleBook) -> None:
    assert Diary(book).look(date(2026, 5, 1)) == [("action-overdue-chair", 0)]


def test_a_clock_that_has_gone_back_fires_nothing_again(book: RuleBook) -> None:
    diary = Diary(book)
    diary.rules = diary.rules[:1]
    diary.look(date(2026, 3, 17))
    assert diary.look(date(2026, 3, 10)) == []


def test_a_reminder_speaks_again_when_the_reason_for_its_silence_is_gone(book: RuleBook) -> None:
    diary = Diary(book)
    diary.look(date(2026, 3, 3))
    diary.facts["state"] = "verified"
    assert diary.look(date(2026, 3, 10)) == []
    diary.facts["state"] = "in_progress"
    assert diary.look(date(2026, 3, 11)) == [("action-overdue", 1)]


def test_who_quiets_the_quieting_rule_quiets_all_below(folder: Path) -> None:
    board = AUDIT_RULES.replace("audit", "action").replace("state = open", "due_on + 30 days <= today")
    rule = board.replace("action-open", "action-overdue-board").replace("once_per: state", "once_per: due_on")
    (folder / "board.yaml").write_text(rule + "    quiets: action-overdue-chair\n")
    rules = load_rules(folder, KINDS)
    assert {rule.id: set(rule.quiets) for rule in rules.about("action")} == {
        "action-overdue": set(),
        "action-overdue-chair": {"action-overdue"},
        "action-overdue-board": {"action-overdue-chair", "action-overdue"},
    }
    assert Diary(rules).look(date(2026, 5, 1)) == [("action-overdue-board", 0)]


@pytest.mark.parametrize(
    ("field", "value", "occasion"),
    [
        ("due_on", None, "none"),
        ("due_on", DUE, "2026-03-02"),
        ("state", "agreed", "agreed"),
        ("times_moved", 2, "2"),
        ("is_late", True, "true"),
        ("is_late", False, "false"),
    ],
)
def test_the_occasion_is_spelled_the_same_for_ever(
    folder: Path, field: str, value: Value, occasion: str
) -> None:
    (folder / "action.yaml").write_text(ACTION_RULES.replace("once_per: due_on", f"once_per: {field}"))
    rule = load_rules(folder, KINDS).about("action")[0]
    assert rule.occasion({**FACTS, field: value}) == occasion


def test_a_rule_can_set_a_date_to_today(folder: Path) -> None:
    (folder / "action.yaml").write_text(
        ACTION_RULES.replace("{is_late: true}", "{agreed_on: today, is_late: false}")
    )
    rules = load_rules(folder, KINDS).about("action")
    [verdict] = judge(rules, FACTS, today=date(2026, 3, 3), calendar=ENGLAND, past=Past())
    assert verdict.sets == {"agreed_on": date(2026, 3, 3), "is_late": False}


def test_the_next_look_is_the_day_on_which_something_new_can_fire(book: RuleBook) -> None:
    diary = Diary(book)
    assert diary.next_look(date(2026, 1, 1)) == date(2026, 3, 3)
    assert diary.next_look(date(2026, 3, 3)) == date(2026, 3, 10), (
        "even before the firing of today is written"
    )
    diary.look(date(2026, 3, 3))
    assert diary.next_look(date(2026, 3, 3)) == date(2026, 3, 10)
    assert diary.next_look(date(2026, 3, 10)) == date(2026, 3, 16)
    assert Diary(book, due_on=None).next_look(date(2026, 1, 1)) is None
    assert Diary(book, state="verified").next_look(date(2026, 1, 1)) is None


@settings(max_examples=60, deadline=None)
@given(
    due_on=days() | st.none(),
    start=days(),
    every=st.sampled_from(["4 days", "1 week", "3 working days", "1 month"]),
)
def test_following_the_next_look_misses_nothing_that_a_daily_look_finds(
    tmp_path_factory: pytest.TempPathFactory, due_on: date | None, start: date, every: str
) -> None:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "clock.yaml").write_text(CLOCK)
    (folder / "action.yaml").write_text(ACTION_RULES.replace("1 week", every))
    book = load_rules(folder, KINDS)
    daily = list(Diary(book, due_on=due_on).look_daily(start, start + timedelta(days=200)))
    diary, found = Diary(book, due_on=due_on), list[tuple[date, str, int]]()
    today: date | None = start
    while today and today <= start + timedelta(days=200):
        found += [(today, *firing) for firing in diary.look(today)]
        today = diary.next_look(today)
    assert found == daily


def test_firings_of_other_rules_and_occasions_do_not_count(book: RuleBook) -> None:
    fired: Fired = {
        ("action-overdue", "2026-02-02"): FiredBefore(date(2026, 2, 3), frozenset({0})),
        ("action-overdue-chair", "2026-03-02"): FiredBefore(date(2026, 2, 3), frozenset({0})),
    }
    verdicts = judge(
        book.about("action"), FACTS, today=date(2026, 3, 3), calendar=ENGLAND, past=Past(fired=fired)
    )
    assert [verdict.rule.id for verdict in verdicts] == ["action-overdue"]


def test_the_books_of_two_folders_are_put_together(
    tmp_path_factory: pytest.TempPathFactory, book: RuleBook
) -> None:
    second = tmp_path_factory.mktemp("second")
    (second / "clock.yaml").write_text(CLOCK.replace("england-and-wales", "weekdays"))
    (second / "audit.yaml").write_text(AUDIT_RULES.replace("audit-open", "audit-still-open"))
    other = load_rules(second, {"audit": KINDS["audit"]})
    both = joined([book, other])
    assert joined([book]) is book
    assert [rule.id for rule in both.about("audit")] == ["audit-open", "audit-still-open"]
    assert both.about("action") == book.about("action")
    assert both.rules == book.rules + other.rules
    assert both.clock == book.clock
    assert book.hash in both.hash
    assert other.hash in both.hash


def test_two_folders_with_one_id_are_refused(book: RuleBook) -> None:
    with pytest.raises(
        BadDefinition, match=r"action.yaml:3:5: the id 'action-overdue' is used already, at .*action.yaml:3"
    ):
        joined([book, book])
