"""What is brought back from a backup sends nothing until somebody releases it: its mails may have gone since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.store import Base


class Restoration(Base):
    """The installation was brought back from a backup. While one row is not released, no mail is taken for delivery.

    `last_message` and `last_reminder` are the highest numbers that the backup held: what has a number up to them was
    owed then, and may have been sent since by the installation of which the backup was made. `sends_owed` says what
    became of that at the release.
    """

    __tablename__ = "restoration"

    id: Mapped[int] = mapped_column(primary_key=True)
    backup_at: Mapped[datetime]
    restored_at: Mapped[datetime]
    last_message: Mapped[int]
    last_reminder: Mapped[int]
    released_at: Mapped[datetime | None]
    sends_owed: Mapped[bool | None]


@dataclass(frozen=True, slots=True)
class HeldSince:
    """Mail is held: of which instant the backup was, when it was brought back, and up to which numbers it went."""

    backup_at: datetime
    restored_at: datetime
    last_message: int
    last_reminder: int


NOT_RELEASED = sa.exists().where(Restoration.released_at.is_(None))


def held_since(session: Session) -> HeldSince | None:
    """Say since when all mail is held, after the last restore; None where mail goes."""
    query = sa.select(
        Restoration.backup_at, Restoration.restored_at, Restoration.last_message, Restoration.last_reminder
    ).where(Restoration.released_at.is_(None))
    row = session.execute(query.order_by(Restoration.id.desc()).limit(1)).first()
    return None if row is None else HeldSince(*row)


def hold_all_mail(session: Session, since: HeldSince) -> None:
    """Hold every mail from now on, in the transaction that brings the installation back."""
    session.add(
        Restoration(
            backup_at=since.backup_at,
            restored_at=since.restored_at,
            last_message=since.last_message,
            last_reminder=since.last_reminder,
        )
    )
    session.flush()


def let_mail_go(session: Session, *, sends_owed: bool, at: datetime) -> bool:
    """Note that mail goes again; tell whether it was held until now."""
    change = sa.update(Restoration).where(Restoration.released_at.is_(None))
    changed = session.connection().execute(change.values(released_at=at, sends_owed=sends_owed))
    return changed.rowcount > 0
