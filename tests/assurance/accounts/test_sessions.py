"""Sessions begin, are seen, are confirmed and end, as reliability asks."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from assurance.accounts.sessions import (
    Seated,
    begin_session,
    confirm_session,
    end_all_of,
    end_demo_sessions,
    end_session,
    is_fresh,
    open_demo_session,
    seated,
)
from assurance.accounts.tokens import fingerprint
from assurance.records import Account, Person, SignedInSession
from engine.errors import Refused
from tests.world import World

MINUTE = timedelta(minutes=1)


def account_of(world: World, who: str) -> int:
    """Give somebody an account without any proof, and its number."""
    with world.does(who) as tx:
        row = Account(group_id=world.group_id, person_id=world.number(Person, who), made_at=tx.now)
        tx.session.add(row)
        tx.session.flush()
        return row.id


def signed_in(world: World, who: str, account: int) -> str:
    with world.does(who) as tx:
        return begin_session(tx, account, device="A browser")


def seat(world: World, token: str) -> Seated:
    found = seated(world.office, token)
    assert found is not None
    return found


def test_a_session_says_who_it_is_and_keeps_no_token(world: World) -> None:
    account = account_of(world, "ada")
    token = signed_in(world, "ada", account)
    found = seat(world, token)
    assert (found.actor, found.account_id) == (world.actor("ada"), account)
    assert (found.confirmed_at, found.is_demo) == (world.clock.now(), False)
    (row,) = world.ask(sa.select(SignedInSession))
    assert (row.token_hash, row.device) == (fingerprint(token), "A browser")
    assert token not in {str(value) for value in vars(row).values()}
    assert len({token, signed_in(world, "ada", account), found.csrf}) == 3


@pytest.mark.parametrize("token", ["", "x", "é", "\ud800"])
def test_a_token_that_was_never_given_seats_nobody(world: World, token: str) -> None:
    signed_in(world, "ada", account_of(world, "ada"))
    assert seated(world.office, token) is None


def test_half_an_hour_without_a_request_ends_a_session(world: World) -> None:
    token = signed_in(world, "ada", account_of(world, "ada"))
    for _ in range(3):
        world.clock.advance(30 * MINUTE)
        assert seated(world.office, token)
    world.clock.advance(30 * MINUTE + timedelta(seconds=1))
    assert seated(world.office, token) is None


def test_twelve_hours_end_a_session_however_busy_it_is(world: World) -> None:
    token = signed_in(world, "ada", account_of(world, "ada"))
    for _ in range(36):
        world.clock.advance(20 * MINUTE)
        assert seated(world.office, token)
    world.clock.advance(timedelta(seconds=1))
    assert seated(world.office, token) is None


def test_that_a_session_was_seen_is_written_once_a_minute(world: World) -> None:
    began_at = world.clock.now()
    token = signed_in(world, "ada", account_of(world, "ada"))
    for after, written in ((30, 0), (59, 0), (60, 60), (119, 60), (120, 120)):
        world.clock.move_to(began_at + timedelta(seconds=after))
        assert seated(world.office, token)
        assert world.ask(sa.select(SignedInSession.seen_at)) == [began_at + timedelta(seconds=written)]


def test_signing_out_ends_one_session_and_a_changed_factor_ends_all_others(world: World) -> None:
    account = account_of(world, "ada")
    others = account_of(world, "bo")
    first, second, third = (signed_in(world, "ada", account) for _ in range(3))
    stays = signed_in(world, "bo", others)
    with world.does("ada") as tx:
        end_session(tx, seat(world, first).session_id)
    with world.does("ada") as tx:
        assert end_all_of(tx, account, but=seat(world, third).session_id) == 1
    assert [bool(seated(world.office, one)) for one in (first, second, third, stays)] == [
        False,
        False,
        True,
        True,
    ]
    with world.does("ada") as tx:
        assert end_all_of(tx, account) == 1
    assert seated(world.office, third) is None


def test_a_disabled_account_is_out_at_once(world: World) -> None:
    account = account_of(world, "ada")
    token = signed_in(world, "ada", account)
    with world.does("ida") as tx:
        tx.session.execute(sa.update(Account).where(Account.id == account).values(disabled_at=tx.now))
    assert seated(world.office, token) is None


def test_a_confirmed_session_gets_a_new_token_and_keeps_its_age_and_its_forms(world: World) -> None:
    token = signed_in(world, "ada", account_of(world, "ada"))
    before = seat(world, token)
    world.clock.advance(15 * MINUTE)
    assert is_fresh(before, world.clock.now())
    world.clock.advance(timedelta(seconds=1))
    assert not is_fresh(before, world.clock.now())
    with world.does("ada") as tx:
        newer = confirm_session(tx, before.session_id)
    after = seat(world, newer)
    assert seated(world.office, token) is None
    assert is_fresh(after, world.clock.now())
    assert (after.session_id, after.csrf) == (before.session_id, before.csrf)
    (row,) = world.ask(sa.select(SignedInSession))
    assert row.made_at == before.confirmed_at


def test_a_session_that_has_ended_is_not_confirmed(world: World) -> None:
    token = signed_in(world, "ada", account_of(world, "ada"))
    number = seat(world, token).session_id
    with world.does("ada") as tx:
        end_session(tx, number)
    with (
        pytest.raises(Refused, match="You have been signed out meanwhile; sign in again"),
        world.does("ada") as tx,
    ):
        confirm_session(tx, number)


def test_sessions_are_kept_for_ninety_days(world: World) -> None:
    account = account_of(world, "ada")
    signed_in(world, "ada", account)
    world.clock.advance(timedelta(days=90))
    signed_in(world, "ada", account)
    assert world.ask(sa.select(sa.func.count()).select_from(SignedInSession)) == [2]
    world.clock.advance(timedelta(seconds=1))
    signed_in(world, "ada", account)
    assert world.ask(sa.select(sa.func.count()).select_from(SignedInSession)) == [2]


def test_a_demonstration_signs_in_whom_it_likes_and_ends_with_the_next_start(world: World) -> None:
    token = open_demo_session(world.office, "ada")
    again = open_demo_session(world.office, "ada")
    assert (seat(world, token).actor.name, seat(world, token).is_demo) == ("Ada Ashdown", True)
    assert seat(world, token).account_id == seat(world, again).account_id
    real = signed_in(world, "bo", account_of(world, "bo"))
    assert end_demo_sessions(world.office) == 2
    assert [bool(seated(world.office, one)) for one in (token, again, real)] == [False, False, True]
    with pytest.raises(Refused, match="'adda' is not a person here"):
        open_demo_session(world.office, "adda")
