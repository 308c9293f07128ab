"""Who was at a meeting: for each post its holder, a deputy, or nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from assurance.commands.checks import held, one_of, said
from assurance.commands.hearing import hear, who_was_faster
from assurance.commands.moving import Done, Entered, enter, repeated
from assurance.invitations import CONVENERS
from assurance.office import Tx
from assurance.records import Attendance, Meeting
from assurance.roster import Seat, roster
from engine.errors import Reason, Refused, Stale
from engine.ledger import history
from engine.moved import Ref

THERE, DEPUTY, APOLOGIES, ABSENT = "there", "deputy", "apologies", "absent"
RECORD = "record_attendance"
PRESENCES = (THERE, DEPUTY, APOLOGIES, ABSENT)


@dataclass(frozen=True, slots=True)
class Present:
    """Whether the holder of a post was at a meeting; `deputy` names who came in their place."""

    post_id: int
    person_id: int
    presence: str
    deputy: str = ""


def expected_at(tx: Tx, meeting: Meeting) -> tuple[Seat, ...]:
    """Give the seats of those who belonged at a meeting on its day: members, and whoever convenes them."""
    people = roster(tx.session, group_id=meeting.group_id, today=meeting.on)
    return tuple(seat for seat in people.seats if seat.is_member or seat.role in CONVENERS)


def record_attendance(
    tx: Tx, ref: Ref, people: Sequence[Present], *, version: int | None = None, key: str | None = None
) -> Done:
    """Record who was at a meeting, post by post; what was recorded of it before is replaced.

    Raises Stale where somebody else has recorded it since the version that the actor saw. Raises Refused for a meeting that is to come or was cancelled, for somebody who did not belong there on that day,
    for a post that is named twice, and for a deputy without a name.
    """
    held(tx, ref, Meeting.noun)
    earlier = repeated(tx, key, ref, RECORD)
    if earlier is not None:
        return earlier
    _refuse_older(tx, ref, version)
    meeting = tx.session.get_one(Meeting, ref.id)
    expected = {(seat.post_id, seat.person_id): seat for seat in expected_at(tx, meeting)}
    if not people:
        raise Refused(Reason("empty", "Say at least of one post whether its holder was there."))
    for one in people:
        one_of(one.presence, PRESENCES, "a word for whether somebody was there")
        if expected.pop((one.post_id, one.person_id), None) is None:
            sentence = "Somebody named here did not belong to the group on the day of the meeting, or is named twice."
            raise Refused(Reason("not_expected", sentence))
    rows = [
        Attendance(
            group_id=tx.actor.group_id,
            meeting_id=ref.id,
            post_id=one.post_id,
            person_id=one.person_id,
            presence=one.presence,
            deputy=said(one.deputy, "the name of the deputy") if one.presence == DEPUTY else "",
        )
        for one in people
    ]
    tx.session.execute(sa.delete(Attendance).where(Attendance.meeting_id == ref.id))
    tx.session.add_all(rows)
    tx.session.flush()
    by_presence = {
        word: sorted(one.post_id for one in people if one.presence == word)
        for word in PRESENCES
        if any(one.presence == word for one in people)
    }
    return enter(tx, ref, RECORD, Entered({"attendance": by_presence}), key=key)


def _refuse_older(tx: Tx, ref: Ref, version: int | None) -> None:
    """Raise Stale where what would be replaced was not there yet when somebody looked.

    Of its own, since who was there makes nothing stale that is decided about a meeting.
    """
    if version is None:
        return
    hear(tx, ref, version=version)
    newer = [
        line for line in history(tx.session, ref) if line.seq > version and line.data.get("trigger") == RECORD
    ]
    if newer:
        raise Stale(who_was_faster(tx, newer[-1]))
