"""Who is who: people with their posts and accounts, posts with their holders, agencies with their records."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.accounts.tickets import Purpose
from assurance.closings import against_closing_agency, against_closing_post
from assurance.office import Tx
from assurance.queries.accounts import Deed, deeds
from assurance.reasons import day_in_words, moment_in_words
from assurance.records import (
    Absence,
    Account,
    AccountEvent,
    AccountIdentity,
    AccountTicket,
    Agency,
    Person,
    Post,
    PostHolding,
    RecordSet,
)
from engine.errors import Refused

DEEDS_ON_A_PAGE = 50
READERS = ("administrator", "coordinator", "chair", "deputy_chair", "inspector")


@dataclass(frozen=True, slots=True)
class Held:
    """A post that somebody holds, has held or will hold."""

    id: int
    person_id: int
    person: str
    post_id: int
    post: str
    role: str
    agency: str
    from_on: date
    until_on: date | None
    is_now: bool
    is_over: bool


@dataclass(frozen=True, slots=True)
class Away:
    """An absence that is not over."""

    from_on: date
    until_on: date
    reason: str
    is_now: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands: one word for programs, a sentence for people, and what can be done with it."""

    word: str
    said: str
    has_account: bool
    is_disabled: bool


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """Somebody with what they hold today or will hold, and how their account stands."""

    id: int
    key: str
    name: str
    email: str
    held: tuple[Held, ...]
    away: tuple[Away, ...]
    account: Standing

    @property
    def now(self) -> tuple[Held, ...]:
        """Give the posts that they hold today."""
        return tuple(one for one in self.held if one.is_now)


@dataclass(frozen=True, slots=True)
class PersonInFull:
    """The same with every post that they ever held, and what was done to their account, the newest first."""

    entry: PersonEntry
    deeds: tuple[Deed, ...]


@dataclass(frozen=True, slots=True)
class PostEntry:
    """A post with whoever holds it today."""

    id: int
    title: str
    role: str
    agency: str
    is_member: bool
    closed_on: date | None
    holders: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class AgencyEntry:
    """An agency, its collections of records with the post that leads each, and its posts."""

    id: int
    name: str
    closed_on: date | None
    records: tuple[tuple[str, str], ...]
    posts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToKeep:
    """An agency or a post that can be renamed and closed, with every reason why it cannot be closed today."""

    id: int
    name: str
    of: str
    closed_on: date | None
    against_closing: tuple[str, ...]


def people(tx: Tx, viewer: Viewer) -> tuple[PersonEntry, ...]:
    """Give everybody of the group by name; raises Refused for whoever keeps nothing here."""
    _require_reader(viewer)
    return _entries(tx, viewer, only_now=True)


def person(tx: Tx, viewer: Viewer, number: int) -> PersonInFull:
    """Give one person in full; raises Refused where there is none, and for whoever keeps nothing here."""
    _require_reader(viewer)
    found = _entries(tx, viewer, Person.id == number)
    if not found:
        raise Refused.because("unknown_subject", f"There is no person/{number}.")
    return PersonInFull(found[0], deeds(tx, AccountEvent.person_id == number, most=DEEDS_ON_A_PAGE))


def posts(tx: Tx, viewer: Viewer) -> tuple[PostEntry, ...]:
    """Give the posts of the group with their holders of today."""
    _require_reader(viewer)
    by_post: dict[int, list[Held]] = defaultdict(list)
    for one in _holdings(tx, viewer):
        if one.is_now:
            by_post[one.post_id].append(one)
    query = (
        sa.select(Post, Agency.name)
        .outerjoin(Agency, Agency.id == Post.agency_id)
        .where(visible(viewer, Post))
        .order_by(Post.id)
    )
    return tuple(
        PostEntry(
            post.id,
            post.title,
            post.role,
            agency or "",
            post.is_member,
            post.closed_on,
            tuple(by_post[post.id]),
        )
        for post, agency in tx.session.execute(query)
    )


