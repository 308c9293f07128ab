"""A preview shows what will go, to whoever may see it, and says which rules are silent and who cannot be reached."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path

import pytest

from assurance.queries.foretelling import Way, on_day
from assurance.queries.preview import Preview, preview
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.desk import Desk, chase
from tests.assurance.full_world import full_world
from tests.assurance.looking import looks
from tests.assurance.ruled import CLOCK, LATE_CHAIR, OVERDUE, under
from tests.world import World

DUE = date(2015, 2, 27)  # the actions of the audit, a Friday


def foreseen(world: World, who: str | None, *, days: int, on: date | None = None) -> Preview:
    with looks(world, who) as (tx, viewer):
        return preview(tx if on is None else on_day(tx, on), viewer, days=days)


def test_a_digest_is_foretold_as_one_mail_at_its_hour(world_at: At) -> None:
    mails = foreseen(world_at("actions"), "ada", on=DUE, days=3).mails()
    digests = [mail for mail in mails if mail.way is Way.DIGEST]
    assert {f"{mail.goes_at:%a %H:%M}" for mail in digests} == {"Fri 07:45", "Mon 07:45"}, (
        "nothing on a Saturday"
    )
    assert len({(mail.person, mail.goes_at) for mail in digests}) == len(digests)


def test_of_escalations_there_is_one_mail_for_each_rule_audit_and_person(world_at: At) -> None:
    world = world_at("actions")
    recommendation = Ref("recommendation", 1)
    world.plans("bo", "trust", recommendation=recommendation, owner="health_visiting")
    mails = foreseen(world, None, on=DUE + timedelta(days=10), days=8).mails()
    at_once = [mail for mail in mails if mail.way is Way.AT_ONCE and mail.person == "Ada Ashdown"]
    [mail] = [mail for mail in at_once if mail.tellings[0].ref.kind == "action"]
    assert len(mail.tellings) == 3
    [notice] = [mail for mail in mails if mail.way is Way.NOTICE and mail.person == "Nell Norris"]
    assert [str(one.ref) for one in notice.tellings] == ["action/1", "action/3"]


def test_only_mails_of_the_days_that_are_asked_for_are_foretold(world_at: At) -> None:
    found = foreseen(world_at("actions"), "ada", on=DUE, days=1)
    assert (found.from_on, found.until_on) == (DUE, DUE + timedelta(days=1))
    assert found.foretold
    assert {one.goes_at.date() for one in found.foretold} == {DUE}, "what is said on Saturday goes on Monday"


# -- who sees what -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["nell", "bo", "gil", "thea", "cleo", "ida", "viv"])
def test_whoever_does_not_see_everything_sees_only_what_they_would_be_told(who: str, world_at: At) -> None:
    world = full_world(world_at)
    everything = foreseen(world, None, days=200).foretold
    own = [one for one in everything if one.person == world.actor(who).name]
    assert list(foreseen(world, who, days=200).foretold) == own


@pytest.mark.parametrize("who", ["ada", "dan", "sam", "una"])
def test_whoever_sees_everything_sees_what_everybody_would_be_told(who: str, world_at: At) -> None:
    world = full_world(world_at)
    found = foreseen(world, who, days=200)
    assert found == foreseen(world, None, days=200)
    assert len({one.person for one in found.foretold}) > 5


def test_what_waits_for_others_is_shown_to_nobody_else(world_at: At) -> None:
    world = world_at("actions")
    world.night(DUE + timedelta(days=1))
    world.on(DUE + timedelta(days=1))
    waiting = {one.person for one in foreseen(world, None, days=3).foretold}
    assert {"Nell Norris", "Gil Gadsby"} <= waiting
    assert {one.person for one in foreseen(world, "nell", days=3).foretold} == {"Nell Norris"}


# -- what goes without saying ------------------------------------------------------------------------------


def test_a_rule_that_is_not_in_force_says_nothing_and_is_named(world_at: At, tmp_path: Path) -> None:
    world = world_at("actions")
    for _ in range(2):
        world.plans("bo", "trust", recommendation=Ref("recommendation", 1), owner="health_visiting")
    world.on(DUE + timedelta(days=3), time(6, 30))
    under(world, tmp_path / "rules", OVERDUE, LATE_CHAIR, clock=CLOCK + "cap: 5\n")
    found = foreseen(world, "sam", days=20)
    assert found.withheld == ("late",)
    assert {one.rule for one in found.foretold} == {"late-chair"}


def test_a_new_rule_that_owes_little_is_foretold_as_in_force(world_at: At, tmp_path: Path) -> None:
    world = under(world_at("actions"), tmp_path / "rules", OVERDUE)
    world.on(DUE + timedelta(days=3))
    found = foreseen(world, "sam", days=0)
    assert found.withheld == ()
    assert {one.rule for one in found.foretold} == {"late"}


def test_whoever_cannot_be_reached_is_named(desk: Desk) -> None:
    chase(desk)
    desk.deliver()
    desk.comes_back("postfix", "bo@qa.example")
    desk.reads()
    found = foreseen(desk.world, "sam", days=90)
    assert "Bo Birchall" in {one.person for one in found.foretold}
    assert found.unreachable == ("Bo Birchall",)
