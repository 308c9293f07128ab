"""From claimed messages to letters: is it still true, what are the bytes, and are they stored before they go?"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from engine.store import Store
from notifications.compose import Addressee, Sender, compose
from notifications.headers import envelope_address, message_id_of
from notifications.leases import Claimed, Kept, keep
from notifications.letters import Letter, Outcome, Result
from notifications.verp import ReturnAddress

log = logging.getLogger(__name__)
_T = TypeVar("_T")

StillTrue = Callable[[Session, Claimed], bool]
# Asked once for each batch: the dead addresses of every group, in small letters.
DeadAddresses = Callable[[Session], Collection[tuple[int, str]]]


class Ready(NamedTuple):
    """A message with its letter, or with the reason why there is none."""

    message: Claimed
    letter: Letter | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Readying:
    """Makes letters of messages that one delivery holds, and parks those of which none can be made."""

    store: Store
    sender: Sender
    still_true: StillTrue
    token: str
    dead: DeadAddresses
    returns: ReturnAddress | None = None

    def make_ready(self, messages: Sequence[Claimed], *, at: datetime) -> list[Ready]:
        """Ask what is still true, make the letters outside any transaction, and store their bytes.

        Raises OperationalError when the database is away or locked: then nobody's message is at fault.
        """
        doubts = self._ask(messages)
        readies = [
            Ready(message, None, doubt) if doubt else self._ready(message, at)
            for message, doubt in zip(messages, doubts, strict=True)
        ]
        with self.store.begin() as session:
            keep(session, _new(readies), token=self.token)
        return readies

    def _ask(self, messages: Sequence[Claimed]) -> list[Outcome | None]:
        """Give None for what is still true, else why it is not sent; each alone if the database objects."""
        try:
            with self.store.reading() as session:
                dead = self.dead(session)
                return [_guarded(message, lambda m: self._doubt(session, m, dead)) for message in messages]
        except OperationalError:
            raise
        except DBAPIError as error:
            if len(messages) == 1:
                log.exception("message %s cannot be made ready", messages[0].key)
                return [_broken(error)]
        return [doubt for message in messages for doubt in self._ask([message])]

    def _doubt(self, session: Session, message: Claimed, dead: Collection[tuple[int, str]]) -> Outcome | None:
        if not self.still_true(session, message):
            return Outcome(Result.OVERTAKEN, None, "no longer true when it was about to be sent")
        if (message.group_id, message.to_address.lower()) in dead:
            return Outcome(Result.DEAD, None, "not sent: mail to this address has come back")
        return None

    def _ready(self, message: Claimed, at: datetime) -> Ready:
        letter = _guarded(message, lambda m: self._letter(m, at))
        if isinstance(letter, Outcome):
            return Ready(message, None, letter)
        return Ready(message, letter, Outcome(Result.UNTRIED))

    def _letter(self, message: Claimed, at: datetime) -> Letter:
        from_address = envelope_address(self.sender.address)
        to_address = envelope_address(message.to_address)
        back_to = self.returns.of(message.id, message.to_address) if self.returns else from_address
        if message.rendered is not None and message.message_id is not None:
            return Letter(message.message_id, back_to, to_address, message.rendered)
        message_id = message_id_of(message.key, sender_address=from_address)
        content = compose(
            message.template,
            message.context,
            to=Addressee(message.to_name, message.to_address),
            subject=message.subject,
            thread=message.thread,
            sender=self.sender,
            message_id=message_id,
            at=at,
        )
        return Letter(message_id, back_to, to_address, content)


def _new(readies: Sequence[Ready]) -> list[Kept]:
    return [
        Kept(message.id, letter.message_id, letter.content)
        for message, letter, _ in readies
        if letter is not None and message.rendered is None
    ]


def _guarded(message: Claimed, work: Callable[[Claimed], _T]) -> _T | Outcome:
    """Do work for one message; whatever is wrong with it parks this message and hinders no other."""
    try:
        return work(message)
    except DBAPIError:
        raise
    except Exception as error:
        log.exception("message %s cannot be made ready", message.key)
        return _broken(error)


def _broken(error: Exception) -> Outcome:
    return Outcome.of(Result.BROKEN, None, f"{type(error).__name__}: {error}")
