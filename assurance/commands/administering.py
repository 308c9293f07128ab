"""Keeping accounts and posts: what an administrator does for others, and never for themselves; each deed is written down.

Whoever runs the installation does the same from the command line.
"""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from assurance.accounts.chronicle import note_deed
from assurance.accounts.enrolling import send_invitation
from assurance.accounts.letters import tell_of_change, tell_those_who_answer
from assurance.accounts.sessions import end_all_of
from assurance.accounts.tickets import recall_tickets
from assurance.commands.checks import free_key, own, said
from assurance.commands.founding import record_absence
from assurance.commands.hearing import require_role
from assurance.office import Tx
from assurance.reasons import day_in_words
from assurance.records import (
    Account,
    AccountIdentity,
    ApiToken,
    CalendarFeed,
    Group,
    Person,
    Post,
    PostHolding,
    RecoveryCode,
)
from engine.errors import Reason, Refused
from notifications.headers import envelope_address

KEEPER = "administrator"
# Posts that decide, or that decide who does.
DECIDING = frozenset({"chair", "deputy_chair", "board_chair", "agency_lead", "coordinator", KEEPER})
OWN_POST = (
    "You keep the accounts, so you give no post to yourself: whoever decides who decides would decide alone. Another "
    "administrator can, or whoever runs the installation."
)


def add_person(tx: Tx, name: str, email: str) -> int:
    """Add somebody to the group's people, without a post and without an account yet, and give their number.

    Raises Refused for a name or an address that cannot be written to, and for one that somebody here has already.
    """
    require_keeper(tx)
    called, address = said(name, "the name"), _address(tx, email)
    row = Person(group_id=tx.actor.group_id, key=free_key(tx, Person, called), name=called, email=address)
    tx.session.add(row)
    tx.session.flush()
    note_deed(tx, "person_added", row.id, called)
    return row.id


def change_person(tx: Tx, person_id: int, *, name: str, email: str) -> None:
    """Change how somebody is called and where they are written to; the address that they had is told.

    Links to the account that went to the address before are good no more: whoever reads it there may be somebody else.
    """
    require_keeper(tx)
    person = own(tx, Person, person_id, "person")
    called, address = said(name, "the name"), _address(tx, email, but=person.id)
    if (called, address) == (person.name, person.email):
        return
    before = person.email
    person.name, person.email = called, address
    tx.session.flush()
    note_deed(tx, "person_changed", person.id, f"{before}, now {address}" if before != address else called)
    if before != address:
        account = _account(tx, person.id)
        if account is not None:
            recall_tickets(tx.session, account.id, at=tx.now)
        tell_of_change(tx, person, "Your account has another e-mail address.", to_address=before)
        tell_those_who_answer(tx, person, f"The account of {called} has another e-mail address.")


def invite_to_account(tx: Tx, person_id: int) -> str:
    """Send somebody the link with which they set up their account, and give its token; earlier links are good no more.

    Raises Refused for an account that is set up or disabled, and where another account uses the same address.
    """
    require_keeper(tx)
    person = own(tx, Person, person_id, "person")
    account = _account(tx, person.id)
    if account is not None and account.disabled_at is not None:
        sentence = f"The account of {person.name} is disabled; enable it first."
        raise Refused(Reason("disabled", sentence))
    if account is not None and _is_set_up(tx, account):
        # A link alone would let in whoever reads the mail.
        sentence = (
            f"{person.name} can sign in already. If they have lost what they need for it, take it back first."
        )
        raise Refused(Reason("set_up_already", sentence))
    return send_invitation(tx, person)


def disable_account(tx: Tx, person_id: int) -> None:
    """Keep somebody out from now on: their sessions end, their links and calendar address are good no more. Posts stay.

    Raises Refused for one's own account, and where there is none.
    """
    person, account = _others_account(tx, person_id, "disable")
    if account.disabled_at is not None:
        return
    account.disabled_at = tx.now
    tx.session.flush()
    end_all_of(tx, account.id)
    recall_tickets(tx.session, account.id, at=tx.now)
    _take_back(tx, CalendarFeed, person)
    note_deed(tx, "disabled", person.id)


