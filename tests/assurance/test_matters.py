"""A family that stands in YAML alone moves, asks, counts, is watched and is sealed like all others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.commands import moving
from assurance.commands.founding import open_matter
from assurance.config import HOME
from assurance.office import clock_of
from assurance.playbook import Shelf, read_shelf
from assurance.records import Agency, Matter
from assurance.settled import Settled, settled
from assurance.sweep import sweep, sweep_all
from engine import timers
from engine.conditions import Value
from engine.errors import Refused
from engine.fences import EVERY
from engine.ledger import Event
from engine.moved import Ref
from tests.assurance.test_tampering import found, tampering
from tests.world import World

FAMILY = Path(__file__).parent / "good_story"
FIELDS: Mapping[str, Value] = {"files": 5, "question": "Was the father asked?", "due_on": date(2014, 9, 5)}


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    """The house's own workflows and rules, and those of the family."""
    return read_shelf((HOME / "workflows", FAMILY / "workflows"), (HOME / "rules", FAMILY / "rules"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def world(request: pytest.FixtureRequest, tmp_path: Path, shelf: Shelf) -> Iterator[World]:
    """An office that also knows dip samples."""
    if request.param == "sqlite":
        where = str(tmp_path / "world.sqlite")
    else:
        where = request.getfixturevalue("empty_postgres_house")
    world = World(where, shelf=shelf)
    yield world
    world.close()


def opens(
    world: World,
    kind: str = "dip_sample",
    *,
    who: str = "bo",
    agency: str | None = "trust",
    fields: Mapping[str, Value] = FIELDS,
    parent: Ref | None = None,
    key: str | None = None,
) -> Ref:
    agency_id = None if agency is None else world.number(Agency, agency)
    with world.does(who) as tx:
        return open_matter(tx, kind, "Fathers", fields, parent=parent, agency_id=agency_id, key=key)


def test_it_is_opened_with_its_fields_and_the_history_tells_all_but_the_texts(world: World) -> None:
    ref = opens(world)
    facts = world.known(ref).facts
    assert (facts["files"], facts["due_on"], facts["looks"], facts["is_late"]) == (
        5,
        date(2014, 9, 5),
        None,
        False,
    )
    (line,) = world.history(ref)
    assert line.data["set"] == {"files": 5, "due_on": "2014-09-05", "is_late": False, "is_chased": False}
    assert world.proof().faults == ()


def test_a_move_sets_and_counts_its_fields(world: World) -> None:
    ref = opens(world)
    world.moves("bo", ref, "look", due_on=date(2014, 9, 12), size="small")
    world.moves("bo", ref, "look", size="large")
    facts = world.known(ref).facts
    assert (facts["looks"], facts["due_on"], facts["size"], facts["files"]) == (2, None, "large", 5)
    assert world.history(ref)[-1].data["set"] == {"looks": 2, "due_on": None, "size": "large"}
    with pytest.raises(Refused, match="one of: small, large; ‘huge’ is not"):
        world.moves("bo", ref, "look", size="huge")
    assert world.proof().faults == ()


def test_several_moves_may_be_made_in_one_breath(world: World) -> None:
    ref = opens(world)
    with world.does("bo") as tx:
        moving.move(tx, ref, "look", given={"size": "small"})
        moving.move(tx, ref, "look", given={"size": "small"})
        moving.move(tx, ref, "finish")
    assert (world.state(ref), world.known(ref).facts["looks"]) == ("done", 2)


def test_a_subject_counts_its_children(world: World) -> None:
    ref = opens(world)
    step = opens(world, "sample_step", fields={}, parent=ref)
    other = opens(world)
    world.moves("bo", ref, "look", size="small")
    assert world.known(ref).facts["steps_open"] == 1
    assert world.known(other).facts["steps_open"] == 0
    with pytest.raises(Refused, match="Every step is closed"):
        world.moves("bo", ref, "finish")
    world.moves("sam", step, "close")
    world.moves("bo", ref, "finish")


def test_it_is_settled_with_its_children_and_with_what_was_decided_about_it(world: World) -> None:
    ref = opens(world)
    step = opens(world, "sample_step", fields={}, parent=ref)
    world.moves("sam", step, "close")
    asked = world.asks("bo", ref, "drop", reason="Another one is larger.")
    world.decides("ada", asked, "reject", reason="Not yet.")
    assert all_settled(world) == []
    world.moves("bo", ref, "look", size="small")
    world.on(date(2014, 12, 1))
    world.moves("bo", ref, "finish")
    [whole] = all_settled(world)
    assert (whole.ref, sorted(whole.subjects), whole.since_on) == (
        ref,
        sorted([ref, step, asked]),
        date(2014, 12, 1),
    )


def all_settled(world: World) -> list[Settled]:
    with world.office.reading(clock_of(world.group_id)) as tx:
        return list(settled(tx))


def test_a_decision_about_it_is_asked_taken_and_lapses_like_any_other(world: World) -> None:
    ref = opens(world)
    approval = world.asks("bo", ref, "drop", reason="Another one is larger.")
    with pytest.raises(Refused, match="already waiting"):
        world.asks("bo", ref, "drop", reason="Another one is larger.")
    world.moves("bo", ref, "look", size="small")
    assert world.state(approval) == "lapsed"
    world.decides("ada", world.asks("bo", ref, "drop", reason="Another one is larger."))
    assert world.state(ref) == "dropped"
    ours = opens(world, who="gil", agency="ccg")
    approval = world.asks("gil", ours, "drop", reason="Another one is larger.")
    with pytest.raises(Refused, match="You hold a post in the agency whose work this is"):
        world.decides("ada", approval)
    world.decides("dan", approval)


def test_where_no_deputy_is_named_nobody_stands_in_for_the_chair(world: World) -> None:
    ref = opens(world)
    world.news()
    approval = world.asks("bo", ref, "enlarge", more=9)
    assert world.told() == ["ada"]
    with pytest.raises(Refused, match="is a step for the approver"):
        world.decides("dan", approval)
    world.moves("bo", approval, "withdraw")
    world.news()
    own = world.asks("ada", ref, "enlarge", more=9)
    assert world.told() == ["sam"]
    with pytest.raises(Refused, match="You asked for this yourself"):
        world.decides("ada", own)


def test_the_daily_look_finds_it_too(world: World) -> None:
    ref = opens(world)
    with world.office.store.begin(group=EVERY) as session:
        timers.cancel(session, ref)
    world.on(date(2014, 9, 6))
    assert sweep_all(world.office).repaired == 1
    assert world.fired(ref) == ["dip-sample-late 0", "dip-sample-chased 0"]
    assert {one.rule for one in world.reminded()} == {"dip-sample-late", "dip-sample-chased"}


def test_rules_about_it_speak_and_set_what_they_say(world: World) -> None:
    ref = opens(world)
    world.news()
    tally = world.night(date(2014, 9, 6))
    assert (tally.fired, tally.parked) == (2, 0)
    facts = world.known(ref).facts
    assert (facts["is_late"], facts["is_chased"], facts["files"]) == (True, True, 5)
    assert sorted(one.to for one in world.reminded()) == ["ada", "bo"]
    assert world.proof().faults == ()


def test_the_parent_is_looked_at_when_its_last_step_is_closed(world: World) -> None:
    ref = opens(world, fields={**FIELDS, "due_on": None})
    step = opens(world, "sample_step", fields={}, parent=ref)
    world.moves("bo", ref, "look", size="small")
    sweep(world.office)
    assert world.fired(ref) == []
    world.moves("bo", step, "close")
    sweep(world.office)
    assert world.fired(ref) == ["dip-sample-ready 0"]


def test_a_field_that_nobody_set_is_found(world: World) -> None:
    ref = opens(world)
    fields = world.row(Matter, ref).fields
    for tampered in (fields.replace('"files":5', '"files":6'), "{}", "nonsense", "7"):
        with world.office.store.begin(group=EVERY) as session:
            session.execute(sa.update(Matter).values(fields=tampered))
        faults = [str(fault) for fault in world.proof().faults]
        assert any("its files is" in fault and "its history says 5" in fault for fault in faults)
    with world.office.store.begin(group=EVERY) as session:
        session.execute(sa.update(Matter).values(fields=fields))
    with tampering(world) as session:
        is_own = (Event.subject_kind == ref.kind, Event.subject_id == ref.id)
        session.execute(sa.update(Event).values(data="{}").where(*is_own))
        assert [fault.line for fault in found(session)] == [1]


# -- what is not taken -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"question": "Was he asked?"}, "Fill in ‘Files to be looked at’|Fill in ‘files to be looked at’"),
        ({"files": 5, "question": " "}, "what is looked for"),
        ({"files": "five", "question": "Was he asked?"}, "has to be a whole number; ‘five’ is not"),
        ({"files": True, "question": "Was he asked?"}, "has to be a whole number; ‘yes’ is not"),
        ({**FIELDS, "size": "huge"}, "one of: small, large; ‘huge’ is not"),
        ({**FIELDS, "colour": "red"}, "does not ask for ‘colour’"),
        ({**FIELDS, "looks": date(2014, 9, 1)}, "has to be a whole number"),
    ],
)
def test_fields_that_cannot_be_are_refused(world: World, fields: dict[str, Value], sentence: str) -> None:
    with pytest.raises(Refused, match=rf"{sentence}"):
        opens(world, fields=fields)
    assert world.ask(sa.select(Matter.id)) == []


