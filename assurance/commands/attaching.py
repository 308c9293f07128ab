"""A file joins its subject: the row, and what the history says of it, in the same transaction as the step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assurance.access import nothing_like, viewer_of
from assurance.commands.hearing import hear
from assurance.commands.moving import Entered, enter
from assurance.facts import Known
from assurance.files.cabinet import Kept
from assurance.office import Tx
from assurance.records import Action, AgencyReturn, Recommendation, StoredFile
from assurance.roster import roster
from engine.errors import Reason, Refused
from engine.moved import Ref

# The step with which a file joins its subject; whoever may take it may take a file back too.
STEPS: Mapping[str, str] = {
    AgencyReturn.noun: "answer",
    Action.noun: "add_evidence",
    Recommendation.noun: "record_evidence",
}
TAKEN_BACK = "(taken back)"


def attach(tx: Tx, known: Known, kept: Kept, *, evidence_id: int | None = None) -> dict[str, Any]:
    """Write the row of a content that lies in the cabinet, and give what the line of the step says of it.

    Called by the commands that enter something about the subject: the step decides who may.
    Raises Refused for the clock: only a person hands a file in.
    """
    if tx.actor.person_id is None:
        raise Refused(Reason("nobody", "Only a person can hand a file in."))
    row = StoredFile(
        group_id=tx.actor.group_id,
        subject_kind=known.ref.kind,
        subject_id=known.ref.id,
        agency_id=known.belongs.agency_id,
        evidence_id=evidence_id,
        person_id=tx.actor.person_id,
        stored_at=tx.now,
        place=kept.place,
        name=kept.name,
        media_type=kept.media_type,
        size=kept.size,
        sha256=kept.sha256,
        is_scanned=kept.is_scanned,
    )
    tx.session.add(row)
    tx.session.flush()
    return {"file": row.id, "sha256": kept.sha256, "size": kept.size}


def take_back(tx: Tx, number: int, *, key: str | None = None) -> str:
    """Take a file back: it was the wrong one, or tells who somebody is. Gives the place of its content, to be deleted.

    The history keeps that there was one, and its hash. Raises Refused where there is no such file for the actor, and
    where the subject takes no files now.
    """
    row = tx.session.get(StoredFile, number)
    if row is None or row.group_id != tx.actor.group_id:
        raise _no_such_file(tx, number)
    ref = Ref(row.subject_kind, row.subject_id)
    hear(tx, ref)
    tx.session.refresh(row)  # somebody may have taken it back while this waited for the subject
    if row.taken_back_at is not None:
        raise _no_such_file(tx, number)
    row.taken_back_at, row.name = tx.now, TAKEN_BACK
    enter(tx, ref, STEPS[ref.kind], Entered({"file_taken_back": row.id, "sha256": row.sha256}), key=key)
    return row.place


def _no_such_file(tx: Tx, number: int) -> Refused:
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    return nothing_like(viewer_of(people, tx.actor), f"file/{number}")
