"""A file joins its subject: the row, and what the history says of it, in the same transaction as the step."""

from __future__ import annotations

from typing import Any

from assurance.facts import Known
from assurance.files.cabinet import Kept
from assurance.office import Tx
from assurance.records import StoredFile
from engine.errors import Reason, Refused


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
