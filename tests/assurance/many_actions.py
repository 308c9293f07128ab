"""A world with as many actions as a test asks for: copies of one that the trust has planned, each with a date of its own."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from assurance.records import Action, ProgressNote
from engine.fences import EVERY
from engine.moved import Ref
from tests.world import World

FIRST_DAY = date(2015, 1, 5)


def with_many_actions(world: World, number: int, *, like: Ref | None = None) -> Ref:
    """Copy the trust's action, or another, so many times, each due a day later than the one before; each has one progress note."""
    first = like or world.action("trust")
    table = Action.__table__
    with world.office.store.begin(group=EVERY) as session:
        row = dict(session.execute(sa.select(table).where(table.c.id == first.id)).mappings().one())
        last = session.execute(sa.select(sa.func.max(table.c.id))).scalar_one()
        copies = []
        for place in range(number):
            day = FIRST_DAY + timedelta(days=place % 365)
            copies.append(
                row
                | {"id": last + 1 + place, "number": 100 + place, "text": f"Brief team {place}"}
                | {"original_due_on": day, "current_due_on": day}
            )
        session.execute(sa.insert(Action), copies)
        note = {"group_id": world.group_id, "person_id": 1, "on": FIRST_DAY, "text": "On we go."}
        rated = [note | {"action_id": copy["id"], "rating": "on track"} for copy in copies]
        session.execute(sa.insert(ProgressNote), rated)
    return first
