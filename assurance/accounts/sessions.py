"""Who is signed in: sessions begin with a proof, are confirmed by another, and end by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from assurance.accounts.tokens import draw_token, fingerprint
from assurance.office import Actor, Office, Tx
from assurance.records import Account, Person, SignedInSession
from engine.errors import Refused
from engine.fences import EVERY
from engine.prepared import Prepared

LONGEST_IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
FRESH = timedelta(minutes=15)
SEEN_EVERY = timedelta(minutes=1)
LONGEST_DEVICE = 200
KEPT_FOR = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Seated:
    """Somebody who is signed in; `confirmed_at` is when they last proved who they are."""

    actor: Actor
    session_id: int
    account_id: int
    csrf: str
    confirmed_at: datetime | None
    is_demo: bool = False


_SESSION = Prepared(
    sa.select(
        SignedInSession.id,
        SignedInSession.account_id,
        SignedInSession.csrf,
        SignedInSession.is_demo,
        SignedInSession.made_at,
        SignedInSession.seen_at,
        SignedInSession.confirmed_at,
        Person.group_id,
        Person.id,
        Person.name,
    )
    .join(Account, Account.id == SignedInSession.account_id)
    .join(Person, Person.id == Account.person_id)
    .where(
        SignedInSession.token_hash == sa.bindparam("token_hash"),
        SignedInSession.ended_at.is_(None),
        Account.disabled_at.is_(None),
    )
)
_SEEN = Prepared(
    sa.update(SignedInSession)
    .where(
        SignedInSession.id == sa.bindparam("session"),
        SignedInSession.ended_at.is_(None),
        SignedInSession.seen_at < sa.bindparam("now"),
    )
    .values(seen_at=sa.bindparam("now"))
)


def seated(office: Office, token: str) -> Seated | None:
    """Say who is signed in with a token; None where nobody is, or is no more.

    A session ends by half an hour without a request, twelve hours after it began, and with its account. That it was
    seen is written at most once a minute; nothing else is written here.
    """
    with office.store.reading(group=EVERY) as session:
        row = _SESSION.first(session, {"token_hash": fingerprint(token)})
    if row is None:
        return None
    number, account_id, csrf, is_demo, made_at, seen_at, confirmed_at, group_id, person_id, name = row
    now = office.clock.now()
    if now - seen_at > LONGEST_IDLE or now - made_at > LONGEST:
        return None
    if now - seen_at >= SEEN_EVERY:
        with office.store.begin(group=EVERY) as session:
            _SEEN.run(session, {"session": number, "now": now})
    return Seated(Actor(group_id, person_id, name), number, account_id, csrf, confirmed_at, is_demo)


def last_owner(office: Office, token: str) -> tuple[int, str] | None:
    """Give whose session a token was and the secret of its forms, though it may be over; None where it never was one."""
    query = sa.select(SignedInSession.account_id, SignedInSession.csrf)
    with office.store.reading(group=EVERY) as session:
        row = session.execute(query.where(SignedInSession.token_hash == fingerprint(token))).first()
    return None if row is None else (row.account_id, row.csrf)


def begin_session(tx: Tx, account_id: int, *, device: str = "") -> str:
    """Begin a session of somebody who has just proved who they are, and give its token.

    The caller has checked the proof; sessions that the browser had before are the caller's to end.
    """
    return _open(tx, account_id, device=device, confirmed_at=tx.now, is_demo=False)


def open_demo_session(office: Office, person_key: str, *, group: str | None = None) -> str:
    """Begin a session as one of the example people, without any proof, and give its token: for demonstrations only.

    Raises Refused, with the nearest known key, where there is no such person, or several in several groups.
    """
    actor = office.actor(person_key, group=group)
    with office.begin(actor) as tx:
        account_id = tx.session.scalar(sa.select(Account.id).where(Account.person_id == actor.person_id))
        if account_id is None:
            account = Account(group_id=actor.group_id, person_id=actor.person_id, made_at=tx.now)
            tx.session.add(account)
            tx.session.flush()
            account_id = account.id
        return _open(tx, account_id, device="Demonstration", confirmed_at=tx.now, is_demo=True)


def confirm_session(tx: Tx, session_id: int) -> str:
    """Note that somebody has proved again who they are, and give the token that counts from now on.

    The token before it is worth nothing any more. The session keeps its age, and its forms stay good.
    Raises Refused where the session has ended meanwhile.
    """
    token = draw_token()
    change = sa.update(SignedInSession).where(
        SignedInSession.id == session_id, SignedInSession.ended_at.is_(None)
    )
    changed = tx.session.connection().execute(
        change.values(token_hash=fingerprint(token), confirmed_at=tx.now, seen_at=tx.now)
    )
    if changed.rowcount != 1:
        raise Refused.because("session_ended", "You have been signed out meanwhile; sign in again.")
    return token


def end_session(tx: Tx, session_id: int) -> None:
    """End one session; one that has ended stays as it is."""
    _end(tx, SignedInSession.id == session_id)


def end_session_anywhere(office: Office, session_id: int) -> None:
    """End one session of whatever group: a browser that signs in to another group leaves none behind."""
    with office.store.begin(group=EVERY) as session:
        this = (SignedInSession.id == session_id, SignedInSession.ended_at.is_(None))
        session.execute(sa.update(SignedInSession).where(*this).values(ended_at=office.clock.now()))


def end_all_of(tx: Tx, account_id: int, *, but: int | None = None) -> int:
    """End every session of an account, but for one where that is named; give how many ended."""
    others = SignedInSession.id != but if but is not None else sa.true()
    return _end(tx, SignedInSession.account_id == account_id, others)


def end_demo_sessions(office: Office) -> int:
    """End what demonstrations have opened: for every start that is none, so that no such session outlives its purpose."""
    still = (SignedInSession.is_demo, SignedInSession.ended_at.is_(None))
    with office.store.begin(group=EVERY) as session:
        change = sa.update(SignedInSession).where(*still).values(ended_at=office.clock.now())
        return session.connection().execute(change).rowcount


def is_fresh(seat: Seated, now: datetime) -> bool:
    """Say whether somebody has proved lately enough who they are to take a decision of record."""
    return seat.confirmed_at is not None and now - seat.confirmed_at <= FRESH


def _open(tx: Tx, account_id: int, *, device: str, confirmed_at: datetime, is_demo: bool) -> str:
    token = draw_token()
    old = (SignedInSession.account_id == account_id, SignedInSession.made_at < tx.now - KEPT_FOR)
    tx.session.execute(sa.delete(SignedInSession).where(*old))
    row = SignedInSession(
        group_id=tx.actor.group_id,
        account_id=account_id,
        token_hash=fingerprint(token),
        csrf=draw_token(),
        device=device[:LONGEST_DEVICE],
        is_demo=is_demo,
        made_at=tx.now,
        seen_at=tx.now,
        confirmed_at=confirmed_at,
    )
    tx.session.add(row)
    tx.session.flush()
    return token


def _end(tx: Tx, *which: sa.ColumnElement[bool]) -> int:
    change = sa.update(SignedInSession).where(*which, SignedInSession.ended_at.is_(None))
    return tx.session.connection().execute(change.values(ended_at=tx.now)).rowcount
