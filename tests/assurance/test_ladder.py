"""How far a matter is escalated, as pages tell it: what was said, what holds it, what comes next, and who may do what."""

from __future__ import annotations

from datetime import date

import pytest

from assurance.commands.accepting import acknowledge
from assurance.commands.replying import reply
from assurance.commands.silencing import silence
from assurance.queries.escalated import EscalatedPage, Rank, escalated
from assurance.queries.ladder import Ladder, Rung, ladder_of
from assurance.queries.ladder_words import Stage
from assurance.queries.rights import Choice, Rights, rights_of, rules_to_silence
from engine.errors import Refused
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.full_world import CONCERN, OF_INDIVIDUAL, full_world
from tests.assurance.looking import looks
from tests.world import World

NOTICED_ON, NAMED_ON = date(2015, 3, 10), date(2015, 3, 13)  # the actions were due on 27 February
REMINDER, CHAIR, AGENDA, BOARD = (
    "action-overdue",
    "action-overdue-chair",
    "action-overdue-agenda",
    "action-overdue-board",
)


def ladder(world: World, ref: Ref, *, who: str = "ada") -> Ladder:
    with looks(world, who) as (tx, viewer):
        return ladder_of(tx, viewer, ref)


def rung(world: World, rule: str) -> Rung:
    return next(one for one in ladder(world, world.action("trust")).rungs if one.rule == rule)


def listed(world: World, who: str | None = "ada") -> EscalatedPage:
    with looks(world, who) as (tx, viewer):
        return escalated(tx, viewer)


def rights(world: World, who: str, ref: Ref) -> Rights:
    with looks(world, who) as (tx, viewer):
        return rights_of(tx, viewer, ref)


def until(world: World, day: date) -> None:
    world.nights(day)
    world.on(day)


def test_before_its_day_a_matter_shows_what_would_come_and_when(world_at: At) -> None:
    world = world_at("actions")
    found = ladder(world, world.action("trust"))
    assert [(one.rule, one.stage, one.speaks_on) for one in found.rungs] == [
        (REMINDER, Stage.AHEAD, date(2015, 2, 28)),
        (CHAIR, Stage.AHEAD, NAMED_ON),
        (AGENDA, Stage.AHEAD, date(2015, 3, 30)),
        (BOARD, Stage.AHEAD, date(2015, 4, 28)),
    ]
    assert (found.next_on, found.next_title) == (date(2015, 2, 28), "An action is overdue")
    assert rung(world, CHAIR).sentence == (
        "If nothing changes, the chair would be told on 13 March 2015; the owner gets notice on 10 March 2015."
    )
    assert rung(world, CHAIR).tells[0] == ("chair", ("Ada Ashdown",))
    assert rung(world, CHAIR).heard == ("Nell Norris",)


def test_what_the_ladder_foretells_comes_true(any_world_at: At) -> None:
    world = any_world_at("actions")
    foretold = {one.rule: one.speaks_on for one in ladder(world, world.action("trust")).rungs}
    until(world, date(2015, 5, 1))
    lines = [line for line in world.history(world.action("trust")) if line.kind == "fired"]
    said = {line.data["rule"]: date.fromisoformat(line.data["on"]) for line in reversed(lines)}
    assert {rule: said[rule] for rule in foretold} == foretold


def test_a_reply_holds_its_rung_and_says_who_made_it(any_world_at: At) -> None:
    world = any_world_at("actions")
    until(world, NOTICED_ON)
    assert rung(world, CHAIR).stage is Stage.NOTICE
    with world.does("nell") as tx:
        reply(tx, world.action("trust"), CHAIR, "It was held on Monday")
    held = rung(world, CHAIR)
    assert (held.stage, held.speaks_on) == (Stage.HELD, date(2015, 3, 18))
    assert held.sentence == "It waits because Nell Norris has replied, until 17 March 2015."
    assert held.hold is not None
    assert (held.hold.ref, held.hold.placed_by) == (Ref("hold", 1), "Nell Norris")
    ranks = {one.ref: one.rank for one in listed(world).rows}
    assert ranks[world.action("trust")] is Rank.REPLIED
    assert ranks[world.action("ccg")] is Rank.NOTICE


