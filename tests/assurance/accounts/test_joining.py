"""Invitations set an account up whole; a forgotten password takes a link and a code."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial

import pyotp
import pytest
import sqlalchemy as sa

from assurance.accounts.enrolling import SetUp, accept, invited_by, picture_for, send_invitation
from assurance.accounts.guessing import GUESSES
from assurance.accounts.recovering import MOST_FOR_NAME, MOST_FROM_PLACE, ask_for_link, recover
from assurance.accounts.sessions import seated
from assurance.accounts.signing_in import WRONG_CODE, SignedIn
from assurance.accounts.tickets import Purpose
from assurance.records import Account, AccountEvent, Person
from engine.errors import Refused
from notifications.outbox import Message, Severity
from tests.assurance.accounts.holder import HERE, PASSWORD, Somebody, invited, link_in_last_mail, set_up
from tests.assurance.conftest import At
from tests.assurance.test_at_once import at_once
from tests.notifications.examples import text_of
from tests.world import World

NEW = "kestrel orchard dune marble"


@pytest.fixture
def ada(world: World) -> Somebody:
    """The chair, with an account."""
    return set_up(world, "ada")


def mails(world: World) -> list[Message]:
    return world.ask(sa.select(Message).where(Message.template.like("account%")).order_by(Message.id))


def accepts(world: World, link: str, *, password: str = PASSWORD, code: str | None = None) -> SetUp:
    picture = picture_for(world.office, "x", whose=link)
    shown = pyotp.TOTP(picture.typed.replace(" ", "")).at(world.clock.now())
    return accept(world.office, link, password=password, sealed=picture.sealed, code=code or shown)


# -- invitations -------------------------------------------------------------------------------------------


def test_an_invitation_goes_at_once_and_says_until_when(world: World) -> None:
    world.delivers()  # what the group is told anyway
    link = invited(world, "ada")
    mail = mails(world)[-1]
    assert (mail.to_address, mail.template, mail.severity) == (
        "ada@qa.example",
        "account_invitation",
        Severity.URGENT,
    )
    assert world.delivers().sent == 1
    letter = text_of(world.post.sent[-1].content)
    assert f"https://audits.example/invitation/{link}" in letter
    assert "until Monday 8 September 2014 at 10:00" in letter
    assert "Ida Innes invited you on 1 September 2014" in letter


def test_whoever_holds_no_post_yet_gets_the_invitation_all_the_same(world: World) -> None:
    world.delivers()
    invited(world, "viv")
    assert world.delivers().sent == 1


def test_nobody_is_let_in_before_everything_is_set_up(world: World) -> None:
    link = invited(world, "ada")
    assert invited_by(world.office, link).name == "Ada Ashdown"
    (row,) = world.ask(sa.select(Account))
    assert (row.password_hash, row.totp_secret) == (None, None)
    done = accepts(world, link)
    assert seated(world.office, done.token)
    assert len(set(done.codes)) == 10
    (row,) = world.ask(sa.select(Account))
    assert row.password_hash
    assert row.totp_secret


def test_the_key_of_the_app_stands_nowhere_in_the_database(ada: Somebody) -> None:
    (row,) = ada.world.ask(sa.select(Account))
    assert row.totp_secret is not None
    assert ada.secret not in row.totp_secret


def test_everything_that_is_wrong_is_said_at_once_and_uses_nothing_up(world: World) -> None:
    link = invited(world, "ada")
    with pytest.raises(Refused) as refused:
        accepts(world, link, password="short", code="000000")
    assert [reason.code for reason in refused.value.reasons] == ["too_short", "wrong_code"]
    assert accepts(world, link).codes


def test_a_weak_password_is_one_that_holds_the_own_name(world: World) -> None:
    with pytest.raises(Refused, match="easily guessed"):
        accepts(world, invited(world, "ada"), password="Ada Ashdown 2014")


def test_the_picture_stays_the_same_while_the_form_comes_back(world: World) -> None:
    link = invited(world, "ada")
    first = picture_for(world.office, "ada", whose=link)
    again = picture_for(world.office, "ada", whose=link, sealed=first.sealed)
    assert again.typed == first.typed
    assert first.svg.startswith("<svg")
    assert "style" not in first.svg
    others = invited(world, "bo")
    assert picture_for(world.office, "bo", whose=others, sealed=first.sealed).typed != first.typed
    with pytest.raises(Refused, match="has changed meanwhile"):
        accept(world.office, others, password=PASSWORD, sealed=first.sealed, code="000000")


def test_an_invitation_is_good_once_and_for_seven_days(world: World) -> None:
    used, late, replaced = invited(world, "ada"), invited(world, "bo"), invited(world, "dev")
    invited(world, "dev")
    accepts(world, used)
    world.clock.advance(timedelta(days=7))
    for link in (used, late, replaced, "made-up"):
        with pytest.raises(Refused, match="was used already, or its seven days are over"):
            invited_by(world.office, link)
        with pytest.raises(Refused, match="was used already"):
            accepts(world, link)


def test_of_many_who_use_one_invitation_at_once_one_does(any_world_at: At) -> None:
    world = any_world_at("proposed")
    link = invited(world, "ada")
    outcomes = at_once(*[partial(accepts, world, link) for _ in range(8)])
    assert Counter(type(one) for one in outcomes) == {SetUp: 1, Refused: 7}
    assert world.ask(sa.select(AccountEvent.what).order_by(AccountEvent.id)) == ["invited", "set_up"]


def test_two_people_with_one_address_do_not_both_get_accounts(ada: Somebody) -> None:
    with ada.world.does("ida") as tx:
        bo = tx.session.get_one(Person, ada.world.number(Person, "bo"))
        bo.email = "Ada@QA.example"
        with pytest.raises(Refused, match="signs in to another account already"):
            send_invitation(tx, bo)


def test_an_invitation_to_somebody_with_an_account_takes_effect_when_it_is_used(ada: Somebody) -> None:
    link = invited(ada.world, "ada")
    ada.signs_in()
    before = ada.token
    done = accepts(ada.world, link, password=NEW)
    assert seated(ada.world.office, before) is None
    with pytest.raises(Refused):
        ada.first_step()
    assert ada.first_step(NEW)
    with pytest.raises(Refused):
        ada.signs_in(ada.codes[0])
    assert len(done.codes) == 10


# -- a forgotten password ----------------------------------------------------------------------------------


def link_for(ada: Somebody) -> str:
    ask_for_link(ada.world.office, ada.email.upper(), place=HERE)
    return link_in_last_mail(ada.world)


def recovers(ada: Somebody, link: str, code: str, *, password: str = NEW) -> SignedIn:
    return recover(ada.world.office, link, password=password, code=code, place=HERE)


def test_link_and_code_together_give_a_new_password(ada: Somebody) -> None:
    before = ada.token
    done = recovers(ada, link_for(ada), ada.next_code)
    assert seated(ada.world.office, before) is None
    assert seated(ada.world.office, done.token)
    with pytest.raises(Refused):
        ada.first_step()
    assert ada.first_step(NEW)
    assert mails(ada.world)[-1].template == "account_changed"


def test_a_recovery_code_is_as_good_as_the_app(ada: Somebody) -> None:
    assert recovers(ada, link_for(ada), ada.codes[0]).codes_left == 9


def test_the_link_alone_is_no_factor_and_wrong_codes_close_the_account(ada: Somebody) -> None:
    link = link_for(ada)
    for _ in range(GUESSES):
        with pytest.raises(Refused) as refused:
            recovers(ada, link, "000000")
        assert str(refused.value) == WRONG_CODE
    with pytest.raises(Refused, match="That code is not right"):
        recovers(ada, link, ada.next_code)
    ada.world.clock.advance(timedelta(minutes=15))
    recovers(ada, link, ada.next_code)


def test_the_link_is_good_once_and_for_an_hour(ada: Somebody) -> None:
    first, newest = link_for(ada), link_for(ada)
    with pytest.raises(Refused, match="Ask for another one"):
        recovers(ada, first, ada.next_code)
    recovers(ada, newest, ada.next_code)
    with pytest.raises(Refused, match="was used already"):
        recovers(ada, newest, ada.next_code)
    ada.world.clock.advance(timedelta(minutes=15))
    late = link_for(ada)
    ada.world.clock.advance(timedelta(hours=1))
    with pytest.raises(Refused, match="its hour is over"):
        recovers(ada, late, ada.next_code)


def test_a_weak_password_uses_up_neither_link_nor_code(ada: Somebody) -> None:
    link = link_for(ada)
    code = ada.next_code
    with pytest.raises(Refused, match="take 12 or more"):
        recovers(ada, link, code, password="short")
    recovers(ada, link, code)


def test_nobody_learns_whether_there_is_an_account(ada: Somebody) -> None:
    invited(ada.world, "bo")
    before = len(mails(ada.world))
    for email in ("bo@qa.example", "viv@qa.example", "nobody@elsewhere.example", ""):
        ask_for_link(ada.world.office, email, place=HERE)
    assert len(mails(ada.world)) == before


def test_nobody_is_flooded_with_links(ada: Somebody) -> None:
    before = len(mails(ada.world))
    for number in range(MOST_FROM_PLACE):
        ask_for_link(ada.world.office, ada.email, place=f"198.51.100.{number}")
    assert len(mails(ada.world)) - before == MOST_FOR_NAME
    for _ in range(MOST_FROM_PLACE):
        ask_for_link(ada.world.office, "x@y.example", place=HERE)
    with pytest.raises(Refused, match="too many tries"):
        ask_for_link(ada.world.office, "x@y.example", place=HERE)


def test_a_disabled_account_is_not_recovered(ada: Somebody) -> None:
    link = link_for(ada)
    with ada.world.does("ida") as tx:
        tx.session.execute(sa.update(Account).values(disabled_at=tx.now))
    with pytest.raises(Refused, match="That code is not right"):
        recovers(ada, link, ada.next_code)
    with pytest.raises(Refused, match="its hour is over"):
        invited_by(ada.world.office, link, Purpose.RECOVERY)
