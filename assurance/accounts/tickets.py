"""Links and steps that are good for once and for a while: an invitation, a recovery, the way to the second step."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.accounts.tokens import Drawn, draw_for_letter, draw_token, fingerprint
from assurance.office import Tx
from assurance.records import Account, AccountTicket
from engine.errors import Refused

KEPT_FOR = timedelta(days=30)


class Purpose(StrEnum):
    """What a ticket is good for; it is good for nothing else."""

    INVITATION = "invitation"
    RECOVERY = "recovery"
    SECOND_STEP = "second_step"


GOOD_FOR = {
    Purpose.INVITATION: timedelta(days=7),
    Purpose.RECOVERY: timedelta(hours=1),
    Purpose.SECOND_STEP: timedelta(minutes=10),
}
OVER = {
    Purpose.INVITATION: "This invitation was used already, or its seven days are over. Ask your administrator for another.",
    Purpose.RECOVERY: "This link was used already, or its hour is over. Ask for another one.",
    Purpose.SECOND_STEP: "That took longer than ten minutes, or was done already. Begin again with your password.",
}


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket that is still good, and whose it is."""

    id: int
    account_id: int
    expires_at: datetime


def draw_step(session: Session, account_id: int, *, at: datetime) -> str:
    """Make the ticket with which a browser comes back for the second step, and give its token; those before it stay good."""
    token = draw_token()
    _keep(session, Purpose.SECOND_STEP, account_id, token, at)
    return token


def draw_link(tx: Tx, purpose: Purpose, account_id: int) -> Drawn:
    """Make a ticket that goes by mail; those of the same purpose before it are good no more.

    Raises Refused where the installation has no secret of its own.
    """
    drawn = draw_for_letter(tx.playbook.secret)
    recall_tickets(tx.session, account_id, at=tx.now, purpose=purpose)
    _keep(tx.session, purpose, account_id, drawn.token, tx.now)
    return drawn


def read_ticket(session: Session, purpose: Purpose, token: str, *, now: datetime) -> Ticket:
    """Look at a ticket without using it; raises Refused where it is good no more, or never was."""
    query = sa.select(AccountTicket.id, AccountTicket.account_id, AccountTicket.expires_at)
    row = session.execute(query.where(*_good(purpose, token, now))).first()
    if row is None:
        raise Refused.because("link_over", OVER[purpose])
    return Ticket(row.id, row.account_id, row.expires_at)


def read_tickets(
    session: Session, purpose: Purpose, tokens: Iterable[str], *, now: datetime
) -> dict[str, Ticket]:
    """Look at several tickets without using them, and give those that are good, by their tokens.

    Raises Refused where none is.
    """
    found = {}
    for token in tokens:
        with suppress(Refused):
            found[token] = read_ticket(session, purpose, token, now=now)
    if not found:
        raise Refused.because("link_over", OVER[purpose])
    return found


def use_ticket(session: Session, purpose: Purpose, token: str, *, now: datetime) -> Ticket:
    """Use a ticket up: of many who try at once one does. Raises Refused for the others, as `read_ticket` does."""
    ticket = read_ticket(session, purpose, token, now=now)
    change = sa.update(AccountTicket).where(*_good(purpose, token, now)).values(used_at=now)
    if session.connection().execute(change).rowcount != 1:
        raise Refused.because("link_over", OVER[purpose])
    return ticket


def recall_tickets(
    session: Session, account_id: int, *, at: datetime, purpose: Purpose | None = None
) -> None:
    """Make the tickets of an account good no more: those of one purpose, or all."""
    which = AccountTicket.purpose == purpose if purpose is not None else sa.true()
    open_ones = (AccountTicket.account_id == account_id, AccountTicket.used_at.is_(None))
    session.execute(sa.update(AccountTicket).where(*open_ones, which).values(used_at=at))


def _good(purpose: Purpose, token: str, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        AccountTicket.token_hash == fingerprint(token),
        AccountTicket.purpose == purpose,
        AccountTicket.used_at.is_(None),
        AccountTicket.expires_at > now,
    )


def _keep(session: Session, purpose: Purpose, account_id: int, token: str, at: datetime) -> None:
    before = (AccountTicket.account_id == account_id, AccountTicket.purpose == purpose)
    session.execute(sa.delete(AccountTicket).where(*before, AccountTicket.expires_at < at - KEPT_FOR))
    row = AccountTicket(
        group_id=sa.select(Account.group_id).where(Account.id == account_id).scalar_subquery(),
        account_id=account_id,
        purpose=purpose,
        token_hash=fingerprint(token),
        made_at=at,
        expires_at=at + GOOD_FOR[purpose],
    )
    session.add(row)
    session.flush()
