"""What waits for one person, as values: the person with their posts, and one duty with why, since when and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Any, NamedTuple

import sqlalchemy as sa

from assurance.access import Viewer
from assurance.office import Tx
from assurance.roster import Roster, Seat, roster
from engine.moved import Ref


class Urgency(IntEnum):
    """How soon something has to be done; the smallest first."""

    NOW = 0  # a child may be unsafe
    OVERDUE = 1  # its day is over
    SOON = 2  # its day comes within a week
    WAITS = 3  # it has no day of its own, and somebody waits for it
    LATER = 4  # its day lies further ahead


@dataclass(frozen=True, slots=True)
class Me:
    """One person of one day: the posts that they hold, the agencies that they lead, and everybody else in post."""

    person_id: int
    posts: frozenset[int]
    roles: frozenset[str]
    leads: frozenset[int]
    agencies: frozenset[int]
    people: Roster

    def looks_after_all(self) -> bool:
        """Say whether this is the coordinator, or the chair where nobody coordinates."""
        return "coordinator" in self.roles or (
            "chair" in self.roles and not self.people.holding("coordinator")
        )

    def decides_about(self, agency_id: int | None) -> bool:
        """Say whether this is the chair, or the deputy where no chair is free to decide on an agency's work."""
        return any(seat.person_id == self.person_id for seat in who_decides_about(self.people, agency_id))


class Duty(NamedTuple):
    """One thing that waits for somebody. Of `steps` the first that is open to them is asked for; none: to look at it.

    `since_on` is the day from which it has waited, `due_on` the day until which it is asked for.
    """

    ref: Ref
    what: str
    why: str
    since_on: date
    due_on: date | None = None
    steps: tuple[str, ...] = ()
    audit: str | None = None
    is_urgent: bool = False
    rule: str = ""  # for a notice or an escalation: the rule that has spoken

    def urgency(self, today: date, week_ahead: date) -> Urgency:
        """Say how soon it has to be done."""
        if self.is_urgent:
            return Urgency.NOW
        if self.due_on is None:
            return Urgency.WAITS
        if self.due_on < today:
            return Urgency.OVERDUE
        return Urgency.SOON if self.due_on <= week_ahead else Urgency.LATER


def me_of(tx: Tx, viewer: Viewer) -> Me | None:
    """Give whoever looks with the posts that they hold today; None for whoever runs the installation."""
    if viewer.person_id is None:
        return None
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    seats = tuple(people.of(viewer.person_id))
    led = {seat.agency_id for seat in seats if seat.role == "agency_lead" and seat.agency_id is not None}
    return Me(
        person_id=viewer.person_id,
        posts=frozenset(seat.post_id for seat in seats),
        roles=viewer.roles,
        leads=frozenset(led),
        agencies=viewer.agencies,
        people=people,
    )


def sources(tx: Tx, kind: str, *steps: str) -> frozenset[str]:
    """Give the states from which one of some steps can be taken, by whatever definition a subject goes."""
    return frozenset(
        state
        for workflow in tx.playbook.pinned.values()
        if workflow.kind == kind
        for way in workflow.moves
        if way.trigger in steps
        for state in way.sources
    )


def can_take(tx: Tx, table: type[Any], *steps: str) -> sa.ColumnElement[bool]:
    """Leave the rows of a noun that stand where one of some steps can be taken."""
    states = sources(tx, table.noun, *steps)
    stands_there: sa.ColumnElement[bool] = table.state.in_(states)
    return stands_there


def who_decides_about(people: Roster, agency_id: int | None) -> tuple[Seat, ...]:
    """Give the chairs who are here and hold no post in an agency, else such deputies."""
    for role in ("chair", "deputy_chair"):
        free = tuple(
            seat
            for seat in people.holding(role)
            if not seat.is_away and (agency_id is None or agency_id not in people.agencies_of(seat.person_id))
        )
        if free:
            return free
    return ()
