"""Turns the tree of a condition into closures: whether it holds, and when time alone can turn the answer."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple, TypeAlias

from engine.condition_tree import (
    Compare,
    Constant,
    Either,
    Every,
    Fact,
    Not,
    OneOf,
    Operator,
    Shifted,
    Term,
    Today,
    Tree,
    has_today,
)
from engine.spans import Calendar, Span
from engine.vocabulary import Facts, Value

Holds: TypeAlias = Callable[[Facts, date, Calendar], bool]
Getter: TypeAlias = Callable[[Facts, date, Calendar], Value]
Change: TypeAlias = Callable[[Facts, date, Calendar], date | None]
# The first day on which the moving side is at a target or beyond; None if it never is.
_Reached: TypeAlias = Callable[[date, Calendar], date | None]
# The parser has seen to it that both values are of one kind, which no type of Python can say.
_Compare: TypeAlias = Callable[[Any, Any], bool]

_COMPARE: Mapping[Operator, _Compare] = {
    Operator.EQUAL: operator.eq,
    Operator.UNEQUAL: operator.ne,
    Operator.BELOW: operator.lt,
    Operator.AT_MOST: operator.le,
    Operator.ABOVE: operator.gt,
    Operator.AT_LEAST: operator.ge,
}


class Compiled(NamedTuple):
    """What a tree becomes: the test, and its next change if time can touch it at all."""

    holds: Holds
    change: Change | None = None


def compile_tree(tree: Tree) -> Compiled:
    """Return the closures of a tree."""
    match tree:
        case Every(parts):
            return _every([compile_tree(part) for part in parts])
        case Either(parts):
            return _either([compile_tree(part) for part in parts])
        case Not(part):
            return _not(compile_tree(part))
        case Compare():
            return Compiled(_comparing(tree), _changing(tree))
        case OneOf(fact, values):
            return _one_of(fact.name, frozenset(values))
    return _empty(tree.fact.name)


def _every(parts: list[Compiled]) -> Compiled:
    return Compiled(_all([part.holds for part in parts]), _first_change(parts, decided_by=False))


def _either(parts: list[Compiled]) -> Compiled:
    return Compiled(_any([part.holds for part in parts]), _first_change(parts, decided_by=True))


# Joined in pairs, because `all` over a generator takes twice as long.
def _all(tests: list[Holds]) -> Holds:
    if len(tests) == 1:
        return tests[0]
    first, second = _all(tests[: len(tests) // 2]), _all(tests[len(tests) // 2 :])
    return lambda facts, today, calendar: first(facts, today, calendar) and second(facts, today, calendar)


def _any(tests: list[Holds]) -> Holds:
    if len(tests) == 1:
        return tests[0]
    first, second = _any(tests[: len(tests) // 2]), _any(tests[len(tests) // 2 :])
    return lambda facts, today, calendar: first(facts, today, calendar) or second(facts, today, calendar)


def _first_change(parts: list[Compiled], *, decided_by: bool) -> Change | None:
    lasting = tuple(part.holds for part in parts if part.change is None)
    changes = tuple(part.change for part in parts if part.change is not None)
    if not changes:
        return None

    def change(facts: Facts, today: date, calendar: Calendar) -> date | None:
        # A part that time cannot touch has decided for good: a closed action needs no timer.
        for test in lasting:
            if test(facts, today, calendar) is decided_by:
                return None
        first = None
        for part in changes:
            day = part(facts, today, calendar)
            if day is not None and (first is None or day < first):
                first = day
        return first

    return change


def _not(part: Compiled) -> Compiled:
    test = part.holds
    return Compiled(lambda facts, today, calendar: not test(facts, today, calendar), part.change)


def _one_of(name: str, values: frozenset[int | date | bool | str]) -> Compiled:
    # None is never among the values, so an empty fact is in no list.
    return Compiled(lambda facts, _today, _calendar: facts[name] in values)


def _empty(name: str) -> Compiled:
    return Compiled(lambda facts, _today, _calendar: facts[name] is None)


def _comparing(atom: Compare) -> Holds:
    left, sign, right = atom.left, atom.operator, atom.right
    if isinstance(left, Today | Constant):
        left, sign, right = right, sign.turned, left
    compare = _COMPARE[sign]
    match left, right:
        case Fact(name), Constant(value):
            return _fact_with_constant(name, compare, value)
        case Fact(name), Today():
            return _fact_with_today(name, compare)
        case Shifted(Fact(name), span), Today():
            return _shifted_fact_with_today(name, span, compare)
    return _two_terms(getter(left), compare, getter(right))


def _two_terms(left: Getter, compare: _Compare, right: Getter) -> Holds:
    def holds(facts: Facts, today: date, calendar: Calendar) -> bool:
        one = left(facts, today, calendar)
        other = right(facts, today, calendar)
        return one is not None and other is not None and compare(one, other)

    return holds


def _fact_with_constant(name: str, compare: _Compare, constant: Value) -> Holds:
    def holds(facts: Facts, _today: date, _calendar: Calendar) -> bool:
        value = facts[name]
        return value is not None and compare(value, constant)

    return holds


def _fact_with_today(name: str, compare: _Compare) -> Holds:
    def holds(facts: Facts, today: date, _calendar: Calendar) -> bool:
        value = facts[name]
        return value is not None and compare(value, today)

    return holds


def _shifted_fact_with_today(name: str, span: Span, compare: _Compare) -> Holds:
    after = span.after

    def holds(facts: Facts, today: date, calendar: Calendar) -> bool:
        day = facts[name]
        return isinstance(day, date) and compare(after(day, calendar), today)

    return holds


def getter(term: Term) -> Getter:
    """Return the closure that gives the value of a term."""
    match term:
        case Fact(name):
            return lambda facts, _today, _calendar: facts[name]
        case Today():
            return lambda _facts, today, _calendar: today
        case Constant(value):
            return lambda _facts, _today, _calendar: value
    return _shifted(getter(term.base), term.span)


def _shifted(get: Getter, span: Span) -> Getter:
    def shifted(facts: Facts, today: date, calendar: Calendar) -> Value:
        day = get(facts, today, calendar)
        return span.after(day, calendar) if isinstance(day, date) else None

    return shifted


def _changing(atom: Compare) -> Change | None:
    if has_today(atom.right):
        moving, sign, fixed = atom.right, atom.operator.turned, getter(atom.left)
    elif has_today(atom.left):
        moving, sign, fixed = atom.left, atom.operator, getter(atom.right)
    else:
        return None
    reached: _Reached = moving.span.first_reaching if isinstance(moving, Shifted) else _itself
    turns = _TURNS[sign]

    def change(facts: Facts, today: date, calendar: Calendar) -> date | None:
        day = fixed(facts, today, calendar)
        if not isinstance(day, date):
            return None
        for turn in turns:
            if turn and day == date.max:
                return None
            turned_on = reached(day + turn if turn else day, calendar)
            if turned_on is not None and turned_on > today:
                return turned_on
        return None

    return change


# The moving side only grows with time: first it is below the fixed day, then equal to it, then above. So the
# answer turns on the day that reaches the fixed day, or on the day that reaches the one behind it.
_THERE, _BEHIND = timedelta(0), timedelta(days=1)
_TURNS = {
    Operator.BELOW: (_THERE,),
    Operator.AT_LEAST: (_THERE,),
    Operator.AT_MOST: (_BEHIND,),
    Operator.ABOVE: (_BEHIND,),
    Operator.EQUAL: (_THERE, _BEHIND),
    Operator.UNEQUAL: (_THERE, _BEHIND),
}


def _itself(target: date, _calendar: Calendar) -> date:
    return target
