"""Letting one running subject go over to the definition on the shelf: a decision of the group that is carried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from assurance.commands.hearing import load, require_readable, require_role
from assurance.facts import Known
from assurance.matters import MatterNoun
from assurance.office import Tx
from assurance.records import Matter
from assurance.transfers import Pinned, Transfer, carried_fields, why_stuck
from engine import timers
from engine.definition_changes import destination
from engine.definitions import MIGRATED
from engine.errors import Reason
from engine.ledger import Line, append, canonical
from engine.moved import Ref

# Nothing is decided about any subject here: what would finish one, wake one up, or alter a decision that waits is
# refused. So the administrator may do it, who gives itself no decisions.
MAY_MIGRATE = ("coordinator", "administrator")


class Became(StrEnum):
    """What became of one subject."""

    MIGRATED = "migrated"
    LEFT = "left"  # it goes by the newest definition already, or is finished
    STUCK = "stuck"  # it has nowhere to go


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one subject; `state` is where it stands now."""

    ref: Ref
    became: Became
    state: str
    reasons: tuple[Reason, ...] = ()


def require_may_migrate(tx: Tx) -> None:
    """Raise Refused unless the actor is the coordinator or the administrator of the group."""
    require_role(tx, *MAY_MIGRATE)


def migrate_subject(tx: Tx, transfers: Mapping[str, Transfer], ref: Ref, *, reason: str = "") -> Outcome:
    """Let one subject go over to the definition on the shelf, as it stands now; nobody is mailed.

    Does nothing where that has happened already. Raises Refused for whoever may not do this, Stale for a loser.
    """
    require_may_migrate(tx)
    require_readable(reason, "the reason")
    known, transfer = load(tx, ref), transfers[ref.kind]
    standing, old = known.standing, tx.playbook.definition(known.standing.definition_id)
    if not transfer.concerns(old, standing.state):
        return Outcome(ref, Became.LEFT, standing.state)
    stuck = why_stuck(tx, transfers, Pinned(ref, standing.definition_id, standing.state))
    if stuck:
        return Outcome(ref, Became.STUCK, standing.state, stuck)
    line = _line(tx, transfer, known, reason.strip())
    append(tx.session, tx.playbook.noun(ref.kind).table, standing, line)
    counting = [parent for parent in known.belongs.parents if tx.playbook.book.about(parent.kind)]
    timers.arm(tx.session, [ref, *counting], group_id=standing.group_id, due_at=tx.now)
    return Outcome(ref, Became.MIGRATED, line.changes.get("state", standing.state))


def _line(tx: Tx, transfer: Transfer, known: Known, reason: str) -> Line:
    """Tell the history from which definition to which, and what is called otherwise with it.

    Since when it stands at its state remains: a rule that reckons from that day does not begin anew.
    """
    standing, target = known.standing, transfer.target
    old = tx.playbook.definition(standing.definition_id)
    goes = destination(old, target, standing.state, transfer.renamed)
    number = {"definition_id": transfer.target_id}
    told: dict[str, Any] = {"from_definition": old.hash, "definition": target.hash, "row": number}
    changes: dict[str, Any] = {**number}
    if goes != standing.state:
        told |= {"from": standing.state, "to": goes}
        changes["state"] = goes
    if transfer.renamed.steps:
        told["steps"] = dict(transfer.renamed.steps)
    if isinstance(tx.playbook.noun(known.ref.kind), MatterNoun):
        carried = carried_fields(tx, transfer, tx.session.get_one(Matter, known.ref.id))
        changes["fields"] = canonical(carried.kept)
        told |= {"set": carried.sealed} if carried.sealed else {}
    texts = {"reason": reason} if reason else {}
    return Line(MIGRATED, tx.now, tx.actor.signature, data=told, texts=texts, changes=changes)
