"""A group that grows: agencies, posts and records are added by whoever keeps the accounts, and it is written down."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from assurance.commands import enlarging
from assurance.queries.doors import doors_of
from assurance.records import AccountEvent, Agency, Post, RecordSet
from engine.errors import Refused
from tests.assurance.conftest import At
from tests.world import World


@pytest.fixture
def world(any_world_at: At) -> World:
    """A world whose audit waits for its returns, on each database."""
    return any_world_at("agency_audits")


def test_an_agency_joins_with_a_post_and_its_records(world: World) -> None:
    with world.does("ida") as tx:
        agency = enlarging.add_agency(tx, "Fire and Rescue")
        post = enlarging.add_post(tx, "Safeguarding lead", "agency_lead", agency, is_member=True)
        enlarging.add_records(tx, "Home visits", agency, post)
    assert world.ask(sa.select(Agency.key).where(Agency.id == agency)) == ["fire_and_rescue"]
    assert world.pairs(sa.select(Post.key, Post.role, Post.is_member).where(Post.id == post)) == [
        ("safeguarding_lead", "agency_lead", True)
    ]
    deeds = world.ask(sa.select(AccountEvent.what).order_by(AccountEvent.id))
    assert deeds[-3:] == ["agency_added", "post_added", "records_added"]


def test_an_audit_that_waits_for_returns_asks_for_new_records_too(world: World) -> None:
    with world.does("ida") as tx:
        enlarging.add_records(tx, "Home visits", world.number(Agency, "police"), None)
    with world.does("sam") as tx:
        doors = {door.trigger: door for door in doors_of(tx, world.audit).doors}
    assert "Every case has been asked of every record set." in doors["open_findings"].reasons


def test_names_that_are_there_already_are_refused_and_keys_never_meet(world: World) -> None:
    with pytest.raises(Refused, match="North Trust is here already"), world.does("ida") as tx:
        enlarging.add_agency(tx, " North Trust ")
    with world.does("ida") as tx:
        first = enlarging.add_agency(tx, "Fire & Rescue")
        second = enlarging.add_agency(tx, "Fire, Rescue")
    keys = world.ask(sa.select(Agency.key).where(Agency.id.in_([first, second])).order_by(Agency.id))
    assert keys == ["fire_rescue", "fire_rescue_2"]


@pytest.mark.parametrize(
    ("role", "agency", "said"),
    [
        ("agency_lead", None, "Name the agency for which the post acts."),
        ("lay_member", "trust", "acts for the whole group; name no agency"),
        ("chair", None, "is not a role of a post that is added"),
        ("administrator", None, "is not a role of a post that is added"),
    ],
)
def test_a_post_that_does_not_fit_is_refused(world: World, role: str, agency: str | None, said: str) -> None:
    number = None if agency is None else world.number(Agency, agency)
    with pytest.raises(Refused, match=said), world.does("ida") as tx:
        enlarging.add_post(tx, "Another", role, number, is_member=False)


def test_records_are_led_by_a_post_of_their_own_agency(world: World) -> None:
    with (
        pytest.raises(Refused, match="Choose a post of Shire Constabulary"),
        world.does("ida") as tx,
    ):
        enlarging.add_records(tx, "Custody", world.number(Agency, "police"), world.number(Post, "nursing"))


@pytest.mark.parametrize("who", ["sam", "ada", "bo", "cleo", "una"])
def test_nobody_else_enlarges_the_group(world: World, who: str) -> None:
    before = len(world.ask(sa.select(RecordSet.id)))
    with pytest.raises(Refused), world.does(who) as tx:
        enlarging.add_records(tx, "Custody", world.number(Agency, "police"), None)
    assert len(world.ask(sa.select(RecordSet.id))) == before
