"""Saving a return as one goes: begun by the first save, never over another's answer, never twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
import sqlalchemy as sa

from assurance.access import viewer_of
from assurance.commands import reading
from assurance.commands.reading import Answered, mark_of, save_return
from assurance.queries.agency_returns import (
    OneReturn,
    ReturnLine,
    ReturnsWanted,
    choices_of_returns,
    list_returns,
    one_return,
)
from assurance.records import Agency, Answer
from assurance.roster import roster
from engine.errors import Refused, Stale
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.counting import said_to
from tests.world import World

UNSEEN = mark_of(None, "")


def answered(answer: str, text: str = "", *, seen: str = UNSEEN) -> Answered:
    return Answered(answer, text, seen)


def shown(world: World, who: str, ref: Ref) -> OneReturn:
    with world.office.reading(world.actor(who)) as tx:
        people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
        return one_return(tx, viewer_of(people, tx.actor), ref)


def listed(world: World, who: str, wanted: ReturnsWanted | None = None) -> tuple[ReturnLine, ...]:
    with world.office.reading(world.actor(who)) as tx:
        people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
        return list_returns(tx, viewer_of(people, tx.actor), wanted or ReturnsWanted()).rows


# -- saving ------------------------------------------------------------------------------------------------


def test_the_first_save_begins_the_return(any_world_at: At) -> None:
    world = any_world_at("agency_audits")
    ref, [first, _] = world.agency_return("health_visiting"), world.aims()
    with world.does("bo") as tx:
        save_return(tx, ref, {first: answered("partly", "Late\r\nbut told ")}, tool="SHN tool")
    seen = shown(world, "bo", ref)
    assert (seen.state, seen.answered, seen.tool) == ("in_progress", 1, "SHN tool")
    assert [(aim.number, aim.answer, aim.words) for aim in seen.aims] == [
        (1, "partly", "Late\nbut told"),
        (2, None, ""),
    ]
    assert [line.data.get("trigger") for line in world.history(ref)] == [None, "start", "answer"]


def test_a_save_that_is_sent_twice_is_kept_once(world_at: At) -> None:
    world = world_at("agency_audits")
    ref, [first, _] = world.agency_return("health_visiting"), world.aims()
    dones = []
    for _ in range(2):
        with world.does("bo") as tx:
            dones.append(save_return(tx, ref, {first: answered("no")}, key="once"))
    assert [done.is_repeat for done in dones] == [False, True]
    assert world.version(ref) == 3


def test_nobodys_answer_is_written_over_unseen(world_at: At) -> None:
    world = world_at("agency_audits")
    ref, [first, second] = world.agency_return("school"), world.aims()
    with world.does("esme") as tx:
        save_return(tx, ref, {first: answered("yes", "In time")})
    late = {first: answered("no"), second: answered("no")}
    with (
        pytest.raises(Stale, match="Aim 1 was answered by somebody else meanwhile") as stale,
        world.does("dev") as tx,
    ):
        save_return(tx, ref, late)
    assert [reason.code for reason in stale.value.reasons] == [f"aim-{first}"]
    assert shown(world, "dev", ref).answered == 1
    with world.does("dev") as tx:
        save_return(tx, ref, {first: answered("no", seen=mark_of("yes", "In time"))})
    assert shown(world, "dev", ref).aims[0].answer == "no"


def test_two_who_answer_the_same_are_not_told_of_each_other(world_at: At) -> None:
    world = world_at("agency_audits")
    ref, [first, _] = world.agency_return("school"), world.aims()
    for who in ("esme", "dev"):
        with world.does(who) as tx:
            save_return(tx, ref, {first: answered("yes", "In time")})
    assert shown(world, "dev", ref).answered == 1


def test_what_nobody_can_read_is_not_kept(any_world_at: At) -> None:
    world = any_world_at("agency_audits")
    ref, [first, _] = world.agency_return("school"), world.aims()
    with pytest.raises(Refused, match="What you write about an aim holds"), world.does("dev") as tx:
        save_return(tx, ref, {first: answered("yes", "In\x00time")})
    assert world.ask(sa.select(Answer)) == []
    assert shown(world, "dev", ref).state == "requested"


def test_a_locked_return_is_saved_by_nobody(world_at: At) -> None:
    world = world_at("agency_audits")
    ref, [first, _] = world.agency_return("police"), world.aims()
    world.fills("fay", ref)
    world.moves("fay", ref, "submit")
    with pytest.raises(Refused), world.does("fay") as tx:
        save_return(tx, ref, {first: answered("no", seen=mark_of("yes", ""))})
    assert shown(world, "fay", ref).aims[0].answer == "yes"


# -- one return --------------------------------------------------------------------------------------------


def test_what_was_sent_back_says_why_and_by_whom(world_at: At) -> None:
    world = world_at("agency_audits")
    ref = world.agency_return("police")
    world.fills("fay", ref)
    world.moves("fay", ref, "submit")
    world.moves("sam", ref, "request_changes", reason="Aim 2 needs words", new_due_on=world.today)
    [back] = shown(world, "fay", ref).sent_back
    assert (back.by, back.reason, back.is_reopened) == ("Sam Sedley", "Aim 2 needs words", False)
    world.moves("fay", ref, "submit")
    world.moves("sam", ref, "accept")
    world.moves("sam", ref, "reopen", reason="The group has asked", new_due_on=world.today)
    assert [(one.reason, one.is_reopened) for one in shown(world, "fay", ref).sent_back] == [
        ("The group has asked", True),
        ("Aim 2 needs words", False),
    ]


@pytest.mark.parametrize("who", ["bo", "gil", "cleo", "ida", "thea", "viv"])
def test_a_return_is_shown_to_nobody_of_another_agency(world_at: At, who: str) -> None:
    world = world_at("agency_audits")
    with pytest.raises(Refused, match="There is no agency_return"):
        shown(world, who, world.agency_return("police"))
    assert all(line.agency != "Shire Constabulary" for line in listed(world, who))


# -- the list ----------------------------------------------------------------------------------------------


def test_what_waits_for_me_comes_first(world_at: At) -> None:
    world = world_at("agency_audits")
    world.settles("dev", world.agency_return("social_care"))
    submitted = world.agency_return("police")
    world.fills("fay", submitted)
    world.moves("fay", submitted, "submit")
    of_dev = listed(world, "dev")
    assert [line.is_mine for line in of_dev] == [True, True, True, False]
    assert of_dev[-1].state == "accepted"
    assert [line.ref for line in listed(world, "sam") if line.is_mine] == [submitted]
    assert listed(world, "sam")[0].ref == submitted
    assert len(listed(world, "sam")) == 10


def test_what_is_open_stands_before_what_is_settled_and_there_the_newest_first(any_world_at: At) -> None:
    world = any_world_at("agency_audits")
    first, second = world.returns("gp")
    world.settles("gil", first)
    world.moves("sam", first, "reopen", reason="Look again", new_due_on=date(2014, 11, 20))
    world.moves("gil", first, "submit")
    world.moves("sam", first, "accept")
    world.settles("gil", second)
    rows = listed(world, "una")
    assert [row.ref for row in rows[-2:]] == [second, first]
    assert all(row.state == "requested" for row in rows[:-2])


def test_the_list_is_narrowed(world_at: At) -> None:
    world = world_at("agency_audits")
    council = world.number(Agency, "council")
    world.moves("dev", world.agency_return("social_care"), "start")
    assert len(listed(world, "sam", ReturnsWanted(agency_id=council))) == 4
    assert len(listed(world, "sam", ReturnsWanted(state="in_progress"))) == 1
    assert listed(world, "sam", ReturnsWanted(audit_id=99)) == ()
    assert listed(world, "sam", ReturnsWanted(only_late=True)) == ()
    world.on(date(2014, 12, 3))
    late = listed(world, "sam", ReturnsWanted(only_late=True))
    assert len(late) == 10
    assert late[0].days_late > 0
    with pytest.raises(Refused, match="is not a state of returns"):
        listed(world, "sam", ReturnsWanted(state="lost"))


def test_only_what_the_viewer_has_can_be_chosen(world_at: At) -> None:
    world = world_at("agency_audits")
    with world.office.reading(world.actor("dev")) as tx:
        people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
        choices = choices_of_returns(tx, viewer_of(people, tx.actor))
    assert [name for _, name in choices.agencies] == ["County Council"]
    assert [reference for _, reference in choices.audits] == ["2014-15/1"]
    assert ("requested", "Requested") in choices.states


@pytest.mark.parametrize("asks", [list_returns, lambda tx, viewer, _: choices_of_returns(tx, viewer)])
def test_a_list_asks_as_often_whatever_its_length(world_at: At, asks: Callable[..., object]) -> None:
    world = world_at("agency_audits")
    counts = []
    for who in ("fay", "sam"):
        with world.office.reading(world.actor(who)) as tx:
            people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
            with said_to(tx) as said:
                asks(tx, viewer_of(people, tx.actor), ReturnsWanted())
        counts.append(len(said))
    assert counts[0] == counts[1] < 5


def test_a_reader_of_another_agency_reads_no_answer_by_an_aims_number(world_at: At) -> None:
    world = world_at("agency_audits")
    ref = world.agency_return("police")
    with pytest.raises(Refused, match="There is no agency_return"), world.does("bo") as tx:
        reading.save_return(tx, ref, {world.aims()[0]: answered("no")})
