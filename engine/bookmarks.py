"""Where a long piece of work stands, so that it goes on after a crash: written with the work, in its transaction."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.store import Base


class Bookmark(Base):
    """One remembered place of one piece of work."""

    __tablename__ = "bookmark"

    work: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


def remember(session: Session, work: str, place: str, value: str) -> None:
    """Remember a place; it is written once, and a second time is a fault of the work itself."""
    session.add(Bookmark(work=work, place=place, value=value))
    session.flush()


def remembered(session: Session, work: str) -> dict[str, str]:
    """Give everything that one piece of work has remembered."""
    rows = session.scalars(sa.select(Bookmark).where(Bookmark.work == work))
    return {row.place: row.value for row in rows}


def is_remembered(session: Session, work: str, place: str) -> bool:
    """Say whether one place of a piece of work has been remembered, by whomever."""
    there = sa.exists().where(Bookmark.work == work, Bookmark.place == place)
    return session.scalar(sa.select(there)) or False


def works(session: Session) -> tuple[str, ...]:
    """Give the names of all pieces of work that have remembered anything."""
    return tuple(session.scalars(sa.select(Bookmark.work).distinct().order_by(Bookmark.work)))
