"""The group's meetings: planning one, and naming the one that looks at an audit's returns.

Moving, holding and cancelling one are steps of its workflow; what they bring with them stands in `convening`.
"""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import sqlalchemy as sa

from assurance.commands.checks import held, own, said
from assurance.commands.convening import Sitting, columns_of, day_before, dependent, move_returns
from assurance.commands.hearing import load, require_role
from assurance.commands.moving import Done, Entered, enter, look_again, start
from assurance.invitations import CONVENERS, invite, members_today
from assurance.office import Tx
from assurance.reasons import day_in_words
from assurance.records import Audit, Meeting
from engine.errors import Reason, Refused
from engine.moved import Ref

PLANNED = "planned"
# Ours: no partnership's published practice names any number of days.
RETURNS_DUE_BEFORE = 10


def plan_meeting(
    tx: Tx, title: str, sitting: Sitting, *, name: str | None = None, key: str | None = None
) -> Ref:
    """Plan a meeting of the group and invite its members and whoever convenes them.

    `name` is the short word by which commands call it; without one it is the month, such as 2015-06.
    Raises Refused for somebody who may not, for a day that has passed, for hours that do not fit and for a name that
    is taken.
    """
    require_role(tx, *CONVENERS)
    if sitting.on < tx.today:
        raise Refused(
            Reason("has_passed", f"{day_in_words(sitting.on)} has passed; plan a day that is to come.")
        )
    return open_meeting(tx, title, sitting, name=name, key=key)


def open_meeting(tx: Tx, title: str, sitting: Sitting, *, name: str | None, key: str | None = None) -> Ref:
    """Enter a meeting that somebody has planned, and invite whoever belongs to the group.

    Raises Refused for hours that do not fit and for a name that is taken.
    """
    if Meeting.noun not in tx.playbook.workflows:
        raise Refused(
            Reason("no_workflow", "No workflow file describes meetings; put meeting.yaml beside the others.")
        )
    row = Meeting(
        key=_free_name(tx, sitting.on) if name is None else _own_name(tx, said(name, "a name")),
        title=said(title, "a title"),
        uid=str(uuid4()),
        sequence=0,
        **columns_of(sitting, tx.calendar),
    )
    ref = start(tx, row, Meeting.noun, entered=Entered({"set": {"on": row.on.isoformat()}}), key=key)
    invite(tx, row, members_today(tx), cause=f"{ref} line 1")
    look_again(tx, dependent(tx))
    return ref


def set_meeting(
    tx: Tx, audit: Ref, meeting_id: int, returns_due_on: date | None = None, *, key: str | None = None
) -> Done:
    """Name the meeting that will look at the returns, and the day on which they are due before it.

    Without a day they are due ten working days before the meeting, and move with it; a day that somebody names stays.
    Raises Refused for a meeting that was held or cancelled, and for a day that does not lie between today and it.
    """
    # The meeting before what hangs on it: whoever moves it meanwhile takes the rows in this order too.
    own(tx, Meeting, meeting_id, "meeting")
    known = load(tx, Ref(Meeting.noun, meeting_id))
    held(tx, audit, Audit.noun)
    meeting = tx.session.get_one(Meeting, meeting_id, populate_existing=True)
    if known.standing.state != PLANNED:
        sentence = (
            f"The meeting on {day_in_words(meeting.on)} is {known.standing.state}; name one that is to come."
        )
        raise Refused(Reason("not_planned", sentence))
    due_on = _due_on(tx, meeting, returns_due_on)
    row = tx.session.get_one(Audit, audit.id)
    row.meeting_id, row.returns_due_on = meeting.id, due_on
    row.returns_due_before = RETURNS_DUE_BEFORE if returns_due_on is None else None
    data = {
        "row": {"meeting_id": meeting.id, "returns_due_before": row.returns_due_before},
        "set": {"returns_due_on": due_on.isoformat()},
    }
    done = enter(tx, audit, "set_meeting", Entered(data), key=key)
    moved = move_returns(tx, audit.id, due_on, told={"trigger": "set_meeting"})
    look_again(tx, {known.ref, *moved, *dependent(tx, [row])})
    return done


def _due_on(tx: Tx, meeting: Meeting, named: date | None) -> date:
    if named is not None:
        if named > meeting.on:
            sentence = f"The returns must be in before the meeting on {day_in_words(meeting.on)}."
            raise Refused(Reason("due_after_meeting", sentence))
        return named
    reckoned = day_before(tx, meeting.on, RETURNS_DUE_BEFORE)
    if reckoned < tx.today:
        sentence = (
            f"Ten working days before the meeting on {day_in_words(meeting.on)} was {day_in_words(reckoned)}, "
            "which has passed; name the day on which the returns are due."
        )
        raise Refused(Reason("has_passed", sentence))
    return reckoned


def _own_name(tx: Tx, name: str) -> str:
    if name in _names(tx):
        raise Refused(Reason("name_taken", f"A meeting is called {name!r} already; choose another name."))
    return name


def _free_name(tx: Tx, day: date) -> str:
    """Give the month as a name, and a number behind it where the group meets more than once in it."""
    taken, month = _names(tx), f"{day:%Y-%m}"
    names = (month, *(f"{month}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def _names(tx: Tx) -> set[str]:
    return set(tx.session.scalars(sa.select(Meeting.key).where(Meeting.group_id == tx.actor.group_id)))
