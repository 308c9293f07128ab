"""What somebody does with their own account once they are signed in."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from assurance.accounts.enrolling import picture_for
from assurance.accounts.guessing import GUESSES
from assurance.accounts.own import (
    NOT_YOU,
    change_app,
    change_password,
    confirm,
    draw_new_codes,
    end_others,
    end_own,
    require_fresh,
    sign_out,
)
from assurance.accounts.sessions import is_fresh, open_demo_session, seated
from assurance.accounts.signing_in import show_code
from assurance.queries.accounts import my_account
from assurance.records import AccountEvent, SignedInSession
from engine.errors import Refused
from engine.fences import EVERY
from tests.assurance.accounts.holder import HERE, Somebody, set_up
from tests.assurance.conftest import At
from tests.world import World

NEW = "kestrel orchard dune marble"
LATER = timedelta(minutes=16)


@pytest.fixture
def ada(world: World) -> Somebody:
    """The chair, with an account, signed in."""
    return set_up(world, "ada")


@pytest.mark.parametrize("by", ["password", "code"])
def test_password_or_code_show_that_it_is_still_the_same_person(ada: Somebody, by: str) -> None:
    before, seat = ada.token, ada.seat
    ada.world.clock.advance(LATER)
    assert not is_fresh(ada.seat, ada.world.clock.now())
    ada.token = confirm(ada.world.office, seat, ada.password if by == "password" else ada.next_code)
    assert seated(ada.world.office, before) is None
    assert is_fresh(ada.seat, ada.world.clock.now())


def test_what_shows_nothing_is_a_wrong_guess(ada: Somebody) -> None:
    for typed in ("000000", "marble orchard kestrel", "", ada.codes[0], "x"):
        with pytest.raises(Refused) as refused:
            confirm(ada.world.office, ada.seat, typed)
        assert str(refused.value) == NOT_YOU
    with pytest.raises(Refused):
        confirm(ada.world.office, ada.seat, ada.password)
    assert GUESSES == 5


def test_in_a_demonstration_a_button_is_enough(world: World) -> None:
    token = open_demo_session(world.office, "ada")
    world.clock.advance(LATER)
    seat = seated(world.office, token)
    assert seat is not None
    newer = seated(world.office, confirm(world.office, seat, ""))
    assert newer is not None
    assert is_fresh(newer, world.clock.now())


def test_another_password_ends_every_other_session(ada: Somebody) -> None:
    elsewhere = ada.token
    ada.signs_in()
    with pytest.raises(Refused, match="The present password is not right"):
        change_password(ada.world.office, ada.seat, old="not this one at all", new=NEW)
    with pytest.raises(Refused, match="take 12 or more"):
        change_password(ada.world.office, ada.seat, old=ada.password, new="short")
    ada.token = change_password(ada.world.office, ada.seat, old=ada.password, new=NEW)
    assert ada.seat.actor.name == "Ada Ashdown"
    assert seated(ada.world.office, elsewhere) is None
    ada.password = NEW
    ada.signs_in()


def test_whoever_was_half_way_in_with_the_password_before_begins_again(ada: Somebody) -> None:
    half_way = ada.first_step()
    ada.token = change_password(ada.world.office, ada.seat, old=ada.password, new=NEW)
    with pytest.raises(Refused, match="Begin again with your password"):
        show_code(ada.world.office, half_way, ada.next_code, place=HERE)


def test_another_app_takes_the_place_of_the_one_before(ada: Somebody) -> None:
    elsewhere = ada.token
    ada.signs_in()
    whose = f"account/{ada.seat.account_id}"
    picture = picture_for(ada.world.office, "ada", whose=whose)
    secret = picture.typed.replace(" ", "")
    with pytest.raises(Refused, match="not the code that the app shows now"):
        change_app(ada.world.office, ada.seat, sealed=picture.sealed, code="000000")
    code = pyotp.TOTP(secret).at(ada.world.clock.now())
    ada.token = change_app(ada.world.office, ada.seat, sealed=picture.sealed, code=code)
    assert seated(ada.world.office, elsewhere) is None
    with pytest.raises(Refused):
        ada.signs_in(ada.next_code)
    ada.secret = secret
    ada.signs_in(ada.next_code)


def test_what_proves_somebody_is_changed_only_by_whoever_has_lately_proved_it(ada: Somebody) -> None:
    whose = f"account/{ada.seat.account_id}"
    ada.world.clock.advance(LATER)
    picture = picture_for(ada.world.office, "ada", whose=whose)
    code = pyotp.TOTP(picture.typed.replace(" ", "")).at(ada.world.clock.now())
    seat = ada.seat
    with pytest.raises(Refused, match="Show once more that it is you"):
        change_app(ada.world.office, seat, sealed=picture.sealed, code=code)
    with ada.world.does("ada") as tx:
        with pytest.raises(Refused, match="Show once more that it is you"):
            draw_new_codes(tx, seat)
        with pytest.raises(Refused):
            require_fresh(tx, seat)


def test_new_recovery_codes_make_the_old_ones_worthless(ada: Somebody) -> None:
    with ada.world.does("ada") as tx:
        codes = draw_new_codes(tx, ada.seat)
    with pytest.raises(Refused):
        ada.signs_in(ada.codes[0])
    assert ada.signs_in(codes[0]).codes_left == 9


def test_somebody_sees_and_ends_their_own_sessions_only(ada: Somebody) -> None:
    first = ada.token
    ada.signs_in()
    bo = set_up(ada.world, "bo")
    with ada.world.office.reading(ada.seat.actor) as tx:
        account = my_account(tx, ada.seat.account_id, session_id=ada.seat.session_id)
        with pytest.raises(Refused, match="no such account of yours"):
            my_account(tx, bo.seat.account_id, session_id=ada.seat.session_id)
    assert [(one.device, one.is_this) for one in account.sessions] == [
        ("Another browser", True),
        ("A browser", False),
    ]
    assert (account.codes_left, account.has_app, account.email) == (10, True, "ada@qa.example")
    with ada.world.does("ada") as tx, pytest.raises(Refused, match="no such session of yours"):
        end_own(tx, ada.seat, bo.seat.session_id)
    with ada.world.does("ada") as tx:
        end_own(tx, ada.seat, account.sessions[1].id)
    assert seated(ada.world.office, first) is None
    ada.signs_in()
    with ada.world.does("ada") as tx:
        assert end_others(tx, ada.seat) == 1


def test_whoever_signs_out_is_out(ada: Somebody) -> None:
    with ada.world.does("ada") as tx:
        sign_out(tx, ada.seat)
    assert seated(ada.world.office, ada.token) is None
    assert len(ada.world.ask(sa.select(SignedInSession.ended_at))) == 1


def test_what_was_done_to_accounts_is_never_changed(any_world_at: At) -> None:
    ada = set_up(any_world_at("proposed"), "ada")
    with ada.world.office.reading(ada.seat.actor) as tx:
        account = my_account(tx, ada.seat.account_id, session_id=ada.seat.session_id)
    assert [(one.by, one.said) for one in account.deeds] == [
        ("Ada Ashdown", "set up the account"),
        ("Ida Innes", "invited to set up an account"),
    ]
    for stroke in (sa.update(AccountEvent).values(by_id=None), sa.delete(AccountEvent)):
        with (
            pytest.raises(DBAPIError, match="is never changed"),
            ada.world.office.store.begin(group=EVERY) as session,
        ):
            session.execute(stroke)
