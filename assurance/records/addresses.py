"""Addresses to which mail comes back."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from engine.moved import Moved
from engine.store import Base


class DeadAddress(Moved, Base):
    """An address of the group's people that takes no mail any more; nothing is sent to it until it is mended.

    The address stands in small letters. `status` is what the mail servers call it (RFC 3463), empty where they only
    said it in words.
    """

    __tablename__ = "dead_address"
    # However many mails come back at once, an address is dead once.
    __table_args__ = (
        sa.Index(
            "ix_dead_address_now",
            "group_id",
            "address",
            unique=True,
            sqlite_where=sa.text("mended_on IS NULL"),
            postgresql_where=sa.text("mended_on IS NULL"),
        ),
    )
    noun = "dead_address"
    sealed_words = ("status",)

    address: Mapped[str]
    status: Mapped[str]
    since_on: Mapped[date]
    mended_on: Mapped[date | None]
