"""What is handed to a mail server, and what can become of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

_LONGEST_ANSWER = 500


@dataclass(frozen=True, slots=True)
class Letter:
    """One finished mail in one envelope to one person; `content` is the RFC 5322 bytes.

    `from_address` stands on the envelope only: what cannot be delivered goes back there.
    """

    message_id: str
    from_address: str
    to_address: str
    content: bytes


class Result(StrEnum):
    """What became of one attempt."""

    SENT = "sent"  # the server has taken responsibility
    LATER = "later"  # not now: this letter may go at another time
    BUSY = "busy"  # the server wants a new connection (421); the attempt does not count
    GONE = "gone"  # the server knows no such mailbox or domain: nobody's mail reaches this address
    REFUSED = "refused"  # the server will never take mail for this address, and does not say why
    DENIED = (
        "denied"  # the server will not take mail for this address from us: it may, once somebody sees to it
    )
    REJECTED = "rejected"  # the server will never take this letter
    UNCERTAIN = "uncertain"  # the connection broke after the last dot: it may have arrived
    ALL_REFUSED = "all refused"  # refused or rejected like every other: hardly about this letter
    SENDER_WRONG = "sender wrong"  # it is about us, not about this letter: stop and tell
    UNREACHABLE = "unreachable"  # there is no mail server to talk to: stop and tell
    UNTRIED = "untried"  # nothing was attempted; the letter goes back as it was
    DEAD = "dead"  # mail to this address comes back, so that nothing more is sent to it
    BROKEN = "broken"  # no letter could be made of this message
    HELD = "held"  # not now: it rests until the end of the quiet hours, or of what holds its rule
    OVERTAKEN = "overtaken"  # what it would say is no longer true


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt, with the server's code and words where there are any; `until` of what is held."""

    result: Result
    code: int | None = None
    text: str = ""
    until: datetime | None = None

    @classmethod
    def of(cls, result: Result, code: int | None, text: object) -> Outcome:
        """Keep a server's words, or a fault's, in a form that any database takes: short, plain, one line."""
        readable = str(text).encode("utf-8", "replace").decode()
        printable = "".join(character if character.isprintable() else " " for character in readable)
        return cls(result, code, " ".join(printable.split())[:_LONGEST_ANSWER])
