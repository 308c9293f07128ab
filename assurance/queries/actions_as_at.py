"""The tracker as it stood at the end of a past day: one page of actions, folded from their histories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.facts import SETTLED_ACTIONS
from assurance.office import Tx
from assurance.queries.as_at import PastDay, Stood, stood
from assurance.queries.pages import Page, page_of
from assurance.records import Action, Agency, Audit, Post
from engine.errors import Reason, Refused
from engine.ledger import Event
from engine.moved import Ref
from engine.store import instant_text
from engine.workflow import Workflow


@dataclass(frozen=True, slots=True)
class ActionThen:
    """One action at the end of a day: its state as it was called then, and its dates as they were."""

    ref: Ref
    audit: str
    agency: str
    text: str
    owner: str | None
    state: str
    state_title: str
    original_due_on: date | None
    current_due_on: date | None
    times_moved: int
    confirmed_on: date | None
    days_past_original: int
    is_overdue: bool


def actions_as_at(
    tx: Tx,
    viewer: Viewer,
    on: date,
    *,
    audit_id: int | None = None,
    agency_id: int | None = None,
    page: int = 1,
) -> Page[ActionThen]:
    """Give one page of the actions that there were at the end of a day, of those that the viewer may see today.

    The words of an action and its owner's post are those of today: the history keeps what was decided, not every
    wording. Raises Refused for a day still to come.
    """
    if on > tx.today:
        said = f"{on.day} {on:%B %Y} is still to come; give today or an earlier day."
        raise Refused(Reason("still_to_come", said))
    past = PastDay(on, tx.calendar.zone)
    where = [visible(viewer, Action), _was_there(past)]
    where += [] if audit_id is None else [Action.audit_id == audit_id]
    where += [] if agency_id is None else [Action.agency_id == agency_id]
    place = page_of(
        tx.session.scalar(sa.select(sa.func.count()).select_from(Action).where(*where)) or 0, page
    )
    rows = tx.session.execute(
        sa.select(Action, Audit.reference, Agency.name, Post.title)
        .join(Audit, Audit.id == Action.audit_id)
        .join(Agency, Agency.id == Action.agency_id)
        .outerjoin(Post, Post.id == Action.owner_post_id)
        .where(*where)
        .order_by(Action.audit_id, Action.recommendation_id, Action.id)
        .offset(place.offset)
        .limit(place.limit)
    ).all()
    shown = sa.select(Action.id).where(Action.id.in_([row.id for row, *_ in rows]))
    then = stood(tx.session, Action.noun, shown, past=past)
    titles = {one.hash: one for one in tx.playbook.pinned.values()}
    return Page(
        tuple(_told(row, audit, agency, owner, then[row.id], titles) for row, audit, agency, owner in rows),
        place,
    )


def _was_there(past: PastDay) -> sa.ColumnElement[bool]:
    """Ask whether an action's first line was written by the end of the day."""
    return sa.exists().where(
        Event.subject_kind == Action.noun,
        Event.subject_id == Action.id,
        Event.seq == 1,
        Event.at < instant_text(past.end),
    )


def _told(
    row: Action, audit: str, agency: str, owner: str | None, then: Stood, definitions: Mapping[str, Workflow]
) -> ActionThen:
    original = then.day("original_due_on", kept=row.original_due_on)
    current = then.day("current_due_on", kept=row.current_due_on) or original
    confirmed = then.day("confirmed_on", kept=None)
    is_open = then.state not in SETTLED_ACTIONS
    on = then.past.on
    until = confirmed or (on if is_open else None)
    workflow = definitions.get(then.definition)
    state = None if workflow is None else workflow.states.get(then.state)
    return ActionThen(
        ref=Ref(Action.noun, row.id),
        audit=audit,
        agency=agency,
        text=row.text,
        owner=owner,
        state=then.state,
        state_title=then.state if state is None else state.title,
        original_due_on=original,
        current_due_on=current,
        times_moved=then.whole("times_moved", kept=row.times_moved),
        confirmed_on=confirmed,
        days_past_original=0 if original is None or until is None else max((until - original).days, 0),
        is_overdue=is_open and confirmed is None and current is not None and current < on,
    )
