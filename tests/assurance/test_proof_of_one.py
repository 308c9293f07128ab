"""The history of one subject as a page shows it: whether it is whole, and how the subject stood on a past day."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from assurance.queries.card import Line
from assurance.queries.past_day import ThenStood, stood_on
from assurance.queries.sealed import Sealed, sealed
from engine.errors import Refused
from engine.fences import EVERY
from engine.ledger import EventText
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.full_world import OF_INDIVIDUAL, full_world
from tests.assurance.looking import looks
from tests.world import World


def proof(world: World, who: str | None, ref: Ref) -> Sealed:
    with looks(world, who) as (tx, viewer):
        return sealed(tx, viewer, ref)


def then(world: World, ref: Ref, on: date, *, who: str | None = "ada") -> ThenStood | None:
    with looks(world, who) as (tx, viewer):
        return stood_on(tx, viewer, ref, on)


def moved_date(world: World) -> Ref:
    """Let the trust's action get a later date in February."""
    action = world.action("trust")
    world.on(date(2015, 2, 2))
    world.is_granted("nell", action, "extend", by="ada", new_due_on=date(2015, 3, 31), reason="Illness")
    return action


def test_an_untouched_history_is_whole_and_shows_its_newest_seal(any_world_at: At) -> None:
    world = any_world_at("actions")
    action = world.action("trust")
    found = proof(world, "cleo", action)
    assert found.is_whole
    assert found.lines == world.version(action)
    assert found.seal == world.known(action).standing.head
    assert len(found.seal) == 64
    assert found.checked_at == world.clock.now()
    assert str(found.checked_at.tzinfo) == "Europe/London"


def test_a_text_that_was_changed_is_named_with_its_line(world_at: At) -> None:
    world = world_at("actions")
    action = moved_date(world)
    asked = world.history(Ref("approval", world.ask(sa.select(sa.func.max(EventText.subject_id)))[0]))[0]
    with world.office.store.begin(group=EVERY) as session:
        session.execute(
            sa.update(EventText)
            .where(EventText.subject_kind == "approval", EventText.subject_id == asked.ref.id)
            .values(text="No reason at all")
        )
    found = proof(world, "ada", asked.ref)
    assert not found.is_whole
    assert found.faults == (f"{asked.ref} line 1: the text 'reason' was changed after it was sealed",)
    assert proof(world, "bo", asked.ref).faults == (f"{asked.ref} line 1 is not as it was sealed.",)
    assert proof(world, "ada", action).is_whole


def test_what_may_not_be_seen_is_not_checked_either(world_at: At) -> None:
    world = full_world(world_at)
    with pytest.raises(Refused, match="There is no action/1 that Fay Finch may see"):
        proof(world, "fay", OF_INDIVIDUAL)
    with pytest.raises(Refused, match="There is no action/1 that Fay Finch may see"):
        then(world, OF_INDIVIDUAL, world.today, who="fay")


def test_a_past_day_shows_the_date_that_was_agreed_then(any_world_at: At) -> None:
    world = any_world_at("actions")
    action = moved_date(world)
    world.moves("nell", action, "begin")
    before, after = then(world, action, date(2015, 2, 1)), then(world, action, date(2015, 2, 2))
    assert before is not None
    assert after is not None
    assert (before.state_title, after.state_title) == ("Agreed", "In progress")
    assert before.since_on == date(2014, 12, 15)
    assert after.lines > before.lines
    assert _value(before, "current_due_on") == date(2015, 2, 27)
    assert _value(after, "current_due_on") == date(2015, 3, 31)
    assert (_value(before, "times_moved"), _value(after, "times_moved")) == (0, 1)
    assert Line("original_due_on", "The date first agreed", date(2015, 2, 27)) in after.values


def test_nothing_stood_before_it_was_opened(world_at: At) -> None:
    world = world_at("actions")
    assert then(world, world.action("trust"), date(2014, 9, 1)) is None


def test_a_past_day_tells_nothing_that_people_wrote(world_at: At) -> None:
    world = full_world(world_at)
    for ref in (world.audit, OF_INDIVIDUAL, Ref("recommendation", 1), Ref("immediate_concern", 1)):
        found = then(world, ref, world.today)
        assert found is not None
        assert all(not isinstance(line.value, str) or " " not in line.value for line in found.values)


def _value(found: ThenStood, name: str) -> object:
    return next(line.value for line in found.values if line.name == name)
