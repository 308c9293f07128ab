"""Who holds which post on which day, and what follows from it."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from assurance.facts import Belonging
from assurance.records import Absence, Agency, Person, Post, PostHolding
from assurance.roster import Roster, roster
from assurance.standing import addressees, roles_of
from engine.fences import EVERY
from tests.world import World


def on(world: World, day: date) -> Roster:
    with world.office.store.reading(group=EVERY) as session:
        return roster(session, group_id=world.group_id, today=day)


def holders(world: World, day: date, role: str) -> list[str]:
    return [seat.person for seat in on(world, day).holding(role)]


def towards(world: World, who: str, agency: str | None, *, owner: str | None = None) -> frozenset[str]:
    belongs = Belonging(
        None,
        None,
        None if agency is None else world.number(Agency, agency),
        None if owner is None else world.number(Post, owner),
    )
    return roles_of(on(world, world.today), world.number(Person, who), belongs)


def test_a_post_passes_from_one_day_to_the_next(world: World) -> None:
    world.leaves("chair", successor="viv")
    assert holders(world, date(2014, 8, 31), "chair") == ["Ada Ashdown"]
    assert holders(world, date(2014, 9, 1), "chair") == ["Ada Ashdown"]
    assert holders(world, date(2014, 9, 2), "chair") == ["Viv Vane"]
    assert holders(world, date(2014, 3, 31), "chair") == []


def test_a_post_may_be_vacant_and_be_held_by_two(world: World) -> None:
    world.leaves("lay")
    assert holders(world, date(2014, 9, 2), "lay_member") == []
    with world.office.store.begin(group=EVERY) as session:
        session.add(
            PostHolding(
                group_id=1,
                post_id=world.number(Post, "chair"),
                person_id=world.number(Person, "viv"),
                from_on=date(2014, 9, 1),
            )
        )
    assert holders(world, date(2014, 9, 2), "chair") == ["Ada Ashdown", "Viv Vane"]


def test_somebody_is_away_from_the_first_day_to_the_last(world: World) -> None:
    with world.office.store.begin(group=EVERY) as session:
        away = {"from_on": date(2014, 10, 20), "until_on": date(2014, 10, 31), "reason": "On leave"}
        session.add(Absence(group_id=1, person_id=world.number(Person, "ada"), **away))
    for day, is_away in (
        (date(2014, 10, 19), False),
        (date(2014, 10, 20), True),
        (date(2014, 10, 31), True),
        (date(2014, 11, 1), False),
    ):
        (chair,) = on(world, day).holding("chair")
        assert chair.is_away is is_away


def test_another_groups_people_hold_no_post_here(world: World) -> None:
    world.found("other")
    assert holders(world, world.today, "chair") == ["Ada Ashdown"]


def test_one_transaction_judges_on_one_and_the_same_roster(world: World) -> None:
    with world.office.store.begin(group=EVERY) as session:
        before = roster(session, group_id=1, today=world.today)
        session.execute(sa.delete(PostHolding))
        assert roster(session, group_id=1, today=world.today) is before
    assert on(world, world.today).seats == ()


# -- what follows from a post ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "agency", "roles"),
    [
        ("ada", "trust", {"chair", "member"}),
        ("ada", "ccg", {"chair", "member"}),
        ("bo", "trust", {"agency_lead", "member"}),
        ("bo", "police", {"member"}),
        ("bo", None, {"agency_lead", "member"}),
        ("nell", "trust", {"post_holder"}),
        ("nell", "police", set()),
        ("hal", "trust", set()),
        ("sam", "trust", {"coordinator"}),
        ("cleo", "trust", {"lay_member", "member"}),
        ("viv", "trust", set()),
    ],
)
def test_a_post_of_an_agency_counts_for_that_agency_and_a_post_of_the_group_for_all(
    world: World, who: str, agency: str | None, roles: set[str]
) -> None:
    assert towards(world, who, agency) == roles


def test_the_owner_is_whoever_holds_the_post_that_owns_it(world: World) -> None:
    assert towards(world, "nell", "trust", owner="health_visiting") == {"post_holder", "owner"}
    assert towards(world, "nell", "police", owner="health_visiting") == {"owner"}
    world.leaves("health_visiting", successor="viv")
    world.on(date(2014, 9, 2))
    assert towards(world, "nell", "trust", owner="health_visiting") == set()
    assert towards(world, "viv", "trust", owner="health_visiting") == {"post_holder", "owner"}


def test_nobody_at_all_is_the_clock(world: World) -> None:
    assert roles_of(on(world, world.today), None, Belonging(None, None, None, None)) == {"clock"}


# -- who is meant by a word --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "agency", "owner", "meant"),
    [
        ("chair", "trust", None, ["Ada Ashdown"]),
        ("owner", "trust", "health_visiting", ["Nell Norris"]),
        ("owner", "trust", None, ["Bo Birchall"]),  # nobody is named: the agency's lead
        ("owner", None, None, ["Sam Sedley"]),
        ("agency_lead", "police", None, ["Fay Finch"]),
        ("agency_lead", None, None, ["Sam Sedley"]),
        ("agency_leads", "police", None, ["Fay Finch"]),
        ("board_chair", "police", None, ["Thea Thorne"]),
        ("requester", "police", None, ["Sam Sedley"]),
        ("approver", "police", None, ["Sam Sedley"]),
    ],
)
def test_a_word_means_somebody_and_the_coordinator_stands_in(
    world: World, word: str, agency: str | None, owner: str | None, meant: list[str]
) -> None:
    belongs = Belonging(
        None,
        None,
        None if agency is None else world.number(Agency, agency),
        None if owner is None else world.number(Post, owner),
    )
    assert [seat.person for seat in addressees(word, on(world, world.today), belongs)] == meant


def test_members_are_all_who_sit_in_the_group_and_leads_are_those_of_every_agency(world: World) -> None:
    of_all, people = Belonging(None, None, None, None), on(world, world.today)
    assert len(addressees("members", people, of_all)) == 8
    assert len(addressees("agency_leads", people, of_all)) == 5
    of_police = Belonging(None, None, world.number(Agency, "police"), None)
    assert [seat.person for seat in addressees("members", people, of_police)] == [
        *("Ada Ashdown", "Dan Dole", "Fay Finch")
    ]