def agency(tx: Tx, viewer: Viewer, number: int) -> ToKeep:
    """Give one agency to be kept; raises Refused where there is none, and for whoever keeps nothing here."""
    _require_reader(viewer)
    row = tx.session.scalar(sa.select(Agency).where(visible(viewer, Agency), Agency.id == number))
    if row is None:
        raise Refused.because("unknown_subject", "There is no such agency.")
    against = tuple(reason.sentence for reason in against_closing_agency(tx, row))
    return ToKeep(row.id, row.name, "", row.closed_on, against)


def post(tx: Tx, viewer: Viewer, number: int) -> ToKeep:
    """Give one post to be kept; raises Refused where there is none, and for whoever keeps nothing here."""
    _require_reader(viewer)
    row = tx.session.scalar(sa.select(Post).where(visible(viewer, Post), Post.id == number))
    if row is None:
        raise Refused.because("unknown_subject", "There is no such post.")
    of = tx.session.scalar(sa.select(Agency.name).where(Agency.id == row.agency_id)) or ""
    against = tuple(reason.sentence for reason in against_closing_post(tx, row))
    return ToKeep(row.id, row.title, of, row.closed_on, against)


def agencies(tx: Tx, viewer: Viewer) -> tuple[AgencyEntry, ...]:
    """Give the agencies of the group with their records and posts."""
    _require_reader(viewer)
    records: dict[int, list[tuple[str, str]]] = defaultdict(list)
    query = (
        sa.select(RecordSet.agency_id, RecordSet.name, Post.title)
        .outerjoin(Post, Post.id == RecordSet.lead_post_id)
        .where(visible(viewer, RecordSet))
        .order_by(RecordSet.id)
    )
    for agency_id, name, lead in tx.session.execute(query):
        records[agency_id].append((name, lead or "the agency's lead"))
    titles: dict[int, list[str]] = defaultdict(list)
    for held_for, title in tx.session.execute(
        sa.select(Post.agency_id, Post.title).where(visible(viewer, Post)).order_by(Post.id)
    ):
        if held_for is not None:
            titles[held_for].append(title)
    rows = tx.session.execute(
        sa.select(Agency.id, Agency.name, Agency.closed_on)
        .where(visible(viewer, Agency))
        .order_by(Agency.name)
    )
    return tuple(
        AgencyEntry(number, name, closed_on, tuple(records[number]), tuple(titles[number]))
        for number, name, closed_on in rows
    )


