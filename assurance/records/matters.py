"""Subjects whose nouns stand in YAML only: another family of workflows runs on this one table."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.moved import Moved
from engine.store import Base


class Matter(Moved, Base):
    """One subject of a kind that a workflow file describes whole; its fields are kept as canonical JSON."""

    __tablename__ = "matter"
    __table_args__ = (sa.Index("ix_matter_parent", "parent_kind", "parent_id"),)
    noun = ""
    kept_in = "fields"

    kind: Mapped[str] = mapped_column(index=True)

    title: Mapped[str]
    parent_kind: Mapped[str | None]
    parent_id: Mapped[int | None]
    agency_id: Mapped[int | None] = mapped_column(sa.ForeignKey("agency.id"))
    owner_post_id: Mapped[int | None] = mapped_column(sa.ForeignKey("post.id"))
    fields: Mapped[str]
