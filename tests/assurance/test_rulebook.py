"""The rules and workflows of the group as people read them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from assurance.access import viewer_of
from assurance.adopting import accept_backlog
from assurance.queries.flows import one_workflow, picture_of, workflows_of
from assurance.queries.rulebook import RulePage, Rules, one_rule, rules_of
from assurance.roster import roster
from engine.errors import Refused
from tests.assurance.conftest import At, Reopen
from tests.world import World

WATCHED = """\
rules:
  - id: return-late
    about: agency_return
    title: A return is late
    when: state = requested and due_on < today
    once_per: due_on
    repeat: {every: 1 weeks, at_most: 2}
    notice: {to: owner, before: 1 working days}
    tell: [agency_lead]
"""
SLOW = """\
calendar: england-and-wales
look_at: "06:30"
cap: 1
"""


def rule_page(world: World, who: str, name: str) -> RulePage:
    with world.office.reading(world.actor(who)) as tx:
        people = roster(tx.session, group_id=world.group_id, today=tx.today)
        return one_rule(tx, viewer_of(people, tx.actor), name)


def rules(world: World) -> Rules:
    with world.office.reading(world.actor("sam")) as tx:
        return rules_of(tx)


def test_every_rule_is_listed_with_its_sentence_and_since_when_it_counts(world: World) -> None:
    found = rules(world)
    assert [row.rule for row in found.rows] == [rule.id for rule in world.office.playbook.book.rules]
    assert all(row.sentence.startswith("When, for a") for row in found.rows)
    assert found.waiting == ()
    assert found.rows[0].standing.adopted_by == "the clock"


def test_a_rule_says_of_what_it_has_spoken_to_whoever_may_see_that(any_world_at: At, reopen: Reopen) -> None:
    world = reopen(any_world_at("agency_audits"), WATCHED)
    world.nights(date(2014, 12, 10))
    page = rule_page(world, "sam", "return-late")
    returns = set(world.returns())
    assert {one.ref for one in page.said} == returns
    assert {one.did for one in page.said} == {"Gave notice", "Spoke"}
    assert {(one.did, one.occasion, one.number) for one in page.said} == {
        ("Gave notice", "2014-11-27", 0),
        ("Spoke", "2014-11-27", 0),
        ("Spoke", "2014-11-27", 1),
    }
    assert page.number == 3 * len(returns)
    own = set(world.returns("health_visiting"))
    assert {one.ref for one in rule_page(world, "bo", "return-late").said} == own
    lay = rule_page(world, "cleo", "return-late")
    assert (lay.said, lay.number) == ((), 0)


def test_a_rule_that_waits_says_what_it_would_owe_until_somebody_puts_it_in_force(
    world_at: At, reopen: Reopen
) -> None:
    before = world_at("agency_audits")
    before.on(date(2014, 11, 27) + timedelta(days=5))
    world = reopen(
        before, WATCHED.replace("    notice: {to: owner, before: 1 working days}\n", ""), clock=SLOW
    )
    (waiting,) = rules(world).waiting
    assert (waiting.rule, waiting.standing.owed) == ("return-late", len(world.returns()))
    accept_backlog(world.office, world.actor("sam"), ["return-late"])
    (row,) = rules(world).rows
    assert (row.standing.is_in_force, row.standing.adopted_by) == (True, "Sam Sedley")


def test_a_rule_that_is_not_there_is_refused_with_the_nearest(world: World) -> None:
    with pytest.raises(Refused, match="did you mean 'return-late'"):
        rule_page(world, "sam", "return-lat")


def test_a_workflow_says_its_steps_and_its_versions(world_at: At) -> None:
    world = world_at("actions")
    with world.office.reading(world.actor("cleo")) as tx:
        page, rows = one_workflow(tx, "action"), workflows_of(tx)
    verify = next(step for step in page.steps if step.target == "Verified")
    assert (verify.by, verify.sources) == ("the chair or the deputy chair", ("Confirmed",))
    assert "whoever has taken the step ‘Confirm that the action is complete’" in verify.apart
    asked = next(step for step in page.steps if step.decided_by)
    assert asked.decided_by == "the chair"
    assert next(state.place for state in page.states if state.place) == "begins here"
    assert page.versions[0].running == 2
    assert next(row for row in rows if row.kind == "action").running == 2
    with world.office.reading(world.actor("cleo")) as tx:
        assert picture_of(tx, "action").startswith("<svg")
        with pytest.raises(Refused, match="'actoin' is not a workflow here; did you mean 'action'"):
            one_workflow(tx, "actoin")


def test_a_rule_that_has_said_nothing_has_one_empty_page(world: World) -> None:
    page = rule_page(world, "sam", "action-overdue")
    assert (page.said, page.number, page.pages) == ((), 0, 1)
