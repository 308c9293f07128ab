"""What a step of a meeting brings with it: its hours and place, the days that hang on it, and its invitations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from assurance.calendar import WorkingCalendar
from assurance.commands.hearing import load, require_readable
from assurance.facts import NOUNS, SETTLED_RETURNS, Known
from assurance.invitations import call_off, invite_again
from assurance.office import Tx
from assurance.reasons import day_in_words, facts_of
from assurance.records import AgencyReturn, Audit, Meeting
from assurance.truth import withdraw_stale
from engine.condition_tree import atoms
from engine.conditions import Value
from engine.errors import Reason, Refused
from engine.ledger import Line, append, append_all
from engine.moved import Ref
from engine.workflow import Move

CANCELLED = "cancelled"
MOVE_MEETING = "move_meeting"
USUAL_LENGTH = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Sitting:
    """When and where the group meets: a civil day with its hours in the group's zone; no place is an empty text."""

    on: date
    starts: time
    ends: time
    place: str = ""


class Brought(NamedTuple):
    """What came along with a step: subjects that must be looked at again, and what people are told of it."""

    refs: tuple[Ref, ...] = ()
    sentences: tuple[str, ...] = ()


def hour_of(text: str) -> time:
    """Read an hour of the day such as 14:00; raises Refused for anything else."""
    require_readable(text, "the hour")
    try:
        at = time.fromisoformat(text.strip())
    except ValueError:
        at = None
    if at is None or f"{at:%H:%M}" != text.strip():
        raise Refused(Reason("not_an_hour", f"{text!r} is not an hour of the day; write it as 14:00."))
    return at


def usual_end(starts: time) -> time:
    """Give the end of a meeting of which only the beginning was said: two hours later, on the same day."""
    later = datetime.combine(date.min, starts) + USUAL_LENGTH
    return later.time() if later.date() == date.min else time(23, 59)


def columns_of(sitting: Sitting, calendar: WorkingCalendar) -> dict[str, Any]:
    """Give what a meeting's row keeps of a sitting; raises Refused for one that ends before it begins."""
    if sitting.ends <= sitting.starts:
        sentence = f"The meeting would end at {sitting.ends:%H:%M}, but begins at {sitting.starts:%H:%M}."
        raise Refused(Reason("ends_before_it_begins", sentence))
    return {
        "starts_at": calendar.instant(sitting.on, sitting.starts).astimezone(UTC),
        "ends_at": calendar.instant(sitting.on, sitting.ends).astimezone(UTC),
        "on": sitting.on,
        "place": sitting.place,
    }


def rearranged(tx: Tx, known: Known, step: Move) -> dict[str, Any]:
    """Give the columns that a step of a meeting changes beside those that its workflow names.

    What is left out stays as it is, and a meeting of which only the beginning moves stays as long as it was.
    Raises Refused for hours that are none, and for a move that would change nothing.
    """
    if step.trigger != MOVE_MEETING and step.target != CANCELLED:
        return {}
    row = tx.session.get_one(Meeting, known.ref.id, populate_existing=True)
    told = {"sequence": row.sequence + 1}
    if step.target == CANCELLED:
        return told
    changes = columns_of(_moved_to(row, step.given, tx.calendar), tx.calendar)
    if all(getattr(row, name) == value for name, value in changes.items()):
        sentence = (
            f"Nothing would change: the meeting is on {day_in_words(row.on)} already, at this hour and place."
        )
        raise Refused(Reason("nothing_changes", sentence))
    return changes | told


def bring_along(tx: Tx, known: Known, step: Move, *, cause: str) -> Brought:
    """Move what hangs on a meeting that was moved, held or cancelled, and tell whoever is invited.

    `known` is the meeting as it stood before; `cause` names the line of the history that says so.
    """
    row = tx.session.get_one(Meeting, known.ref.id, populate_existing=True)
    audits = _waiting_for(tx, row)
    follow: list[_Followed] = []
    sentences: list[str] = []
    if step.target == CANCELLED:
        call_off(tx, row, cause=cause)
        sentences = [
            f"Audit {audit.reference} was to be looked at there; name another meeting." for audit in audits
        ]
    elif step.trigger == MOVE_MEETING:
        invite_again(tx, row, cause=cause)
        follow = [_follow(tx, audit, row, known.facts["on"]) for audit in audits]
        sentences = [one.sentence for one in follow if one.sentence]
    moved = {ref for one in follow for ref in one.refs}
    # What is owed to people about the old day goes no more; the new day has reminders of its own.
    withdraw_stale(tx, sorted({known.ref, *moved, *(Ref(Audit.noun, audit.id) for audit in audits)}))
    return Brought(tuple(moved | dependent(tx, audits)), tuple(sentences))


def dependent(tx: Tx, audits: Sequence[Audit] = ()) -> set[Ref]:
    """Name every subject whose rules may judge anew: those of the audits, and all who look to the next meeting."""
    refs = {Ref(Audit.noun, audit.id) for audit in audits}
    if _asked_by_rules(tx, AgencyReturn.noun, "meeting_on"):
        numbers = tx.session.scalars(
            sa.select(AgencyReturn.id).where(AgencyReturn.audit_id.in_([audit.id for audit in audits]))
        )
        refs |= {Ref(AgencyReturn.noun, number) for number in numbers}
    for kind, noun in NOUNS.items():
        if _asked_by_rules(tx, kind, "next_meeting_on"):
            numbers = tx.session.scalars(
                sa.select(noun.table.id).where(noun.table.group_id == tx.actor.group_id)
            )
            refs |= {Ref(kind, number) for number in numbers}
    return refs


