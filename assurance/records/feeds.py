"""Calendar feeds: the private addresses at which people's own calendars read what is due."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from assurance.records.rows import OfGroup
from engine.store import Base


class CalendarFeed(OfGroup, Base):
    """One address of one person, from when to when it was good; of its secret part only the SHA-256 is kept."""

    __tablename__ = "calendar_feed"

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
