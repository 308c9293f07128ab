"""Requests for a later date: who asked, from when to when, why, and what was decided."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from assurance.office import Tx
from assurance.records import Approval
from engine.ledger import texts
from engine.moved import Ref

EXTENDING = ("extend", "extend_by_group")


@dataclass(frozen=True, slots=True)
class ExtensionRequest:
    """One request to move the date of an action; `state` is that of its approval."""

    ref: Ref
    action: Ref
    asked_on: date
    new_due_on: date
    reason: str
    state: str
    decided_on: date | None
    needs_group: bool


def extension_requests(tx: Tx, action: Ref | None = None) -> tuple[ExtensionRequest, ...]:
    """Give the requests about one action, or about every action of the group, oldest first."""
    query = sa.select(Approval).where(
        Approval.group_id == tx.actor.group_id,
        Approval.subject_kind == "action",
        Approval.trigger.in_(EXTENDING),
    )
    if action is not None:
        query = query.where(Approval.subject_id == action.id)
    return tuple(_request(tx, row) for row in tx.session.scalars(query.order_by(Approval.id)))


def _request(tx: Tx, row: Approval) -> ExtensionRequest:
    ref = Ref(Approval.noun, row.id)
    given = json.loads(row.given)
    written = texts(tx.session, ref)
    return ExtensionRequest(
        ref=ref,
        action=Ref(row.subject_kind, row.subject_id),
        asked_on=row.asked_on,
        new_due_on=date.fromisoformat(given["new_due_on"]),
        reason=written.get((1, "reason")) or "",
        state=row.state,
        decided_on=row.decided_on,
        needs_group=json.loads(row.policy)["at_meeting"],
    )
