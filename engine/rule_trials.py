"""Trials of rules, written in YAML beside them: given facts, on these days, which rules speak? Pure.

A file of trials is about one kind of subject:

    about: action
    trials:
      - trial: The owner is reminded weekly until the chair has it
        given: {state: agreed, current_due_on: 2026-03-02}
        daily: true
        days:
          - {on: 2026-03-03, expect: [action-overdue]}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from engine.conditions import Calendar, Field, Kind, Value, Vocabulary
from engine.errors import BadDefinition, Problem
from engine.faults import Faults
from engine.outlook import Outlook
from engine.rule import Hold, HoldKind, Opinion, Outcome, Past, Rule, RuleBook
from engine.words import listed, unknown
from engine.workflow_parts import Place
from engine.workflow_words import place_of
from engine.yamlfile import Node, read_yaml

FOLDER = "tests"
NOTICE = "notice "
LONGEST = timedelta(days=1000)

_HELD = ("reply", "acknowledgement", "silence")


class Tried(NamedTuple):
    """How many trials were held, and what did not come out as they say."""

    trials: int
    failures: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Day:
    """One day of a trial: what changes before the rules look, and which rules are expected to speak."""

    on: date
    facts: Mapping[str, Value]
    hold: Hold | None
    expected: Sequence[str]
    place: Place


@dataclass(frozen=True, slots=True)
class _Trial:
    """One subject with its facts, and the days on which it is looked at; `daily` also looks on those between."""

    rules: tuple[Rule, ...]
    days: tuple[_Day, ...]
    daily: bool


def try_rules(
    folder: Path, book: RuleBook, vocabularies: Mapping[str, Vocabulary], *, calendar: Calendar
) -> Tried:
    """Hold every trial in the folder `tests` beside the rules, if there is one.

    Raises BadDefinition, with every fault at once, for a file that cannot be read as trials.
    """
    faults = Faults()
    trials: list[_Trial] = []
    for path in sorted((folder / FOLDER).glob("*.yaml")):
        node = faults.reading(read_yaml, path)
        if node is not None:
            trials += faults.reading(_trials, node, book, vocabularies) or ()
    faults.settle()
    failures = (problem for trial in trials for problem in _failures(trial, calendar))
    return Tried(len(trials), tuple(failures))


def _failures(trial: _Trial, calendar: Calendar) -> list[Problem]:
    problems: list[Problem] = []
    facts: Mapping[str, Value] = {}
    past = Past()
    for day, ahead in zip(trial.days, [*trial.days[1:], None], strict=True):
        facts = {**facts, **day.facts}
        past = replace(past, holds=(*past.holds, day.hold)) if day.hold else past
        quiet_days = _between(day.on, ahead.on) if trial.daily and ahead else ()
        for looked in (day, *(_Day(between, {}, None, (), day.place) for between in quiet_days)):
            outlook = Outlook(trial.rules, facts, past, today=looked.on, calendar=calendar)
            opinions = outlook.opinions()
            spoken = [_spelled(opinion) for opinion in outlook.says()]
            if sorted(spoken) != sorted(looked.expected):
                problems.append(looked.place.problem(_wrong(looked, spoken, opinions)))
            facts, past = outlook.facts, outlook.past
    return problems


def _wrong(day: _Day, spoken: Sequence[str], opinions: Sequence[Opinion]) -> str:
    missing = [word for word in day.expected if word not in spoken]
    unexpected = [word for word in spoken if word not in day.expected]
    parts = [f"on {day.on} {listed(unexpected)} spoke, which was not expected"] if unexpected else []
    if missing:
        parts.append(f"on {day.on} {listed(missing)} was expected and did not speak")
    parts += [_because(word, opinions) for word in missing]
    return "; ".join(parts)


def _because(word: str, opinions: Sequence[Opinion]) -> str:
    rule = word.removeprefix(NOTICE)
    found = next((opinion for opinion in opinions if opinion.rule.id == rule), None)
    if found is None:
        return f"the condition of '{rule}' is not true then"
    by = f" by '{found.quieted_by}'" if found.outcome is Outcome.QUIETED else ""
    until = f" until {found.until_on}" if found.until_on else ""
    return f"'{rule}' {found.outcome}{by}{until}"


def _spelled(opinion: Opinion) -> str:
    return f"{NOTICE}{opinion.rule.id}" if opinion.is_notice else opinion.rule.id


def _between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range(1, (last - first).days)]


def _trials(node: Node, book: RuleBook, vocabularies: Mapping[str, Vocabulary]) -> list[_Trial]:
    faults = Faults()
    keys = node.fields(required=("about", "trials"))
    kind = keys["about"].one_of(vocabularies, "a kind of subject")
    reader = _Reader(book.about(kind), vocabularies[kind])
    read = [faults.reading(reader.trial, entry) for entry in keys["trials"].items()]
    faults.settle()
    return [trial for trial in read if trial is not None]


class _Reader(NamedTuple):
    """Reads trials about one kind of subject."""

    rules: tuple[Rule, ...]
    vocabulary: Vocabulary

    def trial(self, node: Node) -> _Trial:
        keys = node.fields(required=("trial", "given", "days"), optional=("daily",))
        keys["trial"].text()
        given = {**_empty(self.vocabulary), **self.facts(keys["given"])}
        self._require(keys["given"], given)
        days = [self.day(entry) for entry in keys["days"].items()]
        if not days:
            raise keys["days"].bad("a trial looks on at least one day")
        for earlier, later in pairwise(days):
            if not earlier.on < later.on <= earlier.on + LONGEST:
                message = (
                    f"{later.on} follows {earlier.on}; days go forward, at most {LONGEST.days} at a time"
                )
                raise BadDefinition([later.place.problem(message)])
        days[0] = replace(days[0], facts={**given, **days[0].facts})
        return _Trial(self.rules, tuple(days), keys["daily"].yes_no() if "daily" in keys else False)

    def day(self, node: Node) -> _Day:
        keys = node.fields(required=("on", "expect"), optional=("given", "hold"))
        facts = self.facts(keys["given"]) if "given" in keys else {}
        hold = self.hold(keys["hold"]) if "hold" in keys else None
        expected = [self.expected(word) for word in keys["expect"].items()]
        return _Day(keys["on"].day(), facts, hold, expected, place_of(keys["expect"]))

    def facts(self, node: Node) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for key, value in node.pairs():
            name = key.one_of(self.vocabulary.fields, f"a fact of {self.vocabulary.about}")
            found[name] = _value(value, self.vocabulary.fields[name])
        return found

    def hold(self, node: Node) -> Hold:
        keys = node.fields(required=("kind", "until"), optional=("rule",))
        kind = HoldKind(keys["kind"].one_of(_HELD, "something that holds a rule"))
        rule = self._rule(keys["rule"], keys["rule"].text()) if "rule" in keys else None
        return Hold(kind, rule, None, keys["until"].day())

    def expected(self, node: Node) -> str:
        word = node.text()
        rule = self._rule(node, word.removeprefix(NOTICE))
        return NOTICE + rule if word.startswith(NOTICE) else rule

    def _rule(self, node: Node, name: str) -> str:
        known = [rule.id for rule in self.rules]
        if name not in known:
            raise node.bad(unknown(name, f"a rule about {self.vocabulary.about}", known))
        return name

    def _require(self, node: Node, given: Mapping[str, Value]) -> None:
        """Refuse a subject that lacks a fact which is never empty and which a rule asks for."""
        for name, field in self.vocabulary.fields.items():
            if given[name] is None and not field.optional:
                raise node.bad(f"say what '{name}' is; it is {field.kind.spoken} and never empty")


def _empty(vocabulary: Vocabulary) -> dict[str, Value]:
    """Give a subject of which nothing is known yet: no, nought, or empty."""
    usual: dict[Kind, Value] = {Kind.YES_NO: False, Kind.WHOLE: 0}
    return {
        name: None if field.optional else usual.get(field.kind) for name, field in vocabulary.fields.items()
    }


def _value(node: Node, field: Field) -> Value:
    if node.is_empty():
        if not field.optional:
            raise node.bad(f"'{field.name}' is {field.kind.spoken} and never empty")
        return None
    match field.kind:
        case Kind.DATE:
            return node.day()
        case Kind.WHOLE:
            return node.whole()
        case Kind.YES_NO:
            return node.yes_no()
        case Kind.CHOICE:
            return node.one_of(field.choices, f"a value of '{field.name}'")
    return node.text()
