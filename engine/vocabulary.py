"""What conditions may speak of: the facts of one kind of subject, and who stands around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeAlias

Value: TypeAlias = int | date | bool | str | None
Facts: TypeAlias = Mapping[str, Value]

# Words of the language itself: no fact can be called so.
RESERVED = frozenset({"and", "or", "not", "in", "is", "empty", "today", "true", "false"})


class Kind(StrEnum):
    """What a fact is; the words are those of the YAML files."""

    WHOLE = "whole number"
    DATE = "date"
    YES_NO = "yes or no"
    CHOICE = "choice"
    TEXT = "text"

    @property
    def spoken(self) -> str:
        """The kind as it stands in a sentence, behind 'is'."""
        return _SPOKEN[self]


_SPOKEN = {
    Kind.WHOLE: "a whole number",
    Kind.DATE: "a date",
    Kind.YES_NO: "either true or false",
    Kind.CHOICE: "one word out of a list",
    Kind.TEXT: "a text",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One fact: its name in conditions, what it is, whether it can be empty, and the words of a choice."""

    name: str
    kind: Kind
    optional: bool = False
    choices: tuple[str, ...] = ()
    title: str = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The facts, roles, conflicts and addressees that exist for one kind of subject."""

    about: str
    fields: Mapping[str, Field]
    roles: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    addressees: tuple[str, ...] = ()
