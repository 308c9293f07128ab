"""Rules in plain sentences: every form of a condition has its words, and the YAML beside them is the rule itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from assurance.config import HOME
from assurance.facts import vocabularies
from assurance.queries.rule_words import clock_in_words, rule_as_yaml, rule_in_words
from engine.rules import Rule, load_rules
from engine.workflow import load_workflows
from tests.world import house_shelf

CLOCK = "calendar: weekdays\nlook_at: '06:00'\n"


def rule_with(folder: Path, when: str, *, about: str = "action", more: str = "tell: [owner]") -> Rule:
    """Read a rule of one condition."""
    (folder / "clock.yaml").write_text(CLOCK)
    once = "state_since_on"
    (folder / "one.yaml").write_text(
        f"rules:\n  - id: one\n    about: {about}\n    title: One\n    when: {when}\n    once_per: {once}\n    {more}\n"
    )
    return load_rules(folder, house_shelf().workflows).rules[0]


def said(rule: Rule) -> tuple[str, ...]:
    return rule_in_words(rule, house_shelf().workflows[rule.about], house_shelf().book.clock).when


@pytest.mark.parametrize(
    ("when", "sentence"),
    [
        ("state = agreed", "it stands at ‘Agreed’"),
        ("state not in (agreed, closed)", "it does not stand at ‘Agreed’ or ‘Closed’"),
        ("owner is empty", "it has no owner's post"),
        ("owner is not empty", "it has an owner's post"),
        ("evidence > 0", "there are pieces of evidence"),
        ("evidence = 0", "there are no pieces of evidence"),
        ("times_moved >= 3", "the number of times that the date was moved is at least 3"),
        ("times_moved < evidence", "the number of times that the date was moved is less than the number of pieces of evidence"),
        ("recommendation_is_agreed", "the recommendation is agreed"),
        ("recommendation_is_agreed = false", "it is not so that the recommendation is agreed"),
        ("current_due_on < today", "the date now agreed has passed"),
        ("current_due_on <= today", "the date now agreed has come"),
        ("today <= current_due_on", "the date now agreed has not passed"),
        ("current_due_on > today", "the date now agreed is still to come"),
        ("current_due_on = today", "the date now agreed is today"),
        ("current_due_on + 1 working days <= today", "at least 1 working day has passed since the date now agreed"),
        ("current_due_on + 30 days < today", "more than 30 days have passed since the date now agreed"),
        ("current_due_on + 30 days >= today", "no more than 30 days have passed since the date now agreed"),
        ("current_due_on - 2 weeks <= today", "no more than 2 weeks are left until the date now agreed"),
        ("current_due_on - 2 weeks > today", "more than 2 weeks are left until the date now agreed"),
        ("current_due_on != today", "the date now agreed is not on today"),
        ("current_due_on > original_due_on", "the date now agreed is after the date first agreed"),
        (
            "current_due_on <= today + 6 months",
            "the date now agreed is on or before the day 6 months after today",
        ),
        ("current_due_on < 2015-03-31", "the date now agreed is before 31 March 2015"),
        ("not (state = agreed and evidence > 0)", "it is not so that it stands at ‘Agreed’ and there are pieces of evidence"),
        ("state = agreed or evidence > 0", "either it stands at ‘Agreed’ or there are pieces of evidence"),
    ],
)  # fmt: skip
def test_each_form_of_a_condition_has_its_words(tmp_path: Path, when: str, sentence: str) -> None:
    assert said(rule_with(tmp_path, when)) == (sentence,)


def test_a_day_that_is_near_and_has_not_passed_is_said_once(tmp_path: Path) -> None:
    when = "current_due_on - 7 days <= today and today <= current_due_on and evidence = 0"
    assert said(rule_with(tmp_path, when)) == (
        "the date now agreed is today or at most 7 days ahead",
        "there are no pieces of evidence",
    )


def test_that_something_is_there_is_left_out_where_it_is_compared_anyway(tmp_path: Path) -> None:
    when = "current_due_on is not empty and current_due_on < today and owner is not empty"
    assert said(rule_with(tmp_path, when)) == ("the date now agreed has passed", "it has an owner's post")


def test_a_ladder_s_rung_says_whom_it_tells_who_is_heard_first_and_what_holds_it() -> None:
    shelf = house_shelf()
    rule = next(one for one in shelf.book.rules if one.id == "action-overdue-chair")
    words = rule_in_words(rule, shelf.workflows["action"], shelf.book.clock)
    assert words.sentence == (
        "When, for an action, it stands at ‘Agreed’ or ‘In progress’, it has no agency for which it waits and at least "
        "10 working days have passed since the day from which its owner is chased: the chair gets a mail, and its owner "
        "and the lead of its agency a copy."
    )
    assert words.notice == "Its owner gets notice 3 working days before, and can reply."
    assert words.hold.startswith("Whoever is told can accept it until a day that they name")
    assert words.loudness == "An escalation: a mail of its own, at once outside the quiet hours."
    assert words.quiets == ("action-overdue",)


def test_repeats_urgency_and_what_a_rule_sets_are_said(tmp_path: Path) -> None:
    more = "tell: [members]\n    severity: urgent\n    repeat: {every: 2 weeks, at_most: 3}"
    words = rule_in_words(
        rule_with(tmp_path, "state = agreed", more=more),
        house_shelf().workflows["action"],
        house_shelf().book.clock,
    )
    assert words.whom == "The members of the group get a mail."
    assert words.how_often.endswith("Then again every 2 weeks, 3 times in all, as long as it is so.")
    assert (words.loudness, words.hold) == (
        "Urgent: its mail goes at once, also at night.",
        "Nobody can silence it.",
    )
    silent = rule_with(tmp_path, "state = waiting", about="approval", more="set: {deputy_called: true}")
    words = rule_in_words(silent, house_shelf().workflows["approval"], house_shelf().book.clock)
    assert (words.whom, words.sets) == ("Nobody is told.", ("the deputy was called in: yes",))


def test_the_clock_is_said_in_sentences() -> None:
    told = " ".join(clock_in_words(house_shelf().book.clock))
    for part in ("06:30", "from 18:00 to 07:30", "days on which nobody works", "07:45", "more than 50 mails"):
        assert part in told


def test_the_yaml_of_every_rule_of_the_house_is_read_again_as_the_same_rule(tmp_path: Path) -> None:
    rules = house_shelf().book.rules
    written = "rules:\n" + "".join(rule_as_yaml(rule) for rule in rules)
    (tmp_path / "all.yaml").write_text(written, encoding="utf-8")
    (tmp_path / "clock.yaml").write_text(CLOCK)
    again = load_rules(tmp_path, load_workflows(HOME / "workflows", vocabularies())).rules
    assert [(rule.id, rule.hash) for rule in again] == [(rule.id, rule.hash) for rule in rules]


@pytest.mark.parametrize(
    "title", ["true", "- a list", "a: b", "50% done # really", "{x}", "it's “so”", "'quoted'"]
)
def test_a_title_that_yaml_would_read_otherwise_is_quoted(tmp_path: Path, title: str) -> None:
    rule = rule_with(tmp_path, "state = agreed")
    text = json.dumps({**json.loads(rule.text), "title": title})
    (tmp_path / "one.yaml").write_text("rules:\n" + rule_as_yaml(replace(rule, text=text)), encoding="utf-8")
    assert load_rules(tmp_path, house_shelf().workflows).rules[0].title == title
