"""Earlier recommendations that are like a new one: found, with what became of them, and none that is not for the viewer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date

from assurance.access import viewer_of
from assurance.commands import concluding, programme
from assurance.commands.concluding import Wanted
from assurance.queries.concluding_choices import (
    agencies_to_ask,
    aims_of,
    cases_of,
    findings_to_choose,
    meetings_that_were,
)
from assurance.queries.similar import EarlierOne, earlier_like
from assurance.records import Agency
from assurance.roster import roster
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.test_entering import THEME
from tests.world import World


def like(world: World, who: str, text: str, *, aim_ids: Collection[int] = ()) -> tuple[EarlierOne, ...]:
    with world.office.reading(world.actor(who)) as tx:
        people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
        return earlier_like(tx, viewer_of(people, tx.actor), text, aim_ids=aim_ids)


def test_what_was_recommended_before_is_shown_with_what_became_of_it(any_world_at: At) -> None:
    world = any_world_at("actions")
    [found] = like(world, "sam", "Schools should be told on the same day")
    assert (found.ref, found.audit, found.state) == (Ref("recommendation", 1), "2014-15/1", "agreed")
    assert {"schools", "day"} <= set(found.words)
    assert found.percent > 15
    assert found.became == "It is not done yet; a second one beside it may not help."
    assert like(world, "sam", "Housing providers") == ()


def test_what_was_closed_or_has_lasted_says_so(world_at: At) -> None:
    world = world_at("actions")
    ref = Ref("recommendation", 1)
    for who, agency, by in (("bo", "trust", "ada"), ("gil", "ccg", "dan")):
        world.moves(who, world.action(agency), "begin")
        world.completes(who, world.action(agency), by=by)
    world.moves("sam", ref, "begin")
    world.is_granted("sam", ref, "implement")
    assert like(world, "sam", "Tell schools")[0].became.startswith(
        "It is done; whether it has lasted is to be asked on "
    )
    world.on(date(2015, 6, 15))
    with world.does("sam") as tx:
        concluding.record_evidence(tx, ref, "Survey", "It holds.")
    world.is_granted("sam", ref, "judge_embedded")
    assert like(world, "sam", "Tell schools")[0].became == "It has lasted: judged embedded on 15 June 2015."


def test_an_aim_that_is_asked_again_brings_its_recommendation_along_however_it_is_worded(
    world_at: At,
) -> None:
    world = world_at("actions")
    with world.does("sam") as tx:
        audit = programme.open_audit(tx, replace(THEME, theme="Exploitation"))
        again = programme.add_aim(tx, audit, "Was it shared in time?", asks_again=world.aims()[0])
        new = programme.add_aim(tx, audit, "Was the risk named?")
    [found] = like(world, "sam", "Housing providers", aim_ids=[again])
    assert (found.from_same_aim, found.percent, found.words) == (True, 0, ())
    assert like(world, "sam", "Housing providers", aim_ids=[new]) == ()


def test_individual_practice_of_another_agency_is_not_found(world_at: At) -> None:
    world = world_at("recommendations")
    trust = world.number(Agency, "trust")
    wanted = Wanted("individual_practice", "Supervise chronologies", world.aims()[:1], [], [], trust)
    with world.does("sam") as tx:
        concluding.make_recommendation(tx, world.audit, wanted)
    assert len(like(world, "bo", "Chronologies in supervision")) == 1
    for who in ("dev", "gil", "cleo", "ida"):
        assert like(world, who, "Chronologies in supervision") == ()


def test_what_can_be_chosen_is_of_this_audit_and_this_viewer(world_at: At) -> None:
    world = world_at("actions")
    for who, cases in (("sam", 2), ("bo", 0), ("cleo", 0)):
        with world.office.reading(world.actor(who)) as tx:
            people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
            viewer = viewer_of(people, tx.actor)
            assert len(cases_of(tx, viewer, world.audit)) == cases
            assert [one.title for one in aims_of(tx, viewer, world.audit)] == [
                "1. Was information shared in time?",
                "2. Were men part of the assessment?",
            ]
            assert len(agencies_to_ask(tx, viewer)) == 5
            assert [one.title for one in meetings_that_were(tx, viewer)] == [
                "Meeting of December 2014, 11 December 2014"
            ]
            found = findings_to_choose(tx, viewer, world.audit)
            assert [(one.number, one.is_answered) for one in found] == [(1, True), (2, True)]
    with world_at("recommendations").office.reading(world.actor("sam")) as tx:
        people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
        found = findings_to_choose(tx, viewer_of(people, tx.actor), world.audit)
        assert [(one.number, one.is_answered) for one in found] == [(1, False), (2, True)]
