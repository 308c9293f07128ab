"""What a report is made of: sections, paragraphs, lists and tables, in no format yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Some sentences."""

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list whose order says nothing."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Numbered:
    """A list whose numbers are referred to elsewhere, from 1."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table; a column of numbers is set to the right, and a day stays on one line."""

    title: str
    is_number: bool = False
    is_day: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a caption; the first `heads` cells of a row say what the row is about."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    heads: int = 1


Block: TypeAlias = Paragraph | Bullets | Numbered | Table


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands under it."""

    title: str
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
