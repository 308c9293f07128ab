"""Letters with links that need no signing in, at the moment they go: is each link still good, and whose own is there?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TypeAlias

import sqlalchemy as sa

from assurance.accounts.letters import TEMPLATES as ACCOUNT_LETTERS
from assurance.accounts.tokens import fingerprint, token_in_place_of
from assurance.config import SHORTEST_SECRET
from assurance.office import Office, Tx
from assurance.records import Account, AccountIdentity, AccountTicket, MailLink, Person
from engine.fences import EVERY
from notifications.blanks import BEGINNING, blank_at_end
from notifications.leases import Claimed
from notifications.review import Answer, HeldBack, Overtaken

# The link in place of a page, by the number of a person and the address of the page.
OwnLinks: TypeAlias = Mapping[tuple[int, str], str]
# Letters that are nothing without their link.
LINK_LETTERS = frozenset({"return_link", "confirm_link", *ACCOUNT_LETTERS.values()})
LINK_OVER = (
    "The link in it is good no more: it was withdrawn or has served, its time is over, its addressee has another address, "
    "or it was made with another AUDITLOOP_SECRET."
)
_NOT_MADE_HERE = "The link in it is made with AUDITLOOP_SECRET, which is not set where mail is delivered; set it there too."
_ASKED_AGAIN_AFTER = timedelta(minutes=15)


def weigh_links(tx: Tx, messages: Sequence[Claimed]) -> dict[int, Answer]:
    """Say of letters that are nothing without their link whether that is good no more, or cannot be made here.

    Those whose link is good are not among the answers.
    """
    blanks = {message.id: blank for message in messages if (blank := _blank_of(message)) is not None}
    if not blanks:
        return {}
    if len(tx.playbook.secret) < SHORTEST_SECRET:
        return dict.fromkeys(blanks, HeldBack(tx.now + _ASKED_AGAIN_AFTER, _NOT_MADE_HERE))
    prints = {number: _prints(tx, blank) for number, blank in blanks.items()}
    good = _good(tx, [one for some in prints.values() for one in some])
    return {number: Overtaken(LINK_OVER) for number, some in prints.items() if good.isdisjoint(some)}


def own_links(tx: Tx, people: Iterable[int]) -> OwnLinks:
    """Give the links that are good now of those who have no account, by person and by the page that they stand for.

    Whoever has one signs in; whoever has none would get no further than to the page for that.
    """
    wanted = set(people)
    if not wanted:
        return {}
    signs_in = sa.exists().where(
        Account.person_id == MailLink.person_id,
        sa.or_(
            Account.password_hash.is_not(None), sa.exists().where(AccountIdentity.account_id == Account.id)
        ),
    )
    query = sa.select(MailLink).where(
        MailLink.person_id.in_(wanted), MailLink.blank.is_not(None), ~signs_in, *good_ones(tx)
    )
    base, has_secret = tx.playbook.base_url, len(tx.playbook.secret) >= SHORTEST_SECRET
    return {
        (row.person_id, f"{base}/{row.subject_kind}/{row.subject_id}"): f"{base}/link/{row.blank}"
        for row in tx.session.scalars(query)
        if row.blank is not None
        and has_secret
        # Under a secret that nobody lists any more it would be put in wrongly.
        and row.fingerprint in _prints(tx, row.blank)
    }


def has_good_link(tx: Tx, blank: str) -> bool:
    """Say whether the link that belongs in place of a blank is good now."""
    return bool(_good(tx, _prints(tx, blank)))


def token_for(office: Office, blank: str) -> str:
    """Give the token that belongs in place of a blank: under the secret of today, or the old one with which it was made."""
    settings = office.settings
    today = token_in_place_of(settings.secret, blank)
    if not settings.old_secrets:
        return today
    tokens = {fingerprint(one): one for one in (today, *_under(settings.old_secrets, blank))}
    links = sa.select(MailLink.fingerprint).where(MailLink.fingerprint.in_(tokens))
    tickets = sa.select(AccountTicket.token_hash).where(AccountTicket.token_hash.in_(tokens))
    with office.store.reading(group=EVERY) as session:
        known = session.scalars(sa.union_all(links, tickets)).first()
    return today if known is None else tokens[known]


def good_ones(tx: Tx) -> tuple[sa.ColumnElement[bool], ...]:
    """Give the conditions under which links are good as far as their own rows tell, and their people's addresses.

    Whether somebody holds the post still is asked where a link is used.
    """
    moved_away = sa.exists().where(
        Person.id == MailLink.person_id, sa.func.lower(Person.email) != sa.func.lower(MailLink.to_address)
    )
    return (
        MailLink.withdrawn_at.is_(None),
        MailLink.spent_at.is_(None),
        MailLink.expires_at > tx.now,
        ~moved_away,
    )


def _prints(tx: Tx, blank: str) -> list[str]:
    """Give the fingerprints that the token in place of a blank can have: under the secret of today and under old ones."""
    return [fingerprint(one) for one in _under((tx.playbook.secret, *tx.playbook.old_secrets), blank)]


def _under(secrets: Iterable[str], blank: str) -> Iterator[str]:
    return (token_in_place_of(secret, blank) for secret in secrets)


def _blank_of(message: Claimed) -> str | None:
    if message.template not in LINK_LETTERS or BEGINNING not in message.context_text:
        return None
    return blank_at_end(message.context["link"])


def _good(tx: Tx, prints: Sequence[str]) -> set[str]:
    """Give those of some fingerprints whose links are good now: links about something, and tickets of accounts."""
    links = sa.select(MailLink.fingerprint).where(MailLink.fingerprint.in_(prints), *good_ones(tx))
    tickets = sa.select(AccountTicket.token_hash).where(
        AccountTicket.token_hash.in_(prints),
        AccountTicket.used_at.is_(None),
        AccountTicket.expires_at > tx.now,
    )
    return set(tx.session.scalars(sa.union_all(links, tickets)))
