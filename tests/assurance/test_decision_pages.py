"""What a decision page says before anybody decides: what changes, who has a voice, who is kept out and why."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.commands import programme
from assurance.commands.founding import open_matter
from assurance.config import HOME
from assurance.playbook import read_shelf
from assurance.queries.decision import ANSWERED, IS_ASKED, KEPT_OUT, STANDS_BY, Decision, decision_of
from assurance.queries.decision_queue import PER_PAGE, Queue, queue_of
from assurance.queries.what_is_asked import Change
from assurance.records import Audit
from engine.errors import Refused
from engine.fences import EVERY
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.counting import said_to
from tests.assurance.full_world import OF_INDIVIDUAL, full_world
from tests.assurance.looking import looks
from tests.assurance.papers import asked
from tests.world import World

LATER = date(2015, 4, 30)


def decision(world: World, who: str | None, ref: Ref) -> Decision:
    with looks(world, who) as (tx, viewer):
        return decision_of(tx, viewer, ref.id)


def queue(world: World, who: str | None, *, page: int = 1) -> Queue:
    with looks(world, who) as (tx, viewer):
        return queue_of(tx, viewer, page=page)


def later_date(world: World, *, agency: str = "trust", who: str = "nell") -> Ref:
    return world.asks(who, world.action(agency), "extend", new_due_on=LATER, reason="Illness in the team")


def standing(found: Decision) -> dict[str, str]:
    return {one.name: one.standing for one in found.voices}


def sentence(found: Decision, name: str) -> str:
    return next(one.sentence for one in found.voices if one.name == name)


# -- what is asked -----------------------------------------------------------------------------------------


def test_a_later_date_stands_beside_the_present_one_and_the_first(any_world_at: At) -> None:
    world = any_world_at("actions")
    found = decision(world, "ada", later_date(world))
    assert (found.step, found.asked_by, found.asked_on) == (
        "Ask for a later date",
        "Nell Norris",
        world.today,
    )
    assert found.asked.subject == "Action 1"
    assert found.asked.stays
    assert found.asked.changes == (
        Change("The date now agreed", date(2015, 2, 27), LATER, date(2015, 2, 27)),
        Change("Times that the date was moved", 0, 1, None),
    )
    assert found.asked.words == (("Reason", "Illness in the team"),)
    assert found.asked.missing == ()
    assert ("owner", ("Nell Norris",)) in found.asked.told
    assert found.version == world.version(found.ref)


def test_a_stage_shows_from_where_to_where_and_what_there_is(world_at: At) -> None:
    world = world_at("theme_agreed")
    found = decision(world, "ada", _asks_for_cases(world))
    assert (found.asked.from_title, found.asked.to_title) == ("Theme agreed", "Cases selected")
    assert not found.asked.stays
    counts = {line.name: line.value for line in found.asked.counts}
    assert counts == {"aims": 2, "case_target": 2, "cases": 2}
    assert [number for number, _ in found.asked.aims] == [1, 2]
    assert found.asked.missing == ()
    assert dict(found.asked.told)["members"][:2] == ("Ada Ashdown", "Dan Dole")


def test_what_has_stopped_being_so_since_is_said_before_anybody_approves(world_at: At) -> None:
    world = world_at("theme_agreed")
    asked_for = _asks_for_cases(world)
    with world.office.store.begin(group=EVERY) as session:
        session.execute(sa.update(Audit).values(case_target=3))
    assert decision(world, "ada", asked_for).asked.missing == (
        "Draw all the cases that the audit is to look at.",
    )


def test_what_was_decided_keeps_the_date_that_it_replaced(any_world_at: At) -> None:
    world = any_world_at("actions")
    asked_for = later_date(world)
    world.decides("ada", asked_for, reason="Once more")
    world.is_granted("nell", world.action("trust"), "extend", new_due_on=date(2015, 5, 29), reason="Again")
    found = decision(world, "bo", asked_for)
    assert found.asked.changes[0] == Change(
        "The date now agreed", date(2015, 2, 27), LATER, date(2015, 2, 27)
    )
    assert found.settled == "Ada Ashdown decided this on 15 December 2014 at 10:00: approved."
    assert (found.decided_by, found.meetings, found.asked.missing) == ("Ada Ashdown", (), ())


def test_a_request_that_lapsed_says_why(world_at: At) -> None:
    world = world_at("actions")
    asked_for = later_date(world)
    world.moves("nell", world.action("trust"), "begin")
    settled = decision(world, "ada", asked_for).settled
    assert settled.endswith(": lapsed. Because action/1 has changed.")


# -- voices ------------------------------------------------------------------------------------------------


def test_the_chair_is_kept_out_of_their_own_agencys_work_and_the_deputy_is_asked(world_at: At) -> None:
    world = world_at("actions")
    found = decision(world, "ada", later_date(world, agency="ccg", who="gil"))
    assert standing(found) == {"Ada Ashdown": KEPT_OUT, "Dan Dole": IS_ASKED}
    assert sentence(found, "Ada Ashdown").startswith("You hold a post in the agency whose work this is")
    assert not found.can_answer
    seen_by_deputy = decision(world, "dan", found.ref)
    assert sentence(seen_by_deputy, "Ada Ashdown") == (
        "Holds a post in the agency whose work this is; somebody else must decide."
    )
    assert seen_by_deputy.can_answer
    assert {door.trigger: door.is_open for door in seen_by_deputy.answers} == {
        "approve": True,
        "request_change": True,
        "reject": True,
    }


def test_the_deputy_stands_by_until_the_chair_is_away(world_at: At) -> None:
    world = world_at("actions")
    asked_for = later_date(world)
    found = decision(world, "dan", asked_for)
    assert standing(found) == {"Ada Ashdown": IS_ASKED, "Dan Dole": STANDS_BY}
    assert sentence(found, "Dan Dole") == "Answers where the chair has a part in it, is away, or is late."
    world.is_away("ada", until=world.today)
    assert standing(decision(world, "dan", asked_for)) == {"Ada Ashdown": IS_ASKED, "Dan Dole": IS_ASKED}


def test_of_several_each_answer_stands_beside_those_that_are_missing(any_papers: World) -> None:
    world = any_papers
    _, approval = asked(world, "theme")
    world.decides("bo", approval, "approve", reason="Clear and short")
    found = decision(world, "bo", approval)
    by_bo = next(one for one in found.voices if one.name == "Bo Birchall")
    assert (by_bo.standing, by_bo.words, by_bo.is_you) == (ANSWERED, "Clear and short", True)
    assert found.own_answer == "approve"
    assert found.so_far
    assert found.count is not None
    assert not found.count.is_open
    assert standing(found)["Fay Finch"] == IS_ASKED
    world.decides("bo", approval, "reject", reason="It names a school")
    replaced = [one for one in decision(world, "bo", approval).voices if one.name == "Bo Birchall"]
    assert [(one.sentence, one.replaced) for one in replaced] == [
        ("Has approved.", True),
        ("Has rejected.", False),
    ]


def test_only_a_meeting_that_can_have_decided_it_is_offered(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    for number in (3, 4):
        world.is_granted("nell", action, "extend", new_due_on=date(2015, number, 27), reason="Illness")
    asked_for = world.asks("nell", action, "extend_by_group", new_due_on=LATER, reason="Illness")
    found = decision(world, "ada", asked_for)
    assert found.needs_meeting
    assert found.meetings == ()
    world.on(date(2015, 3, 12))
    assert [one.on for one in decision(world, "ada", asked_for).meetings] == [date(2015, 3, 12)]


# -- who sees it -------------------------------------------------------------------------------------------


def test_a_decision_about_one_agencys_own_work_is_seen_by_no_other(world_at: At) -> None:
    world = full_world(world_at)
    asked_for = world.asks("nell", OF_INDIVIDUAL, "extend", new_due_on=LATER, reason="Illness of one nurse")
    with pytest.raises(Refused, match="There is no approval"):
        decision(world, "fay", asked_for)
    assert queue(world, "fay").for_others == ()
    assert [one.ref for one in queue(world, "bo").for_others] == [asked_for]
    assert "Illness of one nurse" in str(decision(world, "bo", asked_for))


def test_the_lay_member_sees_the_decision_and_not_the_words(world_at: At) -> None:
    world = world_at("actions")
    asked_for = later_date(world)
    found = decision(world, "cleo", asked_for)
    assert found.asked.changes
    assert "Illness in the team" not in str(found)


# -- the queue ---------------------------------------------------------------------------------------------


def test_what_waits_for_somebody_is_told_apart_from_what_waits_for_others(any_world_at: At) -> None:
    world = any_world_at("actions")
    theirs, own = later_date(world), later_date(world, agency="ccg", who="gil")
    for_ada, for_dan = queue(world, "ada"), queue(world, "dan")
    assert [(one.ref, one.what) for one in for_ada.for_you] == [
        (theirs, "Brief every team on sharing information")
    ]
    assert [(one.ref, one.waits_for) for one in for_ada.for_others] == [(own, ("Dan Dole",))]
    assert [one.ref for one in for_dan.for_you] == [own]
    assert queue(world, "nell").for_you == ()
    world.decides("ada", theirs, "reject", reason="It can be done in time")
    decided = queue(world, "nell").decided[0]
    assert (decided.ref, decided.state_title, decided.decided_by) == (theirs, "Rejected", "Ada Ashdown")


def test_what_has_waited_longest_stands_first_with_its_working_days(world_at: At) -> None:
    world = world_at("actions")
    first = later_date(world)
    world.on(world.working_days_from(world.today, 3))
    later_date(world, agency="ccg", who="gil")
    found = queue(world, "sam")
    assert next((one.ref, one.working_days) for one in found.for_others) == (first, 3)


def test_decided_ones_are_paged_and_a_page_beyond_is_the_last(world_at: At) -> None:
    world = world_at("actions")
    found = queue(world, "sam", page=99)
    assert (found.page, found.pages) == (1, 1)
    assert found.ended == len(found.decided) <= PER_PAGE


def test_the_queue_takes_as_many_statements_for_many_as_for_few(world_at: At) -> None:
    world = world_at("actions")
    later_date(world)
    with looks(world, "ada") as (tx, viewer), said_to(tx) as few:
        queue_of(tx, viewer)
    later_date(world, agency="ccg", who="gil")
    with looks(world, "ada") as (tx, viewer), said_to(tx) as more:
        queue_of(tx, viewer)
    assert len(more) == len(few)


def _asks_for_cases(world: World) -> Ref:
    with world.does("sam") as tx:
        programme.draw_case(tx, world.audit, "child", "Drawn at random")
        programme.draw_case(tx, world.audit, "family", "Drawn at random")
    return world.asks("sam", world.audit, "select_cases", remark="Both were open in May")


HIRE = """
workflow: hire
title: Hire
about: A room that the group hires.
roles: [coordinator]
fields: {}
states:
  drafted: {title: Drafted, about: It is being looked for., starts: true}
  hired: {title: Hired, about: It is hired., final: true}
moves:
  - trigger: take
    title: Take the room
    from: drafted
    to: hired
    by: [coordinator]
    ask: {room: [large_hall, small_hall], seats: whole number, remark: optional text}
    approval: {by: chair}
"""


def test_what_was_given_and_changes_nothing_is_shown_too(tmp_path: Path) -> None:
    (tmp_path / "kinds").mkdir()
    (tmp_path / "kinds" / "hire.yaml").write_text(HIRE, encoding="utf-8")
    shelf = read_shelf((HOME / "workflows", tmp_path / "kinds"), (HOME / "rules",))
    world = World(tmp_path / "hire.sqlite", shelf=shelf)
    with world.does("sam") as tx:
        hire = open_matter(tx, "hire", "A room for June", {})
    asked_for = world.asks("sam", hire, "take", room="small_hall", seats=24, remark="Near the station")
    found = decision(world, "ada", asked_for)
    assert found.asked.given == (("Seats", 24),)
    assert set(found.asked.words) == {("Remark", "Near the station"), ("Room", "small hall")}
    assert (found.asked.from_title, found.asked.to_title) == ("Drafted", "Hired")
    world.close()
