"""Signing in, in two steps: the password, then the authenticator app or a recovery code.

Whoever is refused is told the same words after the same work, be it that there is no such account, that it is closed or
disabled, or that the password is wrong. One person may have an account in several groups under one e-mail address: the
password says for which of them the second step is, and where it fits several, the code of the app. Nobody is told in
how many an address is known: as many passwords are compared for everybody, and the way to the second step looks alike.
"""

from __future__ import annotations

from dataclasses import dataclass

from assurance.accounts.chronicle import note_deed
from assurance.accounts.guessing import count_try, forget_guesses, give_back
from assurance.accounts.keys import Keys
from assurance.accounts.passwords import check_password
from assurance.accounts.proving import (
    Holder,
    codes_left,
    guess_at,
    has_code,
    has_paper,
    holder_of,
    holders_called,
    keep_newer,
    most_called_alike,
    require_keys,
    still_there,
)
from assurance.accounts.sessions import begin_session, end_session, end_session_anywhere
from assurance.accounts.tickets import Purpose, draw_step, read_tickets, use_ticket
from assurance.accounts.tokens import draw_token
from assurance.office import Office, Tx
from engine.errors import Refused
from engine.fences import EVERY

APART = "."  # between the parts of a way to the second step; in no token
MOST_TRIES_AT_SEVERAL = 20  # at an address that is known in several groups, in a quarter of an hour
MOST_TRIES = 60  # from one network address in a quarter of an hour; a hospital has one for thousands
WRONG_PAIR = (
    "That e-mail address and that password do not belong together. Check both. After five wrong tries an account is "
    "closed for fifteen minutes."
)
WRONG_CODE = (
    "That code is not right, or it was used already. Wait for the next one in your app, or take a recovery code. After "
    "five wrong tries an account is closed for fifteen minutes."
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody has signed in: the token of their session, and how many recovery codes are left if one was used."""

    token: str
    account_id: int
    name: str
    codes_left: int | None = None


def show_password(office: Office, email: str, password: str, *, place: str) -> str:
    """Take the first step and give the token of the second; `place` is the network address from which it is taken.

    Raises Refused for a wrong password, in the same words as for anything else that keeps somebody out.
    """
    keys, now = require_keys(office), office.clock.now()
    with office.store.begin(group=EVERY) as session:
        count_try(session, keys.mark("place", f"sign in {place}"), most=MOST_TRIES, now=now)
        called, most = holders_called(session, email), most_called_alike(session)
        if len(called) != 1:
            # As much work as counting a guess at somebody's account. Where there are several, a right password for one
            # gives the guess at another back: so that there is an end to it, no more than so many are looked at.
            tried = count_try(session, keys.mark("name", email.strip().casefold()), now=now)
            called = called if tried <= MOST_TRIES_AT_SEVERAL else []
        guesses = [(holder, guess_at(office, session, holder)) for holder in called]
    # Outside of any transaction: this takes long, and nobody else is to wait for it.
    counted = [(holder, guess) for holder, guess in guesses if guess is not None]
    checked = [(*one, check_password(password, one[0].password_hash)) for one in counted]
    for _ in range(most - len(counted)):
        check_password(password, None)
    if not any(found.is_right for *_, found in checked):
        raise Refused.because("wrong_password", WRONG_PAIR)
    steps = []
    for holder, guess, found in checked:
        if found.is_right:
            steps.append(_second_step(office, holder, guess, found.newer_hash))
        else:
            _take_back(office, holder, guess)
    return APART.join((*steps, *(draw_token() for _ in range(most - len(steps)))))


def show_code(
    office: Office, step: str, typed: str, *, place: str, device: str = "", instead_of: int | None = None
) -> SignedIn:
    """Take the second step, with a code of the app or one on paper, and begin a session.

    `instead_of` is the session that the browser had before, which ends. Raises Refused for a wrong or used code, and
    for a step that took too long or was taken already.
    """
    keys, now = require_keys(office), office.clock.now()
    with office.store.begin(group=EVERY) as session:
        count_try(session, keys.mark("place", f"code {place}"), most=MOST_TRIES, now=now)
        open_ones = read_tickets(session, Purpose.SECOND_STEP, step.split(APART), now=now)
        found = [(token, holder_of(session, ticket.account_id)) for token, ticket in open_ones.items()]
        holders = [(token, holder) for token, holder in found if holder is not None]
        guesses = [(token, holder, guess_at(office, session, holder)) for token, holder in holders]
    counted = [(token, holder, guess) for token, holder, guess in guesses if guess is not None]
    for token, holder, _ in counted:
        done = _with_code(office, keys, holder, token, typed, device=device, instead_of=instead_of)
        if done is not None:
            for _, other, guess in counted:
                if other.account_id != holder.account_id:
                    _take_back(office, other, guess)
            if instead_of is not None:
                end_session_anywhere(office, instead_of)
            return done
    raise Refused.because("wrong_code", WRONG_CODE)


def _with_code(
    office: Office, keys: Keys, holder: Holder, step: str, typed: str, *, device: str, instead_of: int | None
) -> SignedIn | None:
    """Let the holder of one account in by a code; None where it is none of theirs."""
    with office.begin(holder.actor) as tx:
        from_paper = False
        if not has_code(tx, keys, holder.account_id, typed):
            from_paper = has_paper(tx, holder.account_id, holder.person_id, typed)
            if not from_paper:
                return None
        use_ticket(tx.session, Purpose.SECOND_STEP, step, now=tx.now)
        left = codes_left(tx.session, holder.account_id) if from_paper else None
        return let_in(tx, holder, device=device, instead_of=instead_of, left=left)


def let_in(
    tx: Tx, holder: Holder, *, device: str, instead_of: int | None = None, left: int | None = None
) -> SignedIn:
    """Begin a session of somebody who has proved in full who they are, and count their wrong guesses from nought."""
    # The account's row is held first: whoever disables it, or changes the password, has done so or waits for the end.
    forget_guesses(tx.session, holder.account_id)
    still_there(tx.session, holder)
    if instead_of is not None:
        end_session(tx, instead_of)
    note_deed(tx, "signed_in", holder.person_id, device[:100])
    token = begin_session(tx, holder.account_id, device=device)
    return SignedIn(token, holder.account_id, holder.actor.name, left)


def _second_step(office: Office, holder: Holder, guess: int, newer_hash: str | None) -> str:
    with office.begin(holder.actor) as tx:
        still_there(tx.session, holder)
        keep_newer(tx.session, holder, newer_hash)
        # The guess was right; those before it are forgotten only once the second step is taken too.
        give_back(tx.session, holder.account_id, guess)
        return draw_step(tx.session, holder.account_id, at=tx.now)


def _take_back(office: Office, holder: Holder, guess: int) -> None:
    """Take back a guess that was none: it was right for the same person's account in another group."""
    with office.begin(holder.actor) as tx:
        give_back(tx.session, holder.account_id, guess)
