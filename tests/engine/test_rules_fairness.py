"""Rules hear people first: notice, reply, acknowledgement, silence, and rules that are not in force yet."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.conditions import Value
from engine.rules import (
    FiredBefore,
    Hold,
    HoldKind,
    Outcome,
    Past,
    RuleBook,
    consider,
    judge,
    load_rules,
    next_look,
)
from tests.engine.action_words import ENGLAND
from tests.engine.conditions_said_twice import days
from tests.engine.test_rules import CLOCK, FACTS, KINDS

RULES = """
rules:
  - id: action-overdue
    about: action
    title: An action is overdue
    when: state in (agreed, in_progress) and due_on is not empty and due_on < today
    once_per: due_on
    repeat: {every: 1 week, at_most: 4}
    tell: [owner, agency.lead]

  - id: action-overdue-chair
    about: action
    title: An action is ten working days overdue
    when: state in (agreed, in_progress) and due_on is not empty and due_on + 10 working days <= today
    once_per: due_on
    notice: {to: owner, before: 3 working days}
    unless: escalation accepted
    tell: [chair]
    severity: escalation
    quiets: [action-overdue]
"""
AGENDA_RULE = """
  - id: action-overdue-agenda
    about: action
    title: An action is thirty days overdue
    when: state in (agreed, in_progress) and due_on is not empty and due_on + 30 days <= today
    once_per: due_on
    notice: {to: owner, before: 3 working days}
    unless: escalation accepted
    tell: [chair]
    severity: escalation
    quiets: [action-overdue-chair]
"""
# What ends again by itself: about to be due, and a reminder on the day before, in the middle of the notice.
BRINK_RULES = """
  - id: action-unsure
    about: action
    title: An action is due in ten days, and nobody has heard of it
    when: state in (agreed, in_progress) and due_on is not empty and due_on - 10 days <= today and today <= due_on
    once_per: due_on
    notice: {to: owner, before: 3 working days}
    tell: [chair]

  - id: action-tomorrow
    about: action
    title: An action is due tomorrow
    when: state in (agreed, in_progress) and due_on is not empty and due_on - 1 days <= today
    once_per: due_on
    tell: [owner]
