"""One decision for its page: what is asked, who has a voice, who is kept out and why, and what this person may answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from assurance.access import Viewer
from assurance.commands.approving import COUNT
from assurance.commands.hearing import ANSWERS
from assurance.deciders import WAITING, Given, Request, answers_of, kept_out_because, request_of
from assurance.office import Tx
from assurance.queries.doors import Door, doors_of
from assurance.queries.history import Told, history_of
from assurance.queries.lists import names, state_title
from assurance.queries.one_approval import decided_by, words_of
from assurance.queries.references import subject_of
from assurance.queries.what_is_asked import Asked, what_is_asked
from assurance.reasons import day_in_words
from assurance.records import Approval, Meeting, Person
from engine.approval_words import who_decides
from engine.approvals import ApprovalPolicy, Rejection, Word, policy_of
from engine.moved import Ref
from engine.refusals import spoken

ANSWERED, IS_ASKED, STANDS_BY, KEPT_OUT = "answered", "is asked", "stands by", "kept out"


@dataclass(frozen=True, slots=True)
class Voiced:
    """Somebody who holds a post that is asked: as whom, how they stand to it, and a sentence about that.

    `standing` is `answered`, `is asked`, `stands by` or `kept out`; `words` are those of their answer.
    """

    name: str
    as_whom: str
    standing: str
    sentence: str
    on: date | None = None
    words: str | None = None
    is_you: bool = False
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Sat:
    """A meeting at which it can have been decided."""

    id: int
    title: str
    on: date


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision that was asked for. `version` is the one on which somebody answers now.

    `settled` tells in a sentence who has decided what and when; empty while it waits. `answers` and `count` are the
    doors of this viewer, `others` the further steps.
    """

    ref: Ref
    version: int
    step: str
    asked: Asked
    asked_by: str
    asked_on: date
    state: str
    state_title: str
    terms: tuple[str, ...]
    so_far: str
    voices: tuple[Voiced, ...]
    answers: tuple[Door, ...]
    count: Door | None
    others: tuple[Door, ...]
    own_answer: str
    meetings: tuple[Sat, ...]
    needs_meeting: bool
    settled: str
    decided_by: str | None
    decided_on: date | None
    meeting: str | None
    lines: tuple[Told, ...]

    @property
    def is_waiting(self) -> bool:
        """Say whether it is not settled yet."""
        return self.state == WAITING

    @property
    def can_answer(self) -> bool:
        """Say whether this viewer may answer now."""
        return any(door.is_open for door in self.answers)


def decision_of(tx: Tx, viewer: Viewer, number: int) -> Decision:
    """Give one decision as a viewer may see it.

    Raises Refused where there is none, or none for this viewer.
    """
    ref = subject_of(tx, viewer, Approval.noun, number)
    row = tx.session.get_one(Approval, number)
    people, words = names(tx, Person, Person.name), words_of(tx, viewer, row)
    policy = policy_of(json.loads(row.policy))
    request = request_of(tx, row) if row.state == WAITING else None
    given = answers_of(tx, [row.id]).get(row.id, ())
    doors = {door.trigger: door for door in doors_of(tx, ref).doors}
    lines = history_of(tx, viewer, ref)
    meeting = None if row.meeting_id is None else tx.session.get_one(Meeting, row.meeting_id)
    voices = [
        *_answered(viewer, given, people, words),
        *(() if request is None else _unheard(viewer, request, policy)),
    ]
    return Decision(
        ref=ref,
        version=row.version,
        step=row.title,
        asked=what_is_asked(tx, viewer, row),
        asked_by=people[row.requested_by_id],
        asked_on=row.asked_on,
        state=row.state,
        state_title=state_title(tx, row),
        terms=tuple(_terms(policy, row)),
        so_far="" if request is None else request.in_words(),
        voices=tuple(voices),
        answers=tuple(doors[answer] for answer in ANSWERS if answer in doors),
        count=None if policy.is_settled_by_one else doors.get(COUNT),
        others=tuple(door for name, door in doors.items() if name not in (*ANSWERS, COUNT) and door.is_open),
        own_answer=_own(viewer, given),
        meetings=_meetings(tx, row) if request is not None else (),
        needs_meeting=policy.at_meeting,
        settled=""
        if request is not None
        else _settled(lines, state_title(tx, row), by_answer=row.decided_by_id is not None),
        decided_by=decided_by(row, given, people),
        decided_on=row.decided_on,
        meeting=None if meeting is None else f"{meeting.title}, {day_in_words(meeting.on)}",
        lines=lines,
    )