def enable_account(tx: Tx, person_id: int) -> None:
    """Let somebody in again with what they had before; raises Refused where there is no account."""
    person, account = _others_account(tx, person_id, "enable")
    if account.disabled_at is None:
        return
    account.disabled_at = None
    tx.session.flush()
    note_deed(tx, "enabled", person.id)


def reset_account(tx: Tx, person_id: int) -> str:
    """Take back everything that proves somebody or their programs, end their sessions, and send them a new link.

    Gives the link's token.

    For whoever has lost both app and recovery codes: see to it that it is they who ask.
    Raises Refused for one's own account, for a disabled one, and where there is none.
    """
    person, account = _others_account(tx, person_id, "reset")
    if account.disabled_at is not None:
        raise Refused(Reason("disabled", f"The account of {person.name} is disabled; enable it first."))
    account.password_hash = account.password_set_at = account.totp_secret = account.locked_until = None
    account.failures = 0
    tx.session.flush()
    for table in (RecoveryCode, AccountIdentity):
        tx.session.execute(sa.delete(table).where(table.account_id == account.id))
    end_all_of(tx, account.id)
    recall_tickets(tx.session, account.id, at=tx.now)
    for kept in (ApiToken, CalendarFeed):
        _take_back(tx, kept, person)
    note_deed(tx, "reset", person.id)
    tell_those_who_answer(tx, person, f"The account of {person.name} is to be set up anew.")
    return send_invitation(tx, person)


def give_post(tx: Tx, post_id: int, person_id: int, *, from_on: date, until_on: date | None = None) -> int:
    """Let somebody hold a post from a day, until a day or until further notice; give the number of the holding.

    Raises Refused for a post to oneself, for days that are over or in the wrong order, and for a post that the same
    person holds on one of these days already.
    """
    require_keeper(tx)
    person, post = own(tx, Person, person_id, "person"), own(tx, Post, post_id, "post")
    reasons = []
    if person.id == tx.actor.person_id:
        reasons.append(Reason("own_post", OWN_POST))
    if from_on < tx.today:
        sentence = f"{day_in_words(from_on)} is over; a post is given from today or a later day."
        reasons.append(Reason("day_is_over", sentence))
    if until_on is not None and until_on < from_on:
        reasons.append(Reason("ends_before_it_begins", "The last day lies before the first one."))
    if not reasons and _holds(tx, post, person, from_on, until_on):
        sentence = f"{person.name} holds the post {post.title} on these days already."
        reasons.append(Reason("holds_it_already", sentence))
    if reasons:
        raise Refused(*reasons)
    row = PostHolding(
        group_id=tx.actor.group_id,
        post_id=post.id,
        person_id=person.id,
        from_on=from_on,
        until_on=until_on,
    )
    tx.session.add(row)
    tx.session.flush()
    until = "" if until_on is None else f" until {day_in_words(until_on)}"
    note_deed(tx, "post_given", person.id, f"{post.title}, from {day_in_words(from_on)}{until}")
    if post.role in DECIDING:
        tell_those_who_answer(
            tx, person, f"{person.name} holds the post {post.title} from {day_in_words(from_on)} on."
        )
    return row.id


def end_post(tx: Tx, holding_id: int, last_on: date) -> None:
    """Let somebody leave a post after a last day; with yesterday as the last day it takes effect at once.

    Raises Refused for an earlier day: what was done until now was done in the post. And for a later one than the last
    day that stands: who holds a post for longer is given it anew, as anybody is.
    """
    require_keeper(tx)
    row = own(tx, PostHolding, holding_id, "holding of a post")
    yesterday = tx.today - timedelta(days=1)
    if row.until_on is not None and row.until_on < tx.today:
        raise Refused(Reason("is_over", f"This ended on {day_in_words(row.until_on)} already."))
    if last_on < yesterday:
        sentence = (
            f"The last day can be {day_in_words(yesterday)} at the earliest, which ends it at once: what was done "
            "until now was done in the post."
        )
        raise Refused(Reason("day_is_over", sentence))
    if row.until_on is not None and last_on > row.until_on:
        sentence = (
            f"The last day is {day_in_words(row.until_on)} already; take that day or an earlier one. For longer, the "
            "post is given anew."
        )
        raise Refused(Reason("ends_before", sentence))
    row.until_on = last_on
    tx.session.flush()
    post = tx.session.get_one(Post, row.post_id)
    note_deed(tx, "post_ended", row.person_id, f"{post.title}, last day {day_in_words(last_on)}")


