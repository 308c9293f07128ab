"""A desk for returned mail: a world whose mail comes back into a maildir."""

from __future__ import annotations

import asyncio
import mailbox
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

from assurance.office import Office
from assurance.post import deliver
from assurance.records import DeadAddress
from assurance.returned import ReadTally, read_returned_mail
from engine.moved import Ref
from notifications.delivery import Delivered
from notifications.mailer import MemoryMailer
from notifications.outbox import Message
from notifications.smtp import SmtpMailer
from notifications.smtp_settings import SmtpSettings
from tests.notifications.returned_mail import returned
from tests.notifications.sink import Sink, open_sink
from tests.world import World

BOUNCES = "bounces@audit.example"
SECRET = "the long secret of an installation in a test"
BO, FAY, SAM, ADA = (f"{who}@qa.example" for who in ("bo", "fay", "sam", "ada"))
ADDRESS = Ref("dead_address", 1)


@dataclass
class Desk:
    """A world whose mail comes back into a maildir."""

    world: World
    office: Office
    maildir: Path

    def deliver(self, mailer: MemoryMailer | None = None) -> Delivered:
        return deliver(self.office, mailer or MemoryMailer())

    def deliver_to(self, sink: Sink) -> Delivered:
        """Deliver through a real conversation."""

        async def delivering() -> Delivered:
            async with open_sink(sink):
                mailer = SmtpMailer(SmtpSettings.from_url(sink.url))
                return await asyncio.to_thread(deliver, self.office, mailer)

        return asyncio.run(delivering())

    def sent_to(self, address: str) -> Message:
        """Give the newest mail that was written to an address."""
        query = sa.select(Message).where(Message.to_address == address).order_by(Message.id.desc()).limit(1)
        (message,) = self.world.ask(query)
        assert isinstance(message, Message)
        return message

    def comes_back(self, form: str, address: str, **changes: str) -> None:
        """Let the newest mail to an address come back."""
        returns = self.office.settings.returns
        assert returns is not None
        back = changes.pop("back", returns.of(self.sent_to(address).id, address))
        mailbox.Maildir(self.maildir).add(returned(form, back=back, to=changes.pop("to", address)))

    def reads(self) -> ReadTally:
        return read_returned_mail(self.office)

    @property
    def dead(self) -> list[str]:
        """The addresses that are dead now."""
        return self.world.ask(
            sa.select(DeadAddress.address).where(DeadAddress.mended_on.is_(None)).order_by(DeadAddress.id)
        )

    @property
    def unread(self) -> int:
        """The mails in the mailbox that nobody has filed away."""
        return sum("S" not in mail.get_flags() for mail in mailbox.Maildir(self.maildir))


def desk_in(world: World, folder: Path) -> Desk:
    """Open a desk in a world, and deliver the mail that is owed in it."""
    mailbox.Maildir(folder, create=True)
    settings = replace(world.settings, bounces=BOUNCES, bounce_box=str(folder), secret=SECRET)
    desk = Desk(world, Office(settings, world.office.store, world.shelf, clock=world.clock), folder)
    desk.deliver()
    return desk


def chase(desk: Desk) -> None:
    """Let something be told to everybody in the group."""
    desk.world.is_granted("sam", desk.world.audit, "go_back", reason="One more case.")
