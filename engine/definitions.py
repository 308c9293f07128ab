"""Published definitions by content hash: what a subject began with is what it goes on with."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.store import Base


class Definition(Base):
    """One published workflow: its text is kept for as long as any subject is pinned to it."""

    __tablename__ = "definition"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    text: Mapped[str]
    published_at: Mapped[datetime]


def publish(session: Session, *, kind: str, content_hash: str, text: str, at: datetime) -> int:
    """Keep a definition, unless it is kept already, and give its number."""
    known = session.scalar(sa.select(Definition.id).where(Definition.hash == content_hash))
    if known is not None:
        return known
    definition = Definition(kind=kind, hash=content_hash, text=text, published_at=at)
    session.add(definition)
    session.flush()
    return definition.id


def published(session: Session) -> tuple[Definition, ...]:
    """Give every published definition, oldest first."""
    return tuple(session.scalars(sa.select(Definition).order_by(Definition.id)))
