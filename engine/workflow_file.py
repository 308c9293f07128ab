"""Reads a workflow file into a Definition, or names every fault of it with its line and column."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from string import Formatter
from types import MappingProxyType
from typing import NamedTuple

from engine.approval_file import approval_of
from engine.assignments import Assignment, assignment_of
from engine.condition_tree import Atom, Compare, atoms, fact_of
from engine.conditions import parse
from engine.errors import BadDefinition
from engine.faults import Faults
from engine.spans import Unit, span_of
from engine.vocabulary import Field, Kind, Vocabulary
from engine.words import unknown
from engine.workflow_parts import Definition, Need, State, Way
from engine.workflow_words import (
    OWN_KEYS,
    SAME,
    STATE,
    field_of,
    known_words,
    name_of,
    own_vocabulary,
    place_of,
    vocabulary_of,
)
from engine.yamlfile import Node


class _Known(NamedTuple):
    """Every word that the moves of a file may refer to."""

    kind: str
    states: tuple[str, ...]
    triggers: tuple[str, ...]
    vocabulary: Vocabulary
    settable: tuple[str, ...]


def read_definition(root: Node, given: Vocabulary | None, text: str) -> Definition:
    """Read a whole file; `given` is what the program knows of the kind, to which the file may add words of its own.

    Raises BadDefinition with all the faults that could be found.
    """
    parts = root.fields(required=["workflow", "title", "states", "moves"], optional=["about", *OWN_KEYS])
    faults = Faults()
    kind = faults.reading(name_of, parts["workflow"]) or "it"
    title = faults.reading(parts["title"].text) or kind
    about = faults.reading(parts["about"].text) if "about" in parts else ""
    own = faults.reading(own_vocabulary, parts, faults)
    names = tuple(key.text() for key, _ in faults.reading(parts["states"].pairs) or ())
    vocabulary = vocabulary_of(kind, given, own, names)
    states = _states(parts["states"], kind, vocabulary, faults)
    counted = own.children if own else {}
    # Words that are about no kind are those that all kinds share: the program tells them, no move can set them.
    shared = given.fields if given is not None and not given.about else {}
    settable = tuple(
        name for name in vocabulary.fields if name != STATE and name not in counted and name not in shared
    )
    items = _items(parts["moves"], faults)
    known = _Known(kind, names, _triggers(items), vocabulary, settable)
    # Without its states, every move of the file would seem to be wrong.
    moves = _moves(items, known, faults) if names else ()
    faults.settle()
    return Definition(
        kind=kind,
        title=title,
        about=about or "",
        states=MappingProxyType({state.name: state for state in states}),
        moves=moves,
        vocabulary=vocabulary,
        own=own,
        start=next(state.name for state in states if state.starts),
        hash=content_hash(root),
        text=text,
        place=place_of(root),
    )


def content_hash(root: Node) -> str:
    """Give the SHA-256 of what a file says, comments and layout left out."""
    canonical = json.dumps(root.plain(), ensure_ascii=False, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()


def _states(node: Node, kind: str, vocabulary: Vocabulary, faults: Faults) -> tuple[State, ...]:
    pairs = faults.reading(node.pairs)
    if pairs is None:
        return ()
    found = [faults.reading(_state, key, value, kind, vocabulary, faults) for key, value in pairs]
    states = tuple(state for state in found if state is not None)
    if len(states) == len(found):
        _check_start(node, states, faults)
    return states


def _state(key: Node, node: Node, kind: str, vocabulary: Vocabulary, faults: Faults) -> State:
    name = name_of(key)
    parts = node.fields(required=["title"], optional=["about", "starts", "final", "expected", "waits_for"])
    waits_for: tuple[str, ...] = ()
    if "waits_for" in parts:
        waits_for = known_words(parts["waits_for"].words(), vocabulary.roles, f"a role in {kind}", faults)
    return State(
        name,
        parts["title"].text(),
        place_of(key),
        about=parts["about"].text() if "about" in parts else "",
        starts="starts" in parts and parts["starts"].yes_no(),
        final="final" in parts and parts["final"].yes_no(),
        expected=_expected(parts["expected"]) if "expected" in parts else None,
        waits_for=waits_for,
    )


def _expected(node: Node) -> int:
    span = span_of(node)
    if span.unit is not Unit.WORKING_DAYS:
        raise node.bad(f"what is expected of a state is told in working days, and '{node.text()}' is not")
    return span.number


def _check_start(node: Node, states: tuple[State, ...], faults: Faults) -> None:
    starts = [state for state in states if state.starts]
    if not starts:
        faults.add(node.problem("no state has 'starts: true'; mark the one in which everything begins"))
    for state in starts[1:]:
        message = f"'{state.name}' has 'starts: true', and so has '{starts[0].name}'; only one state can be the first"
        faults.add(state.place.problem(message))


def _items(node: Node, faults: Faults) -> tuple[Node, ...]:
    items = faults.reading(node.items)
    if items == ():
        faults.add(node.problem("there are no moves yet; write at least one"))
    return items or ()


def _moves(items: tuple[Node, ...], known: _Known, faults: Faults) -> tuple[Way, ...]:
    found = [faults.reading(_way, item, known, faults) for item in items]
    return tuple(way for way in found if way is not None)


def _triggers(items: tuple[Node, ...]) -> tuple[str, ...]:
    # Read ahead and quietly, because `apart` may name a move further down; faults come up when the move is read.
    quiet = Faults()
    pairs = [pair for item in items for pair in quiet.reading(item.pairs) or ()]
    words = [quiet.reading(value.text) for key, value in pairs if quiet.reading(key.text) == "trigger"]
    return tuple(dict.fromkeys(word for word in words if word is not None))


_MUST = ("trigger", "title", "from", "to", "by")
_MAY = (
    "about",
    "apart",
    "needs",
    "ask",
    "set",
    "count",
    "approval",
    "tell",
    "template",
    "enters",
    "minor",
    "urgent",
)


def _way(node: Node, known: _Known, faults: Faults) -> Way:
    parts = node.fields(required=_MUST, optional=_MAY)
    vocabulary = known.vocabulary
    a_state, a_role = f"a state of {known.kind}", f"a role in {known.kind}"
    asks = _asks(parts, faults)
    sets = _sets(parts, asks, known, faults)
    return Way(
        trigger=faults.reading(name_of, parts["trigger"]) or "",
        title=faults.reading(parts["title"].text) or "",
        place=place_of(node),
        sources=_list(parts, "from", known.states, a_state, faults),
        target=_target(parts["to"], known, a_state, faults),
        by=_list(parts, "by", vocabulary.roles, a_role, faults),
        apart=_list(
            parts, "apart", (*vocabulary.conflicts, *known.triggers), "a conflict or a move here", faults
        ),
        needs=_needs(parts, asks, known, faults),
        asks=asks,
        sets=sets,
        counts=_counts(parts, sets, known, faults),
        approval=faults.reading(approval_of, parts["approval"], known.kind, vocabulary.roles, faults)
        if "approval" in parts
        else None,
        tell=_list(
            parts, "tell", vocabulary.addressees, f"somebody who can be told about {known.kind}", faults
        ),
        about=faults.reading(parts["about"].text) or "" if "about" in parts else "",
        template=faults.reading(name_of, parts["template"]) if "template" in parts else None,
        enters="enters" in parts and bool(faults.reading(parts["enters"].yes_no)),
        minor="minor" in parts and bool(faults.reading(parts["minor"].yes_no)),
        urgent="urgent" in parts and bool(faults.reading(_urgent, parts)),
    )


def _urgent(parts: Mapping[str, Node]) -> bool:
    is_urgent = parts["urgent"].yes_no()
    if is_urgent and "tell" not in parts:
        message = (
            "'urgent' is about the mails of a move, and this one tells nobody; add 'tell', or leave it out"
        )
        raise parts["urgent"].bad(message)
    return is_urgent


def _list(
    parts: Mapping[str, Node], key: str, known: tuple[str, ...], what: str, faults: Faults
) -> tuple[str, ...]:
    if key not in parts:
        return ()
    words = faults.reading(parts[key].words)
    if words == ():
        faults.add(parts[key].problem(f"the list '{key}' is empty; name at least one"))
    return known_words(words or (), known, what, faults)


def _target(node: Node, known: _Known, what: str, faults: Faults) -> str | None:
    word = faults.reading(node.one_of, (*known.states, SAME), what)
    return None if word == SAME else word


def _asks(parts: Mapping[str, Node], faults: Faults) -> tuple[Field, ...]:
    pairs = (faults.reading(parts["ask"].pairs) or ()) if "ask" in parts else ()
    found = [faults.reading(field_of, key, value) for key, value in pairs]
    return tuple(ask for ask in found if ask is not None)


def _needs(
    parts: Mapping[str, Node], asks: tuple[Field, ...], known: _Known, faults: Faults
) -> tuple[Need, ...]:
    if "needs" not in parts:
        return ()
    # What is asked hides a fact of the same name: a condition about both could not be told apart by its reader.
    fields = MappingProxyType({**known.vocabulary.fields, **{ask.name: ask for ask in asks}})
    vocabulary = replace(known.vocabulary, fields=fields)
    asked = frozenset(ask.name for ask in asks)
    found = [
        faults.reading(_need, item, vocabulary, asked) for item in faults.reading(parts["needs"].items) or ()
    ]
    return tuple(need for need in found if need is not None)


def _need(node: Node, vocabulary: Vocabulary, asked: frozenset[str]) -> Need:
    pairs = node.pairs()
    if len(pairs) != 1:
        raise node.bad(
            "one need is one condition and its sentence; begin the next one with '- ' on a line of its own"
        )
    (key, sentence), faults = pairs[0], Faults()
    condition = faults.reading(parse, key, vocabulary)
    quotes = faults.reading(_quotes, sentence, vocabulary)
    if condition is None or quotes is None:
        raise BadDefinition(faults.problems)
    facts = frozenset(fact for atom in atoms(condition.tree) for fact in _facts_of(atom))
    return Need(
        condition,
        sentence.text(),
        place_of(key),
        quotes=quotes,
        asked=facts & asked,
        about_state=STATE in facts,
    )


def _facts_of(atom: Atom) -> tuple[str, ...]:
    terms = (atom.left, atom.right) if isinstance(atom, Compare) else (atom.fact,)
    return tuple(fact.name for fact in map(fact_of, terms) if fact is not None)


def _quotes(node: Node, vocabulary: Vocabulary) -> tuple[str, ...]:
    try:
        quotes = [part[1:] for part in Formatter().parse(node.text()) if part[1] is not None]
    except ValueError:
        raise node.bad("a '{' or '}' stands alone; facts are quoted like {name}") from None
    for name, form, conversion in quotes:
        if not name or form or conversion:
            raise node.bad("a fact is quoted by its name and nothing else, like {name}")
        if name not in vocabulary.fields:
            raise node.bad(unknown(name, f"a fact of {vocabulary.about}", vocabulary.fields))
    return tuple(dict.fromkeys(str(name) for name, _, _ in quotes))


def _sets(
    parts: Mapping[str, Node], asks: tuple[Field, ...], known: _Known, faults: Faults
) -> tuple[Assignment, ...]:
    pairs = (faults.reading(parts["set"].pairs) or ()) if "set" in parts else ()
    found = [faults.reading(_set, key, value, asks, known) for key, value in pairs]
    return tuple(assignment for assignment in found if assignment is not None)


def _set(key: Node, value: Node, asks: tuple[Field, ...], known: _Known) -> Assignment:
    if key.text() == STATE:
        raise key.bad("the state is changed by 'to', not by 'set'")
    name = key.one_of(known.settable, f"a field of {known.kind} that a move can set")
    return assignment_of(known.vocabulary.fields[name], value, asks)


def _counts(
    parts: Mapping[str, Node], sets: tuple[Assignment, ...], known: _Known, faults: Faults
) -> tuple[str, ...]:
    fields = known.vocabulary.fields
    whole = tuple(name for name in known.settable if fields[name].kind is Kind.WHOLE)
    counts = _list(parts, "count", whole, f"a whole-number field of {known.kind}", faults)
    for assignment in sets:
        if assignment.target in counts:
            faults.add(
                parts["count"].problem(f"'{assignment.target}' is both set and counted; keep one of them")
            )
    return counts
