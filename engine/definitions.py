"""Published definitions by content hash: what a subject began with is what it goes on with."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.store import Base

# The kind of the line with which a subject leaves the definition that it began with for another one. It tells the
# hashes of both (`from_definition`, `definition`) and, where a state is called otherwise, both states (`from`, `to`).
MIGRATED = "migrated"
SHORT = 12  # so many letters of a hash tell definitions apart for people


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
    find = sa.select(Definition.id).where(Definition.hash == content_hash)
    known = session.scalar(find)
    if known is not None:
        return known
    values = {"kind": kind, "hash": content_hash, "text": text, "published_at": at}
    insert = sqlite_insert if session.info["dialect"].name == "sqlite" else postgresql_insert
    # Two processes may start at once with the same new file: the second finds what the first has kept.
    session.execute(insert(Definition).values(values).on_conflict_do_nothing(index_elements=["hash"]))
    return session.execute(find).scalar_one()


def published(session: Session) -> tuple[Definition, ...]:
    """Give every published definition, oldest first."""
    return tuple(session.scalars(sa.select(Definition).order_by(Definition.id)))
