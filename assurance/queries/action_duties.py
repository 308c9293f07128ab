"""What waits for somebody of the actions of their agency: the most urgent ones, sorted, counted and cut off in SQL.

There may be thousands of actions; of everything else that waits for one person there are few.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from assurance.access import Viewer, visible
from assurance.office import Tx
from assurance.queries.duties import Duty, Me, Urgency, can_take
from assurance.records import Action, Audit, Evidence, Recommendation
from engine.moved import Ref

# Under another name than its own: who may see an action is asked of the recommendation under its own.
_MADE = aliased(Recommendation)
_Said = tuple[str, tuple[str, ...]]
_AWAITED: _Said = ("Another agency's action waits for yours to do its part.", ("stop_waiting",))
_PLANNED: _Said = ("Your agency has planned it; it is still to be agreed.", ("agree", "complete_plan"))
_TO_CONFIRM: _Said = (
    "There is evidence for it; you confirm that it is complete.",
    ("confirm", "note_progress"),
)
_PROVED: _Said = (
    "It is yours; your agency's lead confirms it once it is complete.",
    ("begin", "note_progress"),
)
_OWN: _Said = ("It is yours; evidence shows that it is done.", ("begin", "add_evidence", "note_progress"))
_LATE: _Said = (
    "It is your agency's, and late, undated or without anybody in the owner's post.",
    ("complete_plan", "note_progress"),
)


@dataclass(frozen=True, slots=True)
class ActionDuties:
    """The most urgent duties about actions, how many there are in all, and how many of all are late."""

    duties: tuple[Duty, ...] = ()
    number: int = 0
    late: int = 0


def action_duties(tx: Tx, viewer: Viewer, me: Me, *, ahead: date, most: int) -> ActionDuties:
    """Give so many duties about actions, the most urgent first; `ahead` is the last day that counts as soon.

    An action is for its owner; for the agency's lead what only a lead does, and what is late or nobody's.
    """
    if not me.agencies:
        return ActionDuties()
    is_awaited = Action.waiting_on_agency_id.is_not(None)
    due_on: Any = sa.case((is_awaited, sa.null()), else_=Action.chased_from_on)
    since_on = sa.case(
        (is_awaited, sa.func.coalesce(Action.waiting_since_on, Action.state_since_on)),
        else_=Action.state_since_on,
    )
    urgency = sa.case(
        (due_on.is_(None), int(Urgency.WAITS)),
        (due_on < tx.today, int(Urgency.OVERDUE)),
        (due_on <= ahead, int(Urgency.SOON)),
        else_=int(Urgency.LATER),
    )
    owns, leads = Action.owner_post_id.in_(me.posts), Action.agency_id.in_(me.leads)
    is_planned, is_proved = can_take(tx, Action, "agree"), _is_proved()
    query = (
        sa.select(
            Action.id,
            Action.text,
            since_on,
            due_on,
            Audit.reference,
            is_awaited,
            is_planned,
            leads,
            owns,
            is_proved,
            sa.func.count().over(),
            sa.func.sum(sa.case((urgency == int(Urgency.OVERDUE), 1), else_=0)).over(),
        )
        .join(Audit, Audit.id == Action.audit_id)
        .join(_MADE, _MADE.id == Action.recommendation_id)
        .where(
            visible(viewer, Action),
            can_take(tx, Action, "agree", "begin", "confirm"),
            sa.or_(
                sa.and_(is_awaited, Action.waiting_on_agency_id.in_(me.leads)),
                sa.and_(~is_awaited, is_planned, leads, can_take(tx, _MADE, "plan_action")),
                sa.and_(
                    ~is_awaited,
                    ~is_planned,
                    sa.or_(owns, sa.and_(leads, sa.or_(is_proved, _needs_its_lead(tx, me)))),
                ),
            ),
        )
        .order_by(urgency, sa.func.coalesce(due_on, since_on), Action.id)
        .limit(most)
    )
    rows = tx.session.execute(query).all()
    return ActionDuties(tuple(_duties(rows)), *((rows[0][-2], rows[0][-1]) if rows else (0, 0)))


def _is_proved() -> sa.ColumnElement[bool]:
    return sa.exists().where(Evidence.subject_kind == Action.noun, Evidence.subject_id == Action.id)


def _needs_its_lead(tx: Tx, me: Me) -> sa.ColumnElement[bool]:
    held = {seat.post_id for seat in me.people.seats}
    return sa.or_(
        Action.chased_from_on.is_(None),
        Action.chased_from_on < tx.today,
        Action.owner_post_id.is_(None),
        Action.owner_post_id.not_in(held),
    )


def _duties(rows: Any) -> Iterator[Duty]:
    for number, text, since_on, due_on, audit, awaited, planned, leads, owns, proved, *_ in rows:
        if awaited:
            why, steps = _AWAITED
        elif planned:
            why, steps = _PLANNED
        elif leads and proved:
            why, steps = _TO_CONFIRM
        elif owns:
            why, steps = _PROVED if proved else _OWN
        else:
            why, steps = _LATE
        yield Duty(Ref(Action.noun, number), text, why, since_on, due_on, steps, audit)
