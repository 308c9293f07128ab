"""Is the history of one subject complete and unchanged? Every seal reckoned afresh, at the moment somebody asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from assurance.access import Sight, Viewer, require_sight
from assurance.office import Tx
from engine.moved import Ref
from engine.proof import Fault, verify_one


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was found: how many lines, the newest seal, and a sentence for each place that is not as it was sealed.

    `checked_at` is in the group's own zone.
    """

    ref: Ref
    lines: int
    seal: str
    faults: tuple[str, ...]
    checked_at: datetime

    @property
    def is_whole(self) -> bool:
        """Say whether every line stands as it was sealed, and the subject as its history says."""
        return not self.faults


def sealed(tx: Tx, viewer: Viewer, ref: Ref) -> Sealed:
    """Check the seals, the texts and the row of one subject.

    Raises Refused where there is no such subject, or none for this viewer.
    """
    require_sight(tx.session, viewer, ref)
    noun = tx.playbook.noun(ref.kind)
    proof = verify_one(tx.session, noun.table, ref)
    return Sealed(
        ref=ref,
        lines=proof.lines,
        seal=noun.load_many(tx.session, [ref.id])[0].standing.head,
        faults=tuple(_told(viewer, fault) for fault in proof.faults),
        checked_at=tx.now.astimezone(tx.calendar.zone),
    )


def _told(viewer: Viewer, fault: Fault) -> str:
    """Name the line to everybody, and what is wrong with it to those who may read whatever stands there."""
    if viewer.sight is Sight.EVERYTHING:
        return str(fault)
    where = f"line {fault.line}" if fault.line else "the whole"
    return f"{fault.subject} {where} is not as it was sealed."
