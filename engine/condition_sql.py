"""Turns the tree of a condition into SQL that means the same: bare columns, compared with bounds that are found here.

Calendars stay in Python. A shift keeps days in their order, so `due_on - 7 working days <= today` is `due_on <= :bound`
with the last day whose shift does not pass today: exact, alike on every database, and of use to an index.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

import sqlalchemy as sa

from engine.condition_closures import compile_tree, getter
from engine.condition_tree import (
    Compare,
    Either,
    Empty,
    Every,
    Fact,
    Not,
    OneOf,
    Operator,
    Shifted,
    Term,
    Tree,
    fact_of,
)
from engine.spans import Calendar, Span, Unit
from engine.vocabulary import Kind, Value

Column: TypeAlias = sa.ColumnElement[Any]
Holds: TypeAlias = sa.ColumnElement[bool]
DaysOf: TypeAlias = Callable[[Column], Iterable[date | None]]
# From the day on the other side to a bound for the moved one, and such a bound as SQL; None where no day does.
_Bound: TypeAlias = Callable[[date], date | None]
_Written: TypeAlias = Callable[[_Bound], Column | None]

_ONE_DAY = timedelta(days=1)
_STILL = Span(0, Unit.DAYS)
_TYPES: Mapping[Kind, sa.types.TypeEngine[Any]] = {
    # A number in a condition may be larger than what the column holds.
    Kind.WHOLE: sa.BigInteger(),
    Kind.DATE: sa.Date(),
    Kind.YES_NO: sa.Boolean(),
    Kind.CHOICE: sa.Text(),
}
_SIGNS: Mapping[Operator, Callable[[Any, Any], Holds]] = {
    Operator.EQUAL: operator.eq,
    Operator.UNEQUAL: operator.ne,
    Operator.BELOW: operator.lt,
    Operator.AT_MOST: operator.le,
    Operator.ABOVE: operator.gt,
    Operator.AT_LEAST: operator.ge,
}


def to_sql(
    tree: Tree, columns: Mapping[str, Column], *, today: date, calendar: Calendar, days_of: DaysOf
) -> Holds:
    """Return an expression that is true for exactly the rows for which the condition holds; else it is false or NULL.

    `columns` has one for each fact; a fact that is never empty has a column without NULL. To turn a condition round,
    wrap its tree in `Not`: the NOT of SQL keeps a NULL. `days_of` is asked only where two dates of one row are compared
    and one of them is moved, as in `due_on > first_due_on + 6 months`; it returns the different days in a column, as
    they stand in the transaction in which the expression is used. Some thousands are no burden.
    """
    return _Question(columns, today, calendar, days_of).condition(tree, is_negated=False)


@dataclass(frozen=True, slots=True)
class _Question:
    """What a condition is compiled for: columns, a day and a calendar."""

    columns: Mapping[str, Column]
    today: date
    calendar: Calendar
    days_of: DaysOf

    def condition(self, tree: Tree, *, is_negated: bool) -> Holds:
        # `not` is pushed down to the comparisons, because only there it is known what an empty fact makes of it.
        match tree:
            case Not(part):
                return self.condition(part, is_negated=not is_negated)
            case Every(parts) | Either(parts):
                conditions = [self.condition(part, is_negated=is_negated) for part in parts]
                return (
                    sa.and_(*conditions) if isinstance(tree, Every) is not is_negated else sa.or_(*conditions)
                )
            case Empty(fact):
                column = self.columns[fact.name]
                return column.is_not(None) if is_negated else column.is_(None)
            case OneOf(fact, values):
                column, listed = self.columns[fact.name], [_literal(value, fact.kind) for value in values]
                return self._or_empty(column.not_in(listed), fact) if is_negated else column.in_(listed)
        if is_negated:
            opposite = self._comparison(replace(tree, operator=tree.operator.opposite))
            return self._or_empty(opposite, fact_of(tree.left), fact_of(tree.right))
        return self._comparison(tree)

    def _or_empty(self, condition: Holds, *facts: Fact | None) -> Holds:
        names = dict.fromkeys(fact.name for fact in facts if fact is not None and fact.optional)
        return sa.or_(condition, *(self.columns[name].is_(None) for name in names))

    def _comparison(self, atom: Compare) -> Holds:
        match fact_of(atom.left), fact_of(atom.right):
            case Fact(name), None:
                return self._with_value(self.columns[name], atom)
            case Fact(name), Fact(other):
                return self._with_column(self.columns[name], self.columns[other], atom)
            case None, Fact():
                turned = replace(atom, left=atom.right, operator=atom.operator.turned, right=atom.left)
                return self._comparison(turned)
        return sa.true() if compile_tree(atom).holds({}, self.today, self.calendar) else sa.false()

    def _with_value(self, column: Column, atom: Compare) -> Holds:
        value = getter(atom.right)({}, self.today, self.calendar)
        if isinstance(atom.left, Shifted) and isinstance(value, date):
            target = value
            return self._moved(column, atom, lambda bound: _bound(bound(target)))
        return _SIGNS[atom.operator](column, _literal(value, atom.right.kind))

    def _with_column(self, column: Column, other: Column, atom: Compare) -> Holds:
        if not isinstance(atom.left, Shifted) and not isinstance(atom.right, Shifted):
            return _SIGNS[atom.operator](column, other)
        days = sorted({day for day in self.days_of(other) if day is not None})
        span = _span(atom.right)
        targets = {day: span.after(day, self.calendar) for day in days}
        condition = self._moved(
            column, atom, lambda bound: _steps(other, [(day, bound(targets[day])) for day in days])
        )
        return sa.and_(other.is_not(None), condition)

    def _moved(self, column: Column, atom: Compare, written: _Written) -> Holds:
        span, calendar = _span(atom.left), self.calendar

        def first(target: date) -> date | None:
            return span.first_reaching(target, calendar)

        def last(target: date) -> date | None:
            return span.last_within(target, calendar)

        def first_behind(target: date) -> date | None:
            return None if target == date.max else first(target + _ONE_DAY)

        def last_before(target: date) -> date | None:
            return None if target == date.min else last(target - _ONE_DAY)

        match atom.operator:
            case Operator.BELOW:
                return _until(column, written(last_before))
            case Operator.AT_MOST:
                return _until(column, written(last))
            case Operator.AT_LEAST:
                return _since(column, written(first))
            case Operator.ABOVE:
                return _since(column, written(first_behind))
            case Operator.EQUAL:
                return sa.and_(_since(column, written(first)), _until(column, written(last)))
        return sa.or_(_until(column, written(last_before)), _since(column, written(first_behind)))


def _since(column: Column, first: Column | None) -> Holds:
    return sa.false() if first is None else column >= first


def _until(column: Column, last: Column | None) -> Holds:
    return sa.false() if last is None else column <= last


def _span(term: Term) -> Span:
    return term.span if isinstance(term, Shifted) else _STILL


def _literal(value: Value, kind: Kind) -> Column:
    return sa.literal(value, _TYPES[kind])


def _bound(day: date | None) -> Column | None:
    return None if day is None else _literal(day, Kind.DATE)


def _steps(column: Column, bounds: Sequence[tuple[date, date | None]]) -> Column | None:
    """Write the bound that belongs to each day of a column, as choices that halve what is left."""
    runs = [next(run) for _, run in groupby(bounds, key=itemgetter(1))]
    if len(runs) < 2:
        return _bound(runs[0][1]) if runs else None
    middle = len(runs) // 2
    earlier, later = _steps(column, runs[:middle]), _steps(column, runs[middle:])
    return sa.case((column < _literal(runs[middle][0], Kind.DATE), earlier), else_=later)
