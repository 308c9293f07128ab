"""Who is invited to a meeting, and the mails that their calendars understand: each says what holds from now on.

Of several that were not sent yet only the newest goes: what a later one overtakes is taken back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from assurance.office import Tx
from assurance.reasons import day_in_words
from assurance.records import Invitation, Meeting, Person
from assurance.roster import roster
from notifications import outbox
from notifications.invitation import Method
from notifications.outbox import Message, Notice, State

CONVENERS = ("coordinator", "chair", "deputy_chair")
OVERTAKEN = "overtaken by a later word about the same meeting"
_WORD = re.compile(rf"{Meeting.noun}/(?P<meeting>\d+):invitation:(?P<sequence>\d+):(?P<person>\d+)")
_STILL_HERE = (State.QUEUED, State.UNCERTAIN, State.FAILED)


@dataclass(frozen=True, slots=True)
class _Word:
    """One kind of mail about a meeting: its template, what the calendar is asked to do, and its sentences.

    `said` gets the day and hours that somebody has heard last.
    """

    template: str
    method: Method
    said: Callable[[str], str]
    why: str
    status: str = ""


def members_today(tx: Tx) -> frozenset[int]:
    """Give who belongs at the group's meetings today: its members, and whoever convenes them."""
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    return frozenset(seat.person_id for seat in people.seats if seat.is_member or seat.role in CONVENERS)


def invited_now(tx: Tx, row: Meeting) -> frozenset[int]:
    """Give who is invited to a meeting."""
    held = sa.select(Invitation.person_id).where(Invitation.meeting_id == row.id, Invitation.is_invited)
    return frozenset(tx.session.scalars(held))


def invite(tx: Tx, row: Meeting, people: Iterable[int], *, cause: str) -> None:
    """Invite people to a meeting; `cause` names the line of its history that says so."""
    word = _invitation(tx, row)
    _send(tx, row, people, word, word, cause=cause)


def invite_again(tx: Tx, row: Meeting, *, cause: str) -> None:
    """Tell everybody who is invited that the meeting was moved; whoever has heard nothing yet is simply invited."""
    now = when(tx, row)
    moved = _Word(
        "invitation_moved",
        Method.REQUEST,
        lambda heard: (
            f"The meeting on {now} has a new place."
            if heard == now
            else f"The meeting{f' on {heard}' if heard else ''} is now on {now}."
        ),
        f"You are invited to this meeting; {tx.actor.name} moved it on {day_in_words(tx.today)}.",
        "CONFIRMED",
    )
    _send(tx, row, invited_now(tx, row), moved, _invitation(tx, row), cause=cause)


def call_off(tx: Tx, row: Meeting, *, cause: str) -> None:
    """Tell everybody who has heard of a meeting that it will not take place; of one that is over nobody is told."""
    now = when(tx, row)
    cancelled = _Word(
        "invitation_cancelled",
        Method.CANCEL,
        lambda heard: f"The meeting on {heard or now} will not take place.",
        f"You were invited to this meeting; {tx.actor.name} cancelled it on {day_in_words(tx.today)}.",
        "CANCELLED",
    )
    _send(tx, row, invited_now(tx, row), cancelled, None, cause=cause)


def uninvite(tx: Tx, row: Meeting, people: Iterable[int], *, cause: str) -> None:
    """Tell people who belong to the group no more that they are not expected; the meeting itself stands."""
    now = when(tx, row)
    # RFC 5546, 3.2.5: the status is left out where the meeting goes on without somebody.
    left_out = _Word(
        "invitation_cancelled",
        Method.CANCEL,
        lambda heard: f"You are no longer expected at the meeting on {heard or now}.",
        "You were invited to this meeting while you belonged to the group.",
    )
    _send(tx, row, people, left_out, None, cause=cause)


def overtaken(tx: Tx, keys: Iterable[str]) -> frozenset[str]:
    """Name the words about meetings after which a later one was said to the same person, by the keys of messages.

    What was on its way when the later one was owed could not be taken back then, and may have come back since.
    """
    words = {key: match for key in keys if (match := _WORD.fullmatch(key))}
    if not words:
        return frozenset()
    meetings, people = ({int(match[name]) for match in words.values()} for name in ("meeting", "person"))
    query = sa.select(Invitation.meeting_id, Invitation.person_id, Invitation.sequence).where(
        Invitation.meeting_id.in_(meetings), Invitation.person_id.in_(people)
    )
    newest = {(meeting, person): sequence for meeting, person, sequence in tx.session.execute(query)}
    return frozenset(
        key
        for key, match in words.items()
        if int(match["sequence"]) < newest.get((int(match["meeting"]), int(match["person"])), 0)
    )


