"""A rule as people read it: when it speaks, whom it tells, how often, who is heard first, and what holds it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from assurance.reasons import day_in_words
from engine.condition_tree import (
    Compare,
    Constant,
    Either,
    Empty,
    Every,
    Fact,
    Not,
    OneOf,
    Operator,
    Shifted,
    Term,
    Today,
    Tree,
    fact_of,
)
from engine.conditions import Kind
from engine.refusals import all_of, one_of
from engine.rule import Repeat, Rule, Severity
from engine.rule_clock import RuleClock
from engine.spans import Span
from engine.workflow_parts import Definition

# Whom a word of the YAML means; one that is missing here is a post, and is called so.
_WHOM = {
    "owner": "its owner",
    "agency_lead": "the lead of its agency",
    "agency_leads": "the leads of all agencies",
    "awaited_lead": "the lead of the agency for which it waits",
    "members": "the members of the group",
    "requester": "whoever asked for it",
    "approver": "whoever is asked to decide",
    "board_chair": "the chair of the Board",
}
_COMPARED = {
    Operator.EQUAL: "",
    Operator.UNEQUAL: "not ",
    Operator.BELOW: "less than ",
    Operator.AT_MOST: "at most ",
    Operator.ABOVE: "more than ",
    Operator.AT_LEAST: "at least ",
}
_DAYS = {
    Operator.EQUAL: "on",
    Operator.UNEQUAL: "not on",
    Operator.BELOW: "before",
    Operator.AT_MOST: "on or before",
    Operator.ABOVE: "after",
    Operator.AT_LEAST: "on or after",
}
# How many of its days have gone by, or are left, when a day that lies so far from today is compared with it.
_HAS_COME = {
    Operator.AT_MOST: ("at least", "no more than"),
    Operator.BELOW: ("more than", "fewer than"),
    Operator.AT_LEAST: ("no more than", "at least"),
    Operator.ABOVE: ("fewer than", "more than"),
    Operator.EQUAL: ("exactly", "exactly"),
}
_YES_NO = {"true": "yes", "false": "no"}
_ORDER = (
    "id",
    "about",
    "title",
    "when",
    "once_per",
    "repeat",
    "notice",
    "unless",
    "tell",
    "copy",
    "severity",
    "quiets",
    "set",
)


@dataclass(frozen=True, slots=True)
class RuleInWords:
    """One rule in sentences; what is empty is not part of it. `when` are the parts that must all be so."""

    sentence: str
    when: tuple[str, ...]
    whom: str
    how_often: str
    notice: str
    hold: str
    loudness: str
    quiets: tuple[str, ...]
    sets: tuple[str, ...]


def rule_in_words(rule: Rule, workflow: Definition, clock: RuleClock) -> RuleInWords:
    """Say a rule in plain sentences, in the words of its kind's newest workflow."""
    words = _Words(workflow)
    when = words.parts(rule.when.tree)
    subject = workflow.title[:1].lower() + workflow.title[1:]
    article = "an" if subject[0] in "aeiou" else "a"
    whom = _whom(rule)
    return RuleInWords(
        sentence=f"When, for {article} {subject}, {all_of(when)}: {whom[:1].lower()}{whom[1:]}",
        when=when,
        whom=whom,
        how_often=_how_often(rule, words.title(rule.once_per)),
        notice=_notice(rule),
        hold=_hold(rule),
        loudness=_loudness(rule.severity, clock),
        quiets=tuple(sorted(rule.quiets)),
        sets=tuple(
            f"{words.title(name)}: {_YES_NO.get(value.text, value.text)}" for name, value in rule.sets.items()
        ),
    )


def clock_in_words(clock: RuleClock) -> tuple[str, ...]:
    """Say in sentences when rules look, when mail rests, when reminders go, and how many mails need no word."""
    told = [f"Rules look at {clock.look_at:%H:%M} on every day, and at whatever has just been changed."]
    if clock.quiet_hours is not None:
        also = ", and on days on which nobody works" if clock.quiet_hours.also_days_off else ""
        told.append(
            f"Mail rests from {clock.quiet_hours.begins:%H:%M} to {clock.quiet_hours.ends:%H:%M}{also}. It is held, "
            "never dropped; what is urgent goes at once."
        )
    if clock.digest_at is not None:
        told.append(
            f"Reminders go at {clock.digest_at:%H:%M}, in one mail for each person and working day; escalations, notices "
            "and decisions go by themselves."
        )
    told.append(
        f"A new or changed rule that would owe more than {clock.cap} mails waits until somebody has said what is to "
        "become of them."
    )
    return tuple(told)


def rule_as_yaml(rule: Rule) -> str:
    """Write a rule as it stands in its file, without comments: read again it has the same content."""
    entry = json.loads(rule.text)
    lines = [f"{key}: {_yaml(entry[key])}" for key in _ORDER if key in entry]
    return "\n".join(f"{'- ' if number == 0 else '  '}{line}" for number, line in enumerate(lines)) + "\n"


