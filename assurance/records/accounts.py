"""Who can sign in: accounts with what proves them, links that are good for once, sessions, and what was done to accounts.

Nothing here can be used by whoever reads it: passwords, links, codes and sessions are kept as fingerprints only, and
what authenticator apps share with us is encrypted.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from assurance.records.rows import OfGroup
from engine.store import Base


class Account(OfGroup, Base):
    """What lets one person sign in. Without a password or an authenticator app it lets nobody in yet.

    `failures` counts wrong guesses since somebody last signed in; `totp_step` is the newest half minute whose code was
    used, so that no code is used twice.
    """

    __tablename__ = "account"

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), unique=True)
    made_at: Mapped[datetime]
    password_hash: Mapped[str | None]  # argon2id, with its salt and its cost
    password_set_at: Mapped[datetime | None]
    totp_secret: Mapped[str | None]  # encrypted
    totp_step: Mapped[int | None]
    disabled_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[datetime | None]


class AccountIdentity(OfGroup, Base):
    """An account elsewhere that signs in here: known by its issuer and its subject there, never by an e-mail."""

    __tablename__ = "account_identity"
    __table_args__ = (sa.UniqueConstraint("issuer", "subject"),)

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    issuer: Mapped[str]
    subject: Mapped[str]
    linked_at: Mapped[datetime]


class RecoveryCode(OfGroup, Base):
    """One code on somebody's sheet of paper, good for once in place of the authenticator app."""

    __tablename__ = "recovery_code"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    code_hash: Mapped[str] = mapped_column(sa.String(64))
    used_at: Mapped[datetime | None]


class AccountTicket(OfGroup, Base):
    """What is good for once and for a while: a link from a mail, or the way from one step of signing in to the next.

    `purpose` says for what.
    """

    __tablename__ = "account_ticket"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    purpose: Mapped[str]
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignedInSession(OfGroup, Base):
    """Somebody is signed in on one device. `confirmed_at` is when they last proved who they are."""

    __tablename__ = "signed_in_session"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    csrf: Mapped[str]
    device: Mapped[str]  # what the browser calls itself, to be recognised by its owner
    is_demo: Mapped[bool]  # opened by a button and without any proof; only a demonstration does that
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Tries(Base):
    """How often something was tried from one place in one stretch of time; `place` is a fingerprint."""

    __tablename__ = "tries"

    place: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    since_at: Mapped[datetime]
    number: Mapped[int]


class AccountEvent(OfGroup, Base):
    """Something was done to an account, a post or an absence: who did it to whom. Never changed, only added to.

    `by_id` is empty for whoever runs the installation and for whoever was not signed in yet.
    """

    __tablename__ = "account_event"

    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    what: Mapped[str]
    detail: Mapped[str]
