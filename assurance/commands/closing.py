"""Days on which the group does not work, besides weekends and bank holidays."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from assurance.accounts.chronicle import note_deed
from assurance.calendar import SATURDAY
from assurance.commands.checks import own, said
from assurance.commands.hearing import require_role
from assurance.office import Tx
from assurance.reasons import day_in_words
from assurance.records import ClosedDay
from engine.errors import Reason, Refused

KEEPERS = ("coordinator", "administrator")


def close_day(tx: Tx, day: date, name: str) -> int:
    """Let the group not work on a day, and give the row's number; rules reckon with it from the next sweep on.

    Raises Refused for everybody but the coordinator and the administrator, without a name, for a day that has passed
    and for one on which nobody works anyway.
    """
    require_role(tx, *KEEPERS)
    called = said(name, "what the day is called")
    refuse_to_close(tx, day)
    row = ClosedDay(group_id=tx.actor.group_id, day=day, name=called)
    tx.session.add(row)
    tx.session.flush()
    note_deed(tx, "day_closed", None, f"{day_in_words(day)}: {called}")
    return row.id


def open_day(tx: Tx, number: int) -> date:
    """Let the group work on a day after all, and give that day.

    Raises Refused for everybody but the coordinator and the administrator, for a day that is not there, and for one
    that has passed.
    """
    require_role(tx, *KEEPERS)
    row = own(tx, ClosedDay, number, "closed day")
    _refuse_past(tx, row.day)
    tx.session.delete(row)
    note_deed(tx, "day_opened", None, f"{day_in_words(row.day)}: {row.name}")
    return row.day


def refuse_to_close(tx: Tx, day: date) -> None:
    """Raise Refused, with every reason, for a day that nobody needs to close, or that cannot be closed any more."""
    _refuse_past(tx, day)
    told = day_in_words(day)
    if day.weekday() >= SATURDAY:
        raise Refused(Reason("weekend", f"{told} is a {day:%A}; nobody works then anyway."))
    if day in tx.calendar.bank:
        name = tx.calendar.bank.get(day)
        raise Refused(Reason("bank_holiday", f"{told} is a bank holiday already: {name}."))
    query = sa.select(ClosedDay.name).where(ClosedDay.group_id == tx.actor.group_id, ClosedDay.day == day)
    kept = tx.session.scalar(query)
    if kept is not None:
        raise Refused(Reason("closed_already", f"{told} is closed already: {kept}."))


def _refuse_past(tx: Tx, day: date) -> None:
    if day < tx.today:
        sentence = f"{day_in_words(day)} has passed; what was reckoned by it has happened, and stays."
        raise Refused(Reason("has_passed", sentence))
