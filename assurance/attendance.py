"""Keeps the invitations to meetings in line with who belongs to a group from day to day.

Posts are held between dates, so that nobody's command is there on the day on which somebody joins or leaves.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from assurance.batches import work_through
from assurance.commands.hearing import load
from assurance.commands.noting import note
from assurance.invitations import invite, invited_now, members_today, uninvite
from assurance.office import Office, Tx, clock_of
from assurance.records import Meeting
from assurance.tally import SweepTally
from engine.moved import Ref
from engine.timers import Due

PLANNED = "planned"


def keep_invitations(office: Office) -> SweepTally:
    """Invite whoever has joined a group to its meetings to come, and tell whoever has left that they are not expected.

    Repeating it tells nobody twice. A meeting that cannot be looked at stops no other one.
    """
    tally = SweepTally()
    for group_id in office.groups():
        with office.reading(clock_of(group_id)) as tx:
            to_come = sa.select(Meeting.id).where(
                Meeting.group_id == group_id, Meeting.state == PLANNED, Meeting.starts_at > tx.now
            )
            numbers = tx.session.scalars(to_come.order_by(Meeting.id)).all()
            due = [Due(Ref(Meeting.noun, number), group_id, tx.now) for number in numbers]
        tally.add(work_through(office, clock_of(group_id), due, _keep_right))
    return tally


def _keep_right(tx: Tx, due: Sequence[Due]) -> SweepTally:
    for one in due:
        _invite_joined_and_left(tx, one.ref)
    return SweepTally()


def _invite_joined_and_left(tx: Tx, ref: Ref) -> None:
    known = load(tx, ref)
    row = tx.session.get_one(Meeting, ref.id, populate_existing=True)
    wanted, has = members_today(tx), invited_now(tx, row)
    joined, left = sorted(wanted - has), sorted(has - wanted)
    if known.standing.state != PLANNED or not (joined or left):
        return
    written = note(tx, known, "invited", {"joined": joined, "left": left})
    cause = f"{ref} line {written.seq}"
    invite(tx, row, joined, cause=cause)
    uninvite(tx, row, left, cause=cause)
