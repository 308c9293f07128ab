"""What the database says of itself, for programs that are older than it."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from engine.store import Base


class OldestShape(Base):
    """The oldest shape whose programs may run on this database; one row."""

    __tablename__ = "oldest_shape"

    shape: Mapped[str] = mapped_column(primary_key=True)
