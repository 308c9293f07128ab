"""The files of an installation on their way: which contents its rows point at, and each checked by its SHA-256."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.files.cabinet import Cabinet
from assurance.records import StoredFile
from engine.errors import Refused
from engine.fences import EVERY
from engine.store import Store


@dataclass(frozen=True, slots=True)
class Content:
    """One content that a row points at: where it lies in the cabinet, and what it has to be."""

    place: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Brought:
    """How many contents came over, how large they are together, and where one was missing or damaged before."""

    number: int
    size: int
    missing: tuple[str, ...] = ()


def contents_of(session: Session) -> tuple[Content, ...]:
    """Give every content that a row points at; what was taken back has none."""
    query = sa.select(StoredFile.place, StoredFile.sha256, StoredFile.size)
    rows = session.execute(query.where(StoredFile.taken_back_at.is_(None)).order_by(StoredFile.id))
    return tuple(Content(*row) for row in rows)


def copy_contents(contents: Iterable[Content], source: Cabinet, target: Cabinet, *, at: datetime) -> Brought:
    """Copy contents from one cabinet into another; one that lies there already is only checked.

    What is missing or damaged in the first is named and left out. Raises Refused where something else lies under
    the same name in the second.
    """
    number = size = 0
    missing = []
    for content in contents:
        try:
            whole = source.content(content.place, content.sha256)
        except Refused:
            missing.append(content.place)
            continue
        target.bring(content.place, whole, at=at)
        target.content(content.place, content.sha256)
        number, size = number + 1, size + len(whole)
    return Brought(number, size, tuple(missing))


def cabinet_in(folder: Path) -> Cabinet:
    """Open a folder of contents for copying: nothing is taken in there, and nothing swept."""
    return Cabinet(folder, largest=0, mark="")


def still_there(store: Store, contents: Iterable[Content]) -> tuple[Content, ...]:
    """Give those contents that nobody has taken back by now."""
    with store.reading(group=EVERY) as session:
        now = {content.place for content in contents_of(session)}
    return tuple(content for content in contents if content.place in now)