def when(tx: Tx, row: Meeting) -> str:
    """Say when a meeting is: Thursday 12 March 2015, 14:00 to 16:00."""
    begins, ends = (at.astimezone(tx.calendar.zone) for at in (row.starts_at, row.ends_at))
    return f"{begins:%A} {day_in_words(begins.date())}, {begins:%H:%M} to {ends:%H:%M}"


def _invitation(tx: Tx, row: Meeting) -> _Word:
    return _Word(
        "invitation",
        Method.REQUEST,
        lambda _heard: f"You are invited to the meeting on {when(tx, row)}.",
        "You belong to the group, and its meetings are sent to the calendars of those who do.",
        "CONFIRMED",
    )


def _send(
    tx: Tx, row: Meeting, people: Iterable[int], word: _Word, first_word: _Word | None, *, cause: str
) -> None:
    """Owe each person the newest word about a meeting, and take back what it overtakes.

    Whoever cannot have heard of the meeting yet gets the first word, or none where there is nothing to take back.
    """
    wanted = sorted(people)
    known = {
        one.person_id: one
        for one in tx.session.scalars(
            sa.select(Invitation).where(Invitation.meeting_id == row.id, Invitation.person_id.in_(wanted)),
            execution_options={"populate_existing": True},
        )
    }
    persons = {one.id: one for one in tx.session.scalars(sa.select(Person).where(Person.id.in_(wanted)))}
    heard = _take_back(tx, row, known.values())
    owed = []
    for person_id in wanted:
        one = known.get(person_id) or Invitation(
            group_id=row.group_id, meeting_id=row.id, person_id=person_id, sequence=row.sequence - 1
        )
        one.sequence = max(row.sequence, one.sequence + 1)
        one.is_invited = word.method is Method.REQUEST
        tx.session.add(one)
        said = word if person_id in heard else first_word
        if said is not None and row.ends_at > tx.now:
            owed.append(
                _notice(tx, row, persons[person_id], said, heard.get(person_id, ""), one.sequence, cause)
            )
    tx.session.flush()
    outbox.put(tx.session, owed, at=tx.now)


def _take_back(tx: Tx, row: Meeting, known: Iterable[Invitation]) -> dict[int, str]:
    """Take back every word about a meeting that is still here; give what may have reached whom last: its hours."""
    keys = {
        _key(row, one.person_id, number): (number, one.person_id)
        for one in known
        for number in range(one.sequence + 1)
    }
    found = tx.session.execute(
        sa.select(Message.key, Message.state, outbox.may_have_arrived(), Message.context).where(
            Message.key.in_(keys)
        )
    )
    heard: dict[int, str] = {}
    # Whatever can have reached somebody: from then on they must be told of a change.
    for key, state, may_have_arrived, context in sorted(found, key=lambda message: keys[message.key]):
        if state in _STILL_HERE:
            outbox.withdraw(tx.session, key=key, reason=OVERTAKEN, at=tx.now)
        if may_have_arrived:
            # What a letter said may have been erased by now; that there was one stays.
            items = json.loads(context)["items"]
            heard[keys[key][1]] = items[0]["due"] if items else ""
    return heard


def _notice(
    tx: Tx, row: Meeting, person: Person, word: _Word, heard: str, sequence: int, cause: str
) -> Notice:
    group = tx.playbook.groups[row.group_id]
    item = {"ref": row.place, "what": row.title, "due": when(tx, row), "note": ""}
    return Notice(
        key=_key(row, person.id, sequence),
        group_id=row.group_id,
        to_address=person.email,
        to_name=person.name,
        person_ref=f"person/{person.id}",
        template=word.template,
        context={
            "name": person.name,
            "group": group.name,
            "audit": "",
            "said": word.said(heard),
            "why": word.why,
            "items": [item],
            "link": f"{tx.playbook.base_url}/{Meeting.noun}/{row.id}",
            "calendar": {
                "method": word.method,
                "status": word.status,
                "uid": row.uid,
                "sequence": sequence,
                "starts_at": row.starts_at.isoformat(),
                "ends_at": row.ends_at.isoformat(),
                "title": f"{group.name}: {row.title}",
                "place": row.place,
                "organizer": group.name,
            },
        },
        thread=f"{Meeting.noun}/{row.id}",
        subject=f"{group.name}: {row.title}",
        cause=cause,
        severity=outbox.Severity.NEWS,
        not_before=tx.playbook.book.clock.released_at(tx.now, group.calendar),
        # To a meeting that was held before the mail could go nobody is invited any more.
        rests_on=[{"ref": f"{Meeting.noun}/{row.id}", "state": row.state}],
    )


def _key(row: Meeting, person_id: int, sequence: int) -> str:
    return f"{Meeting.noun}/{row.id}:invitation:{sequence}:{person_id}"