def test_a_kind_that_is_none_and_a_kind_of_the_house_are_refused(world: World) -> None:
    for kind in ("audit", "dip_samples"):
        with pytest.raises(Refused, match="No workflow file describes a"):
            opens(world, kind)


def test_a_child_names_its_parent_and_nobody_else_does(world: World) -> None:
    ref = opens(world)
    with pytest.raises(Refused, match="A sample step belongs to a dip sample; name it"):
        opens(world, "sample_step", fields={})
    with pytest.raises(Refused, match="A dip sample has no parent"):
        opens(world, parent=ref)
    with pytest.raises(Refused, match="There is no dip_sample/99"):
        opens(world, "sample_step", fields={}, parent=Ref("dip_sample", 99))
    step = opens(world, "sample_step", fields={}, parent=ref)
    with pytest.raises(Refused, match="A sample step belongs to a dip sample"):
        opens(world, "sample_step", fields={}, parent=step)
    with pytest.raises(Refused, match=f"There is no dip_sample/{step.id}"):
        world.moves("bo", Ref("dip_sample", step.id), "look", size="small")


def test_it_is_opened_by_somebody_in_post_for_an_agency_that_there_is(world: World) -> None:
    with pytest.raises(Refused, match="Viv Vane holds no post in the group today"):
        opens(world, who="viv")
    with pytest.raises(Refused, match="Write down a title"), world.does("bo") as tx:
        open_matter(tx, "dip_sample", " ", FIELDS)
    with pytest.raises(Refused, match="There is no such agency"), world.does("bo") as tx:
        open_matter(tx, "dip_sample", "Fathers", FIELDS, agency_id=99)
    with pytest.raises(Refused, match="There is no such post"), world.does("bo") as tx:
        open_matter(tx, "dip_sample", "Fathers", FIELDS, owner_post_id=99)
    opens(world, key="form-1")
    with pytest.raises(Refused, match="was carried out already"):
        opens(world, key="form-1")
