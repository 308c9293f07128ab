"""Accounts elsewhere that are somebody's here: linked once by whoever was invited or is signed in, then good to sign in."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assurance.accounts.chronicle import note_deed
from assurance.accounts.elsewhere import Arrival
from assurance.accounts.letters import tell_of_change
from assurance.accounts.own import require_fresh
from assurance.accounts.proving import Holder, holder_of
from assurance.accounts.sessions import Seated, confirm_session, end_all_of, end_session_anywhere
from assurance.accounts.signing_in import SignedIn, let_in
from assurance.accounts.tickets import OVER, Purpose, read_ticket, use_ticket
from assurance.office import Office, Tx
from assurance.records import AccountIdentity, Person
from engine.errors import Refused
from engine.fences import EVERY

UNKNOWN = (
    "This work account is not linked to anybody here yet. Open the link of your invitation and choose your work account "
    "there, or sign in with your password and link it under My account."
)
TAKEN = "This work account is linked to an account here already."


def sign_in_elsewhere(
    office: Office, arrival: Arrival, *, device: str, instead_of: int | None = None
) -> SignedIn:
    """Sign in whoever a work account is linked to; raises Refused for one that is nobody's, or of a disabled account."""
    with office.store.reading(group=EVERY) as session:
        holder = _holder(session, arrival)
    if holder is None:
        raise Refused.because("unknown_identity", UNKNOWN)
    with office.begin(holder.actor) as tx:
        done = let_in(tx, holder, device=device, instead_of=instead_of)
    if instead_of is not None:
        end_session_anywhere(office, instead_of)
    return done


def set_up_elsewhere(office: Office, arrival: Arrival, *, device: str) -> SignedIn:
    """Link a work account by an invitation, use that up, and sign in; raises Refused where either is good no more."""
    with office.store.reading(group=EVERY) as session:
        ticket = read_ticket(session, Purpose.INVITATION, arrival.of, now=office.clock.now())
        holder = holder_of(session, ticket.account_id)
    if holder is None:
        raise Refused.because("link_over", OVER[Purpose.INVITATION])
    with office.begin(holder.actor) as tx:
        use_ticket(tx.session, Purpose.INVITATION, arrival.of, now=tx.now)
        _link(tx, holder, arrival)
        end_all_of(tx, holder.account_id)
        return let_in(tx, holder, device=device)


def link_elsewhere(tx: Tx, seat: Seated, arrival: Arrival) -> None:
    """Link a work account to one's own; every other session ends.

    Raises Refused for one that is somebody's already, and for whoever has not proved lately who they are.
    """
    require_fresh(tx, seat)
    holder = holder_of(tx.session, seat.account_id)
    if holder is None:
        raise Refused.because("session_ended", "You have been signed out meanwhile; sign in again.")
    _link(tx, holder, arrival)
    end_all_of(tx, seat.account_id, but=seat.session_id)
    person = tx.session.get_one(Person, holder.person_id)
    tell_of_change(tx, person, "A work account was linked to your account, and signs in to it from now on.")


def confirm_elsewhere(tx: Tx, seat: Seated, arrival: Arrival) -> str:
    """Take a work account as proof that it is still the same person, and give the session's new token.

    Raises Refused for a work account that is not linked to theirs.
    """
    holder = _holder(tx.session, arrival)
    if holder is None or holder.account_id != seat.account_id:
        raise Refused.because("unknown_identity", "That is not the work account that is linked to yours.")
    note_deed(tx, "confirmed", holder.person_id)
    return confirm_session(tx, seat.session_id)


def _holder(session: Session, arrival: Arrival) -> Holder | None:
    query = sa.select(AccountIdentity.account_id).where(
        AccountIdentity.issuer == arrival.issuer, AccountIdentity.subject == arrival.subject
    )
    account_id = session.scalar(query)
    return None if account_id is None else holder_of(session, account_id)


def _link(tx: Tx, holder: Holder, arrival: Arrival) -> None:
    row = AccountIdentity(
        group_id=tx.actor.group_id,
        account_id=holder.account_id,
        issuer=arrival.issuer,
        subject=arrival.subject,
        linked_at=tx.now,
    )
    tx.session.add(row)
    try:
        tx.session.flush()
    except IntegrityError as error:
        raise Refused.because("identity_taken", TAKEN) from error
    note_deed(tx, "linked", holder.person_id, arrival.issuer)
