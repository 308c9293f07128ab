"""The parts of a workflow as frozen values: states, ways between them, and what a way asks, needs and sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from engine.approvals import ApprovalPolicy
from engine.assignments import Assignment
from engine.conditions import Condition
from engine.errors import Problem
from engine.spans import Calendar
from engine.vocabulary import Field, Value, Vocabulary


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part stands in its file, counted from 1."""

    file: str
    line: int
    column: int

    def problem(self, message: str) -> Problem:
        """Return a problem at this place."""
        return Problem(self.file, self.line, self.column, message)


@dataclass(frozen=True, slots=True)
class State:
    """A state: `expected` is in working days, `waits_for` the roles of whom the next step is expected."""

    name: str
    title: str
    place: Place
    about: str = ""
    starts: bool = False
    final: bool = False
    expected: int | None = None
    waits_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Need:
    """A condition that has to hold, the sentence that says so, and the facts that the sentence quotes."""

    condition: Condition
    sentence: str
    place: Place
    quotes: tuple[str, ...] = ()
    asked: frozenset[str] = frozenset()
    """The asked fields of the way that the condition speaks of: without them it cannot be judged."""
    about_state: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """One entry of `moves`: from which states a trigger leads where, and on which terms."""

    trigger: str
    title: str
    place: Place
    sources: tuple[str, ...]
    target: str | None
    """None stays in the state in which it is done."""
    by: tuple[str, ...]
    apart: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    asks: tuple[Field, ...] = ()
    sets: tuple[Assignment, ...] = ()
    counts: tuple[str, ...] = ()
    approval: ApprovalPolicy | None = None
    tell: tuple[str, ...] = ()
    about: str = ""
    template: str | None = None
    """In which words whoever is told is told; the caller knows the templates."""
    enters: bool = False
    """The move comes with data and is made by the command that writes them, never by its word alone."""
    minor: bool = False
    """The move changes nothing on which people decide: decisions asked before it stay good."""
    urgent: bool = False
    """Whoever is told is told at once, also at night: no quiet hours hold it."""

    def leads_to(self, source: str) -> str:
        """Return the state in which the way ends when it is taken in `source`."""
        return source if self.target is None else self.target


@dataclass(frozen=True, slots=True)
class ChildCount:
    """A whole-number fact counted over children: those of a kind whose state is (or is not) one of some states."""

    of: str
    place: Place
    states: tuple[tuple[str, Place], ...]
    inside: bool

    def counts(self, state: str) -> bool:
        """Tell whether a child in this state is counted."""
        return any(state == name for name, _ in self.states) == self.inside


@dataclass(frozen=True, slots=True)
class OwnVocabulary:
    """What a kind that exists in YAML alone brings: its fields, roles, parent and counts over children."""

    fields: Mapping[str, Field]
    roles: tuple[str, ...] = ()
    parent: str | None = None
    parent_place: Place | None = None
    children: Mapping[str, ChildCount] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, repr=False)
class Definition:
    """A workflow file that has been read and found sound; `hash` is that of its content, comments left out."""

    kind: str
    title: str
    about: str
    states: Mapping[str, State]
    moves: tuple[Way, ...]
    vocabulary: Vocabulary
    own: OwnVocabulary | None
    start: str
    hash: str
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Everything a decision looks at: facts, the actor's roles and conflicts, the day, and what the actor gives.

    `conflicts` holds, for each conflict word that applies to this actor and object, the full sentence about it.
    """

    facts: Mapping[str, Value]
    roles: frozenset[str]
    today: date
    calendar: Calendar
    conflicts: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, Value] = field(default_factory=dict)
