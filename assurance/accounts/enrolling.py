"""Setting up an account by an invitation: a password, an authenticator app, and a sheet of recovery codes, all at once."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.accounts import authenticator
from assurance.accounts.authenticator import draw_secret, picture_of, step_of
from assurance.accounts.chronicle import note_deed
from assurance.accounts.keys import Keys
from assurance.accounts.letters import send_link
from assurance.accounts.passwords import hash_of, refuse_weak
from assurance.accounts.proving import Holder, holder_of, renew_codes, require_keys
from assurance.accounts.sessions import begin_session, end_all_of
from assurance.accounts.tickets import GOOD_FOR, OVER, Purpose, draw_link, read_ticket, use_ticket
from assurance.office import Office, Tx
from assurance.records import Account, Person
from engine.errors import Reason, Refused
from engine.fences import EVERY

SETTING_UP = "setting up"
NOT_THE_APPS = (
    "That is not the code that the app shows now. Check that the app was set up with this very picture, and that the "
    "telephone's clock is right; then type the newest code."
)
STALE_PICTURE = (
    "The picture for your app has changed meanwhile. Remove the entry from your app and add this one."
)


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom a link from a mail invites, and to what."""

    name: str
    email: str
    group: str


@dataclass(frozen=True, slots=True)
class Picture:
    """What an authenticator app is set up with: the QR code as SVG, the same to be typed, and what the form carries."""

    svg: str
    typed: str
    sealed: str


@dataclass(frozen=True, slots=True)
class SetUp:
    """An account was set up: the token of its first session, and the recovery codes, which are shown this once."""

    token: str
    codes: tuple[str, ...]


def send_invitation(tx: Tx, person: Person) -> str:
    """Make an account for somebody who has none, and send them the link; give its token.

    Whoever has one keeps it as it is until the link is used. The invitations before this one are good no more.
    Raises Refused where another person's account of the group uses the same e-mail, and where the installation has no
    secret. In which other groups the address is known is nothing that anybody is told.
    """
    same = (Account.person_id == Person.id, Person.id != person.id, Account.disabled_at.is_(None))
    called = sa.and_(Person.group_id == person.group_id, sa.func.lower(Person.email) == person.email.lower())
    if tx.session.scalar(sa.select(sa.exists().where(called, *same))):
        sentence = (
            f"{person.email} signs in to another account already; give {person.name} an address of their own."
        )
        raise Refused.because("address_taken", sentence)
    account = tx.session.scalar(sa.select(Account).where(Account.person_id == person.id))
    if account is None:
        account = Account(group_id=person.group_id, person_id=person.id, made_at=tx.now)
        tx.session.add(account)
        tx.session.flush()
    drawn = draw_link(tx, Purpose.INVITATION, account.id)
    send_link(tx, person, Purpose.INVITATION, drawn)
    note_deed(tx, "invited", person.id)
    return drawn.token


def invited_by(office: Office, token: str, purpose: Purpose = Purpose.INVITATION) -> Invited:
    """Say whom a link is for; raises Refused where it is good no more."""
    with office.store.reading(group=EVERY) as session:
        holder = _holder_by(session, token, purpose, office)
        group = office.playbook.groups[holder.actor.group_id].name
    return Invited(holder.actor.name, holder.email, group)


def picture_for(office: Office, name: str, *, whose: str, sealed: str | None = None) -> Picture:
    """Give what an app is set up with: drawn anew, or the one that the form carries, so that the app stays right.

    `whose` ties it to one account or one link: it is worth nothing anywhere else.
    """
    keys = require_keys(office)
    secret = (sealed and _secret_in(office, keys, sealed, whose)) or draw_secret()
    written = keys.seal(SETTING_UP, f"{whose} {secret}", at=office.clock.now())
    spaced = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return Picture(picture_of(secret, name=name), spaced, written)


def accept(office: Office, token: str, *, password: str, sealed: str, code: str, device: str = "") -> SetUp:
    """Set up an account by its invitation, and begin its first session; all sessions before it end.

    Raises Refused, with every reason at once, for a weak password, a code that is not the app's, and a link that is
    good no more.
    """
    keys = require_keys(office)
    with office.store.reading(group=EVERY) as session:
        holder = _holder_by(session, token, Purpose.INVITATION, office)
        group = office.playbook.groups[holder.actor.group_id].name
    reasons: list[Reason] = []
    try:
        refuse_weak(password, about=(holder.actor.name, holder.email, group))
    except Refused as weak:
        reasons += weak.reasons
    secret, step = None, None
    try:
        secret, step = shown_by_app(office, keys, sealed, code, whose=token)
    except Refused as wrong:
        reasons += wrong.reasons
    if secret is None or reasons:
        raise Refused(*reasons)
    kept = hash_of(password)
    with office.begin(holder.actor) as tx:
        use_ticket(tx.session, Purpose.INVITATION, token, now=tx.now)
        keep_app(tx, keys, holder.account_id, secret, step)
        keep_password(tx, holder.account_id, kept)
        end_all_of(tx, holder.account_id)
        codes = renew_codes(tx, holder.account_id)
        note_deed(tx, "set_up", holder.person_id)
        return SetUp(begin_session(tx, holder.account_id, device=device), codes)


def shown_by_app(office: Office, keys: Keys, sealed: str, code: str, *, whose: str) -> tuple[str, int | None]:
    """Give the secret that a form carries, and the half minute of the code that proves that an app knows it.

    Raises Refused for another code, and for a secret that is too old or of another form.
    """
    secret = _secret_in(office, keys, sealed, whose)
    if secret is None:
        raise Refused.because("stale_picture", STALE_PICTURE)
    step = step_of(secret, code, now=office.clock.now(), after=None)
    if step is None:
        raise Refused.because("wrong_code", NOT_THE_APPS)
    return secret, step


def keep_app(tx: Tx, keys: Keys, account_id: int, secret: str, step: int | None) -> None:
    """Keep what an app and we share, encrypted; the code that proved it is used up."""
    sealed = keys.seal(authenticator.PURPOSE, secret, at=tx.now)
    _change(tx, account_id, totp_secret=sealed, totp_step=step)


def keep_password(tx: Tx, account_id: int, kept: str) -> None:
    """Keep a new password; wrong guesses at the old one are forgotten."""
    _change(tx, account_id, password_hash=kept, password_set_at=tx.now, failures=0, locked_until=None)


def _change(tx: Tx, account_id: int, **values: object) -> None:
    tx.session.connection().execute(sa.update(Account).where(Account.id == account_id).values(**values))


def _holder_by(session: Session, token: str, purpose: Purpose, office: Office) -> Holder:
    ticket = read_ticket(session, purpose, token, now=office.clock.now())
    holder = holder_of(session, ticket.account_id)
    if holder is None:
        raise Refused.because("link_over", OVER[purpose])
    return holder


def _secret_in(office: Office, keys: Keys, sealed: str, whose: str) -> str | None:
    good_for = GOOD_FOR[Purpose.RECOVERY]
    found = keys.unseal(SETTING_UP, sealed, at=office.clock.now(), good_for=good_for)
    owner, _, secret = (found or "").rpartition(" ")
    return secret if found and owner == whose else None
