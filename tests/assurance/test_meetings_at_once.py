"""Many who move, name or ask at once, on both databases: one day in the end, and everything that hangs on it follows."""

from __future__ import annotations

from datetime import date
from functools import partial

import sqlalchemy as sa

from assurance.commands import programme
from assurance.commands.moving import Done
from assurance.records import Audit, Invitation, Meeting, RecordSet
from engine.errors import Stale
from engine.fences import EVERY
from tests.assurance.conftest import At
from tests.assurance.test_at_once import at_once
from tests.assurance.test_meetings import DECEMBER, MARCH, due_days, named


def test_of_many_who_move_a_meeting_at_once_one_does_and_every_invitation_is_numbered_once(
    any_world_at: At,
) -> None:
    world = any_world_at("agency_audits")
    named(world, DECEMBER)
    days = [date(2014, 12, day) for day in range(15, 23)]
    outcomes = at_once(
        *[partial(world.moves, "sam", DECEMBER, "move_meeting", version=1, new_on=day) for day in days]
    )
    assert sum(isinstance(one, Done) for one in outcomes) == 1
    assert sum(isinstance(one, Stale) for one in outcomes) == 7
    row = world.row(Meeting, DECEMBER)
    sequences = world.ask(sa.select(Invitation.sequence).where(Invitation.meeting_id == DECEMBER.id))
    assert (row.sequence, set(sequences)) == (1, {1})
    assert due_days(world) == {world.working_days_from(row.on, -10)}
    assert world.proof().faults == ()


def test_whoever_names_a_meeting_while_it_moves_gets_its_new_day(any_world_at: At) -> None:
    world = any_world_at("agency_audits")
    named(world, MARCH)
    for day in (date(2014, 12, day) for day in (15, 16, 17, 18, 19)):
        moved, told = at_once(
            partial(world.moves, "sam", DECEMBER, "move_meeting", new_on=day), partial(named, world, DECEMBER)
        )
        assert isinstance(moved, Done)
        assert told is None
        row = world.row(Audit, world.audit)
        assert row.returns_due_on == world.working_days_from(day, -10)
        assert due_days(world) == {row.returns_due_on}
    assert world.proof().faults == ()


def test_a_hundred_and_thirty_two_returns_move_with_their_meeting(any_world_at: At) -> None:
    world = any_world_at("cases_selected")
    with world.office.store.begin(group=EVERY) as session:
        for number in range(61):
            session.add(RecordSet(group_id=world.group_id, key=f"more{number}", name="More", agency_id=1))
    named(world, DECEMBER)
    world.is_granted("sam", world.audit, "start_agency_audits")
    with world.does("sam") as tx:
        assert len(programme.request_returns(tx, world.audit)) == 132
    done = world.moves("sam", DECEMBER, "move_meeting", new_on=date(2014, 12, 18))
    assert ": 132 moved along." in done.brought[0]
    assert due_days(world) == {date(2014, 12, 4)}
    assert world.proof().faults == ()
