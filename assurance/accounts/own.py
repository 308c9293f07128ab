"""What somebody who is signed in does with their own account: prove again who they are, and change what proves it."""

from __future__ import annotations

import sqlalchemy as sa

from assurance.accounts.authenticator import LENGTH
from assurance.accounts.chronicle import note_deed
from assurance.accounts.enrolling import keep_app, keep_password, shown_by_app
from assurance.accounts.guessing import forget_guesses
from assurance.accounts.letters import tell_of_change
from assurance.accounts.passwords import check_password, hash_of, refuse_weak
from assurance.accounts.proving import (
    Holder,
    guess_at,
    has_code,
    holder_of,
    keep_newer,
    renew_codes,
    require_keys,
    still_there,
)
from assurance.accounts.sessions import Seated, confirm_session, end_all_of, end_session, is_fresh
from assurance.accounts.tickets import recall_tickets
from assurance.office import Office, Tx
from assurance.records import Person, SignedInSession
from engine.errors import Refused
from engine.fences import EVERY

NOT_YOU = (
    "That is neither your password nor the code that your app shows now. After five wrong tries your account is closed "
    "for fifteen minutes."
)
NOT_FRESH = "Show once more that it is you; that was longer than fifteen minutes ago."


def confirm(office: Office, seat: Seated, typed: str) -> str:
    """Prove again who somebody is, by the password or a code of the app, and give the session's new token.

    Raises Refused for anything else, counted as a wrong guess. In a demonstration nobody has anything to show.
    """
    if seat.is_demo:
        with office.begin(seat.actor) as tx:
            return confirm_session(tx, seat.session_id)
    holder = _guessing(office, seat)
    is_code = len("".join(typed.split())) == LENGTH
    checked = None if is_code else check_password(typed, holder.password_hash)
    with office.begin(seat.actor) as tx:
        still_there(tx.session, holder)
        if checked is not None:
            is_right = checked.is_right
            keep_newer(tx.session, holder, checked.newer_hash)
        else:
            is_right = has_code(tx, require_keys(office), holder.account_id, typed)
        if not is_right:
            raise Refused.because("wrong_proof", NOT_YOU)
        forget_guesses(tx.session, holder.account_id)
        note_deed(tx, "confirmed", holder.person_id)
        return confirm_session(tx, seat.session_id)


def require_fresh(tx: Tx, seat: Seated) -> None:
    """Raise Refused unless somebody has proved who they are within the last quarter of an hour."""
    if not is_fresh(seat, tx.now):
        raise Refused.because("not_fresh", NOT_FRESH)


def change_password(office: Office, seat: Seated, *, old: str, new: str) -> str:
    """Take a new password in place of the old one, and give this session's new token; all other sessions end.

    Raises Refused for a weak password before the old one is looked at, and for a wrong old one, as a wrong guess.
    """
    with office.store.reading(group=EVERY) as session:
        holder = _holder(holder_of(session, seat.account_id))
    group = office.playbook.groups[holder.actor.group_id].name
    refuse_weak(new, about=(holder.actor.name, holder.email, group))
    holder = _guessing(office, seat)
    if not check_password(old, holder.password_hash).is_right:
        raise Refused.because("wrong_password", "The present password is not right; nothing was changed.")
    kept = hash_of(new)
    with office.begin(seat.actor) as tx:
        still_there(tx.session, holder)
        keep_password(tx, holder.account_id, kept)
        note_deed(tx, "password_changed", holder.person_id)
        return _after_change(tx, seat, holder, "Your account has a new password.")


def change_app(office: Office, seat: Seated, *, sealed: str, code: str) -> str:
    """Set up another authenticator app in place of the one before; all other sessions end.

    Raises Refused for a code that is not the new app's, and for somebody who has not proved lately who they are.
    """
    keys = require_keys(office)
    secret, step = shown_by_app(office, keys, sealed, code, whose=f"account/{seat.account_id}")
    with office.begin(seat.actor) as tx:
        require_fresh(tx, seat)
        holder = _holder(holder_of(tx.session, seat.account_id))
        keep_app(tx, keys, holder.account_id, secret, step)
        note_deed(tx, "app_changed", holder.person_id)
        return _after_change(tx, seat, holder, "Your account has another authenticator app.")


def draw_new_codes(tx: Tx, seat: Seated) -> tuple[str, ...]:
    """Draw a new sheet of recovery codes and give it, to be shown this once; the old sheet is worth nothing.

    Raises Refused for somebody who has not proved lately who they are.
    """
    require_fresh(tx, seat)
    holder = _holder(holder_of(tx.session, seat.account_id))
    note_deed(tx, "codes_renewed", holder.person_id)
    tell_of_change(
        tx, tx.session.get_one(Person, holder.person_id), "Your account has a new sheet of recovery codes."
    )
    return renew_codes(tx, seat.account_id)


def end_own(tx: Tx, seat: Seated, session_id: int) -> None:
    """End another session of the same account; raises Refused for one that is not theirs."""
    query = sa.select(SignedInSession.account_id).where(SignedInSession.id == session_id)
    if tx.session.scalar(query) != seat.account_id:
        raise Refused.because("unknown_subject", "There is no such session of yours.")
    end_session(tx, session_id)
    note_deed(tx, "sessions_ended", seat.actor.person_id)


def end_others(tx: Tx, seat: Seated) -> int:
    """End every other session of the same account, and give how many there were."""
    ended = end_all_of(tx, seat.account_id, but=seat.session_id)
    if ended:
        note_deed(tx, "sessions_ended", seat.actor.person_id)
    return ended


def sign_out(tx: Tx, seat: Seated) -> None:
    """End the session."""
    end_session(tx, seat.session_id)
    note_deed(tx, "signed_out", seat.actor.person_id)


def _guessing(office: Office, seat: Seated) -> Holder:
    """Count a guess at the account of whoever is signed in; raises Refused where it is closed."""
    with office.store.begin(group=EVERY) as session:
        holder = _holder(holder_of(session, seat.account_id))
        is_counted = guess_at(office, session, holder) is not None
    if not is_counted:
        raise Refused.because("wrong_proof", NOT_YOU)
    return holder


def _holder(found: Holder | None) -> Holder:
    if found is None:
        raise Refused.because("session_ended", "You have been signed out meanwhile; sign in again.")
    return found


def _after_change(tx: Tx, seat: Seated, holder: Holder, said: str) -> str:
    end_all_of(tx, seat.account_id, but=seat.session_id)
    # Whoever was half way in with what counted before begins again.
    recall_tickets(tx.session, seat.account_id, at=tx.now)
    tell_of_change(tx, tx.session.get_one(Person, holder.person_id), said)
    return confirm_session(tx, seat.session_id)
