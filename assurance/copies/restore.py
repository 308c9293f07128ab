"""A restore: an installation as it was at the instant of its backup, which sends nothing until somebody releases it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.copies.archive import DATABASE, Manifest, files_in, read_manifest, take_database
from assurance.copies.copying import (
    CannotCopy,
    Copied,
    Unequal,
    copying,
    make_ready,
    require_empty,
    take_stock,
)
from assurance.copies.workshop import workshop
from assurance.files.cabinet import Cabinet
from assurance.migrate import migrate, newest_shape, shapes
from assurance.records import AccountTicket, ApiToken, DigestItem, SignedInSession
from engine.fences import EVERY
from engine.store import Store, open_store
from engine.transport import OnRows
from notifications.outbox import OWED, Message
from notifications.restored import HeldSince, hold_all_mail

OnStep = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ended:
    """What let somebody in, and does so no more: sessions, links to set up or recover an account, programs' tokens."""

    sessions: int
    tickets: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Restored:
    """An installation that is back: what its backup said, what was copied, what was ended, and the mails that are held."""

    manifest: Manifest
    copied: Copied
    ended: Ended
    owed: int


def restore(
    file: Path,
    target: Store,
    cabinet: Cabinet,
    *,
    at: datetime,
    work_in: Path,
    on_step: OnStep,
    on_rows: OnRows,
) -> Restored:
    """Bring an installation back out of a backup into an empty database and its folder of files.

    Every byte is checked before anything is written, every row afterwards. In the same transaction all mail is held,
    and what let people and programs in is ended. A backup of an older shape is brought to the newest on the way.
    Raises CannotCopy, Unequal or Refused; the database stays empty then.
    """
    on_step("Every byte of the backup is being checked ...")
    manifest = read_manifest(file)
    _require_known_shape(manifest)
    make_ready(target)
    with target.reading(group=EVERY) as session:
        require_empty(session)
    with workshop(work_in, "restore") as shop:
        unpacked = shop / DATABASE
        take_database(file, manifest, unpacked)
        with closing(open_store(unpacked, survives_power_cut=False)) as source:
            on_step("The database of the backup is being counted ...")
            _make_newest(source, manifest, on_rows)
            for content, whole in files_in(file, manifest):
                cabinet.bring(content.place, whole, at=at)
                cabinet.content(content.place, content.sha256)
            on_step("Every row is being copied and read again ...")
            with copying(source, target, on_rows=on_rows) as (session, copied):
                owed = _hold_mail(session, manifest, at)
                ended = _end_what_lets_in(session, at)
    return Restored(manifest, copied, ended, owed)


def _require_known_shape(manifest: Manifest) -> None:
    if manifest.shape not in shapes():
        raise CannotCopy(
            f"The backup was made by auditloop {manifest.program} with the shape {manifest.shape}; this version knows "
            f"{newest_shape()}. Restore it with that version or a newer one."
        )


def _make_newest(source: Store, manifest: Manifest, on_rows: OnRows) -> None:
    """Hold the database of the backup against its manifest, or bring an older one to the newest shape."""
    if manifest.shape != newest_shape():
        migrate(source)  # its bytes were checked; its tables are not those of this version
        return
    stock = take_stock(source, on_rows=on_rows)
    differences = [
        f"{name} is not as the manifest says."
        for name, one in stock.tables.items()
        if manifest.tables.get(name) != one
    ]
    if stock.heads != manifest.heads:
        differences.append("The newest seals are not those of the manifest.")
    if differences:
        raise Unequal(differences)


def _hold_mail(session: Session, manifest: Manifest, at: datetime) -> int:
    """Hold all mail until somebody releases it, and give how much of it was owed at the instant of the backup."""
    newest = [session.scalar(sa.select(sa.func.max(table.id))) or 0 for table in (Message, DigestItem)]
    hold_all_mail(session, HeldSince(manifest.made_at, at, *newest))
    is_owed = (Message.state.in_(OWED), Message.sent_at.is_(None))
    return session.scalar(sa.select(sa.func.count()).select_from(Message).where(*is_owed)) or 0


def _end_what_lets_in(session: Session, at: datetime) -> Ended:
    """End sessions, tickets and tokens: what was ended since the backup must not come back to life."""
    sessions = sa.update(SignedInSession).where(SignedInSession.ended_at.is_(None)).values(ended_at=at)
    tickets = sa.update(AccountTicket).where(AccountTicket.used_at.is_(None)).values(used_at=at)
    tokens = sa.update(ApiToken).where(ApiToken.revoked_at.is_(None)).values(revoked_at=at)
    return Ended(*(session.connection().execute(change).rowcount for change in (sessions, tickets, tokens)))
