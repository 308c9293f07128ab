"""Answering a request: what the answers come to is done at once, in the same transaction as the one that settles it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assurance.commands.checks import one_of, own, refuse_cancelled
from assurance.commands.hearing import (
    ANSWERS,
    Hearing,
    approval_row,
    decided,
    decided_with_approval,
    given_of,
    hear,
    heard,
    load,
)
from assurance.commands.moving import Done, Entered, perform, repeated, request_key
from assurance.commands.noting import note
from assurance.deciders import ANSWERED, Request
from assurance.mail import name_of
from assurance.office import Tx
from assurance.reasons import day_in_words
from assurance.records import Approval, Meeting
from engine.approvals import ENDS_AS, Ballot, Outcome, Voice, Word
from engine.errors import Reason, Refused
from engine.ledger import Line, append
from engine.moved import Ref
from engine.refusals import spoken
from engine.workflow import Move

COUNT = "count"


def decide(
    tx: Tx,
    approval: Ref,
    answer: str,
    *,
    reason: str = "",
    meeting_id: int | None = None,
    version: int | None = None,
    key: str | None = None,
) -> Done:
    """Answer a waiting approval: `approve`, `request_change` or `reject`.

    Where several are asked it may go on waiting; whoever has answered can answer anew until it is settled.
    Raises Refused where the actor may not decide it or the move is no longer possible; Stale for a loser.
    """
    one_of(answer, ANSWERS, "an answer")
    row = approval_row(tx, approval)
    known = load(tx, approval)
    earlier = repeated(tx, key, approval, answer)
    if earlier is not None:
        return earlier
    hearing = heard(tx, known, version=version, given={"reason": reason.strip() or None}, key=key)
    step = decided(tx, hearing, answer)
    request, word = _waiting(hearing), Word(answer)
    voice = _voice(tx, request)
    if word is Word.APPROVE and request.policy.at_meeting and meeting_id is None:
        sentence = "Only the group in a meeting can decide this; name the meeting at which it did."
        raise Refused(Reason("needs_meeting", sentence))
    if meeting_id is not None:
        _refuse_other_days(tx, row, own(tx, Meeting, meeting_id, "meeting"))
    _refuse_the_same_again(request.ballot, voice, word, reason)
    ballot = request.ballot.answered(voice, word)
    said = {"answer": answer, "voice": {"role": voice.role, "post": voice.post, "deputy": voice.is_deputy}}
    outcome = ballot.count().outcome
    if outcome is None:
        return _noted(tx, hearing, step, {**said, "meeting_id": meeting_id} if meeting_id else said)
    if outcome is not ENDS_AS[word]:
        step = _counted(tx, hearing, outcome)
    decision = {"decided_by_id": tx.actor.person_id, "meeting_id": meeting_id}
    return _settled(tx, hearing, step, ballot, Entered(said, changes=decision))


def count_answers(tx: Tx, approval: Ref, *, version: int | None = None, key: str | None = None) -> Done:
    """Count the answers given so far, once no others have to be waited for; whoever counts decides nothing.

    Raises Refused where the answers come to nothing yet, and says whose are missing; Stale for a loser.
    """
    known = load(tx, approval)
    earlier = repeated(tx, key, approval, COUNT)
    if earlier is not None:
        return earlier
    hearing = heard(tx, known, version=version, key=key)
    # Who may count is the same whatever comes of it.
    decided(tx, replace(hearing, given={"outcome": str(Outcome.APPROVED)}), COUNT)
    request = _waiting(hearing)
    outcome = request.ballot.count().outcome
    if outcome is None:
        raise Refused(Reason("not_settled", f"There is nothing to count yet. {request.in_words()}"))
    return _settled(tx, hearing, _counted(tx, hearing, outcome), request.ballot, Entered())


def _waiting(hearing: Hearing) -> Request:
    if hearing.request is None:
        raise Refused(Reason("not_waiting", f"{name_of(hearing.ref)} waits for no answer."))
    return hearing.request


def _voice(tx: Tx, request: Request) -> Voice:
    voice = None if tx.actor.person_id is None else request.ballot.voice_of(tx.actor.person_id)
    if voice is None:
        raise Refused(Reason("role", f"{tx.actor.name} is not asked for this decision."))
    return voice


def _refuse_the_same_again(ballot: Ballot, voice: Voice, word: Word, reason: str) -> None:
    """Raise Refused for an answer that somebody has given already; another one, or another reason, replaces it."""
    earlier = ballot.answer_of(voice.person)
    if earlier is not None and earlier.word is word and not reason.strip():
        sentence = (
            f"You have answered already: {spoken(word)}. Until it is settled, another answer replaces it."
        )
        raise Refused(Reason("answered", sentence))


def _noted(tx: Tx, hearing: Hearing, step: Move, said: Mapping[str, Any]) -> Done:
    """Write an answer that settles nothing yet: a line that makes nobody else's answer stale."""
    line = Line(
        ANSWERED,
        tx.now,
        tx.actor.signature,
        data={"trigger": step.trigger, **said},
        texts={name: value for name, value in step.given.items() if isinstance(value, str)},
        once=request_key(tx, hearing.key),
        material=False,
    )
    written = append(tx.session, Approval, hearing.known.standing, line)
    return Done(hearing.ref, written.seq, hearing.known.standing.state)


def _counted(tx: Tx, hearing: Hearing, outcome: Outcome) -> Move:
    """Ask the workflow for the step that ends an approval as its answers come to, and not as the last of them said."""
    given = {**hearing.given, "outcome": str(outcome)}
    step = decided_with_approval(tx, replace(hearing, given=given), COUNT)
    # The outcome follows from the answers and is the state that comes of it; nobody has given it.
    return replace(step, given={name: value for name, value in step.given.items() if name != "outcome"})


def _settled(tx: Tx, hearing: Hearing, step: Move, ballot: Ballot, entered: Entered) -> Done:
    """End the approval, and make the move that was asked for where enough have agreed."""
    done = perform(tx, hearing, step, entered)
    row = approval_row(tx, hearing.ref)
    subject = hear(tx, Ref(row.subject_kind, row.subject_id))
    if step.target != Outcome.APPROVED:
        said = next(word for word, outcome in ENDS_AS.items() if outcome == step.target)
        note(tx, subject.known, ANSWERED, {"approval": row.id, "answer": str(said)})
        return done
    subject = replace(subject, given=given_of(tx, row, subject))
    approved = decided_with_approval(tx, subject, row.trigger)
    data: dict[str, Any] = {"approval": row.id, "asked_by": f"person/{row.requested_by_id}"}
    if not ballot.policy.is_settled_by_one:
        agreed = [answer.voice.person for answer in ballot.answers if answer.word is Word.APPROVE]
        data["agreed_by"] = [f"person/{person}" for person in sorted(agreed)]
    perform(tx, subject, approved, Entered(data), approval=hearing.ref)
    return done


def _refuse_other_days(tx: Tx, row: Approval, meeting: Meeting) -> None:
    """Raise Refused for a meeting that cannot have decided: before the request, still to come, or cancelled."""
    refuse_cancelled(meeting)
    if not row.asked_on <= meeting.on <= tx.today:
        sentence = (
            f"The meeting on {day_in_words(meeting.on)} cannot have decided what was asked on "
            f"{day_in_words(row.asked_on)}; today is {day_in_words(tx.today)}."
        )
        raise Refused(Reason("other_meeting", sentence))
