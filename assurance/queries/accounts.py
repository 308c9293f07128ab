"""What people see of accounts: their own with its sessions, and the posts of an example to sign in as."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from assurance.accounts.chronicle import DEEDS
from assurance.accounts.proving import codes_left
from assurance.accounts.sessions import LONGEST, LONGEST_IDLE
from assurance.office import Office, Tx, clock_of
from assurance.records import Account, AccountEvent, AccountIdentity, Person, SignedInSession
from assurance.roster import roster
from engine.errors import Refused

NEWEST_DEEDS = 20
# Every role as one speaks of whoever holds it; in the order in which an example offers its posts.
ROLES = {
    "chair": "the chair",
    "deputy_chair": "the deputy chair",
    "coordinator": "the coordinator",
    "agency_lead": "an agency's lead",
    "member": "a member",
    "post_holder": "an action owner",
    "lay_member": "the lay member",
    "board_chair": "the chair of the Board",
    "inspector": "the inspector",
    "administrator": "the administrator",
}
_ORDER = tuple(ROLES)


@dataclass(frozen=True, slots=True)
class ExamplePost:
    """Somebody of an example to sign in as: their roles as one speaks of them, and the titles of their posts."""

    person_key: str
    name: str
    roles: str
    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One session of an account that is still good."""

    id: int
    device: str
    made_at: datetime
    seen_at: datetime
    is_this: bool


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that was done to an account; `by` is empty for nobody in particular."""

    at: datetime
    said: str
    by: str
    whom: str
    detail: str


@dataclass(frozen=True, slots=True)
class MyAccount:
    """Somebody's own account: what proves them, where they are signed in, and what was done to it lately."""

    name: str
    email: str
    password_set_at: datetime | None
    has_app: bool
    codes_left: int
    issuers: tuple[str, ...]
    sessions: tuple[OpenSession, ...]
    deeds: tuple[Deed, ...]


def example_posts(office: Office) -> list[ExamplePost]:
    """Give everybody who holds a post today in any group, with their posts: for demonstrations only."""
    found: dict[tuple[int, int], ExamplePost] = {}
    for group_id in office.groups():
        with office.reading(clock_of(group_id)) as tx:
            people = roster(tx.session, group_id=group_id, today=tx.today)
            keys = dict(tx.session.execute(sa.select(Person.id, Person.key)).all())
        for person_id in {seat.person_id for seat in people.seats}:
            seats = sorted(people.of(person_id), key=lambda seat: _ORDER.index(seat.role))
            roles = " and ".join(dict.fromkeys(ROLES[seat.role] for seat in seats))
            titles = tuple(seat.post for seat in seats)
            place = _ORDER.index(seats[0].role), person_id
            found[place] = ExamplePost(keys[person_id], seats[0].person, roles, titles)
    return [found[place] for place in sorted(found)]


def my_account(tx: Tx, account_id: int, *, session_id: int) -> MyAccount:
    """Give the actor's own account; raises Refused for another person's."""
    account = tx.session.get(Account, account_id)
    if account is None or account.person_id != tx.actor.person_id:
        raise Refused.because("unknown_subject", "There is no such account of yours.")
    person = tx.session.get_one(Person, account.person_id)
    issuers = sa.select(AccountIdentity.issuer).where(AccountIdentity.account_id == account_id)
    return MyAccount(
        name=person.name,
        email=person.email,
        password_set_at=account.password_set_at,
        has_app=account.totp_secret is not None,
        codes_left=codes_left(tx.session, account_id),
        issuers=tuple(tx.session.scalars(issuers.order_by(AccountIdentity.id))),
        sessions=_sessions(tx, account_id, session_id),
        deeds=deeds(tx, AccountEvent.person_id == person.id, most=NEWEST_DEEDS),
    )


def deeds(tx: Tx, *which: sa.ColumnElement[bool], most: int, after: int = 0) -> tuple[Deed, ...]:
    """Give what was done to accounts of the actor's group, the newest first."""
    by, whom = aliased(Person), aliased(Person)
    query = (
        sa.select(AccountEvent.at, AccountEvent.what, by.name, whom.name, AccountEvent.detail)
        .outerjoin(by, by.id == AccountEvent.by_id)
        .outerjoin(whom, whom.id == AccountEvent.person_id)
        .where(AccountEvent.group_id == tx.actor.group_id, *which)
        .order_by(AccountEvent.id.desc())
        .limit(most)
        .offset(after)
    )
    return tuple(
        Deed(at, DEEDS.get(what, what), done_by or "", to or "", detail)
        for at, what, done_by, to, detail in tx.session.execute(query)
    )


def _sessions(tx: Tx, account_id: int, session_id: int) -> tuple[OpenSession, ...]:
    query = sa.select(SignedInSession).where(
        SignedInSession.account_id == account_id,
        SignedInSession.ended_at.is_(None),
        SignedInSession.seen_at >= tx.now - LONGEST_IDLE,
        SignedInSession.made_at >= tx.now - LONGEST,
    )
    return tuple(
        OpenSession(row.id, row.device, row.made_at, row.seen_at, row.id == session_id)
        for row in tx.session.scalars(query.order_by(SignedInSession.seen_at.desc()))
    )