def latest_deeds(tx: Tx, viewer: Viewer, *, page: int = 1) -> tuple[tuple[Deed, ...], int]:
    """Give one page of what was done to accounts and posts, the newest first, and how many pages there are."""
    _require_reader(viewer)
    query = sa.select(sa.func.count()).select_from(AccountEvent)
    number = tx.session.scalar(query.where(AccountEvent.group_id == viewer.group_id)) or 0
    pages = max(1, -(-number // DEEDS_ON_A_PAGE))
    after = DEEDS_ON_A_PAGE * (min(max(page, 1), pages) - 1)
    return deeds(tx, most=DEEDS_ON_A_PAGE, after=after), pages


def holding(tx: Tx, viewer: Viewer, number: int) -> Held:
    """Give one holding of a post; raises Refused where there is none."""
    _require_reader(viewer)
    found = _holdings(tx, viewer, PostHolding.id == number)
    if not found:
        raise Refused.because("unknown_subject", "There is no such holding of a post.")
    return found[0]


def _require_reader(viewer: Viewer) -> None:
    if viewer.person_id is not None and not viewer.roles & set(READERS):
        raise Refused.because("unknown_subject", "There is nothing here that you may see.")


def _entries(
    tx: Tx, viewer: Viewer, *which: sa.ColumnElement[bool], only_now: bool = False
) -> tuple[PersonEntry, ...]:
    held: dict[int, list[Held]] = defaultdict(list)
    for one in _holdings(tx, viewer):
        if not (only_now and one.is_over):
            held[one.person_id].append(one)
    away: dict[int, list[Away]] = defaultdict(list)
    query = sa.select(Absence).where(visible(viewer, Absence), Absence.until_on >= tx.today)
    for row in tx.session.scalars(query.order_by(Absence.from_on)):
        is_now = row.from_on <= tx.today
        away[row.person_id].append(Away(row.from_on, row.until_on, row.reason, is_now))
    accounts = _accounts(tx, viewer)
    none = Standing("none", "No account", has_account=False, is_disabled=False)
    rows = tx.session.scalars(
        sa.select(Person).where(visible(viewer, Person), *which).order_by(Person.name, Person.id)
    )
    return tuple(
        PersonEntry(
            row.id,
            row.key,
            row.name,
            row.email,
            tuple(held[row.id]),
            tuple(away[row.id]),
            accounts.get(row.id, none),
        )
        for row in rows
    )


def _holdings(tx: Tx, viewer: Viewer, *which: sa.ColumnElement[bool]) -> list[Held]:
    query = (
        sa.select(PostHolding, Person.name, Post.title, Post.role, Agency.name)
        .join(Person, Person.id == PostHolding.person_id)
        .join(Post, Post.id == PostHolding.post_id)
        .outerjoin(Agency, Agency.id == Post.agency_id)
        .where(visible(viewer, PostHolding), *which)
        .order_by(PostHolding.from_on, PostHolding.id)
    )
    return [
        Held(
            id=row.id,
            person_id=row.person_id,
            person=name,
            post_id=row.post_id,
            post=title,
            role=role,
            agency=agency or "",
            from_on=row.from_on,
            until_on=row.until_on,
            is_now=row.from_on <= tx.today and (row.until_on is None or row.until_on >= tx.today),
            is_over=row.until_on is not None and row.until_on < tx.today,
        )
        for row, name, title, role, agency in tx.session.execute(query)
    ]


def _accounts(tx: Tx, viewer: Viewer) -> dict[int, Standing]:
    open_until = (
        sa.select(sa.func.max(AccountTicket.expires_at))
        .where(
            AccountTicket.account_id == Account.id,
            AccountTicket.purpose == Purpose.INVITATION,
            AccountTicket.used_at.is_(None),
            AccountTicket.expires_at > tx.now,
        )
        .scalar_subquery()
    )
    was_invited = sa.exists().where(
        AccountTicket.account_id == Account.id, AccountTicket.purpose == Purpose.INVITATION
    )
    is_linked = sa.exists().where(AccountIdentity.account_id == Account.id)
    query = sa.select(Account, sa.type_coerce(open_until, AccountTicket.expires_at.type), is_linked)
    # An example makes accounts for whoever looks around in it; nobody can sign in with those.
    is_real = sa.or_(was_invited, is_linked, Account.password_hash.is_not(None))
    rows = tx.session.execute(query.where(visible(viewer, Account), is_real))
    return {account.person_id: _standing(tx, account, until, linked) for account, until, linked in rows}


def _standing(tx: Tx, account: Account, open_until: datetime | None, is_linked: object) -> Standing:
    if account.disabled_at is not None:
        since = day_in_words(tx.calendar.today(account.disabled_at))
        return Standing("disabled", f"Disabled since {since}", has_account=True, is_disabled=True)
    if account.locked_until is not None and account.locked_until > tx.now:
        until = moment_in_words(tx.calendar.civil(account.locked_until))
        word, told = "closed", f"Closed until {until}, after wrong guesses"
    elif is_linked or account.password_hash is not None:
        word, told = "ready", "Can sign in"
    elif open_until is not None:
        word, told = (
            "invited",
            f"Invited; the link is good until {day_in_words(tx.calendar.today(open_until))}",
        )
    else:
        word, told = "not_set_up", "Not set up; the link is over"
    return Standing(word, told, has_account=True, is_disabled=False)
