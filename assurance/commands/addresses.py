"""Addresses that are dead and mended, and mails that are sent again."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from assurance.accounts.tickets import recall_tickets
from assurance.commands.administering import invite_to_account
from assurance.commands.checks import held, said
from assurance.commands.hearing import load, require_role
from assurance.commands.moving import Entered, enter, request_key, start
from assurance.commands.noting import note
from assurance.digest import let_go
from assurance.linked_letters import LINK_LETTERS, has_good_link
from assurance.links import send_in_place_of
from assurance.office import Tx
from assurance.reasons import day_in_words
from assurance.records import Account, DeadAddress, Person
from engine.errors import Reason, Refused
from engine.ledger import answered
from engine.moved import Ref, ref_of
from engine.refusals import all_of
from notifications import outbox
from notifications.blanks import blank_at_end
from notifications.headers import envelope_address
from notifications.outbox import TROUBLED, Message
from notifications.refusals import Refusal

_CAUSE = re.compile(r"(\S+/\d+) line \d+")


class _Kept(NamedTuple):
    """What a command needs to know of a message."""

    key: str
    person_ref: str
    to_address: str
    to_name: str
    state: str
    cause: str
    template: str
    context: str


@dataclass(frozen=True, slots=True)
class Noted:
    """What came of a report: whether its message counts as bounced now, and which address is dead by it."""

    has_bounced: bool
    address: Ref | None
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class Mended:
    """What came of a mended address: who has the new one now, and which mails have not arrived and can be sent again."""

    ref: Ref
    people: tuple[str, ...]
    mails: tuple[int, ...]


def note_return(tx: Tx, number: int, refusal: Refusal, *, is_dead: bool, key: str) -> Noted:
    """Take note of a mail that has come back, and of its address if that `is_dead`.

    `key` stands for the report: the same report twice changes nothing twice.
    Raises Refused where the group has no such message.
    """
    once = request_key(tx, key)
    if once is not None and answered(tx.session, once) is not None:
        return Noted(has_bounced=False, address=None, is_repeat=True)
    message = _message(tx, number)
    to_address = message.to_address
    has_bounced = outbox.come_back(tx.session, number, code=refusal.code, text=told_of(refusal))
    if has_bounced:
        let_go(tx, message.key)
    address = _dead(tx, to_address, number, refusal, key=key) if is_dead else None
    return Noted(has_bounced, address, is_repeat=not has_bounced and address is None)


def note_refusal(tx: Tx, number: int) -> Ref | None:
    """Take note of an address that a mail server has refused for good; None where somebody did so already."""
    taken = tx.session.execute(
        sa.update(Message)
        .where(Message.id == number, Message.address_refused, Message.group_id == tx.actor.group_id)
        .values(address_refused=False)
        .returning(Message.to_address, Message.last_code, Message.last_text)
    ).first()
    if taken is None:
        return None
    to_address, code, text = taken
    return _dead(tx, to_address, number, Refusal.of(code, text or ""), key=None)


def mend(tx: Tx, ref: Ref, new_address: str, *, key: str | None = None) -> Mended:
    """Give everybody who has a dead address the right one, and address to it what has not arrived.

    The same address is fine where the mailbox is back. Raises Refused for an address that cannot be written to or is
    dead itself.
    """
    held(tx, ref, DeadAddress.noun)
    dead = tx.session.get_one(DeadAddress, ref.id).address
    right = _address(new_address)
    other = _dead_now(tx, right)
    if other is not None and other.id != ref.id:
        since = day_in_words(other.since_on)
        raise Refused(Reason("dead_too", f"Mail to {right} comes back too, since {since}; name another one."))
    people = tx.session.scalars(
        sa.select(Person)
        .where(Person.group_id == tx.actor.group_id, sa.func.lower(Person.email) == dead)
        .order_by(Person.id)
    ).all()
    entered = Entered({"people": [person.id for person in people]})
    # Before the people get it: whose address this is may see it, and is told in whose hands the step lies.
    enter(tx, ref, "mend", entered, given={"new_address": right}, key=key)
    for person in people:
        _move(tx, person, right)
    outbox.readdress(tx.session, group_id=tx.actor.group_id, dead=dead, to_address=right)
    return Mended(ref, tuple(person.name for person in people), _in_trouble(tx, right))


def _move(tx: Tx, person: Person, address: str) -> None:
    """Give somebody another address; links to their account that went to the one before are good no more."""
    is_another = person.email.lower() != address.lower()
    person.email = address
    account_id = tx.session.scalar(sa.select(Account.id).where(Account.person_id == person.id))
    if is_another and account_id is not None:
        recall_tickets(tx.session, account_id, at=tx.now)


def resend(tx: Tx, number: int) -> str:
    """Have a mail sent again that has not arrived; give its addressee's name.

    Where it is a letter with a link that is good no more, a new one goes in its place. Raises Refused for everybody but the coordinator and the administrator, for a mail that is not in trouble, and for
    one to an address that is dead.
    """
    require_role(tx, "coordinator", "administrator")
    message = _message(tx, number)
    if message.state not in TROUBLED:
        raise Refused(
            Reason(
                "not_in_trouble",
                f"mail/{number} is {message.state}; only a mail that has not arrived is sent again.",
            )
        )
    dead = _dead_now(tx, message.to_address)
    if dead is not None:
        sentence = f"Mail to {message.to_address} comes back since {day_in_words(dead.since_on)}; mend address/{dead.id} first."
        raise Refused(Reason("address_dead", sentence))
    if message.template in LINK_LETTERS and not _has_good_link(tx, message):
        return _send_new_link(tx, message)
    outbox.resend(tx.session, key=message.key, at=tx.now)
    _note_in_history(tx, message, "resent", number)
    return message.to_name


def _has_good_link(tx: Tx, message: _Kept) -> bool:
    blank = blank_at_end(json.loads(message.context)["link"])
    return blank is not None and has_good_link(tx, blank)


def _send_new_link(tx: Tx, message: _Kept) -> str:
    """Send a new link in place of a letter that would lead nowhere, which is taken back for good."""
    match message.template:
        case "account_recovery":
            sentence = "The hour of the link in it is over; whoever needs one asks for it where they sign in."
            raise Refused(Reason("link_over", sentence))
        case "account_invitation":
            invite_to_account(tx, int(message.person_ref.removeprefix("person/")))
            names = message.to_name
        case _:
            names = all_of(send_in_place_of(tx, int(message.key.split(":")[1])))
    told = "A letter with a new link was sent in its place."
    outbox.withdraw(tx.session, key=message.key, reason=told, at=tx.now, by=tx.actor.signature)
    return names


def take_back(tx: Tx, number: int, reason: str) -> str:
    """Take a mail back that has not gone, or not arrived, for good; give its addressee's name.

    No rule owes it again. What a digest would have told waits for the next one. Raises Refused for everybody but the
    coordinator and the administrator, without a reason, and for a mail that has gone or is just being sent.
    """
    require_role(tx, "coordinator", "administrator")
    because = said(reason, "why it is not to be sent")
    message = _message(tx, number)
    told = f"{tx.actor.name} took it back: {because}"
    if not outbox.withdraw(tx.session, key=message.key, reason=told, at=tx.now, by=tx.actor.signature):
        sentence = (
            f"mail/{number} is {message.state}; only a mail that has not gone or not arrived is taken back."
        )
        raise Refused(Reason("not_here", sentence))
    let_go(tx, message.key)
    _note_in_history(tx, message, "taken_back", number)
    return message.to_name


def _note_in_history(tx: Tx, message: _Kept, kind: str, number: int) -> None:
    """Write into the history of what a mail is about what somebody has done with it."""
    cause = _CAUSE.fullmatch(message.cause)
    if cause is not None:
        note(tx, load(tx, ref_of(cause[1])), kind, {"mail": number})


def told_of(refusal: Refusal) -> str:
    """Write what a mail server has said as it is kept with the message."""
    said_already = refusal.status in refusal.words
    return refusal.words if said_already else f"{refusal.status} {refusal.words}".strip()


def _message(tx: Tx, number: int) -> _Kept:
    columns = (getattr(Message, name) for name in _Kept._fields)
    query = sa.select(*columns).where(Message.id == number, Message.group_id == tx.actor.group_id)
    row = tx.session.execute(query).first()
    if row is None:
        raise Refused(Reason("unknown_subject", f"There is no mail/{number}."))
    return _Kept._make(row)


def _dead(tx: Tx, to_address: str, number: int, refusal: Refusal, *, key: str | None) -> Ref:
    """Hold an address for dead from today, or note in its history that another mail came back."""
    words = {"said": refusal.words} if refusal.words else {}
    data = {"mail": number} | ({} if refusal.code is None else {"code": refusal.code})
    row = _dead_now(tx, to_address)
    if row is not None:
        ref = Ref(DeadAddress.noun, row.id)
        enter(tx, ref, "note_return", Entered(data, words), key=key)
        return ref
    address = to_address.lower()
    row = DeadAddress(address=address, status=refusal.status, since_on=tx.today)
    return start(tx, row, DeadAddress.noun, entered=Entered(data, {"address": address, **words}), key=key)


def _dead_now(tx: Tx, address: str) -> DeadAddress | None:
    query = sa.select(DeadAddress).where(
        DeadAddress.group_id == tx.actor.group_id,
        DeadAddress.address == address.lower(),
        DeadAddress.mended_on.is_(None),
    )
    return tx.session.scalar(query)


def _address(text: str) -> str:
    address = said(text, "the address that is right")
    try:
        envelope_address(address)
    except ValueError as error:
        raise Refused(Reason("not_an_address", f"{str(error)[:1].upper()}{str(error)[1:]}.")) from None
    return address


def _in_trouble(tx: Tx, address: str) -> tuple[int, ...]:
    query = sa.select(Message.id).where(
        Message.group_id == tx.actor.group_id,
        sa.func.lower(Message.to_address) == address.lower(),
        Message.state.in_(TROUBLED),
    )
    return tuple(tx.session.scalars(query.order_by(Message.id)))