def _answered(
    viewer: Viewer, given: tuple[Given, ...], people: Mapping[int, str], words: Mapping[tuple[int, str], str]
) -> Iterator[Voiced]:
    newest = {one.person: one.line for one in given}
    for one in given:
        as_whom = f"{'in place of the ' if one.voice.is_deputy else ''}{spoken(one.voice.role)}"
        yield Voiced(
            name=people[one.person],
            as_whom=as_whom,
            standing=ANSWERED,
            sentence=_SAID[one.word],
            on=one.on,
            words=words.get((one.line, "reason")),
            is_you=one.person == viewer.person_id,
            replaced=newest[one.person] != one.line,
        )


def _unheard(viewer: Viewer, request: Request, policy: ApprovalPolicy) -> Iterator[Voiced]:
    """Say of everybody else in a post that is asked whether they are asked today, stand by, or are kept out and why."""
    ballot = request.ballot
    asked = {voice.person for voice in ballot.to_answer()}
    answered = {answer.voice.person for answer in ballot.answers}
    for person, seat in request.seats.items():
        if person in answered:
            continue
        is_you = person == viewer.person_id
        heard = ballot.heard_instead_of(person)
        if person in request.kept_out:
            standing, sentence = KEPT_OUT, kept_out_because(request.kept_out[person], is_you=is_you)
        elif person in asked:
            standing, sentence = IS_ASKED, "Has not answered yet."
        elif heard is not None:
            other = request.seats[heard.voice.person].person
            standing, sentence = STANDS_BY, f"{other} has answered in this voice; each voice is heard once."
        elif seat.is_away:
            standing, sentence = STANDS_BY, "Is away today."
        else:
            standing, sentence = STANDS_BY, _stands_by(policy, seat.role)
        yield Voiced(seat.person, spoken(seat.role), standing, sentence, is_you=is_you)


def _stands_by(policy: ApprovalPolicy, role: str) -> str:
    instead_of = next((asked for asked, deputy in policy.deputies.items() if deputy == role), None)
    if instead_of is None:
        return "Is not asked at present."
    return f"Answers where the {spoken(instead_of)} has a part in it, is away, or is late."


def _terms(policy: ApprovalPolicy, row: Approval) -> Iterator[str]:
    """Say on which terms it was asked, as they were then."""
    who = who_decides(policy)
    yield f"{who[:1].upper()}{who[1:]} {'decides' if policy.number == 1 else 'have to agree'}."
    for role, deputy in policy.deputies.items():
        yield f"The {spoken(deputy)} stands in for the {spoken(role)} where that is called for."
    if not policy.is_settled_by_one:
        yield _OF_A_NO[policy.rejection]
    if policy.at_meeting:
        yield "It can only be decided at a meeting of the group."
    if row.late_on is not None and policy.late is not None:
        enough = policy.late.enough
        then = "the deputies may answer too" if enough is None else f"{enough} who agree are enough"
        yield f"Answers are late from {day_in_words(row.late_on)}; then {then}."
    if row.deputy_called:
        yield "It has waited so long that the deputy may decide too."


def _own(viewer: Viewer, given: tuple[Given, ...]) -> str:
    own = [one for one in given if one.person == viewer.person_id]
    return spoken(own[-1].word) if own else ""


def _meetings(tx: Tx, row: Approval) -> tuple[Sat, ...]:
    """Give the meetings from the day on which it was asked until today, the newest first."""
    found = tx.session.scalars(
        sa.select(Meeting)
        .where(
            Meeting.group_id == tx.actor.group_id,
            Meeting.state != "cancelled",
            Meeting.on >= row.asked_on,
            Meeting.on <= tx.today,
        )
        .order_by(Meeting.on.desc(), Meeting.id.desc())
    )
    return tuple(Sat(one.id, one.title, one.on) for one in found)


def _settled(lines: tuple[Told, ...], state: str, *, by_answer: bool) -> str:
    """Say who has decided it, or ended it otherwise, when and how; of one that lapsed why."""
    end = next(line for line in reversed(lines) if line.kind == "moved")
    why = next((f" {one[:1].upper()}{one[1:]}." for one in end.details if one.startswith("because")), "")
    when = f"on {day_in_words(end.at.date())} at {end.at:%H:%M}"
    did = "decided" if by_answer else "ended"
    return f"{end.by} {did} this {when}: {state.lower()}.{why}"


_OF_A_NO = {
    Rejection.VETO: "The first no ends it.",
    Rejection.COUNTED: "A no ends nothing while enough others can still agree.",
    Rejection.COLLECTED: "A no is counted once everybody is heard.",
}
_SAID = {
    Word.APPROVE: "Has approved.",
    Word.REQUEST_CHANGE: "Has asked for a change.",
    Word.REJECT: "Has rejected.",
}
