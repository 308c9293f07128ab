"""Who holds which post today: from this follow what a person may do and who is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.records import Absence, Person, Post, PostHolding
from engine.prepared import Prepared

# Posts whose holder acts for the whole group; every other post acts for its own agency only.
GROUP_ROLES = frozenset(
    {"chair", "deputy_chair", "coordinator", "lay_member", "administrator", "inspector", "board_chair"}
)


# What somebody is to one subject only; no post gives it.
RELATIONS = frozenset({"owner", "awaited_lead", "requester", "approver", "clock"})


_Rows: TypeAlias = Callable[[], tuple[Any, ...]]


class Seat(NamedTuple):
    """A person in a post on one day."""

    person_id: int
    person: str
    email: str
    post_id: int
    post: str
    role: str
    agency_id: int | None
    is_member: bool
    is_away: bool


_SEATS = Prepared(
    sa.select(
        Person.id,
        Person.name,
        Person.email,
        Post.id,
        Post.title,
        Post.role,
        Post.agency_id,
        Post.is_member,
        sa.exists()
        .where(
            Absence.person_id == Person.id,
            Absence.from_on <= sa.bindparam("today", type_=sa.Date()),
            Absence.until_on >= sa.bindparam("today", type_=sa.Date()),
        )
        .label("is_away"),
    )
    .join(PostHolding, PostHolding.person_id == Person.id)
    .join(Post, Post.id == PostHolding.post_id)
    .where(
        Person.group_id == sa.bindparam("the_group"),
        PostHolding.from_on <= sa.bindparam("today", type_=sa.Date()),
        sa.or_(
            PostHolding.until_on.is_(None), PostHolding.until_on >= sa.bindparam("today", type_=sa.Date())
        ),
    )
    .order_by(Post.id, Person.id)
)


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody who holds a post of one group on one day."""

    seats: tuple[Seat, ...]
    _by_person: Mapping[int | None, list[Seat]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_person: dict[int | None, list[Seat]] = {}
        for seat in self.seats:
            by_person.setdefault(seat.person_id, []).append(seat)
        object.__setattr__(self, "_by_person", by_person)

    def of(self, person_id: int | None) -> Iterator[Seat]:
        """Give the seats of one person."""
        return iter(self._by_person.get(person_id, ()))

    def holding(self, role: str, *, agency_id: int | None = None) -> tuple[Seat, ...]:
        """Give the seats of one role, of one agency where that is asked."""
        return tuple(
            seat
            for seat in self.seats
            if seat.role == role and (agency_id is None or seat.agency_id == agency_id)
        )

    def agencies_of(self, person_id: int | None) -> frozenset[int]:
        """Give the agencies for which a person holds a post."""
        return frozenset(seat.agency_id for seat in self.of(person_id) if seat.agency_id is not None)

    def in_post(self, post_id: int | None) -> tuple[Seat, ...]:
        """Give who holds one post."""
        return tuple(seat for seat in self.seats if seat.post_id == post_id)


def roster(session: Session, *, group_id: int, today: date) -> Roster:
    """Read who holds which post of a group on a day, once in a transaction: it judges on one and the same roster.

    Who changes posts or absences asks in a later transaction.
    """
    read: dict[tuple[int, date], Roster] = session.info.setdefault("rosters", {})
    if (group_id, today) not in read:
        rows = _asked(session, group_id, today)
        read[group_id, today] = _seated(rows())
    return read[group_id, today]


def roster_soon(session: Session, *, group_id: int, today: date) -> None:
    """Have the roster asked together with whatever is asked next, which `roster` then has at hand."""
    _asked(session, group_id, today)


@lru_cache(maxsize=256)
def _seated(rows: tuple[Any, ...]) -> Roster:
    """Make a roster of the rows that were read; of the same rows, which change seldom, it is the same roster."""
    return Roster(tuple(Seat._make((*row[:7], bool(row[7]), bool(row[8]))) for row in rows))


def _asked(session: Session, group_id: int, today: date) -> _Rows:
    asked: dict[tuple[int, date], _Rows] = session.info.setdefault("rosters_asked", {})
    if (group_id, today) not in asked:
        asked[group_id, today] = _SEATS.rows_soon(session, {"the_group": group_id, "today": today})
    return asked[group_id, today]