def note_absence(tx: Tx, person_id: int, from_on: date, until_on: date, reason: str) -> int:
    """Record that somebody is away, as `record_absence` does, and write down who recorded it."""
    number = record_absence(tx, person_id, from_on, until_on, reason)
    days = f"{day_in_words(from_on)} to {day_in_words(until_on)}"
    note_deed(tx, "absence_recorded", person_id, days)
    return number


def _take_back(tx: Tx, table: type[ApiToken] | type[CalendarFeed], person: Person) -> None:
    """Make what somebody's programs and calendars carry worth nothing from now on."""
    own_ones = (table.person_id == person.id, table.revoked_at.is_(None))
    tx.session.execute(sa.update(table).where(*own_ones).values(revoked_at=tx.now))


def require_keeper(tx: Tx) -> None:
    """Raise Refused for anybody but an administrator and whoever runs the installation.

    Of two who keep a group at once the second waits, and then sees what the first has done.
    """
    if tx.actor.person_id is not None:
        require_role(tx, KEEPER)
    # Whoever adds what belongs to the group goes on meanwhile: only its own row is held, and its key is not.
    held = sa.select(Group.id).where(Group.id == tx.actor.group_id).with_for_update(key_share=True)
    tx.session.execute(held)


def _others_account(tx: Tx, person_id: int, what: str) -> tuple[Person, Account]:
    """Give somebody else's account; raises Refused for one's own: an administrator cannot lock themselves out or in."""
    require_keeper(tx)
    person = own(tx, Person, person_id, "person")
    if person.id == tx.actor.person_id:
        sentence = f"You cannot {what} your own account; another administrator can, or whoever runs the installation."
        raise Refused(Reason("own_account", sentence))
    account = _account(tx, person.id)
    if account is None:
        raise Refused(Reason("no_account", f"{person.name} has no account; invite them first."))
    return person, account


def _account(tx: Tx, person_id: int) -> Account | None:
    return tx.session.scalar(sa.select(Account).where(Account.person_id == person_id))


def _is_set_up(tx: Tx, account: Account) -> bool:
    linked = sa.select(sa.exists().where(AccountIdentity.account_id == account.id))
    return account.password_hash is not None or bool(tx.session.scalar(linked))


def _holds(tx: Tx, post: Post, person: Person, from_on: date, until_on: date | None) -> bool:
    same = (PostHolding.post_id == post.id, PostHolding.person_id == person.id)
    not_before = sa.or_(PostHolding.until_on.is_(None), PostHolding.until_on >= from_on)
    not_after = sa.true() if until_on is None else PostHolding.from_on <= until_on
    return tx.session.scalar(sa.select(sa.exists().where(*same, not_before, not_after))) or False


def _address(tx: Tx, text: str, *, but: int | None = None) -> str:
    address = said(text, "the e-mail address")
    try:
        envelope_address(address)
    except ValueError as error:
        raise Refused(Reason("not_an_address", f"{str(error)[:1].upper()}{str(error)[1:]}.")) from None
    same = (Person.group_id == tx.actor.group_id, sa.func.lower(Person.email) == address.lower())
    taken = tx.session.scalar(sa.select(Person.name).where(*same, Person.id != (but or 0)))
    if taken is not None:
        raise Refused(
            Reason("address_taken", f"{address} is the address of {taken}; each person has their own.")
        )
    return address
