"""A forgotten password: a link by mail is half of it, the authenticator app or a recovery code the other half."""

from __future__ import annotations

import sqlalchemy as sa

from assurance.accounts.chronicle import note_deed
from assurance.accounts.enrolling import keep_password
from assurance.accounts.guessing import count_try
from assurance.accounts.letters import send_link, tell_of_change
from assurance.accounts.passwords import check_password, hash_of, refuse_weak
from assurance.accounts.proving import (
    Holder,
    codes_left,
    guess_at,
    has_code,
    has_paper,
    holder_of,
    holders_called,
    require_keys,
)
from assurance.accounts.sessions import end_all_of
from assurance.accounts.signing_in import WRONG_CODE, SignedIn, let_in
from assurance.accounts.tickets import Purpose, draw_link, read_ticket, recall_tickets, use_ticket
from assurance.office import Office, Tx
from assurance.records import Person, Tries
from engine.errors import Refused
from engine.fences import EVERY

MOST_FROM_PLACE = 20
MOST_FOR_NAME = 3


def ask_for_link(office: Office, email: str, *, place: str) -> None:
    """Send the link to whoever has an account under an e-mail address; whether anybody has is not told.

    Each address gets three in a quarter of an hour at most. Raises Refused where one place asks too often.
    """
    keys, now = require_keys(office), office.clock.now()
    name = keys.mark("recovery", email.strip().casefold())
    # As much work for everybody: one transaction, and one comparison that takes longer than all that it writes.
    with office.store.begin(group=EVERY) as session:
        count_try(session, keys.mark("place", f"recovery {place}"), most=MOST_FROM_PLACE, now=now)
        count_try(session, name, now=now)
        asked = session.scalar(sa.select(Tries.number).where(Tries.place == name)) or 0
        called = holders_called(session, email)
        for holder in called if asked <= MOST_FOR_NAME else ():
            # One address may be known in several groups: each sends a link of its own.
            today = office.playbook.calendar(holder.actor.group_id).today(now)
            _send(Tx(session, now, today, holder.actor, office.playbook), holder)
    check_password(email, None)


def recover(
    office: Office, token: str, *, password: str, code: str, place: str, device: str = ""
) -> SignedIn:
    """Choose a new password with the link and a code, and sign in; every session before it ends.

    Raises Refused for a weak password before the code is looked at, for a wrong code as signing in does, and for a link
    that is good no more.
    """
    keys, now = require_keys(office), office.clock.now()
    with office.store.reading(group=EVERY) as session:
        ticket = read_ticket(session, Purpose.RECOVERY, token, now=now)
        holder = holder_of(session, ticket.account_id)
    if holder is None:
        raise Refused.because("wrong_code", WRONG_CODE)
    group = office.playbook.groups[holder.actor.group_id].name
    refuse_weak(password, about=(holder.actor.name, holder.email, group))
    with office.store.begin(group=EVERY) as session:
        count_try(session, keys.mark("place", f"recovery {place}"), most=MOST_FROM_PLACE, now=now)
        is_counted = guess_at(office, session, holder) is not None
    if not is_counted:
        raise Refused.because("wrong_code", WRONG_CODE)
    kept = hash_of(password)
    with office.begin(holder.actor) as tx:
        from_paper = False
        if not has_code(tx, keys, holder.account_id, code):
            from_paper = has_paper(tx, holder.account_id, holder.person_id, code)
            if not from_paper:
                raise Refused.because("wrong_code", WRONG_CODE)
        use_ticket(tx.session, Purpose.RECOVERY, token, now=tx.now)
        recall_tickets(tx.session, holder.account_id, at=tx.now)
        end_all_of(tx, holder.account_id)
        note_deed(tx, "recovered", holder.person_id)
        tell_of_change(tx, tx.session.get_one(Person, holder.person_id), "Your account has a new password.")
        left = codes_left(tx.session, holder.account_id) if from_paper else None
        signed_in = let_in(tx, holder, device=device, left=left)
        keep_password(tx, holder.account_id, kept)
        return signed_in


def _send(tx: Tx, holder: Holder) -> None:
    drawn = draw_link(tx, Purpose.RECOVERY, holder.account_id)
    send_link(tx, tx.session.get_one(Person, holder.person_id), Purpose.RECOVERY, drawn)
    note_deed(tx, "recovery_asked", holder.person_id)
