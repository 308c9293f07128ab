"""One action and one recommendation, each as the people who work on it need to see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from starlette.responses import Response

from assurance.queries.card import Card, Grid, Shown
from assurance.queries.doors import Doors, doors_of
from assurance.queries.one import card_of
from assurance.queries.progress import progress_of
from assurance.queries.references import subject_of
from assurance.queries.tracker import Order, Search, tracked, tracked_one
from web.desk import Desk

# What is most often meant first: the workflow's own order is that of a life, not that of a working day.
_FIRST: Mapping[str, Sequence[str]] = {
    "action": (
        "verify",
        "return",
        "agree",
        "begin",
        "note_progress",
        "add_evidence",
        "confirm",
        "stop_waiting",
        "extend",
        "extend_by_group",
        "wait_for",
        "complete_plan",
        "close",
    ),
    "recommendation": (
        "agree",
        "implement",
        "judge_embedded",
        "record_re_audit",
        "record_evidence",
        "begin",
        "plan_action",
        "answer_for_agency",
    ),
}
_ELSEWHERE = frozenset({"notes", "evidence", "actions", "aims", "findings", "agencies", "re_audits"})
MOST_ACTIONS = 100


def action(desk: Desk, number: int) -> Response:
    """Show one action: honest dates, the state in words, how it goes, what proves it."""
    with desk.reading() as (tx, viewer):
        ref = subject_of(tx, viewer, "action", number)
        card, doors = card_of(tx, viewer, ref), doors_of(tx, ref)
        row, progress = tracked_one(tx, viewer, ref), progress_of(tx, viewer, ref)
    return desk.page(
        "actions/one.html",
        title=card.name.capitalize(),
        ref=ref,
        card=card,
        it=_values(card),
        row=row,
        progress=progress,
        doors=_in_order(doors),
        grids=_other_grids(card),
    )


def recommendation(desk: Desk, number: int) -> Response:
    """Show one recommendation: from where it comes, who takes it on, what is done, and whether it has lasted."""
    with desk.reading() as (tx, viewer):
        ref = subject_of(tx, viewer, "recommendation", number)
        card, doors = card_of(tx, viewer, ref), doors_of(tx, ref)
        actions = tracked(
            tx, viewer, Search(recommendation_id=ref.id, order=Order.AGENCY), limit=MOST_ACTIONS
        )
        progress = progress_of(tx, viewer, ref)
    return desk.page(
        "recommendations/one.html",
        title=card.name,
        ref=ref,
        card=card,
        it=_values(card),
        tables={grid.name: grid for grid in card.grids},
        actions=actions.rows,
        progress=progress,
        doors=_in_order(doors),
        grids=_other_grids(card),
    )


def _values(card: Card) -> dict[str, Shown]:
    return {line.name: line.value for line in card.lines}


def _other_grids(card: Card) -> list[Grid]:
    return [grid for grid in card.grids if grid.name not in _ELSEWHERE]


def _in_order(doors: Doors) -> Doors:
    first = _FIRST[doors.ref.kind]
    places = {trigger: place for place, trigger in enumerate(first)}
    return replace(
        doors, doors=tuple(sorted(doors.doors, key=lambda door: places.get(door.trigger, len(first))))
    )
