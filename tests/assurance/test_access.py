"""Who sees what: the group what is pooled, an agency its own, few people everything."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from assurance import access
from assurance.access import Sight, Viewer
from assurance.office import Actor, clock_of
from assurance.records import (
    Action,
    Agency,
    AgencyReturn,
    Aim,
    Answer,
    Approval,
    Audit,
    Case,
    Finding,
    ImmediateConcern,
    Matter,
    Post,
    Recommendation,
)
from assurance.roster import roster
from engine.errors import Refused
from engine.fences import EVERY
from engine.moved import Ref
from notifications.outbox import Message
from tests.assurance.conftest import At
from tests.assurance.full_world import CONCERN, INDIVIDUAL, OF_INDIVIDUAL, full_world
from tests.world import World

EVERYBODY = ("ada", "dan", "sam", "una", "bo", "nell", "esme", "gil", "cleo", "ida", "thea", "viv")
SEE_EVERYTHING = ("ada", "dan", "sam", "una")


@pytest.fixture
def world(world_at: At) -> World:
    """A world in which something of every kind stands."""
    return full_world(world_at)


def viewer(world: World, who: str | None) -> Viewer:
    """Somebody of the cast who looks; None for whoever runs the installation."""
    actor: Actor = clock_of(world.group_id) if who is None else world.actor(who)
    with world.office.reading(actor) as tx:
        return access.viewer_of(roster(tx.session, group_id=tx.actor.group_id, today=tx.today), actor)


def seen(world: World, who: str | None, table: type[Any]) -> int:
    """How many rows of a table somebody sees."""
    query = sa.select(table.id).where(access.visible(viewer(world, who), table))
    return len(world.ask(query))


def sees(world: World, who: str, ref: Ref) -> bool:
    """Whether somebody sees one subject."""
    with world.office.store.reading(group=EVERY) as session:
        return access.may_see(session, viewer(world, who), ref)


@pytest.mark.parametrize(
    ("who", "sight"),
    [
        *((who, Sight.EVERYTHING) for who in SEE_EVERYTHING),
        *((who, Sight.OWN_AGENCY) for who in ("bo", "nell", "esme", "gil")),
        *((who, Sight.POOLED) for who in ("cleo", "ida", "thea")),
        ("viv", Sight.NOTHING),
        (None, Sight.EVERYTHING),
    ],
)
def test_how_far_somebody_sees_follows_from_their_posts(world: World, who: str | None, sight: Sight) -> None:
    assert viewer(world, who).sight is sight


def test_who_has_left_sees_nothing_any_more(world: World) -> None:
    world.leaves("nursing")
    world.on(world.today + timedelta(days=1))
    assert viewer(world, "bo").sight is Sight.NOTHING
    assert seen(world, "bo", Audit) == 0


@pytest.mark.parametrize(
    ("table", "all_of_them", "expected"),
    [
        # ten returns: two cases, five record sets; the council answers for two of these
        (AgencyReturn, 10, {"bo": 2, "nell": 2, "esme": 4, "gil": 2}),
        (Answer, 20, {"bo": 4, "nell": 4, "esme": 8, "gil": 4}),
        (Case, 2, {"bo": 2, "nell": 2, "esme": 2, "gil": 2}),
        (Recommendation, 2, {"bo": 2, "nell": 2, "esme": 1, "gil": 1, "cleo": 1, "ida": 1, "thea": 1}),
        (Action, 3, {"bo": 3, "nell": 3, "esme": 2, "gil": 2, "cleo": 2, "ida": 2, "thea": 2}),
        (ImmediateConcern, 1, {"esme": 1}),
    ],
)
def test_an_agency_sees_its_own_and_the_lay_member_only_what_is_pooled(
    world: World, table: type[Any], all_of_them: int, expected: dict[str, int]
) -> None:
    assert seen(world, None, table) == all_of_them
    for who in EVERYBODY:
        assert seen(world, who, table) == (all_of_them if who in SEE_EVERYTHING else expected.get(who, 0)), (
            who
        )


@pytest.mark.parametrize("table", [Audit, Aim, Finding])
def test_what_is_pooled_is_seen_by_everybody_in_post(world: World, table: type[Any]) -> None:
    everything = seen(world, None, table)
    assert everything
    for who in EVERYBODY:
        assert seen(world, who, table) == (0 if who == "viv" else everything)


def test_a_decision_is_seen_by_whoever_sees_what_it_is_about(world: World) -> None:
    own = world.asks("bo", OF_INDIVIDUAL, "close", reason="It was done another way.")
    pooled = world.asks("sam", world.audit, "go_back", reason="A recommendation was forgotten.")
    assert [who for who in EVERYBODY if sees(world, who, own)] == [*SEE_EVERYTHING, "bo", "nell"]
    assert [who for who in EVERYBODY if sees(world, who, pooled)] == [
        who for who in EVERYBODY if who != "viv"
    ]
    assert seen(world, None, Approval) == seen(world, "ada", Approval) > seen(world, "cleo", Approval)


def test_an_approval_stays_visible_to_whoever_asked_for_it(world: World) -> None:
    asked = world.asks("bo", OF_INDIVIDUAL, "close", reason="It was done another way.")
    with world.office.store.begin(group=EVERY) as session:
        # Bo's post moves to the council.
        council = world.number(Agency, "council")
        session.execute(sa.update(Post).where(Post.key == "nursing").values(agency_id=council))
    assert not sees(world, "bo", OF_INDIVIDUAL)
    assert sees(world, "bo", asked)


def test_from_which_case_a_finding_came_is_told_to_few(world: World) -> None:
    assert [who for who in EVERYBODY if access.sees_cases(viewer(world, who))] == list(SEE_EVERYTHING)


def test_what_people_wrote_is_read_by_its_own_agency_and_by_few(world: World) -> None:
    trust = world.number(Agency, "trust")
    reads = [who for who in EVERYBODY if access.reads_texts_of(viewer(world, who), trust)]
    assert reads == [*SEE_EVERYTHING, "bo", "nell"]
    of_the_group = [who for who in EVERYBODY if access.reads_texts_of(viewer(world, who), None)]
    assert of_the_group == [who for who in EVERYBODY if who != "viv"]


def test_mails_are_seen_by_who_got_them_and_by_who_keeps_the_accounts(world: World) -> None:
    everything = seen(world, None, Message)
    assert seen(world, "sam", Message) == seen(world, "ida", Message) == everything
    assert 0 < seen(world, "cleo", Message) < everything
    assert seen(world, "viv", Message) == 0


def test_nobody_is_told_that_there_is_something_for_others(world: World) -> None:
    with world.office.store.reading(group=EVERY) as session:
        access.require_sight(session, viewer(world, "bo"), INDIVIDUAL)
        with pytest.raises(Refused, match="There is no recommendation/1 that Cleo Cartwright may see"):
            access.require_sight(session, viewer(world, "cleo"), INDIVIDUAL)
        with pytest.raises(Refused, match="There is no recommendation/99 that Cleo Cartwright may see"):
            access.require_sight(session, viewer(world, "cleo"), Ref("recommendation", 99))
        with pytest.raises(Refused, match=r"There is no action/99\.$"):
            access.require_sight(session, viewer(world, None), Ref("action", 99))
        assert not access.may_see(session, viewer(world, None), Ref("clinical_audit", 1))


def test_another_group_is_seen_by_nobody_here(world: World) -> None:
    other = world.found("other")
    assert seen(world, None, Agency) == 5
    with world.office.reading(clock_of(other)) as tx:
        people = roster(tx.session, group_id=other, today=tx.today)
        stranger = access.viewer_of(people, world.actor("ada", group="other"))
        assert not access.may_see(tx.session, stranger, world.audit)
        assert access.visible(stranger, Audit) is not None
    assert sees(world, "ada", CONCERN)


def test_what_stands_in_yaml_only_is_seen_by_its_agency_or_by_all_agencies(world: World) -> None:
    trust = world.number(Agency, "trust")
    definition = world.row(Audit, world.audit).definition_id
    with world.office.store.begin(group=EVERY) as session:
        for agency_id in (trust, None):
            session.add(
                Matter(
                    group_id=world.group_id,
                    kind="clinical_audit",
                    title="Weights on charts",
                    agency_id=agency_id,
                    fields="{}",
                    state="planned",
                    state_since_on=world.today,
                    version=0,
                    material_version=0,
                    head="",
                    definition_id=definition,
                )
            )
    assert [seen(world, who, Matter) for who in ("ada", "bo", "esme", "cleo", "viv")] == [2, 2, 1, 0, 0]
    assert sees(world, "bo", Ref("clinical_audit", 1))
    assert not sees(world, "esme", Ref("clinical_audit", 1))


@pytest.mark.postgres
def test_the_filters_hold_on_postgresql_too(any_world_at: At) -> None:
    world = full_world(any_world_at)
    for table, number in ((AgencyReturn, 2), (Recommendation, 2), (Action, 3), (Case, 2), (Message, 0)):
        assert seen(world, "bo", table) >= number
    assert seen(world, "esme", Recommendation) == 1
    assert seen(world, "cleo", AgencyReturn) == 0
