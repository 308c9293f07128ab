"""Who can be reached by mail: which addresses are dead, and who is told instead of somebody who has one."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.records import DeadAddress
from assurance.roster import Roster, Seat

# Who is told that an address is dead, where whoever should be told has a dead one too.
_INSTEAD = ("chair", "deputy_chair", "administrator")


def dead_addresses(session: Session) -> frozenset[tuple[int, str]]:
    """Give every address that is dead now, in small letters, with its group."""
    rows = session.execute(
        sa.select(DeadAddress.group_id, DeadAddress.address).where(DeadAddress.mended_on.is_(None))
    )
    return frozenset((group_id, address) for group_id, address in rows)


def within_reach(
    session: Session, people: Roster, group_id: int, seats: tuple[Seat, ...]
) -> tuple[Seat, ...]:
    """Give those who can be reached, else who is told in their place; where nobody can, those who were meant."""
    dead = dead_addresses(session)
    for some in (seats, *(people.holding(role) for role in _INSTEAD)):
        reached = tuple(seat for seat in some if (group_id, seat.email.lower()) not in dead)
        if reached:
            return reached
    return seats
