"""The post room: hands over what the outbox owes, through the mail server of the settings or into a maildir."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from assurance.config import Settings
from assurance.digest import renew_all_digests
from assurance.linked_letters import token_for
from assurance.office import Office
from assurance.reach import dead_addresses
from assurance.releasing import why_no_mail_goes
from assurance.returned import note_refusals
from assurance.telemetry import count_mails, delivering
from assurance.truth import reviewer
from engine.fences import EVERY
from notifications.compose import Sender
from notifications.delivery import Delivered, DeliverySettings, deliver_due, never
from notifications.mailer import MaildirMailer, Mailer
from notifications.outbox import OWED, Message, State
from notifications.restored import NOT_RELEASED
from notifications.smtp import SmtpMailer
from notifications.smtp_settings import SmtpSettings

SENDER_NAME = "Auditloop"
MANY = 500
A_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class StillOwed:
    """What waits in the outbox: how many, from when on the first may go, and by whose clock people read that.

    Of these, `held` were not tried yet and wait for the end of the quiet hours, the digest hour or what holds their
    rule: the first until `held_from`, the last until `held_to`.
    """

    number: int
    first_at: datetime | None
    zone: tzinfo
    held: int = 0
    held_from: datetime | None = None
    held_to: datetime | None = None


def mailer_of(settings: Settings) -> Mailer:
    """Give the way to send mail: the server of the settings, or a maildir while there is none.

    Raises ValueError for a mail server's URL that cannot be used, or for certificates that cannot be read.
    """
    if settings.smtp_url is None:
        return maildir(settings.maildir)
    return SmtpMailer(SmtpSettings.from_url(settings.smtp_url))


def maildir(folder: Path) -> Mailer:
    """Give a mailer that puts letters into a folder, which is made where it is missing."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    return MaildirMailer(folder)


def is_owed(office: Office) -> bool:
    """Say whether any message of the outbox may go now, or was taken by a delivery and not settled yet."""
    is_due = sa.and_(Message.state == State.QUEUED, Message.not_before <= office.clock.now())
    waiting = sa.or_(is_due, Message.state == State.SENDING)
    with office.store.reading(group=EVERY) as session:
        asked = sa.exists().where(waiting, Message.sent_at.is_(None), ~NOT_RELEASED)
        return session.scalar(sa.select(asked)) or False


def why_held(office: Office) -> str:
    """Say why no mail goes since a restore; nothing where mail goes."""
    with office.store.reading(group=EVERY) as session:
        return why_no_mail_goes(session)


def owed_soon(office: Office) -> float:
    """Give the seconds until something may go, at most one: whoever owed it may have a clock that is a little ahead."""
    now = office.clock.now()
    soon = sa.and_(Message.not_before > now, Message.not_before <= now + A_MOMENT)
    first = sa.select(sa.func.min(Message.not_before))
    with office.store.reading(group=EVERY) as session:
        at = session.scalar(first.where(Message.state == State.QUEUED, Message.sent_at.is_(None), soon))
    return 0.0 if at is None else (at - now).total_seconds()


def many_are_owed(office: Office) -> bool:
    """Say whether more messages may go now than one process should carry alone."""
    is_due = (
        Message.state == State.QUEUED,
        Message.not_before <= office.clock.now(),
        Message.sent_at.is_(None),
    )
    with office.store.reading(group=EVERY) as session:
        return session.scalar(sa.select(Message.id).where(*is_due).offset(MANY).limit(1)) is not None


def still_owed(office: Office) -> StillOwed:
    """Count what waits in the outbox, and say from when on the first of it may go."""
    owed = (Message.state.in_(OWED), Message.sent_at.is_(None))
    held = (*owed, Message.attempts == 0, Message.not_before > office.clock.now())
    first, last = sa.func.min(Message.not_before), sa.func.max(Message.not_before)
    with office.store.reading(group=EVERY) as session:
        number, first_at = session.execute(sa.select(sa.func.count(), first).where(*owed)).one()
        resting = session.execute(sa.select(sa.func.count(), first, last).where(*held)).one()
    groups = office.groups()
    zone = office.playbook.calendar(groups[0]).zone if groups else UTC
    return StillOwed(number, first_at, zone, *resting)


def deliver(office: Office, mailer: Mailer, *, stopping: Callable[[], bool] = never) -> Delivered:
    """Hand over what is owed now, each message once, and say what became of it; addresses that are refused are noted.

    What rests at this hour is held until mail goes again; what is no longer true is withdrawn. After a restore
    nothing goes until somebody has released the mail.
    """
    held = why_held(office)
    if held:
        return Delivered(trouble=f"{held[0].lower()}{held[1:]}")
    settings = DeliverySettings(
        sender=Sender(SENDER_NAME, office.settings.mail_from),
        returns=office.settings.returns,
        explained_at=f"{office.settings.base_url}/why",
        secret_of=partial(token_for, office),
    )
    with delivering():
        delivered = _handed_over(office, mailer, settings, stopping)
    count_mails(delivered)
    return delivered


def _handed_over(
    office: Office, mailer: Mailer, settings: DeliverySettings, stopping: Callable[[], bool]
) -> Delivered:
    # Whoever delivers for days on end would not know a group that was founded, or a workflow published, meanwhile.
    office.catch_up()
    renew_all_digests(office)
    running = deliver_due(
        office.store,
        mailer,
        office.clock,
        settings=settings,
        review=reviewer(office),
        dead=dead_addresses,
        stopping=stopping,
    )
    delivered = asyncio.run(running)
    note_refusals(office)
    return delivered