class _Words:
    """The words of one kind: what its facts and states are called."""

    def __init__(self, workflow: Definition) -> None:
        self._workflow = workflow

    def title(self, name: str) -> str:
        field = self._workflow.vocabulary.fields[name]
        return field.title or name.replace("_", " ")

    def parts(self, tree: Tree) -> tuple[str, ...]:
        """Say each part of a condition that must be so; what another part says anyway is left out."""
        if not isinstance(tree, Every):
            return (self._said(tree),)
        compared = {fact.name for part in tree.parts if isinstance(part, Compare) for fact in _facts(part)}
        near = {name for part in tree.parts for name, _ in _near(part)}
        near &= {name for part in tree.parts for name in _not_passed(part)}
        return tuple(
            said
            for part in tree.parts
            if not _says_it_is_there(part, compared)
            for said in self._of_several(part, near)
        )

    def _of_several(self, part: Tree, near: set[str]) -> Iterator[str]:
        """Say one of several parts; of the two that say that a day is near and has not passed, the first says both."""
        for name, span in _near(part):
            if name in near:
                yield f"{self.title(name)} is today or at most {span} ahead"
                return
        if not near & set(_not_passed(part)):
            yield self._said(part)

    def _said(self, tree: Tree) -> str:
        match tree:
            case Every():
                said = all_of(self.parts(tree))
            case Either(parts):
                said = f"either {' or '.join(self._said(part) for part in parts)}"
            case Not(Empty(fact)):
                said = f"it has {_a(self.title(fact.name))}"
            case Empty(fact):
                said = f"it has no {_bare(self.title(fact.name))}"
            case Not(OneOf(fact, values)):
                said = self._is_one(fact, values, no=True)
            case OneOf(fact, values):
                said = self._is_one(fact, values)
            case Not(part):
                said = f"it is not so that {self._said(part)}"
            case _:
                said = self._compared(tree.left, tree.operator, tree.right)
        return said

    def _compared(self, left: Term, operator: Operator, right: Term) -> str:
        if fact_of(left) is None:
            left, operator, right = right, operator.turned, left
        fact = fact_of(left)
        if fact is None:
            return f"{self._term(left)} is {_DAYS[operator]} {self._term(right)}"
        if fact.kind is Kind.DATE:
            if isinstance(right, Today) and operator in _HAS_COME:
                return self._since_or_until(left, operator, self.title(fact.name))
            return f"{self._term(left)} is {_DAYS[operator]} {self._term(right)}"
        is_no = operator is Operator.UNEQUAL
        if isinstance(right, Constant) and fact.kind is Kind.YES_NO:
            return (
                f"{'' if (right.value is True) is not is_no else 'it is not so that '}{self.title(fact.name)}"
            )
        if isinstance(right, Constant) and fact.kind is Kind.CHOICE:
            return self._is_one(fact, (right.value,), no=is_no)
        return self._number(fact, operator, right)

    def _since_or_until(self, left: Term, operator: Operator, title: str) -> str:
        """Say of a day, perhaps moved, how it lies to today."""
        if not isinstance(left, Shifted):
            plain = {
                Operator.BELOW: "has passed",
                Operator.AT_MOST: "has come",
                Operator.ABOVE: "is still to come",
                Operator.AT_LEAST: "has not passed",
                Operator.EQUAL: "is today",
            }
            return f"{title} {plain[operator]}"
        since, until = _HAS_COME[operator]
        number = abs(left.span.number)
        span = str(Span(number, left.span.unit))
        if left.span.number > 0:
            return f"{since} {span} {'has' if number == 1 else 'have'} passed since {title}"
        return f"{until} {span} {'is' if number == 1 else 'are'} left until {title}"

    def _number(self, fact: Fact, operator: Operator, right: Term) -> str:
        title = self.title(fact.name)
        if isinstance(right, Constant) and (right.value, operator) in (
            (0, Operator.ABOVE),
            (1, Operator.AT_LEAST),
        ):
            return f"there are {title}"
        if isinstance(right, Constant) and (right.value, operator) in (
            (0, Operator.EQUAL),
            (1, Operator.BELOW),
        ):
            return f"there are no {title}"
        return f"the number of {title} is {_COMPARED[operator]}{self._term(right)}"

    def _is_one(self, fact: Fact, values: Sequence[object], *, no: bool = False) -> str:
        if fact.name == "state":
            states = self._workflow.states
            told = one_of(f"‘{states[str(value)].title}’" for value in values)
            return f"it {'does not stand' if no else 'stands'} at {told}"
        told = one_of(f"‘{str(value).replace('_', ' ')}’" for value in values)
        return f"{self.title(fact.name)} is {'not ' if no else ''}{told}"

    def _term(self, term: Term) -> str:
        match term:
            case Fact(name):
                number = "the number of " if term.kind is Kind.WHOLE else ""
                return f"{number}{self.title(name)}"
            case Today():
                return "today"
            case Shifted(base, span):
                way = "after" if span.number >= 0 else "before"
                return f"the day {Span(abs(span.number), span.unit)} {way} {self._term(base)}"
            case Constant(value):
                return day_in_words(value) if isinstance(value, date) else str(value).replace("_", " ")


