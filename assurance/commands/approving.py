"""Answering a request: an approval makes the move at once, in the same transaction; anything else says why."""

from __future__ import annotations

import json
from dataclasses import replace

from assurance.commands.checks import one_of, own
from assurance.commands.hearing import (
    ANSWERS,
    approval_row,
    decided,
    decided_with_approval,
    given_of,
    hear,
    heard,
    load,
)
from assurance.commands.moving import Done, Entered, note, perform, repeated
from assurance.office import Tx
from assurance.reasons import day_in_words
from assurance.records import Approval, Meeting
from engine.errors import Reason, Refused
from engine.moved import Ref


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
    if answer == "approve" and json.loads(row.policy)["at_meeting"] and meeting_id is None:
        sentence = "Only the group in a meeting can decide this; name the meeting at which it did."
        raise Refused(Reason("needs_meeting", sentence))
    if meeting_id is not None:
        _refuse_other_days(tx, row, own(tx, Meeting, meeting_id, "meeting"))
    row.decided_by_id, row.meeting_id = tx.actor.person_id, meeting_id
    entered = {"row": {"decided_by_id": tx.actor.person_id, "meeting_id": meeting_id}}
    done = perform(tx, hearing, step, Entered(entered))
    subject = hear(tx, Ref(row.subject_kind, row.subject_id))
    if answer != "approve":
        note(tx, subject.known, "answered", {"approval": approval.id, "answer": answer})
        return done
    subject = replace(subject, given=given_of(tx, row, subject))
    approved = decided_with_approval(tx, subject, row.trigger)
    data = {"approval": approval.id, "asked_by": f"person/{row.requested_by_id}"}
    perform(tx, subject, approved, Entered(data), approval=approval)
    return done


def _refuse_other_days(tx: Tx, row: Approval, meeting: Meeting) -> None:
    """Raise Refused for a meeting that cannot have decided: one before the request, or one still to come."""
    if not row.asked_on <= meeting.on <= tx.today:
        sentence = (
            f"The meeting on {day_in_words(meeting.on)} cannot have decided what was asked on "
            f"{day_in_words(row.asked_on)}; today is {day_in_words(tx.today)}."
        )
        raise Refused(Reason("other_meeting", sentence))
