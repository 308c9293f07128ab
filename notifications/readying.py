"""From claimed messages to letters: is it still true, what are the bytes, and are they stored before they go?"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from engine.fences import EVERY
from engine.store import Store
from notifications.blanks import BEGINNING, blank_at_end, blanks_in, put_in
from notifications.compose import Addressee, Sender, compose
from notifications.headers import envelope_address, message_id_of
from notifications.leases import Claimed, Kept, keep, reword
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

    def make_ready(self, messages: Sequence[Claimed], *, at: datetime) -> list[Ready]:
        """Ask what becomes of each message, make the letters outside any transaction, and store their bytes.

        What is stored has blanks where secrets belong; they are put in afterwards, for the way only.
        Raises OperationalError when the database is away or locked: then nobody's message is at fault.
        """
        readies = [
            Ready(message, None, answer) if isinstance(answer, Outcome) else self._ready(answer, at)
            for message, answer in zip(messages, self._reviewed(messages, at), strict=True)
        ]
        with self.store.begin(group=EVERY) as session:
            keep(session, _new(readies), token=self.token)
        return [self._filled_in(ready) for ready in readies]

    def _reviewed(self, messages: Sequence[Claimed], at: datetime) -> list[Claimed | Outcome]:
        """Give each message as it is to be sent, or why it is not; each is asked about alone if one cannot be judged."""
        try:
            with self.store.begin(group=EVERY) as session:
                return self._judged(session, messages, at)
        except OperationalError:
            raise
        except Exception as error:
            if len(messages) == 1:
                log.exception("message %s cannot be made ready", messages[0].key)
                return [_broken(error)]
        return [one for message in messages for one in self._reviewed([message], at)]

    def _judged(self, session: Session, messages: Sequence[Claimed], at: datetime) -> list[Claimed | Outcome]:
        dead = self.dead(session)
        answers = self.review(session, messages, at)
        return [
            self._answered(
                session,
                message,
                answers.get(message.id),
                is_dead=(message.group_id, message.to_address.lower()) in dead,
            )
            for message in messages
        ]

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

    def _filled_in(self, ready: Ready) -> Ready:
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