def move_returns(
    tx: Tx, audit_id: int, due_on: date, *, told: Mapping[str, Any], from_on: date | None = None
) -> list[Ref]:
    """Let returns that are still awaited be due on another day; what they were first due on stays.

    With `from_on` only those that were due on that day. Each gets a line of its own, which says what is `told`.
    """
    where = [AgencyReturn.due_on != due_on] if from_on is None else [AgencyReturn.due_on == from_on]
    numbers = tx.session.scalars(
        sa.select(AgencyReturn.id).where(AgencyReturn.audit_id == audit_id, _is_awaited(), *where)
    ).all()
    noun = tx.playbook.noun(AgencyReturn.noun)
    noun.lock(tx.session, numbers)
    data = {**told, "set": {"due_on": due_on.isoformat()}}
    line = Line("entered", tx.now, tx.actor.signature, data=data, changes={"due_on": due_on})
    found = noun.load_many(tx.session, numbers)
    append_all(tx.session, AgencyReturn, [(known.standing, line) for known in found])
    return [Ref(AgencyReturn.noun, number) for number in numbers]


def day_before(tx: Tx, meeting_on: date, working_days: int) -> date:
    """Give the day that lies so many of the group's working days before a meeting."""
    return tx.calendar.add_working_days(meeting_on, -working_days)


class _Followed(NamedTuple):
    refs: Sequence[Ref]
    sentence: str


def _moved_to(row: Meeting, given: Mapping[str, Value], calendar: WorkingCalendar) -> Sitting:
    """Put together where a meeting is moved to: what was given, and for the rest what stood before."""
    began, ended = (at.astimezone(calendar.zone) for at in (row.starts_at, row.ends_at))
    new_on, starts, ends, place = (given.get(name) for name in ("new_on", "starts", "ends", "place"))
    begins = hour_of(starts) if isinstance(starts, str) else began.time()
    lasts = datetime.combine(row.on, begins) + (ended - began)
    stays_within = lasts.time() if lasts.date() == row.on else time(23, 59)
    return Sitting(
        on=new_on if isinstance(new_on, date) else row.on,
        starts=begins,
        ends=hour_of(ends) if isinstance(ends, str) else stays_within,
        place=place.strip() if isinstance(place, str) else row.place,
    )


def _waiting_for(tx: Tx, row: Meeting) -> Sequence[Audit]:
    """Hold the audits that a meeting is still to look at, and give them as they stand."""
    waiting = (Audit.meeting_id == row.id, Audit.held_on.is_(None), Audit.state != "cancelled")
    noun = tx.playbook.noun(Audit.noun)
    noun.lock(tx.session, tx.session.scalars(sa.select(Audit.id).where(*waiting)).all())
    # Asked again once they are held: somebody may have named another meeting meanwhile.
    query = sa.select(Audit).where(*waiting).order_by(Audit.id)
    return tx.session.scalars(query, execution_options={"populate_existing": True}).all()


def _follow(tx: Tx, audit: Audit, row: Meeting, before: Value) -> _Followed:
    """Let an audit's day for the returns follow its meeting, if it was reckoned from the meeting."""
    was_due_on = audit.returns_due_on
    if was_due_on is None:
        return _Followed((), "")
    if audit.returns_due_before is None:
        late = " That is after the meeting: name another day." if was_due_on > row.on else ""
        sentence = f"The returns of audit {audit.reference} stay due on {day_in_words(was_due_on)}, the day that somebody named.{late}"
        return _Followed((), sentence)
    # A day that has passed already would make everybody late without their doing.
    due_on = max(day_before(tx, row.on, audit.returns_due_before), tx.today)
    if due_on == was_due_on:
        return _Followed((), "")
    said = f"the meeting was moved from {_in_words(before)} to {day_in_words(row.on)}"
    told = {"trigger": MOVE_MEETING, "because": said}
    known = load(tx, Ref(Audit.noun, audit.id))
    data = {**told, "set": {"returns_due_on": due_on.isoformat()}}
    line = Line("entered", tx.now, tx.actor.signature, data=data, changes={"returns_due_on": due_on})
    append(tx.session, Audit, known.standing, line)
    own_day = tx.session.scalar(
        sa.select(sa.func.count())
        .select_from(AgencyReturn)
        .where(AgencyReturn.audit_id == audit.id, _is_awaited(), AgencyReturn.due_on != was_due_on)
    )
    refs = move_returns(tx, audit.id, due_on, told=told, from_on=was_due_on)
    days = f"are due on {day_in_words(due_on)} instead of {day_in_words(was_due_on)}"
    counts = [f"{len(refs)} moved along"] * bool(refs)
    counts += [f"{own_day} with a day of {'its' if own_day == 1 else 'their'} own did not"] * bool(own_day)
    told_of = f": {', '.join(counts)}" if counts else ""
    return _Followed(refs, f"The returns of audit {audit.reference} {days}{told_of}.")


def _is_awaited() -> sa.ColumnElement[bool]:
    return AgencyReturn.state.not_in((*SETTLED_RETURNS, "submitted"))


def _asked_by_rules(tx: Tx, kind: str, fact: str) -> bool:
    return any(
        fact == rule.once_per
        or any(fact == one.name for atom in atoms(rule.when.tree) for one in facts_of(atom))
        for rule in tx.playbook.book.about(kind)
    )


def _in_words(day: Value) -> str:
    return day_in_words(day) if isinstance(day, date) else "another day"