def test_what_was_told_and_accepted_speaks_again_after_its_day(world_at: At) -> None:
    world = world_at("actions")
    until(world, NAMED_ON)
    with world.does("dan") as tx:
        acknowledge(tx, world.action("trust"), until_on=date(2015, 3, 27), reason="The lead is off sick")
    held = rung(world, CHAIR)
    assert (held.stage, held.said_on, held.speaks_on) == (Stage.HELD, NAMED_ON, date(2015, 3, 28))
    assert held.sentence == (
        "The chair was told on 13 March 2015. Dan Dole has accepted it until 27 March 2015."
    )
    assert (rung(world, AGENDA).stage, rung(world, AGENDA).speaks_on) == (Stage.AHEAD, date(2015, 3, 30))
    assert {one.ref: one.rank for one in listed(world).rows}[world.action("trust")] is Rank.ACCEPTED


def test_the_most_urgent_stands_first_and_what_is_silent_last(world_at: At) -> None:
    world = full_world(world_at)
    until(world, NAMED_ON)
    with world.does("sam") as tx:
        silence(tx, ref=world.action("ccg"), until_on=date(2015, 4, 30), reason="Counted elsewhere")
        silence(tx, rule_id="return-due-soon", until_on=date(2015, 4, 30), reason="Asked again in May")
    found = listed(world)
    ranks = [one.rank for one in found.rows]
    assert ranks == sorted(ranks)
    assert found.rows[0].ref == CONCERN
    assert (found.rows[-1].ref, found.rows[-1].rank) == (world.action("ccg"), Rank.SILENCED)
    assert [one.rule for one in found.silences] == ["return-due-soon"]
    assert sum(found.counts.values()) == len(found.rows)


def test_each_sees_what_is_escalated_of_what_they_may_see(world_at: At) -> None:
    world = full_world(world_at)
    until(world, NAMED_ON)
    assert OF_INDIVIDUAL in {one.ref for one in listed(world, "bo").rows}
    for who in ("fay", "cleo", "thea"):
        assert OF_INDIVIDUAL not in {one.ref for one in listed(world, who).rows}
        with pytest.raises(Refused, match="There is no action/1"):
            ladder(world, OF_INDIVIDUAL, who=who)
    assert listed(world, "viv").rows == ()


def test_each_person_is_told_what_they_can_do_and_why_not_the_rest(world_at: At) -> None:
    world = world_at("actions")
    until(world, NOTICED_ON)
    action = world.action("trust")
    notice = Choice(CHAIR, "An action is ten working days overdue")
    assert rights(world, "nell", action).replies == rights(world, "bo", action).replies == (notice,)
    assert rights(world, "fay", action).replies == ()
    assert not rights(world, "fay", action).any
    assert rights(world, "ada", action).not_accepted == (
        "No escalation stands about Action 1 that somebody could accept.",
    )
    until(world, NAMED_ON)
    assert rights(world, "ada", action).accepts == "An action is ten working days overdue"
    assert rights(world, "dan", action).accepts
    assert (
        rights(world, "sam", action).not_accepted[0].startswith("The escalation about Action 1 has come to")
    )
    own = rights(world, "ada", world.action("ccg"))
    assert not own.silences
    assert "You hold a post in the agency whose work this is" in own.not_accepted[0]
    assert rights(world, "sam", action).silences_all


def test_no_rule_of_which_one_has_a_part_is_silenced_everywhere(world_at: At) -> None:
    world = world_at("actions")
    with looks(world, "sam") as (tx, _):
        by_sam = {one.rule for one in rules_to_silence(tx)}
    with looks(world, "ada") as (tx, _):
        by_ada = {one.rule for one in rules_to_silence(tx)}
    with looks(world, "bo") as (tx, _):
        assert rules_to_silence(tx) == ()
    assert REMINDER in by_sam
    assert "concern-not-taken-up" not in by_sam
    assert REMINDER not in by_ada
    assert "approval-waiting" not in by_ada
