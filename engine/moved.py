"""What every subject that moves has in common: a state, a version, a pinned definition and the head of its history."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.errors import Refused


class Ref(NamedTuple):
    """Names one subject: `action/12`."""

    kind: str
    id: int

    def __str__(self) -> str:
        return f"{self.kind}/{self.id}"


def ref_of(text: str) -> Ref:
    """Read `action/12`.

    Raises Refused for anything else.
    """
    kind, slash, number = text.partition("/")
    if not slash or not kind or not number.isdecimal():
        raise Refused.because("not_a_reference", f"{text!r} is not a reference; write it as action/12.")
    return Ref(kind, int(number))


class Moved:
    """Columns of a table whose rows travel through a workflow.

    `version` is the number of the newest line of the row's history; `material_version` is the number
    of the newest line that changed what people decide on. Whoever decides names the version that
    they saw: reminders and notes written since do not make it stale, a change does.
    """

    noun: ClassVar[str]  # empty where each row names its own kind
    kept_in: ClassVar[str | None] = None  # the column that keeps further facts as canonical JSON
    sealed_words: ClassVar[
        tuple[str, ...]
    ] = ()  # columns of words, not of people's texts, that the history seals too

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str]
    state_since_on: Mapped[date]
    version: Mapped[int]
    material_version: Mapped[int]
    head: Mapped[str] = mapped_column(sa.String(64))
    group_id: Mapped[int] = mapped_column(sa.ForeignKey("tenant.id"), index=True)
    definition_id: Mapped[int] = mapped_column(sa.ForeignKey("definition.id"))


class Standing(NamedTuple):
    """Where a subject stands at this moment."""

    ref: Ref
    group_id: int
    state: str
    version: int
    material_version: int
    head: str
    definition_id: int


def sealed_row(row: Moved) -> dict[str, object]:
    """Give what the first line of a history seals of a new row: numbers, days, yes and no, and its sealed words.

    What people wrote is left out: it may have to be erased. The engine's own columns are in every line anyway.
    """
    columns = sa.inspect(type(row)).local_table.c
    return {
        column.name: _plain(getattr(row, column.name))
        for column in columns
        if column.name not in _IN_EVERY_LINE
        and (column.name in row.sealed_words or not isinstance(column.type, sa.String))
    }


_IN_EVERY_LINE = frozenset({"id", "group_id", "state", "version", "material_version", "head"})


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
