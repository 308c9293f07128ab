"""What a verb of a story is: its keys with their readers, what it introduces, and what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from assurance.office import Tx
from assurance.story.names import Names, Reader
from engine.moved import Ref
from engine.yamlfile import Node


class Book:
    """What every name of the story stands for in the database: `case lo_a` is number 3."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self.numbers = dict(numbers)
        self.fresh: dict[str, int] = {}

    def of(self, what: str, name: str) -> int:
        """Give the number of what a name stands for."""
        return self.numbers[f"{what} {name}"]

    def maybe(self, what: str, name: str | None) -> int | None:
        """Give the number of what a name stands for; None for no name."""
        return None if name is None else self.of(what, name)

    def every(self, what: str, names: tuple[str, ...]) -> list[int]:
        """Give the numbers of several names."""
        return [self.of(what, name) for name in names]

    def ref(self, kind: str, name: str) -> Ref:
        """Give the subject that a name stands for."""
        return Ref(kind, self.of(kind, name))

    def add(self, what: str, name: str | None, number: int) -> None:
        """Let a name stand for something."""
        if name is not None:
            self.numbers[f"{what} {name}"] = self.fresh[f"{what} {name}"] = number


@dataclass(frozen=True, slots=True)
class Part:
    """One of the commands into which a verb expands."""

    at: datetime
    person: str
    verb: Verb
    arguments: dict[str, Any]


At = Callable[[str, date, time], datetime]  # the key under which the day stands, for the place of a fault


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: its keys with their readers, what it introduces, and what it does."""

    name: str
    required: dict[str, Reader]
    optional: dict[str, Reader] = field(default_factory=dict)
    introduces: str | None = None
    check: Callable[[dict[str, Node], dict[str, Any], Names], None] | None = None
    do: Callable[[Tx, Book, dict[str, Any]], None] | None = None
    expand: Callable[[datetime, str, dict[str, Any], At], list[Part]] | None = None

    def read(self, parts: dict[str, Node], names: Names) -> dict[str, Any]:
        """Read the verb's own keys; a name that it introduces is known from here on."""
        readers = {**self.required, **self.optional}
        found = {key: reader(parts[key], names) for key, reader in readers.items() if key in parts}
        if self.check is not None:
            self.check(parts, found, names)
        if self.introduces is not None and "name" in parts:
            names.add(parts["name"], self.introduces, found)
        return found


def list_of(read: Callable[[Node, Names], Any]) -> Reader:
    """Read a list, each entry by the same reader."""
    return lambda node, names: tuple(read(item, names) for item in node.items())