def _facts(part: Compare) -> Iterator[Fact]:
    return (fact for fact in (fact_of(part.left), fact_of(part.right)) if fact is not None)


def _says_it_is_there(part: Tree, compared: set[str]) -> bool:
    """Say whether a part only asks that something is there, which a comparison with it says too."""
    return isinstance(part, Not) and isinstance(part.part, Empty) and part.part.fact.name in compared


def _near(part: Tree) -> Iterator[tuple[str, Span]]:
    """Give the day that a part says is near, and how near: `x - 3 days <= today`."""
    if isinstance(part, Compare) and part.operator is Operator.AT_MOST and isinstance(part.right, Today):
        fact = fact_of(part.left)
        if fact is not None and isinstance(part.left, Shifted) and part.left.span.number < 0:
            yield fact.name, Span(-part.left.span.number, part.left.span.unit)


def _not_passed(part: Tree) -> Iterator[str]:
    """Give the day that a part says has not passed: `today <= x`."""
    match part:
        case Compare(Today(), Operator.AT_MOST, Fact(name)):
            yield name


def _whom(rule: Rule) -> str:
    if not rule.tell:
        return "Nobody is told."
    copied = f", and {all_of(_named(word) for word in rule.copy)} a copy" if rule.copy else ""
    told = all_of(_named(word) for word in rule.tell)
    verb = "get" if len(rule.tell) > 1 or rule.tell[0] in ("members", "agency_leads") else "gets"
    return f"{told[:1].upper()}{told[1:]} {verb} a mail{copied}."


def _named(word: str) -> str:
    return _WHOM.get(word, f"the {word.replace('_', ' ')}")


def _how_often(rule: Rule, occasion: str) -> str:
    told = f"Once for {occasion}; when that changes, it is another occasion."
    if rule.repeat is None:
        return told
    return (
        f"{told} Then again {_every(rule.repeat)}, {rule.repeat.at_most} times in all, as long as it is so."
    )


def _every(repeat: Repeat) -> str:
    unit = repeat.every.unit.value.removesuffix("s")
    return f"every {unit}" if repeat.every.number == 1 else f"every {repeat.every}"


def _notice(rule: Rule) -> str:
    if rule.notice is None:
        return ""
    told = _named(rule.notice.to)
    return f"{told[:1].upper()}{told[1:]} gets notice {rule.notice.before} before, and can reply."


def _hold(rule: Rule) -> str:
    if rule.severity is Severity.URGENT:
        return "Nobody can silence it."
    if rule.unless is None:
        return "It can be silenced, with a reason and a last day."
    return "Whoever is told can accept it until a day that they name, and it waits that long. It can be silenced, with a reason and a last day."


def _loudness(severity: Severity, clock: RuleClock) -> str:
    rests = " outside the quiet hours" if clock.quiet_hours is not None else ""
    match severity:
        case Severity.URGENT:
            return "Urgent: its mail goes at once, also at night."
        case Severity.ESCALATION:
            return f"An escalation: a mail of its own, at once{rests}."
    return "A reminder: goes with the digest of the day." if clock.digest_at else f"A reminder{rests}."


def _a(title: str) -> str:
    bare = _bare(title)
    return f"{'an' if bare[0] in 'aeiou' else 'a'} {bare}"


def _bare(title: str) -> str:
    return title.removeprefix("the ").removeprefix("its ")


def _yaml(value: object) -> str:
    match value:
        case Mapping():
            return "{" + ", ".join(f"{key}: {_yaml(one)}" for key, one in value.items()) + "}"
        case list():
            return "[" + ", ".join(_yaml(one) for one in value) + "]"
        case str() if _needs_quotes(value):
            return json.dumps(value, ensure_ascii=False)
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def _needs_quotes(text: str) -> bool:
    """Say whether a text would be something else, or nothing, if it stood in a YAML file as it is."""
    return any(_looks_odd(text))


def _looks_odd(text: str) -> Iterator[bool]:
    yield text != text.strip() or not text
    yield any(mark in text for mark in (": ", " #", "\n", "{", "}", "[", "]", ", "))
    yield text[:1] in "-?:,&*!|>'\"%@`#"
    yield text.endswith(":") or text.lower() in ("true", "false", "null", "~")