"""
CHAIR, OWNER, AGENDA = "action-overdue-chair", "action-overdue", "action-overdue-agenda"
# Due on Monday 2 March 2026: ten working days later is Monday the 16th, three before that Wednesday the 11th.
NOTICED_ON, NAMED_ON = date(2026, 3, 11), date(2026, 3, 16)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "clock.yaml").write_text(CLOCK)
    (folder / "action.yaml").write_text(RULES)
    return load_rules(folder, KINDS)


@pytest.fixture(scope="module")
def ladder(tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    """The same with one level more, thirty days after the due date: on Wednesday 1 April."""
    folder = tmp_path_factory.mktemp("ladder")
    (folder / "clock.yaml").write_text(CLOCK)
    (folder / "action.yaml").write_text(RULES + AGENDA_RULE)
    return load_rules(folder, KINDS)


@pytest.fixture(scope="module")
def brink(tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    """The same with a level that gives notice and ends again by itself, and a reminder in the middle of the notice."""
    folder = tmp_path_factory.mktemp("brink")
    (folder / "clock.yaml").write_text(CLOCK)
    (folder / "action.yaml").write_text(RULES + BRINK_RULES)
    return load_rules(folder, KINDS)


class Diary:
    """Judges day by day and remembers, as the histories do."""

    def __init__(self, book: RuleBook, **changed: Value) -> None:
        self.rules = book.about("action")
        self.facts = {**FACTS, **changed}
        self.past = Past()

    def look(self, today: date) -> list[str]:
        verdicts = judge(self.rules, self.facts, today=today, calendar=ENGLAND, past=self.past)
        self.past = self.past.after(verdicts, today=today)
        return [f"notice {one.rule.id}" if one.is_notice else one.rule.id for one in verdicts]

    def look_daily(self, first: date, last: date) -> dict[date, list[str]]:
        found = {
            first + timedelta(days=n): self.look(first + timedelta(days=n))
            for n in range((last - first).days + 1)
        }
        return {day: said for day, said in found.items() if said}

    def next_look(self, today: date) -> date | None:
        return next_look(self.rules, self.facts, today=today, calendar=ENGLAND, past=self.past)

    def hold(self, kind: HoldKind, *, until_on: date, rule: str | None = None) -> None:
        hold = Hold(kind, rule, None, until_on)
        self.past = Past(self.past.fired, self.past.noticed, (*self.past.holds, hold))

    def outcome(self, rule: str, today: date) -> Outcome:
        opinions = consider(self.rules, self.facts, today=today, calendar=ENGLAND, past=self.past)
        return next(opinion.outcome for opinion in opinions if opinion.rule.id == rule)


def test_the_owner_is_heard_three_working_days_before_the_chair_is_told(book: RuleBook) -> None:
    assert Diary(book).look_daily(date(2026, 3, 1), date(2026, 6, 30)) == {
        date(2026, 3, 3): [OWNER],
        date(2026, 3, 10): [OWNER],
        NOTICED_ON: [f"notice {CHAIR}"],
        NAMED_ON: [CHAIR],
    }


def test_the_end_of_a_notice_is_awaited_although_the_condition_ends_on_that_very_day(brink: RuleBook) -> None:
    due_on = date(2026, 3, 6)
    diary = Diary(brink, due_on=due_on)
    assert diary.look(date(2026, 3, 3)) == ["notice action-unsure"]
    assert diary.look(date(2026, 3, 5)) == ["action-tomorrow"]
    assert diary.next_look(date(2026, 3, 5)) == due_on
    assert diary.look(due_on) == ["action-unsure"]


def test_a_late_notice_gives_its_full_time_all_the_same(book: RuleBook) -> None:
    diary = Diary(book)
    assert diary.look(date(2026, 5, 1)) == [OWNER, f"notice {CHAIR}"], "a Friday before a bank holiday"
    assert diary.outcome(CHAIR, date(2026, 5, 6)) is Outcome.WAITS
    assert diary.look(date(2026, 5, 7)) == [CHAIR]


def test_a_moved_date_needs_a_new_notice(book: RuleBook) -> None:
    diary = Diary(book)
    diary.look(NOTICED_ON)
    diary.facts["due_on"] = date(2026, 3, 9)
    assert diary.look(NAMED_ON) == [OWNER]
    assert diary.look(date(2026, 3, 18)) == [f"notice {CHAIR}"]


def test_an_action_that_is_finished_during_the_notice_is_not_named(book: RuleBook) -> None:
    diary = Diary(book)
    diary.look(NOTICED_ON)
    diary.facts["state"] = "verified"
    assert diary.look(NAMED_ON) == []
    assert diary.next_look(NAMED_ON) is None


def test_a_reply_holds_the_escalation_until_its_last_day(book: RuleBook) -> None:
    diary = Diary(book)
    diary.look(NOTICED_ON)
    diary.hold(HoldKind.REPLY, rule=CHAIR, until_on=date(2026, 3, 19))
    assert diary.look_daily(NAMED_ON, date(2026, 3, 25)) == {
        date(2026, 3, 18): [OWNER],
        date(2026, 3, 20): [CHAIR],
    }, "meanwhile the reminder goes on: nobody louder has spoken"


def test_an_accepted_escalation_holds_only_rules_that_say_so(book: RuleBook) -> None:
    diary = Diary(book)
    diary.hold(HoldKind.ACKNOWLEDGEMENT, until_on=date(2026, 3, 31))
    assert diary.look(date(2026, 3, 3)) == [OWNER]
    assert diary.outcome(CHAIR, NAMED_ON) is Outcome.HELD
    assert diary.next_look(NAMED_ON) == date(2026, 3, 17), "the reminder's next repeat"
    diary.look(date(2026, 3, 31))
    assert diary.next_look(date(2026, 3, 31)) == date(2026, 4, 1)
    assert diary.look(date(2026, 4, 1)) == [f"notice {CHAIR}"]


def test_what_was_accepted_is_said_again_once_its_last_day_is_over(book: RuleBook) -> None:
    diary = Diary(book)
    diary.look_daily(date(2026, 3, 3), NAMED_ON)
    diary.hold(HoldKind.ACKNOWLEDGEMENT, until_on=date(2026, 4, 10))
    assert diary.look_daily(date(2026, 3, 17), date(2026, 6, 30)) == {date(2026, 4, 11): [CHAIR]}
    assert diary.past.fired[CHAIR, "2026-03-02"].numbers == {0, 1}


def test_what_was_accepted_a_second_time_is_said_a_third_time(book: RuleBook) -> None:
    diary = Diary(book)
    diary.look_daily(date(2026, 3, 3), NAMED_ON)
    diary.hold(HoldKind.ACKNOWLEDGEMENT, until_on=date(2026, 4, 10))
    diary.hold(HoldKind.ACKNOWLEDGEMENT, until_on=date(2026, 4, 20))
    assert diary.outcome(CHAIR, date(2026, 4, 11)) is Outcome.HELD
    assert diary.look_daily(date(2026, 4, 11), date(2026, 4, 30)) == {date(2026, 4, 21): [CHAIR]}
    diary.hold(HoldKind.ACKNOWLEDGEMENT, until_on=date(2026, 5, 5))
    assert diary.look_daily(date(2026, 4, 30), date(2026, 6, 30)) == {date(2026, 5, 6): [CHAIR]}


def test_an_acceptance_that_ended_before_the_escalation_spoke_says_nothing_twice(book: RuleBook) -> None:
    diary = Diary(book)
    diary.hold(HoldKind.ACKNOWLEDGEMENT, until_on=date(2026, 3, 6))
    assert diary.look_daily(NOTICED_ON, date(2026, 6, 30)) == {
        NOTICED_ON: [OWNER, f"notice {CHAIR}"],
        NAMED_ON: [CHAIR],
    }


def test_once_an_acceptance_is_over_it_is_said_again_and_the_louder_level_takes_its_own_time(
    ladder: RuleBook,
) -> None:
    diary = Diary(ladder)
    diary.look_daily(date(2026, 3, 3), NAMED_ON)
    diary.hold(HoldKind.ACKNOWLEDGEMENT, until_on=date(2026, 4, 17))
    assert diary.look_daily(date(2026, 3, 17), date(2026, 6, 30)) == {
        date(2026, 4, 18): [CHAIR, f"notice {AGENDA}"],
        date(2026, 4, 22): [AGENDA],
    }


def test_after_days_without_a_look_notice_is_given_of_the_level_of_today_only(ladder: RuleBook) -> None:
    diary = Diary(ladder)
    assert diary.look_daily(date(2026, 4, 20), date(2026, 6, 30)) == {
        date(2026, 4, 20): [OWNER, f"notice {AGENDA}"],
        date(2026, 4, 23): [AGENDA],
    }


def test_while_a_reply_holds_the_louder_level_no_notice_of_the_lower_one_is_given(ladder: RuleBook) -> None:
    diary = Diary(ladder)
    diary.look(date(2026, 4, 20))
    diary.hold(HoldKind.REPLY, rule=AGENDA, until_on=date(2026, 4, 28))
    assert diary.look(date(2026, 4, 24)) == []
    assert diary.outcome(CHAIR, date(2026, 4, 24)) is Outcome.QUIETED
    assert diary.look(date(2026, 4, 29)) == [AGENDA]


def test_each_level_gives_its_own_notice_in_its_own_time(ladder: RuleBook) -> None:
    assert Diary(ladder).look_daily(date(2026, 3, 11), date(2026, 6, 30)) == {
        NOTICED_ON: [OWNER, f"notice {CHAIR}"],
        NAMED_ON: [CHAIR],
        date(2026, 3, 27): [f"notice {AGENDA}"],
        date(2026, 4, 1): [AGENDA],
    }


def test_what_is_urgent_is_silenced_by_nobody(tmp_path: Path) -> None:
    (tmp_path / "clock.yaml").write_text(CLOCK)
    (tmp_path / "action.yaml").write_text(RULES.replace("severity: escalation", "severity: urgent"))
    diary = Diary(load_rules(tmp_path, KINDS))
    diary.hold(HoldKind.SILENCE, until_on=date(2026, 12, 31))
    assert diary.look(NOTICED_ON) == [f"notice {CHAIR}"]


def test_a_silence_of_everything_ends_with_the_current_repeat(book: RuleBook) -> None:
    diary = Diary(book)
    diary.rules = diary.rules[:1]
    diary.look(date(2026, 3, 3))
    diary.hold(HoldKind.SILENCE, until_on=date(2026, 3, 20))
    assert diary.look_daily(date(2026, 3, 4), date(2026, 3, 31)) == {
        date(2026, 3, 21): [OWNER],
        date(2026, 3, 24): [OWNER],
    }


def test_a_silence_of_one_rule_leaves_the_others(book: RuleBook) -> None:
    diary = Diary(book)
    diary.hold(HoldKind.SILENCE, rule=CHAIR, until_on=date(2026, 12, 31))
    assert diary.look(date(2026, 5, 1)) == [OWNER]


def test_of_several_holds_the_longest_counts(book: RuleBook) -> None:
    diary = Diary(book)
    diary.hold(HoldKind.SILENCE, until_on=date(2026, 3, 5))
    diary.hold(HoldKind.SILENCE, rule=OWNER, until_on=date(2026, 3, 9))
    [opinion] = consider(diary.rules, diary.facts, today=date(2026, 3, 3), calendar=ENGLAND, past=diary.past)
    assert (opinion.outcome, opinion.until_on) == (Outcome.HELD, date(2026, 3, 10))


def test_a_rule_that_is_not_in_force_says_nothing_and_quiets_nobody(book: RuleBook) -> None:
    past = Past(withheld=frozenset({CHAIR}))
    verdicts = judge(book.about("action"), FACTS, today=date(2026, 5, 1), calendar=ENGLAND, past=past)
    assert [verdict.rule.id for verdict in verdicts] == [OWNER]


def test_what_was_passed_over_never_speaks_and_quiets_nobody(book: RuleBook) -> None:
    passed = FiredBefore(date(2026, 4, 1), frozenset({0}), was_passed_over=True)
    past = Past(fired={(CHAIR, "2026-03-02"): passed, (OWNER, "2026-03-02"): passed})
    assert judge(book.about("action"), FACTS, today=date(2026, 6, 1), calendar=ENGLAND, past=past) == ()
    past = Past(fired={(CHAIR, "2026-03-02"): passed})
    verdicts = judge(book.about("action"), FACTS, today=date(2026, 6, 1), calendar=ENGLAND, past=past)
    assert [verdict.rule.id for verdict in verdicts] == [OWNER]


def test_a_rule_says_what_it_would_do_and_what_keeps_it(book: RuleBook) -> None:
    diary = Diary(book)
    assert diary.outcome(CHAIR, NOTICED_ON) is Outcome.NOTICES
    diary.look(NOTICED_ON)
    assert diary.outcome(CHAIR, date(2026, 3, 12)) is Outcome.SAID, "the notice has been given"
    diary.look(NAMED_ON)
    assert diary.outcome(CHAIR, date(2026, 3, 17)) is Outcome.SAID
    opinions = consider(diary.rules, diary.facts, today=date(2026, 3, 18), calendar=ENGLAND, past=diary.past)
    assert [(one.rule.id, one.outcome, one.quieted_by) for one in opinions] == [
        (OWNER, Outcome.QUIETED, CHAIR),
        (CHAIR, Outcome.SAID, None),
    ]


@settings(max_examples=80, deadline=None)
@given(
    due_on=days() | st.none(),
    start=days(),
    early=st.none() | st.integers(0, 12),
    held=st.none() | st.integers(0, 60),
    kind=st.sampled_from(list(HoldKind)),
    rule=st.sampled_from([None, CHAIR, OWNER]),
)
def test_following_the_next_look_misses_nothing_that_a_daily_look_finds(
    brink: RuleBook,
    due_on: date | None,
    start: date,
    early: int | None,
    held: int | None,
    kind: HoldKind,
    rule: str | None,
) -> None:
    if due_on is not None and early is not None:
        start = due_on - timedelta(days=early)

    def diary() -> Diary:
        made = Diary(brink, due_on=due_on)
        if held is not None:
            made.hold(kind, rule=rule, until_on=start + timedelta(days=held))
        return made

    last = start + timedelta(days=120)
    daily, following, found = diary().look_daily(start, last), diary(), dict[date, list[str]]()
    today: date | None = start
    while today is not None and today <= last:
        said = following.look(today)
        found |= {today: said} if said else {}
        today = following.next_look(today)
    assert found == daily
