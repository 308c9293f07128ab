"""What `show` and a page tell of one subject: names with values, and small tables. No markup, no decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, TypeAlias

from engine.moved import Ref

Shown: TypeAlias = str | int | bool | date | Ref | tuple[str, ...] | None


class Line(NamedTuple):
    """One value: its name for programs, its name for people, and itself."""

    name: str
    title: str
    value: Shown


@dataclass(frozen=True, slots=True)
class Grid:
    """A small table: names and headings of its columns, and its rows; `note` says what is left out."""

    name: str
    title: str
    columns: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Shown]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One subject as one viewer may see it; `version` is what `move --version` takes."""

    ref: Ref
    name: str
    about: str
    state: str
    state_title: str
    state_about: str
    since_on: date | None
    version: int | None
    lines: Sequence[Line]
    grids: Sequence[Grid]
