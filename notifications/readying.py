"""From claimed messages to letters: is it still true, what are the bytes, and are they stored before they go?"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from engine.fences import EVERY
from engine.store import Store
from notifications.blanks import BEGINNING, blank_at_end, blanks_in, put_in
from notifications.compose import Addressee, Sender, compose
from notifications.headers import envelope_address, message_id_of
from notifications.leases import Claimed, Kept, claim, keep, reword
from notifications.letters import Letter, Outcome, Result
from notifications.review import Answer, Goes, HeldBack, Overtaken, Review
from notifications.verp import ReturnAddress

log = logging.getLogger(__name__)

# Gives the secret that belongs in the place of a blank.
SecretOf = Callable[[str], str]


def nobody_knows(_blank: str) -> str:
    """Know no secret; raises ValueError: a letter with a blank in it is not sent."""
    raise ValueError("the secret that belongs in the blank of this letter is not known here")


# Asked once for each batch: the dead addresses of every group, in small letters.
DeadAddresses = Callable[[Session], Collection[tuple[int, str]]]


class Ready(NamedTuple):
    """A message with its letter, or with the reason why there is none."""

    message: Claimed
    letter: Letter | None
    outcome: Outcome


class Judged(NamedTuple):
    """A message with what becomes of it: it goes as it says now, or why it does not."""

    message: Claimed
    fate: Claimed | Outcome


@dataclass(frozen=True, slots=True)
class Readying:
    """Makes letters of messages that one delivery holds, and parks those of which none can be made."""

    store: Store
    sender: Sender
    review: Review
    token: str
    dead: DeadAddresses
    returns: ReturnAddress | None = None
    explained_at: str = ""
    secret_of: SecretOf = nobody_knows

    def take(self, *, at: datetime, lease: timedelta, limit: int) -> list[Judged]:
        """Lease what is due and ask in the same transaction what becomes of each.

        What cannot be judged together is leased first, and then asked about one by one.
        Raises OperationalError when the database is away or locked: then nobody's message is at fault.
        """
        claiming = partial(claim, at=at, lease=lease, limit=limit, token=self.token)
        try:
            with self.store.begin(group=EVERY) as session:
                messages = claiming(session)
                return self._judged(session, messages, at) if messages else []
        except OperationalError:
            raise
        except Exception:
            log.info("messages cannot be judged together, and are judged one by one", exc_info=True)
        with self.store.begin(group=EVERY) as session:
            messages = claiming(session)
        return [self._judged_alone(message, at) for message in messages]

    def made(self, judged: Judged, *, at: datetime) -> Ready:
        """Make a letter of a message that goes, outside any transaction."""
        message, fate = judged
        if isinstance(fate, Outcome):
            return Ready(message, None, fate)
        return self._ready(fate, at)

    def store_bytes(self, session: Session, readies: Sequence[Ready]) -> None:
        """Store the bytes of letters before they are sent for the first time.

        What is stored has blanks where secrets belong; `filled_in` puts them in afterwards, for the way only.
        """
        keep(session, _new(readies), token=self.token)

    def filled_in(self, ready: Ready) -> Ready:
        """Put secrets into a letter just before it goes; a letter that lacks one is parked."""
        message, letter, _ = ready
        try:
            if letter is None or BEGINNING not in message.context_text:
                return ready
            content = letter.content
            for blank in blanks_in(message.context):
                content = put_in(content, blank, self.secret_of(blank))
            return ready._replace(letter=replace(letter, content=content))
        except Exception as error:
            log.exception("message %s cannot be made ready", message.key)
            return Ready(message, None, _broken(error))

    def _judged_alone(self, message: Claimed, at: datetime) -> Judged:
        try:
            with self.store.begin(group=EVERY) as session:
                (judged,) = self._judged(session, [message], at)
                return judged
        except OperationalError:
            raise
        except Exception as error:
            log.exception("message %s cannot be made ready", message.key)
            return Judged(message, _broken(error))

    def _judged(self, session: Session, messages: Sequence[Claimed], at: datetime) -> list[Judged]:
        dead = self.dead(session)
        answers = self.review(session, messages, at)
        fates = [
            self._answered(
                session,
                message,
                answers.get(message.id),
                is_dead=(message.group_id, message.to_address.lower()) in dead,
            )
            for message in messages
        ]
        return [Judged(message, fate) for message, fate in zip(messages, fates, strict=True)]

    def _answered(
        self, session: Session, message: Claimed, answer: Answer | None, *, is_dead: bool
    ) -> Claimed | Outcome:
        match answer:
            case Overtaken(because):
                return Outcome.of(Result.OVERTAKEN, None, because)
            case HeldBack(until, because):
                return Outcome(Result.HELD, None, because, until)
            case _ if is_dead:
                # Only now: what is for somebody else by now, or for nobody, is not lost with this address.
                return Outcome(Result.DEAD, None, "not sent: mail to this address has come back")
            case Goes(context) if context is not None and message.rendered is None:
                return reword(session, message, context, token=self.token)
        return message

    def _ready(self, message: Claimed, at: datetime) -> Ready:
        try:
            return Ready(message, self._letter(message, at), Outcome(Result.UNTRIED))
        except Exception as error:
            # Whatever is wrong with a message parks this one and hinders no other.
            log.exception("message %s cannot be made ready", message.key)
            return Ready(message, None, _broken(error))

    def _letter(self, message: Claimed, at: datetime) -> Letter:
        from_address = envelope_address(self.sender.address)
        to_address = envelope_address(message.to_address)
        back_to = self.returns.of(message.id, message.to_address) if self.returns else from_address
        if message.rendered is not None and message.message_id is not None:
            return Letter(message.message_id, back_to, to_address, message.rendered)
        message_id = message_id_of(message.key, sender_address=from_address)
        # Whoever gets a link of their own need not sign in, and may not be able to.
        is_explained = self.explained_at and blank_at_end(message.context.get("link", "")) is None
        explained = {"why_link": f"{self.explained_at}/{message.id}"} if is_explained else {}
        content = compose(
            message.template,
            {**message.context, **explained},
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


def _broken(error: Exception) -> Outcome:
    return Outcome.of(Result.BROKEN, None, f"{type(error).__name__}: {error}")
