"""The desk for returned mail: reads what came back, and takes note of every address that mail servers refuse.

A report is filed away only after its effect is committed; whoever dies in between reads it again, to no second effect.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assurance.commands.addresses import note_refusal, note_return, told_of
from assurance.office import Office, clock_of
from assurance.records import DeadAddress
from engine.errors import Stale
from engine.fences import EVERY
from engine.moved import Ref
from engine.store import UtcDateTime
from notifications.bounces import Returned, What, claim_of, read_returned
from notifications.boxes import Box, BoxTrouble, Unread, open_box
from notifications.outbox import Message, State
from notifications.refusals import Blame, Refusal
from notifications.verp import Claim, ReturnAddress

log = logging.getLogger("auditloop.returned")

# Mail servers give up after five days; some reports take their time.
OLD_ADDRESSES_COUNT_FOR = timedelta(days=30)


class Became(StrEnum):
    """What became of one mail that lay in the mailbox."""

    DEAD = "dead"  # its address is dead now
    BOUNCED = "bounced"  # its message has not arrived; of the address it says nothing
    DELAYED = "delayed"
    ARRIVED = "arrived"
    ANSWER = "answer"
    REPEATED = "repeated"  # it told what was known already
    FORGED = "forged"  # it came to an address that looks like one of ours and is none
    OTHER = "other"
    LEFT = "left"  # it could not be dealt with and is read again


@dataclass(frozen=True, slots=True)
class Line:
    """One mail that changed something: which message came back, what the mail server said, and what is dead by it."""

    mail: Ref
    to: str
    became: Became
    said: str
    address: Ref | None


@dataclass(slots=True)
class ReadTally:
    """What a look into the mailbox did; `trouble` says why it stopped early. `refused` were refused at the door."""

    became: Counter[Became] = field(default_factory=Counter)
    lines: list[Line] = field(default_factory=list)
    refused: int = 0
    trouble: str = ""

    @property
    def read(self) -> int:
        """Count the mails that were looked at."""
        return self.became.total()


@dataclass(frozen=True, slots=True)
class _Owner:
    """The message that a genuine return address belongs to, and whether that is still its address."""

    group_id: int
    to_address: str
    is_current: bool


def read_returned_mail(office: Office) -> ReadTally:
    """Read every mail that came back, one transaction each, and take note of the addresses refused at the door.

    Where no mailbox is set there is nothing to read. A mailbox that cannot be read is trouble, and no more.
    """
    tally = ReadTally(refused=note_refusals(office))
    returns, where = office.settings.returns, office.settings.bounce_box
    if returns is None or where is None:
        return tally
    try:
        with open_box(where) as box:
            for mail in box.unread():
                _deal_with(office, returns, box, mail, tally)
    except BoxTrouble as trouble:
        tally.trouble = str(trouble)
    return tally


def note_refusals(office: Office) -> int:
    """Take note of every address that a mail server has refused for good since the last look; give their number."""
    refused = sa.select(Message.id, Message.group_id).where(
        Message.sent_at.is_(None), Message.state == State.FAILED, Message.address_refused
    )
    with office.store.reading(group=EVERY) as session:
        found = session.execute(refused.order_by(Message.id)).all()
    noted = 0
    for number, group_id in found:
        # Whoever notes the same address at the same instant leaves this message for the next look.
        with suppress(Stale, IntegrityError), office.begin(clock_of(group_id)) as tx:
            noted += note_refusal(tx, number) is not None
    return noted


def _deal_with(office: Office, returns: ReturnAddress, box: Box, mail: Unread, tally: ReadTally) -> None:
    try:
        became = _effect(office, returns, mail, tally)
    except Exception:
        # One mail that cannot be dealt with keeps no other from being read; it stays where it is.
        log.exception("a returned mail cannot be dealt with: %s", mail.key)
        became = Became.LEFT
    tally.became[became] += 1
    if became is not Became.LEFT:
        box.file_away(mail.key)


def _effect(office: Office, returns: ReturnAddress, mail: Unread, tally: ReadTally) -> Became:
    """Commit what a mail changes, and say what became of it."""
    claim = claim_of(mail.content, returns)
    if claim is None:
        return Became.OTHER
    with office.store.reading(group=EVERY) as session:
        owner = _owner(session, returns, claim, now=office.clock.now())
    if owner is None:
        return Became.FORGED
    # Only now: whoever has no genuine address cannot make us read a long report.
    back = read_returned(mail.content)
    if back.what is not What.FAILED:
        return Became(back.what)
    if not owner.is_current:
        return Became.REPEATED
    return _failed(office, back, claim.number, owner, mail, tally)


def _failed(
    office: Office, back: Returned, number: int, owner: _Owner, mail: Unread, tally: ReadTally
) -> Became:
    fate = back.fate_of(owner.to_address)
    refusal = Refusal(None, "", "") if fate is None else fate.refusal
    # A list may live although one of its members does not.
    is_dead = fate is not None and fate.is_of(owner.to_address) and refusal.blame() is Blame.ADDRESS
    with office.begin(clock_of(owner.group_id)) as tx:
        noted = note_return(tx, number, refusal, is_dead=is_dead, key=f"report:{_fingerprint(mail.content)}")
    if noted.is_repeat:
        return Became.REPEATED
    became = Became.BOUNCED if noted.address is None else Became.DEAD
    tally.lines.append(Line(Ref("mail", number), owner.to_address, became, told_of(refusal), noted.address))
    return became


def _owner(session: Session, returns: ReturnAddress, claim: Claim, *, now: datetime) -> _Owner | None:
    """Find the message of a return address; the address may be one that the message had before it was mended.

    One that was made under an old secret counts for a message of the last days only.
    """
    last_tried = sa.func.coalesce(Message.last_try_at, Message.created_at, type_=UtcDateTime())
    row = session.execute(
        sa.select(Message.group_id, Message.to_address, last_tried).where(Message.id == claim.number)
    ).first()
    if row is None:
        return None
    group_id, to_address, tried_at = row
    is_ours = partial(returns.is_genuine, claim, also_by_old=now - tried_at <= OLD_ADDRESSES_COUNT_FOR)
    if is_ours(to_address):
        return _Owner(group_id, to_address, is_current=True)
    earlier = session.scalars(sa.select(DeadAddress.address).where(DeadAddress.group_id == group_id))
    was_once = any(is_ours(address) for address in earlier)
    return _Owner(group_id, to_address, is_current=False) if was_once else None


def _fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:40]
