"""Tokens of programs: shown once, over after a while, withdrawn at once, and never more than the person's posts give."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from assurance.accounts.bearers import MARK, MOST_TOKENS, bearer_of, make_token, revoke_token, tokens_of
from assurance.records import Account, ApiToken, Person
from engine.errors import Refused
from engine.fences import EVERY
from tests.assurance.conftest import At
from tests.world import World


def makes(world: World, who: str, *scopes: str, name: str = "Spreadsheet", days: int = 90) -> str:
    with world.does(who) as tx:
        return make_token(tx, name, scopes or ("read",), days=days).token


def refused(world: World, who: str, *scopes: str, name: str = "Spreadsheet", days: int = 90) -> set[str]:
    with pytest.raises(Refused) as refusal, world.does(who) as tx:
        make_token(tx, name, scopes, days=days)
    return {reason.code for reason in refusal.value.reasons}


def test_a_token_speaks_for_whoever_made_it(any_world_at: At) -> None:
    world = any_world_at("proposed")
    bearer = bearer_of(world.office, makes(world, "bo", "read", "enter"))
    assert bearer is not None
    assert bearer.actor == world.actor("bo")
    assert bearer.scopes == {"read", "enter"}


def test_nothing_by_which_the_token_could_be_made_again_is_kept(world: World) -> None:
    token = makes(world, "bo")
    row = world.ask(sa.select(ApiToken))[0]
    kept = " ".join(str(getattr(row, column.name)) for column in ApiToken.__table__.c)
    secret = token.removeprefix(MARK)
    assert token.startswith(row.prefix)
    assert secret not in kept
    assert secret[6:] not in kept


def test_two_tokens_are_never_alike(world: World) -> None:
    assert makes(world, "bo") != makes(world, "bo")


def test_a_wrong_token_speaks_for_nobody(world: World) -> None:
    token = makes(world, "bo")
    assert bearer_of(world.office, token[:-1]) is None
    assert bearer_of(world.office, "") is None


def test_a_token_is_over_after_its_days(world: World) -> None:
    token = makes(world, "bo", days=3)
    world.clock.move_to(world.clock.now() + timedelta(days=3, seconds=-1))
    assert bearer_of(world.office, token) is not None
    world.clock.move_to(world.clock.now() + timedelta(seconds=1))
    assert bearer_of(world.office, token) is None


def test_a_withdrawn_token_is_dead_at_once(world: World) -> None:
    token = makes(world, "bo")
    with world.does("bo") as tx:
        revoke_token(tx, tokens_of(tx)[0].number)
    assert bearer_of(world.office, token) is None
    with world.does("bo") as tx:
        assert [row.is_good for row in tokens_of(tx)] == [False]


def test_nobody_withdraws_the_token_of_somebody_else(world: World) -> None:
    token = makes(world, "bo")
    with pytest.raises(Refused, match="You have no such token"), world.does("ida") as tx:
        revoke_token(tx, 1)
    assert bearer_of(world.office, token) is not None


def test_a_closed_account_takes_its_tokens_along(world: World) -> None:
    token = makes(world, "bo")
    with world.office.store.begin(group=EVERY) as session:
        made = world.clock.now()
        number = world.number(Person, "bo")
        session.add(Account(group_id=world.group_id, person_id=number, made_at=made, disabled_at=made))
    assert bearer_of(world.office, token) is None


def test_that_a_token_is_in_use_is_noted_once_an_hour(world: World) -> None:
    token = makes(world, "bo")
    began = world.clock.now()
    noted = []
    for minutes in (0, 59, 60, 61):
        world.clock.move_to(began + timedelta(minutes=minutes))
        bearer_of(world.office, token)
        noted.append(world.ask(sa.select(ApiToken.last_used_at))[0] - began)
    assert noted == [timedelta(0), timedelta(0), timedelta(hours=1), timedelta(hours=1)]


def test_a_token_that_cannot_be_made_is_refused_with_every_reason(world: World) -> None:
    assert refused(world, "bo", "read", "administer", days=0) == {"unknown_word", "too_long"}
    assert refused(world, "bo", days=367) == {"no_scope", "too_long"}
    assert refused(world, "bo", "read", name="  ") == {"empty"}
    assert world.ask(sa.select(ApiToken.id)) == []


def test_whoever_holds_no_post_gets_no_token(world: World) -> None:
    assert refused(world, "viv", "read") == {"no_post"}


def test_there_are_ten_tokens_at_most_and_old_ones_do_not_count(world: World) -> None:
    for _ in range(MOST_TOKENS):
        makes(world, "bo", days=1)
    assert refused(world, "bo", "read") == {"too_many"}
    world.on(date(2014, 9, 3))
    makes(world, "bo")
