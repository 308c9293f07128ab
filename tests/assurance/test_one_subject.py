"""One subject in full: what a card holds for the lay member, for its own agency, for the chair."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from assurance.commands import acting, concluding
from assurance.queries import lists
from assurance.queries.references import reference_of
from assurance.records import Audit, ImmediateConcern
from engine.errors import Refused
from tests.assurance.conftest import At
from tests.assurance.full_world import (
    CONCERN,
    FROM_A_CASE,
    OF_INDIVIDUAL,
    STRATEGIC,
    case_ref,
    full_world,
)
from tests.assurance.looking import (
    EVERYTHING,
    agency_of,
    aims_of,
    card,
    grid,
    looks,
    programme_again,
    told,
    value,
    world_actions,
)
from tests.world import World


@pytest.fixture
def world(world_at: At) -> World:
    """A world in which something of every kind stands."""
    return full_world(world_at)


def test_an_audit_in_full_holds_no_case_for_the_lay_member(world: World) -> None:
    found = card(world, "cleo", world.audit)
    assert value(found, "theme") == "Neglect"
    assert value(found, "meeting") == "Meeting of December 2014"
    assert [row["text"] for row in grid(found, "aims")] == [
        "Was information shared in time?",
        "Were men part of the assessment?",
    ]
    assert grid(found, "cases") == []
    assert {row["case"] for row in grid(found, "findings")} == {None}
    assert [row["ref"] for row in grid(found, "recommendations")] == [STRATEGIC]
    notes = [one.note for one in found.grids if one.note]
    assert notes == [
        "2 more are not yours to read.",
        "1 more, for individual practice, stay with their own agency.",
    ]
    assert case_ref(world) not in str(found)


def test_an_audit_in_full_tells_the_coordinator_everything(world: World) -> None:
    with world.does("bo") as tx:
        concluding.record_dissemination(tx, world.audit, 1, "A briefing of seven minutes", 40)
    found = card(world, "sam", world.audit)
    assert grid(found, "cases")[0]["case"] == case_ref(world)
    assert case_ref(world) in {row["case"] for row in grid(found, "findings")}
    assert [row["asked"] for row in grid(found, "returns")] == [2] * 5
    assert grid(found, "moderations")[0]["note"] == "All ten returns"
    assert grid(found, "dissemination")[0]["reached"] == 40
    assert len(grid(found, "decisions")) == 6


def test_an_aim_says_which_earlier_one_it_asks_again(world: World) -> None:
    with world.does("sam") as tx:
        audit = programme_again(world, tx)
    rows = grid(card(world, "sam", audit), "aims")
    assert rows[0]["asks_again"] == "2014-15/1, aim 1"


def test_a_return_in_full_shows_each_aim_answered_or_not(world_at: At) -> None:
    world = world_at("agency_audits")
    ref = world.agency_return("health_visiting")
    world.moves("bo", ref, "start")
    answers = grid(card(world, "bo", ref), "answers")
    assert [row["answer"] for row in answers] == ["not yet answered"] * 2
    world.on(date(2014, 12, 1))
    assert value(card(world, "bo", ref), "days_late") == 4


def test_a_case_in_full_shows_only_ones_own_returns(world: World) -> None:
    with looks(world, "bo") as (tx, viewer):
        ref = reference_of(tx, viewer, case_ref(world))
    found = card(world, "bo", ref)
    assert (value(found, "kind"), found.state, found.version) == ("child", "", None)
    assert [row["records"] for row in grid(found, "returns")] == ["Health visiting"]
    assert [one.note for one in found.grids] == ["4 more are of other agencies."]


def test_a_recommendation_in_full_tells_where_it_comes_from_and_who_does_what(world: World) -> None:
    found = card(world, "cleo", STRATEGIC)
    assert value(found, "type") == "multi-agency strategic"
    assert [row["number"] for row in grid(found, "aims")] == [1]
    assert [row["text"] for row in grid(found, "findings")] == [FROM_A_CASE]
    assert [row["answer"] for row in grid(found, "agencies")] == ["accepted", "accepted"]
    assert [row["agency"] for row in grid(found, "actions")] == [
        "North Trust",
        "Clinical Commissioning Group",
    ]


def test_why_an_agency_does_not_accept_is_for_itself_and_few(world_at: At) -> None:
    world = world_at("recommendations")
    with world.does("sam") as tx:
        wanted = concluding.Wanted("strategic", "Tell schools", [world.aims()[0]], [1], [1, 2])
        made = concluding.make_recommendation(tx, world.audit, wanted)
    with world.does("bo") as tx:
        concluding.answer_for_agency(tx, made, 1, "not_accepted", reason="We do so already.")
    reasons = {who: grid(card(world, who, made), "agencies")[0]["reason"] for who in ("bo", "gil", "ada")}
    assert reasons == {"bo": "We do so already.", "gil": "(for its own agency)", "ada": "We do so already."}


def test_a_re_audit_and_later_evidence_stand_with_their_recommendation(world: World) -> None:
    for agency, who in (("trust", "bo"), ("ccg", "gil")):
        action = next(ref for ref in world_actions(world, STRATEGIC) if agency_of(world, ref) == agency)
        world.completes(who, action, by="dan" if agency == "ccg" else "ada")
    world.moves("sam", STRATEGIC, "begin")
    world.is_granted("sam", STRATEGIC, "implement")
    world.on(world.today + timedelta(days=30))
    with world.does("sam") as tx:
        again = programme_again(world, tx)
        # A second audit on its long way would only delay the question.
        tx.session.get_one(Audit, again.id).held_on = tx.today
        later = aims_of(tx, again)[0]
        concluding.record_re_audit(tx, STRATEGIC, world.aims()[0], later)
        concluding.record_evidence(tx, STRATEGIC, "Sample of ten files", "Nine told the school in time.")
    found = card(world, "cleo", STRATEGIC)
    (measured,) = grid(found, "re_audits")
    assert (measured["earlier"], measured["later"]) == ("2014-15/1, aim 1", "2014-15/2, aim 1")
    assert (measured["before"], measured["outcome"]) == ("0 of 10", "not better")
    assert grid(found, "evidence")[0]["title"] == "Sample of ten files"
    details = {detail for line in told(world, "cleo", STRATEGIC) for detail in line.details}
    assert details >= {"0 of 10 said yes before, 0 of 0 now", "evidence: Sample of ten files"}


def test_an_action_in_full_keeps_its_notes_for_its_own_agency(world: World) -> None:
    strategic = world_actions(world, STRATEGIC)[0]
    with world.does("nell") as tx:
        acting.note_progress(tx, strategic, "at risk", "One family asked us not to.")
        acting.add_evidence(tx, strategic, "Minutes", "Of the team meeting")
    for_nell, for_cleo = card(world, "nell", strategic), card(world, "cleo", strategic)
    assert grid(for_nell, "notes")[0]["text"] == "One family asked us not to."
    assert grid(for_cleo, "notes")[0] == {
        "on": world.today,
        "by": "Nell Norris",
        "rating": "at risk",
        "text": "(for its own agency)",
    }
    assert grid(for_cleo, "evidence")[0]["title"] == "(for its own agency)"
    assert value(for_nell, "owner") == "Health Visiting (Nell Norris)"
    assert value(for_nell, "recommendation") == STRATEGIC


def test_an_action_without_an_owner_and_one_whose_post_is_vacant(world: World) -> None:
    with world.does("bo") as tx:
        ref = acting.plan_action(tx, STRATEGIC, acting.Plan(1, "Ask the teams"))
    assert value(card(world, "bo", ref), "owner") is None
    world.leaves("health_visiting")
    world.on(world.today + timedelta(days=1))
    assert value(card(world, "bo", OF_INDIVIDUAL), "owner") == "Health Visiting (vacant)"


def test_a_decision_in_full_says_what_was_asked_and_what_was_answered(world: World) -> None:
    asked = world.asks("nell", OF_INDIVIDUAL, "extend", new_due_on=date(2015, 5, 1), reason="Illness.")
    waiting = card(world, "nell", asked)
    assert value(waiting, "waits_for") == ("Ada Ashdown",)
    assert value(waiting, "new_due_on") == "2015-05-01"
    assert value(waiting, "reason_1") == "Illness."
    world.decides("ada", asked, "reject", reason="Once is enough.")
    answered = card(world, "nell", asked)
    assert (value(answered, "decided_by"), value(answered, "waits_for")) == ("Ada Ashdown", None)
    (given,) = grid(answered, "answers")
    assert (given["who"], given["as"], given["answer"], given["words"]) == (
        "Ada Ashdown",
        "chair",
        "reject",
        "Once is enough.",
    )
    assert value(answered, "decided_by_post") == "chair or, in conflict or away, the deputy chair"


def test_a_concern_in_full_tells_its_case_to_the_agency_that_must_act(world: World) -> None:
    for_dev, for_ada = card(world, "dev", CONCERN), card(world, "ada", CONCERN)
    assert value(for_dev, "concern") == value(for_ada, "concern") == "The home is not safe"
    assert value(for_dev, "case") == case_ref(world)
    with pytest.raises(Refused, match="There is no immediate_concern/1"):
        card(world, "cleo", CONCERN)


def test_a_concern_may_stand_outside_every_audit(world: World) -> None:
    with world.does("cleo") as tx:
        ref = acting.raise_concern(tx, 1, "Somebody told me of a child")
    found = card(world, "bo", ref)
    assert (value(found, "audit"), value(found, "case")) == (None, None)
    with looks(world, "bo") as (tx, viewer):
        (row,) = lists.concerns(tx, viewer, EVERYTHING).rows
    assert row.audit is None
    assert world.row(ImmediateConcern, ref).agency_id == 1
