"""After a restore all mail is held; here somebody looks at what would go, decides what becomes of it, and lets mail go."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.digest import TEMPLATE as DIGEST
from assurance.office import Office
from assurance.reasons import moment_in_words
from assurance.records import DigestItem
from assurance.reminders import STILL_WAITS
from engine.errors import Refused
from engine.fences import EVERY
from notifications.outbox import OWED, Message, State
from notifications.restored import HeldSince, held_since, let_mail_go

BY_RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Pile:
    """Mails of one sort that are held: how many of each kind and to whom, and when the oldest was written."""

    kinds: dict[str, int]
    people: dict[str, int]
    oldest_at: datetime | None

    @property
    def number(self) -> int:
        """How many mails these are."""
        return sum(self.kinds.values())


@dataclass(frozen=True, slots=True)
class OnHold:
    """What a release decides: `owed` was owed when the backup was made, `new` has come to be owed since the restore.

    `reminders` waited then for a digest that was not written yet. Of what is `uncertain` nobody knows whether it
    arrived; it goes only if somebody sends it again by hand.
    """

    since: HeldSince
    owed: Pile
    new: Pile
    reminders: int
    uncertain: int


@dataclass(frozen=True, slots=True)
class Released:
    """What a release did: how many mails and reminders were taken back for good, and how many mails go now."""

    withdrawn: int
    reminders: int
    goes: int


def why_no_mail_goes(session: Session) -> str:
    """Say since when all mail is held and what lets it go; nothing where mail goes."""
    since = held_since(session)
    if since is None:
        return ""
    return (
        f"All mail is held: this installation was brought back on {moment_in_words(since.restored_at)} UTC from a backup "
        f"of {moment_in_words(since.backup_at)} UTC. `auditloop release` shows what would go, and lets it go."
    )


def on_hold(session: Session) -> OnHold | None:
    """Count what is held since the last restore; None where nothing is."""
    since = held_since(session)
    if since is None:
        return None
    uncertain = sa.select(sa.func.count()).select_from(Message).where(Message.state == State.UNCERTAIN)
    return OnHold(
        since,
        _pile(session, Message.id <= since.last_message),
        _pile(session, Message.id > since.last_message),
        session.scalar(sa.select(sa.func.count()).select_from(DigestItem).where(*_old_reminders(since))) or 0,
        session.scalar(uncertain.where(Message.id <= since.last_message)) or 0,
    )


def release(office: Office, *, sends_owed: bool = False, sends_new: bool = True) -> Released:
    """Let mail go again, and take back for good what is not to be sent: what was owed at the backup's instant, usually.

    That may have been sent since by the installation of which the backup was made. Letters whose link the restore has
    ended are withdrawn when their turn comes, as ever. Raises Refused where no mail is held.
    """
    with office.store.begin(group=EVERY) as session:
        since = held_since(session)
        if since is None:
            raise Refused.because(
                "not_held", "No mail is held here: there was no restore that waits for its release."
            )
        now = office.clock.now()
        let_mail_go(session, sends_owed=sends_owed, at=now)
        is_old = Message.id <= since.last_message
        backup = moment_in_words(since.backup_at)
        withdrawn = reminders = 0
        if not sends_owed:
            withdrawn = _withdraw(session, sa.and_(is_old, _IS_OWED), _OWED_THEN.format(backup), now)
            # A digest that has failed would let its reminders wait again; the original has told them since.
            failed = sa.and_(Message.state == State.FAILED, Message.template == DIGEST)
            _withdraw(session, sa.and_(is_old, failed), _OWED_THEN.format(backup), now)
            reminders = _drop(session, since, _OWED_THEN.format(backup))
        if not sends_new:
            withdrawn += _withdraw(session, sa.and_(~is_old, _IS_OWED), _MEANWHILE, now)
        goes = sa.select(sa.func.count()).select_from(Message).where(_IS_OWED)
        return Released(withdrawn, reminders, session.scalar(goes) or 0)


_IS_OWED = sa.and_(Message.state.in_(OWED), Message.sent_at.is_(None))
_OWED_THEN = (
    "Was owed when the backup of {} UTC was made, and may have been sent since; withdrawn at the release."
)
_MEANWHILE = "Came to be owed after the restore and before the release; withdrawn at the release."


def _pile(session: Session, which: sa.ColumnElement[bool]) -> Pile:
    query = sa.select(Message.template, Message.to_address, sa.func.count(), sa.func.min(Message.created_at))
    rows = session.execute(query.where(_IS_OWED, which).group_by(Message.template, Message.to_address)).all()
    kinds: Counter[str] = Counter()
    people: Counter[str] = Counter()
    for template, to_address, number, _ in rows:
        kinds[template] += number
        people[to_address] += number
    oldest = min((row[3] for row in rows), default=None)
    return Pile(dict(kinds.most_common()), dict(people.most_common()), oldest)


def _old_reminders(since: HeldSince) -> tuple[sa.ColumnElement[bool], ...]:
    return (*STILL_WAITS, DigestItem.id <= since.last_reminder)


def _withdraw(session: Session, which: sa.ColumnElement[bool], reason: str, at: datetime) -> int:
    """Take mails back for good: no rule owes them again."""
    not_over = Message.state.not_in([State.SENT, State.WITHDRAWN])
    change = sa.update(Message).where(not_over, which)
    taken_back = {
        "state": State.WITHDRAWN,
        "last_text": reason,
        "last_try_at": at,
        "withdrawn_by": BY_RELEASE,
    }
    return (
        session.connection().execute(change.values(**taken_back, lease_until=None, lease_token=None)).rowcount
    )


def _drop(session: Session, since: HeldSince, reason: str) -> int:
    # Counts as told, so that it is not dropped only until it is so again.
    change = sa.update(DigestItem).where(*_old_reminders(since))
    change = change.values(told_in=BY_RELEASE, dropped_because=reason)
    return session.connection().execute(change).rowcount
