"""The names that a story has introduced so far: a name is known only after its step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from engine.errors import BadDefinition
from engine.words import unknown
from engine.workflow import Workflow
from engine.yamlfile import Node

SUBJECTS = ("audit", "recommendation", "action", "immediate_concern", "meeting", "hold")


@dataclass(slots=True)
class Names:
    """Every key of the cast and every label of the steps read so far, by what it names.

    `doubted` are names that a faulty step would have introduced: whoever speaks of them is not blamed for it.
    """

    workflows: dict[str, Workflow]
    known: dict[str, dict[str, Any]] = field(default_factory=dict)
    doubted: set[str] = field(default_factory=set)

    def add(self, node: Node, what: str, value: Any = None) -> str:
        """Introduce a name; raises BadDefinition where it names something already."""
        name = node.text()
        taken = self.known.setdefault(what, {})
        if name in taken:
            raise node.bad(f"{name!r} already names {_article(what)}; choose another name")
        taken[name] = value
        return name

    def find(self, node: Node, what: str) -> str:
        """Give a name that was introduced before; raises BadDefinition, with the nearest one, where it was not."""
        taken = self.known.get(what, {})
        if node.text() not in taken:
            self.refuse_quietly_if_doubted(node.text())
            raise node.bad(
                unknown(node.text(), f"the name of {_article(what)} introduced before this line", taken)
            )
        return node.text()

    def doubt(self, said: Any) -> None:
        """Doubt every name that a faulty step would have introduced; `said` is the step as plain data."""
        if isinstance(said, dict):
            if "name" in said:
                self.doubted.add(str(said["name"]))
            if said.get("do") == "add_aims":
                self.doubted.add(aims_of(str(said.get("audit"))))
            said = list(said.values())
        if isinstance(said, list):
            for part in said:
                self.doubt(part)

    def refuse_quietly_if_doubted(self, name: str) -> None:
        """Raise BadDefinition without a problem for a name whose own step was found faulty already."""
        if name in self.doubted:
            raise BadDefinition(())

    def kind_of(self, name: str) -> str | None:
        """Give the kind of subject that a label names."""
        for kind in (*SUBJECTS, *self.matters()):
            if name in self.known.get(kind, {}):
                return kind
        return None

    def matters(self) -> tuple[str, ...]:
        """Give the kinds whose nouns stand in YAML only."""
        return tuple(kind for kind, workflow in self.workflows.items() if workflow.own is not None)


def aims_of(audit: str) -> str:
    """Name the aims of an audit as a whole: how many there are."""
    return f"aims of {audit}"


Reader = Callable[[Node, Names], Any]


def text(node: Node, _names: Names) -> str:
    """Read a text."""
    return node.text()


def count(node: Node, _names: Names) -> int:
    """Read a whole number of things, of which there is one at least."""
    number = node.whole()
    if number < 1:
        raise node.bad(f"{number} is too few; it is one at least")
    return number


def day(node: Node, _names: Names) -> date:
    """Read a day."""
    return node.day()


def name_of(what: str) -> Reader:
    """Read the name of something that was introduced before."""
    return lambda node, names: names.find(node, what)


def names_of(what: str) -> Reader:
    """Read a list of names that were introduced before."""
    return lambda node, names: tuple(names.find(word, what) for word in node.words())


def one_of(*words: str) -> Reader:
    """Read one of a few words."""
    return lambda node, _names: node.one_of(words, "a word that is known here")


def _article(what: str) -> str:
    spoken = what.replace("_", " ")
    return f"an {spoken}" if spoken[0] in "aeiou" else f"a {spoken}"
