"""What keeps people from guessing: an account closes for a while after wrong guesses, and a place that tries too often waits.

A guess is counted before it is looked at, in a statement that the database takes one after another, and given back where
it was right. However many try at once, no more are looked at than are allowed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from assurance.records import Account, Tries
from engine.errors import Refused
from engine.store import UtcDateTime

GUESSES = 5
FIRST_LOCK = timedelta(minutes=15)
LATER_LOCK = timedelta(hours=1)
PAUSE = timedelta(minutes=15)
TRIES_KEPT = timedelta(days=1)


def take_guess(session: Session, account_id: int, *, now: datetime) -> int | None:
    """Count one guess at an account and say which in a row it is; None where it is closed: then look at nothing.

    Every fifth in a row closes the account: for fifteen minutes, then for an hour each time.
    """
    number = Account.failures + 1
    is_open = sa.or_(Account.locked_until.is_(None), Account.locked_until <= now)
    first, later = (sa.literal(now + span, UtcDateTime()) for span in (FIRST_LOCK, LATER_LOCK))
    closes = sa.case((number == GUESSES, first), (number % GUESSES == 0, later), else_=None)
    change = sa.update(Account).where(Account.id == account_id, is_open)
    counted = change.values(failures=number, locked_until=closes).returning(Account.failures)
    found: int | None = session.connection().execute(counted).scalar_one_or_none()
    return found


def give_back(session: Session, account_id: int, guess: int) -> None:
    """Take back one guess that was right, though nobody is signed in by it yet.

    An account that this very guess has closed is open again; what another one has closed stays closed.
    """
    fewer = sa.case((Account.failures > 0, Account.failures - 1), else_=0)
    opened = {"locked_until": None} if guess % GUESSES == 0 else {}
    session.connection().execute(
        sa.update(Account).where(Account.id == account_id).values(failures=fewer, **opened)
    )


def forget_guesses(session: Session, account_id: int) -> None:
    """Count from nought again: somebody has proved in full who they are."""
    session.connection().execute(
        sa.update(Account).where(Account.id == account_id).values(failures=0, locked_until=None)
    )


def count_try(session: Session, place: str, *, now: datetime, most: int | None = None) -> int:
    """Count one try from a place (a fingerprint) and give which it is in a quarter of an hour.

    Raises Refused for more than `most`.
    """
    session.execute(sa.delete(Tries).where(Tries.since_at < now - TRIES_KEPT))
    insert = postgresql_insert if session.info["dialect"].name == "postgresql" else sqlite_insert
    is_over = Tries.since_at <= now - PAUSE
    statement = insert(Tries).values(place=place, since_at=now, number=1)
    statement = statement.on_conflict_do_update(
        index_elements=["place"],
        set_={
            "number": sa.case((is_over, 1), else_=Tries.number + 1),
            "since_at": sa.case((is_over, now), else_=Tries.since_at),
        },
    )
    number: int = session.execute(statement.returning(Tries.number)).scalar_one()
    if most is not None and number > most:
        raise Refused.because(
            "too_many_tries",
            "There were too many tries in a short time. Wait fifteen minutes, then try again.",
        )
    return number
