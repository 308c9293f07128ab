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

# A date that no day of the next years reaches is looked at again then: early, but never late.
HORIZON_IN_DAYS = 8192

Holds: TypeAlias = Callable[[Facts, date, Calendar], bool]
Getter: TypeAlias = Callable[[Facts, date, Calendar], Value]
Change: TypeAlias = Callable[[Facts, date, Calendar], date | None]
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
        if any(test(facts, today, calendar) is decided_by for test in lasting):
            return None
        days = (change(facts, today, calendar) for change in changes)
        return min((day for day in days if day is not None), default=None)

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
    compare = _COMPARE[atom.operator]
    match atom:
        case Compare(Fact(name), _, Constant(value)):
            return _fact_with_constant(name, compare, value)
        case Compare(Fact(name), _, Today()):
            return _fact_with_today(name, compare)
    left, right = getter(atom.left), getter(atom.right)

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
    span = moving.span if isinstance(moving, Shifted) else None
    turns = _TURNS[sign]

    def change(facts: Facts, today: date, calendar: Calendar) -> date | None:
        day = fixed(facts, today, calendar)
        if not isinstance(day, date):
            return None
        targets = (day + timedelta(days=offset) for offset in turns if offset <= (date.max - day).days)
        changes = (_first_day(target, span, today, calendar) for target in targets)
        return next((change for change in changes if change is not None), None)

    return change


# The moving side only grows with time: first it is below the fixed day, then equal to it, then above. So the
# answer turns on the day that reaches the fixed day (0), or on the day that reaches the one behind it (1).
_TURNS = {
    Operator.BELOW: (0,),
    Operator.AT_LEAST: (0,),
    Operator.AT_MOST: (1,),
    Operator.ABOVE: (1,),
    Operator.EQUAL: (0, 1),
    Operator.UNEQUAL: (0, 1),
}


def _first_day(target: date, span: Span | None, today: date, calendar: Calendar) -> date | None:
    # The first day after today on which the moving side is at the target or beyond; None if it is already.
    if span is None:
        return target if target > today else None
    if span.after(today, calendar) >= target:
        return None
    below, step = today, 1
    while span.after(today + timedelta(days=step), calendar) < target:
        below = today + timedelta(days=step)
        if step >= HORIZON_IN_DAYS:
            return below
        step *= 2
    reached = today + timedelta(days=step)
    while (reached - below).days > 1:
        middle = below + (reached - below) // 2
        below, reached = (below, middle) if span.after(middle, calendar) >= target else (middle, reached)
    return reached
