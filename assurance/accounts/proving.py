"""Whether somebody is who they say they are: their account as it stands, and what they show for it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.accounts import authenticator
from assurance.accounts.authenticator import draw_codes, plain_code, step_of
from assurance.accounts.chronicle import note_deed, write_deed
from assurance.accounts.guessing import GUESSES, take_guess
from assurance.accounts.keys import Keys
from assurance.accounts.tokens import fingerprint
from assurance.office import Actor, Office, Tx
from assurance.records import Account, Person, RecoveryCode
from engine.errors import Refused


@dataclass(frozen=True, slots=True)
class Holder:
    """An account and whose it is. `password_hash` is None where nobody can sign in with a password."""

    account_id: int
    actor: Actor
    person_id: int
    email: str
    password_hash: str | None


_HOLDERS = (
    sa.select(Account, Person)
    .join(Person, Person.id == Account.person_id)
    .where(Account.disabled_at.is_(None))
)


def holders_called(session: Session, email: str) -> list[Holder]:
    """Give the accounts that sign in with an e-mail address and a password: one, or none; several in several groups."""
    ready = (Account.password_hash.is_not(None), Account.totp_secret.is_not(None))
    called = sa.func.lower(Person.email) == email.strip().lower()
    rows = session.execute(_HOLDERS.where(called, *ready).order_by(Account.id))
    return [_holder(account, person) for account, person in rows]


def most_called_alike(session: Session) -> int:
    """Give how many accounts sign in with one and the same e-mail address, at most; one where nobody has two."""
    name = sa.func.lower(Person.email)
    ready = (
        Account.password_hash.is_not(None),
        Account.totp_secret.is_not(None),
        Account.disabled_at.is_(None),
    )
    alike = sa.select(sa.func.count().label("number")).select_from(Person)
    alike = alike.join(Account, Account.person_id == Person.id).where(*ready).group_by(name)
    return session.scalar(sa.select(sa.func.max(alike.subquery().c.number))) or 1


def holder_of(session: Session, account_id: int) -> Holder | None:
    """Give an account by its number; None for one that is disabled."""
    row = session.execute(_HOLDERS.where(Account.id == account_id)).first()
    return None if row is None else _holder(row[0], row[1])


def guess_at(office: Office, session: Session, holder: Holder) -> int | None:
    """Count one guess at an account, and write down when it closes; None where it is closed already.

    Gives which guess in a row it is.
    """
    now = office.clock.now()
    number = take_guess(session, holder.account_id, now=now)
    if number is not None and number % GUESSES == 0:
        group_id = holder.actor.group_id
        write_deed(session, "locked", holder.person_id, group_id=group_id, by_id=None, at=now)
    return number


def has_code(tx: Tx, keys: Keys, account_id: int, typed: str) -> bool:
    """Say whether somebody has their authenticator app at hand; its code is used up by that."""
    account = tx.session.get_one(Account, account_id, populate_existing=True)
    if account.totp_secret is None:
        return False
    secret = keys.unseal(authenticator.PURPOSE, account.totp_secret, at=tx.now)
    if secret is None:
        return False
    step = step_of(secret, typed, now=tx.now, after=account.totp_step)
    if step is None:
        return False
    # Of two who bring the same code at once, one is first.
    is_newer = sa.or_(Account.totp_step.is_(None), Account.totp_step < step)
    change = sa.update(Account).where(Account.id == account_id, is_newer).values(totp_step=step)
    return tx.session.connection().execute(change).rowcount == 1


def has_paper(tx: Tx, account_id: int, person_id: int, typed: str) -> bool:
    """Say whether somebody has a recovery code that was not used yet; it is used up by that."""
    change = sa.update(RecoveryCode).where(
        RecoveryCode.account_id == account_id,
        RecoveryCode.code_hash == fingerprint(plain_code(typed)),
        RecoveryCode.used_at.is_(None),
    )
    if tx.session.connection().execute(change.values(used_at=tx.now)).rowcount != 1:
        return False
    note_deed(tx, "code_used", person_id, f"{codes_left(tx.session, account_id)} left")
    return True


def codes_left(session: Session, account_id: int) -> int:
    """Count the recovery codes that were not used yet."""
    query = sa.select(sa.func.count()).select_from(RecoveryCode)
    return (
        session.scalar(query.where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None)))
        or 0
    )


def renew_codes(tx: Tx, account_id: int) -> tuple[str, ...]:
    """Draw a new sheet of recovery codes in place of the old one, and give it: it can be shown this once only."""
    tx.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = draw_codes()
    tx.session.add_all(
        RecoveryCode(
            group_id=tx.actor.group_id, account_id=account_id, code_hash=fingerprint(plain_code(code))
        )
        for code in codes
    )
    tx.session.flush()
    return codes


def require_keys(office: Office) -> Keys:
    """Give the installation's keys; raises Refused where it has no secret of its own."""
    return Keys(office.settings.secret, office.settings.old_secrets)


def keep_newer(session: Session, holder: Holder, newer_hash: str | None) -> None:
    """Keep a password anew where what is kept of it became too cheap to guess."""
    if newer_hash is not None:
        unchanged = (Account.id == holder.account_id, Account.password_hash == holder.password_hash)
        session.execute(sa.update(Account).where(*unchanged).values(password_hash=newer_hash))


def still_there(session: Session, holder: Holder) -> None:
    """Raise Refused where an account was disabled, or got another password, while its proof was looked at."""
    found = holder_of(session, holder.account_id)
    if found is None or found.password_hash != holder.password_hash:
        raise Refused.because("changed_meanwhile", "The account was changed meanwhile. Begin again.")


def _holder(account: Account, person: Person) -> Holder:
    actor = Actor(person.group_id, person.id, person.name)
    return Holder(account.id, actor, person.id, person.email, account.password_hash)
