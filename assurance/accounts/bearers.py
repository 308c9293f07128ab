"""Tokens with which a person's programs ask and act: shown once, kept as a fingerprint, and never more than the person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from assurance.accounts.chronicle import note_deed
from assurance.accounts.tokens import draw_token, fingerprint
from assurance.commands.checks import said
from assurance.commands.hearing import require_post
from assurance.office import Actor, Office, Tx
from assurance.records import Account, ApiToken, Person
from engine.errors import Reason, Refused
from engine.fences import EVERY
from engine.words import unknown

# What a token may be used for. Nobody administers with one.
SCOPES = ("read", "move", "decide", "enter")
USUAL_DAYS = 90
LONGEST_DAYS = 366
MOST_TOKENS = 10
# Recognised by programs that look for secrets in places where none should be.
MARK = "auditloop_"
_KNOWN_BY = len(MARK) + 6
_TOLD_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whoever shows a token: for whom it acts, and what it may be used for."""

    actor: Actor
    token_id: int
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made. `token` is told this once; afterwards nobody can read it any more."""

    number: int
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One token as its owner sees it, known by its first letters; times in the group's own zone."""

    number: int
    name: str
    prefix: str
    scopes: tuple[str, ...]
    made_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    is_good: bool


def make_token(tx: Tx, name: str, scopes: Iterable[str], *, days: int = USUAL_DAYS) -> NewToken:
    """Make a token for the actor's own programs, good for so many days.

    Raises Refused for whoever holds no post, for a token without a name or a scope, for a scope that does not exist, for
    a time that is too long, and for one token too many.
    """
    require_post(tx)
    wanted = tuple(dict.fromkeys(scopes))
    reasons = [
        Reason("unknown_word", unknown(word, "a scope", SCOPES) + ".")
        for word in wanted
        if word not in SCOPES
    ]
    if not wanted:
        reasons.append(Reason("no_scope", "Choose at least one thing for which the token may be used."))
    if not 1 <= days <= LONGEST_DAYS:
        reasons.append(Reason("too_long", f"A token is good for 1 to {LONGEST_DAYS} days."))
    if _good_ones(tx) >= MOST_TOKENS:
        sentence = f"You have {MOST_TOKENS} tokens already; withdraw one that is no longer used."
        reasons.append(Reason("too_many", sentence))
    if reasons:
        raise Refused(*reasons)
    token = MARK + draw_token()
    row = ApiToken(
        group_id=tx.actor.group_id,
        person_id=tx.actor.person_id,
        name=said(name, "a name by which you know the token again"),
        prefix=token[:_KNOWN_BY],
        fingerprint=fingerprint(token),
        scopes=" ".join(scope for scope in SCOPES if scope in wanted),
        made_at=tx.now,
        expires_at=tx.now + timedelta(days=days),
    )
    tx.session.add(row)
    tx.session.flush()
    note_deed(tx, "token_made", tx.actor.person_id, f"{row.prefix}…")
    return NewToken(row.id, token, row.expires_at)


def revoke_token(tx: Tx, number: int) -> None:
    """Withdraw one of the actor's own tokens for good; one that was withdrawn already stays so.

    Raises Refused for a token that is not theirs.
    """
    row = tx.session.get(ApiToken, number)
    if row is None or (row.group_id, row.person_id) != (tx.actor.group_id, tx.actor.person_id):
        raise Refused(Reason("unknown_row", "You have no such token."))
    if row.revoked_at is None:
        row.revoked_at = tx.now
        note_deed(tx, "token_withdrawn", tx.actor.person_id, f"{row.prefix}…")


def tokens_of(tx: Tx) -> tuple[TokenRow, ...]:
    """Give the actor's own tokens, the newest first."""
    zone = tx.calendar.zone
    rows = tx.session.scalars(
        sa.select(ApiToken).where(ApiToken.person_id == tx.actor.person_id).order_by(ApiToken.id.desc())
    )
    return tuple(
        TokenRow(
            number=row.id,
            name=row.name,
            prefix=row.prefix,
            scopes=tuple(row.scopes.split()),
            made_at=row.made_at.astimezone(zone),
            expires_at=row.expires_at.astimezone(zone),
            last_used_at=None if row.last_used_at is None else row.last_used_at.astimezone(zone),
            revoked_at=None if row.revoked_at is None else row.revoked_at.astimezone(zone),
            is_good=row.revoked_at is None and row.expires_at > tx.now,
        )
        for row in rows
    )


def bearer_of(office: Office, token: str) -> Bearer | None:
    """Say for whom a token acts now; None for one that is unknown, over or withdrawn, or whose account is closed."""
    now = office.clock.now()
    with office.store.reading(group=EVERY) as session:
        found = session.execute(
            sa.select(ApiToken, Person.name)
            .join(Person, Person.id == ApiToken.person_id)
            .outerjoin(Account, Account.person_id == ApiToken.person_id)
            .where(ApiToken.fingerprint == fingerprint(token), Account.disabled_at.is_(None))
        ).one_or_none()
    if found is None:
        return None
    row, name = found
    if row.revoked_at is not None or row.expires_at <= now:
        return None
    if row.last_used_at is None or now - row.last_used_at >= _TOLD_EVERY:
        _note_use(office, row.id, now)
    return Bearer(Actor(row.group_id, row.person_id, name), row.id, frozenset(row.scopes.split()))


def _good_ones(tx: Tx) -> int:
    good = (ApiToken.person_id == tx.actor.person_id, ApiToken.revoked_at.is_(None))
    count = sa.select(sa.func.count()).select_from(ApiToken).where(*good, ApiToken.expires_at > tx.now)
    return tx.session.scalar(count) or 0


def _note_use(office: Office, number: int, now: datetime) -> None:
    """Note that a token is in use, once an hour: that is exact enough to see which one nobody needs any more."""
    with office.store.begin(group=EVERY) as session:
        session.execute(sa.update(ApiToken).where(ApiToken.id == number).values(last_used_at=now))
