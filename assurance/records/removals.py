"""The installation's own log of what was removed from it: counts and seals, and nothing of what people wrote."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.store import Base


class RemovedGroup(Base):
    """One group that was exported and then removed, by whom and when. Never changed, only added to.

    The database lets go of the sealed lines of a group that stands here, and of no other.
    """

    __tablename__ = "removed_group"

    group_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str]
    removed_at: Mapped[datetime]
    removed_by: Mapped[str]
    manifest: Mapped[str] = mapped_column(sa.String(64))  # SHA-256 of the manifest of the export
    rows: Mapped[str]  # JSON: how many rows of which table
    files: Mapped[int]
    heads: Mapped[str] = mapped_column(sa.String(64))  # over the newest seals of all its subjects
