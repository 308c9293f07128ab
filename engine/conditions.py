"""The language of conditions: parse against a vocabulary, hold against facts, next change of the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from engine.condition_closures import Compiled, Getter, compile_tree, getter
from engine.condition_gaps import can_hold_without, gaps
from engine.condition_parser import Parser
from engine.condition_tree import Atom, Compare, OneOf, Stated, Term, Tree, stated
from engine.spans import Calendar
from engine.vocabulary import RESERVED, Facts, Field, Kind, Value, Vocabulary
from engine.yamlfile import Node

__all__ = [
    "RESERVED",
    "Calendar",
    "Comparison",
    "Condition",
    "Expression",
    "Facts",
    "Field",
    "Kind",
    "Value",
    "Vocabulary",
    "parse",
    "parse_value",
]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a condition with the values of a day, as an explanation shows it."""

    text: str
    left: Value
    right: Value | tuple[Value, ...]
    holds: bool


_Shown: TypeAlias = Callable[[Facts, date, Calendar], Comparison]


@dataclass(frozen=True, slots=True)
class Condition:
    """A parsed condition; a fact that is missing from the given facts is a KeyError, an empty one is None."""

    text: str
    tree: Tree
    _compiled: Compiled = field(repr=False, compare=False)
    _shown: tuple[_Shown, ...] = field(repr=False, compare=False)

    def holds(self, facts: Facts, *, today: date, calendar: Calendar) -> bool:
        """Tell whether the condition is true; a comparison with an empty fact is false, its negation true."""
        return self._compiled.holds(facts, today, calendar)

    def comparisons(self, facts: Facts, *, today: date, calendar: Calendar) -> tuple[Comparison, ...]:
        """Return every comparison in the order and the words of the text, with the values of this day."""
        return tuple(shown(facts, today, calendar) for shown in self._shown)

    def next_change(self, facts: Facts, *, today: date, calendar: Calendar) -> date | None:
        """Return the first day after today on which time alone can change the answer.

        The day may be early, never late; None means never while the facts stay as they are.
        """
        return self._compiled.change(facts, today, calendar) if self._compiled.change else None

    def warnings(self) -> tuple[str, ...]:
        """Return a sentence for each fact that decides the condition silently when it is empty, or is never empty."""
        return tuple(gaps(self.tree))

    def can_hold_without(self, name: str) -> bool:
        """Tell whether the condition can be true while this fact is empty."""
        return can_hold_without(self.tree, name)


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed value: a fact, today or a date, perhaps shifted; a number, true or false."""

    text: str
    term: Term
    _get: Getter = field(repr=False, compare=False)

    @property
    def kind(self) -> Kind:
        """What the value is."""
        return self.term.kind

    def value(self, facts: Facts, *, today: date, calendar: Calendar) -> Value:
        """Return the value of this day; None if its fact is empty."""
        return self._get(facts, today, calendar)


def parse(node: Node, vocabulary: Vocabulary) -> Condition:
    """Parse a condition; raises BadDefinition at the wrong word, inside the text."""
    tree = Parser(node, vocabulary).condition()
    shown = tuple(_showing(one) for one in stated(tree))
    return Condition(" ".join(node.text().split()), tree, compile_tree(tree), shown)


def parse_value(node: Node, vocabulary: Vocabulary) -> Expression:
    """Parse a value such as 'today + 6 months'; raises BadDefinition at the wrong word."""
    term = Parser(node, vocabulary).value()
    return Expression(" ".join(node.text().split()), term, getter(term))


def _showing(one: Stated) -> _Shown:
    atom, text, is_negated = one
    holds = compile_tree(atom).holds
    left = getter(atom.left if isinstance(atom, Compare) else atom.fact)
    right = _right(atom)

    def shown(facts: Facts, today: date, calendar: Calendar) -> Comparison:
        asked = facts, today, calendar
        return Comparison(text, left(*asked), right(*asked), holds(*asked) is not is_negated)

    return shown


def _right(atom: Atom) -> Callable[[Facts, date, Calendar], Value | tuple[Value, ...]]:
    match atom:
        case Compare(_, _, right):
            return getter(right)
        case OneOf(_, values):
            return lambda _facts, _today, _calendar: values
    return lambda _facts, _today, _calendar: None
