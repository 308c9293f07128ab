"""The words of a workflow file: names, kinds of field, and the vocabulary of a kind that exists in YAML alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from engine.faults import Faults
from engine.vocabulary import RESERVED, Field, Kind, Vocabulary
from engine.words import unknown
from engine.workflow_parts import ChildCount, OwnVocabulary, Place
from engine.yamlfile import Node, Shape

STATE = "state"
SAME = "same"

KINDS = {kind.value: kind for kind in Kind}
OWN_KEYS = ("fields", "roles", "parent", "children")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def place_of(node: Node) -> Place:
    """Return where a node stands."""
    return Place(node.file, node.line, node.column)


def name_of(node: Node) -> str:
    """Return a name that the file gives: small letters, digits and `_`, and none of the language's own words."""
    word = node.text()
    if not _NAME.fullmatch(word):
        raise node.bad(f"'{word}' is not a name: small letters, digits and _ only, a letter first")
    if word in RESERVED or word in (STATE, SAME):
        raise node.bad(f"'{word}' is a word of the language itself; choose another name")
    return word


def known_words(
    nodes: tuple[Node, ...], known: tuple[str, ...], what: str, faults: Faults
) -> tuple[str, ...]:
    """Return the words of a list, each known and none twice; the faulty ones are noted and left out."""
    found: list[str] = []
    for node in nodes:
        word = faults.reading(node.one_of, known, what)
        if word is not None and word in found:
            faults.add(node.problem(f"'{word}' stands here twice"))
        elif word is not None:
            found.append(word)
    return tuple(found)


def field_of(name_node: Node, node: Node) -> Field:
    """Read a field: `date`, `optional date`, `[good, poor]`, or {kind:, optional:, choices:, title:}."""
    name = name_of(name_node)
    if node.shape is Shape.LIST:
        return Field(name, Kind.CHOICE, choices=_choices(node))
    if node.shape is not Shape.MAPPING:
        return _short_field(name, node)
    parts = node.fields(required=["kind"], optional=["optional", "choices", "title"])
    kind = KINDS[parts["kind"].one_of(KINDS, "a kind of field")]
    if kind is Kind.CHOICE and "choices" not in parts:
        raise parts["kind"].bad("a choice needs its words: add the key 'choices'")
    if kind is not Kind.CHOICE and "choices" in parts:
        raise parts["choices"].bad(
            f"choices belong to the kind 'choice', and this is '{parts['kind'].text()}'"
        )
    return Field(
        name,
        kind,
        optional="optional" in parts and parts["optional"].yes_no(),
        choices=_choices(parts["choices"]) if kind is Kind.CHOICE else (),
        title=parts["title"].text() if "title" in parts else "",
    )


def _short_field(name: str, node: Node) -> Field:
    written = node.text()
    optional = written.startswith("optional ")
    word = written.removeprefix("optional ").strip()
    short = {known: kind for known, kind in KINDS.items() if kind is not Kind.CHOICE}
    if word == "choice":
        raise node.bad("a choice is written as the list of its words: [good, poor]")
    if word not in short:
        raise node.bad(unknown(word, "a kind of field", short))
    return Field(name, short[word], optional=optional)


def _choices(node: Node) -> tuple[str, ...]:
    faults = Faults()
    words: list[str] = []
    for item in node.items():
        word = faults.reading(name_of, item)
        if word in words:
            faults.add(item.problem(f"'{word}' stands here twice"))
        elif word is not None:
            words.append(word)
    faults.settle()
    if len(words) < 2:
        raise node.bad("a choice needs at least two words")
    return tuple(words)


def own_vocabulary(parts: Mapping[str, Node], faults: Faults) -> OwnVocabulary | None:
    """Read `fields`, `roles`, `parent` and `children`, or return None if the file has none of them."""
    if not any(key in parts for key in OWN_KEYS):
        return None
    fields: dict[str, Field] = {}
    for key, node in parts["fields"].pairs() if "fields" in parts else ():
        field = faults.reading(field_of, key, node)
        if field is not None:
            fields[field.name] = field
    children: dict[str, ChildCount] = {}
    for key, node in parts["children"].pairs() if "children" in parts else ():
        name = faults.reading(name_of, key)
        count = faults.reading(_child_count, node)
        if name in fields:
            faults.add(key.problem(f"'{name}' is a field already; choose another name"))
        elif name is not None and count is not None:
            children[name] = count
    parent = parts.get("parent")
    return OwnVocabulary(
        fields=MappingProxyType(fields),
        roles=_names(parts["roles"], faults) if "roles" in parts else (),
        parent=parent.text() if parent else None,
        parent_place=place_of(parent) if parent else None,
        children=MappingProxyType(children),
    )


def _names(node: Node, faults: Faults) -> tuple[str, ...]:
    names = [faults.reading(name_of, word) for word in node.words()]
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _child_count(node: Node) -> ChildCount:
    parts = node.fields(required=["of"], optional=["in", "not_in"])
    if ("in" in parts) == ("not_in" in parts):
        raise node.bad("say which states count: either 'in' or 'not_in'")
    words = parts.get("in") or parts["not_in"]
    places = tuple((word.text(), place_of(word)) for word in words.words())
    return ChildCount(parts["of"].text(), place_of(parts["of"]), places, inside="in" in parts)


def vocabulary_of(
    kind: str, given: Vocabulary | None, own: OwnVocabulary | None, states: tuple[str, ...]
) -> Vocabulary:
    """Return the words that the file may use: those given, those of its own, and `state` as a choice of its states."""
    base = given or Vocabulary(kind, {})
    fields = {**base.fields, STATE: Field(STATE, Kind.CHOICE, choices=states)}
    if own is None:
        return replace(base, fields=MappingProxyType(fields))
    fields |= own.fields
    fields |= {name: Field(name, Kind.WHOLE) for name in own.children}
    return Vocabulary(
        about=kind,
        fields=MappingProxyType(fields),
        roles=_united(base.roles, own.roles),
        conflicts=base.conflicts,
        addressees=_united(base.addressees, own.roles),
    )


def _united(some: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*some, *more)))
