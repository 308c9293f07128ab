"""A parsed condition as frozen values: what is evaluated here today can become SQL tomorrow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from engine.spans import Span
from engine.vocabulary import Kind


class Operator(StrEnum):
    """How two values are compared."""

    EQUAL = "="
    UNEQUAL = "!="
    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="

    @property
    def opposite(self) -> Operator:
        """The operator that holds exactly when this one does not (for values that are not empty)."""
        return _OPPOSITES[self]

    @property
    def turned(self) -> Operator:
        """The operator that says the same with the two sides exchanged."""
        return _TURNED.get(self, self)


_OPPOSITES = {
    Operator.EQUAL: Operator.UNEQUAL,
    Operator.UNEQUAL: Operator.EQUAL,
    Operator.BELOW: Operator.AT_LEAST,
    Operator.AT_LEAST: Operator.BELOW,
    Operator.ABOVE: Operator.AT_MOST,
    Operator.AT_MOST: Operator.ABOVE,
}
_TURNED = {
    Operator.BELOW: Operator.ABOVE,
    Operator.ABOVE: Operator.BELOW,
    Operator.AT_MOST: Operator.AT_LEAST,
    Operator.AT_LEAST: Operator.AT_MOST,
}


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of the subject."""

    name: str
    kind: Kind
    optional: bool


@dataclass(frozen=True, slots=True)
class Today:
    """The day on which is asked."""

    kind: Kind = Kind.DATE


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, a date, true or false, or a word of a choice, written in the condition."""

    value: int | date | bool | str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Shifted:
    """A date moved by a span of time."""

    base: Fact | Today | Constant
    span: Span
    kind: Kind = Kind.DATE


Term: TypeAlias = Fact | Today | Constant | Shifted


@dataclass(frozen=True, slots=True)
class Compare:
    """Two terms of one kind; false if one of them is empty."""

    left: Term
    operator: Operator
    right: Term
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class OneOf:
    """A fact that has one of several values; false if it is empty."""

    fact: Fact
    values: tuple[int | date | bool | str, ...]
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Empty:
    """A fact that is empty: the only comparison that an empty fact makes true."""

    fact: Fact
    text: str = field(compare=False)


Atom: TypeAlias = Compare | OneOf | Empty


@dataclass(frozen=True, slots=True)
class Not:
    """The plain negation, which an empty fact inside turns true."""

    part: Tree


@dataclass(frozen=True, slots=True)
class Every:
    """All parts joined by `and`."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """All parts joined by `or`."""

    parts: tuple[Tree, ...]


Tree: TypeAlias = Atom | Not | Every | Either


def atoms(tree: Tree) -> Iterator[Atom]:
    """Yield the comparisons of a tree in the order in which they are written."""
    match tree:
        case Every(parts) | Either(parts):
            for part in parts:
                yield from atoms(part)
        case Not(part):
            yield from atoms(part)
        case _:
            yield tree


class Stated(NamedTuple):
    """A comparison as it is written: with the `not` that stands before it, or in it."""

    atom: Atom
    text: str
    is_negated: bool = False


def stated(tree: Tree) -> Iterator[Stated]:
    """Yield the comparisons of a tree in the order and in the words in which they are written.

    A `not` before a bracket belongs to none of the comparisons inside.
    """
    match tree:
        case Every(parts) | Either(parts):
            for part in parts:
                yield from stated(part)
        case Not(Empty(fact) as atom):
            yield Stated(atom, f"{fact.name} is not empty", is_negated=True)
        case Not(OneOf(fact, _, text) as atom):
            yield Stated(atom, f"{fact.name} not {text.removeprefix(fact.name).lstrip()}", is_negated=True)
        case Not(Compare(text=text) as atom):
            yield Stated(atom, f"not {text}", is_negated=True)
        case Not(part):
            yield from stated(part)
        case _:
            yield Stated(tree, tree.text)


def facts_in(tree: Tree) -> frozenset[str]:
    """Return the names of the facts that a tree asks for."""
    asked = (
        (fact_of(atom.left), fact_of(atom.right)) if isinstance(atom, Compare) else (atom.fact,)
        for atom in atoms(tree)
    )
    return frozenset(fact.name for facts in asked for fact in facts if fact is not None)


def has_today(term: Term) -> bool:
    """Tell whether the value of a term changes with the day on which is asked."""
    return isinstance(term.base if isinstance(term, Shifted) else term, Today)


def fact_of(term: Term) -> Fact | None:
    """Return the fact that a term speaks of, if it speaks of one."""
    base = term.base if isinstance(term, Shifted) else term
    return base if isinstance(base, Fact) else None
