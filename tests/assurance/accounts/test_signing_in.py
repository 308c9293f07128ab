"""Signing in takes two proofs, tells strangers nothing, and holds against guessing, on both databases."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from assurance.accounts.guessing import GUESSES, give_back, take_guess
from assurance.accounts.passwords import HASHER, hash_of
from assurance.accounts.sessions import seated
from assurance.accounts.signing_in import (
    MOST_TRIES,
    WRONG_CODE,
    WRONG_PAIR,
    SignedIn,
    show_code,
    show_password,
)
from assurance.office import Office
from assurance.records import Account, AccountEvent, AccountTicket, RecoveryCode, SignedInSession, Tries
from engine.errors import Refused
from engine.fences import EVERY
from tests.assurance.accounts.holder import HERE, Somebody, invited, set_up
from tests.assurance.conftest import At
from tests.assurance.test_at_once import at_once
from tests.world import World

MINUTE = timedelta(minutes=1)
WRONG = "marble orchard kestrel dune"


@pytest.fixture
def ada(world: World) -> Somebody:
    """The chair, with an account."""
    return set_up(world, "ada")


def refusal_of(ada: Somebody, email: str, password: str, *, place: str = HERE) -> str:
    with pytest.raises(Refused) as refused:
        show_password(ada.world.office, email, password, place=place)
    return str(refused.value)


def deeds(world: World) -> list[str]:
    return world.ask(sa.select(AccountEvent.what).order_by(AccountEvent.id))


# -- two steps ---------------------------------------------------------------------------------------------


def test_the_chair_signs_in_with_her_password_and_her_app(ada: Somebody) -> None:
    done = ada.signs_in()
    assert (done.name, done.codes_left) == ("Ada Ashdown", None)
    assert ada.seat.actor == ada.world.actor("ada")
    assert deeds(ada.world) == ["invited", "set_up", "signed_in"]


def test_capitals_and_spaces_around_an_e_mail_do_not_matter(ada: Somebody) -> None:
    step = show_password(ada.world.office, "  ADA@QA.example ", ada.password, place=HERE)
    done = show_code(ada.world.office, step, f" {ada.next_code[:3]} {ada.code[3:]} ", place=HERE)
    assert done.name == "Ada Ashdown"


def test_a_password_alone_signs_nobody_in(ada: Somebody) -> None:
    step = ada.first_step()
    assert seated(ada.world.office, step) is None
    assert ada.world.ask(sa.select(sa.func.count()).select_from(SignedInSession)) == [1]


def test_a_new_session_takes_the_place_of_the_one_that_the_browser_had(ada: Somebody) -> None:
    before = ada.token
    old = ada.seat.session_id
    step = ada.first_step()
    done = show_code(ada.world.office, step, ada.next_code, place=HERE, instead_of=old)
    assert seated(ada.world.office, before) is None
    assert seated(ada.world.office, done.token)


def test_no_code_of_the_app_is_good_twice(ada: Somebody) -> None:
    first, second = ada.first_step(), ada.first_step()
    code = ada.next_code
    show_code(ada.world.office, first, code, place=HERE)
    with pytest.raises(Refused, match="it was used already"):
        show_code(ada.world.office, second, code, place=HERE)
    show_code(ada.world.office, second, ada.next_code, place=HERE)


def test_a_code_that_is_older_than_the_newest_used_one_is_not_good_either(ada: Somebody) -> None:
    old = ada.next_code
    newer = ada.next_code
    ada.signs_in(newer)
    with pytest.raises(Refused, match="That code is not right"):
        ada.signs_in(old)


@pytest.mark.parametrize(("seconds", "is_good"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_a_telephone_may_be_half_a_minute_off(ada: Somebody, seconds: int, is_good: bool) -> None:
    ada.world.clock.advance(timedelta(minutes=5))
    there = ada.world.clock.now()
    ada.world.clock.advance(timedelta(seconds=seconds))
    code = ada.code
    ada.world.clock.move_to(there)
    if is_good:
        ada.signs_in(code)
    else:
        with pytest.raises(Refused, match="That code is not right"):
            ada.signs_in(code)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "x" * 500])
def test_what_is_no_code_is_refused_as_a_wrong_one(ada: Somebody, typed: str) -> None:
    with pytest.raises(Refused, match="That code is not right"):
        show_code(ada.world.office, ada.first_step(), typed, place=HERE)


def test_a_recovery_code_is_good_once_however_it_is_typed(ada: Somebody) -> None:
    typed = ada.codes[3].upper().replace("-", " ")
    assert ada.signs_in(typed).codes_left == 9
    with pytest.raises(Refused, match="That code is not right"):
        ada.signs_in(ada.codes[3])
    assert "code_used" in deeds(ada.world)


def test_of_many_who_bring_one_code_at_once_one_gets_in(any_world_at: At) -> None:
    ada = set_up(any_world_at("proposed"), "ada")
    for code in (ada.next_code, ada.codes[0]):
        steps = [ada.first_step() for _ in range(GUESSES - 1)]
        outcomes = at_once(*[partial(show_code, ada.world.office, step, code, place=HERE) for step in steps])
        assert Counter(type(one) for one in outcomes) == {SignedIn: 1, Refused: GUESSES - 2}
        ada.signs_in()


def test_the_second_step_is_open_for_ten_minutes_and_once(ada: Somebody) -> None:
    late, twice = ada.first_step(), ada.first_step()
    show_code(ada.world.office, twice, ada.next_code, place=HERE)
    with pytest.raises(Refused, match="or was done already"):
        show_code(ada.world.office, twice, ada.next_code, place=HERE)
    ada.world.clock.advance(10 * MINUTE)
    with pytest.raises(Refused, match="longer than ten minutes"):
        show_code(ada.world.office, late, ada.next_code, place=HERE)


# -- strangers learn nothing -------------------------------------------------------------------------------


def test_everybody_who_is_refused_hears_the_same_words(ada: Somebody) -> None:
    world = ada.world
    invited(world, "bo")
    with world.does("ida") as tx:
        gone = Account(
            group_id=world.group_id,
            person_id=world.actor("cleo").person_id,
            made_at=tx.now,
            password_hash=hash_of(ada.password),
            totp_secret="x",
            disabled_at=tx.now,
        )
        tx.session.add(gone)
    words = {
        refusal_of(ada, email, ada.password)
        for email in ("nobody@qa.example", "bo@qa.example", "cleo@qa.example", "viv@qa.example", "")
    }
    words |= {refusal_of(ada, ada.email, WRONG), refusal_of(ada, ada.email, "")}
    for _ in range(GUESSES):
        words.add(refusal_of(ada, ada.email, WRONG))
    words.add(refusal_of(ada, ada.email, ada.password))
    assert words == {WRONG_PAIR}


def test_a_stranger_costs_a_comparison_and_a_written_row_too(ada: Somebody) -> None:
    before = ada.world.ask(sa.select(sa.func.count()).select_from(Tries))
    refusal_of(ada, "stranger@qa.example", WRONG)
    after = ada.world.ask(sa.select(sa.func.count()).select_from(Tries))
    assert after[0] - before[0] == 2  # the place and the name, as one place and one account otherwise


def test_neither_tokens_nor_codes_nor_addresses_are_kept_as_they_are(ada: Somebody) -> None:
    step = ada.first_step()
    refusal_of(ada, "stranger@qa.example", WRONG)
    kept = [
        str(value)
        for table in (Account, AccountTicket, RecoveryCode, SignedInSession, Tries)
        for row in ada.world.ask(sa.select(table))
        for value in vars(row).values()
    ]
    secrets = (step, ada.token, ada.secret, ada.password, HERE, "stranger", *ada.codes)
    assert [secret for secret in secrets if any(secret in value for value in kept)] == []
    assert [value for value in kept if value.startswith("$argon2id$")]


# -- guessing ----------------------------------------------------------------------------------------------


def test_five_wrong_passwords_close_an_account_for_a_quarter_of_an_hour(ada: Somebody) -> None:
    for _ in range(GUESSES):
        refusal_of(ada, ada.email, WRONG)
    assert refusal_of(ada, ada.email, ada.password) == WRONG_PAIR
    assert deeds(ada.world)[-1] == "locked"
    ada.world.clock.advance(15 * MINUTE - timedelta(seconds=1))
    assert refusal_of(ada, ada.email, ada.password) == WRONG_PAIR
    ada.world.clock.advance(timedelta(seconds=1))
    ada.signs_in()


def test_whoever_goes_on_guessing_waits_for_an_hour_each_time(ada: Somebody) -> None:
    for _ in range(2):
        for _ in range(GUESSES):
            refusal_of(ada, ada.email, WRONG)
        ada.world.clock.advance(15 * MINUTE)
    assert refusal_of(ada, ada.email, ada.password) == WRONG_PAIR
    ada.world.clock.advance(45 * MINUTE)
    ada.signs_in()
    assert ada.world.ask(sa.select(Account.failures)) == [0]


def test_whoever_knows_the_password_cannot_guess_codes_for_ever(ada: Somebody) -> None:
    steps = [ada.first_step() for _ in range(2)]
    for _ in range(GUESSES):
        ada.first_step()
        with pytest.raises(Refused):
            show_code(ada.world.office, steps[0], "000000", place=HERE)
    assert refusal_of(ada, ada.email, ada.password) == WRONG_PAIR
    with pytest.raises(Refused) as refused:
        show_code(ada.world.office, steps[1], ada.next_code, place=HERE)
    assert str(refused.value) == WRONG_CODE


def test_right_passwords_use_up_no_guesses(ada: Somebody) -> None:
    for _ in range(3 * GUESSES):
        ada.first_step()
    assert ada.signs_in().name == "Ada Ashdown"


def test_a_right_password_opens_what_it_has_closed_itself_and_nothing_else(any_world_at: At) -> None:
    ada = set_up(any_world_at("proposed"), "ada")
    now = ada.world.clock.now()
    with ada.world.office.store.begin(group=EVERY) as session:
        (account_id,) = session.scalars(sa.select(Account.id))
        guesses = [take_guess(session, account_id, now=now) for _ in range(GUESSES)]
        assert guesses == [1, 2, 3, 4, GUESSES]
        # The fourth was the right password, and was still being looked at when a wrong code closed the account.
        give_back(session, account_id, 4)
        assert take_guess(session, account_id, now=now) is None
        give_back(session, account_id, GUESSES)
        assert take_guess(session, account_id, now=now) == 4


def test_of_a_hundred_guesses_at_once_five_are_looked_at(any_world_at: At) -> None:
    ada = set_up(any_world_at("proposed"), "ada")
    guesses = [
        partial(show_password, ada.world.office, ada.email, WRONG, place=f"192.0.2.{number}")
        for number in range(100)
    ]
    assert {str(one) for one in at_once(*guesses)} == {WRONG_PAIR}
    assert ada.world.ask(sa.select(Account.failures)) == [GUESSES]
    assert deeds(ada.world).count("locked") == 1
    assert refusal_of(ada, ada.email, ada.password) == WRONG_PAIR


def test_of_a_hundred_codes_at_once_five_are_looked_at(any_world_at: At) -> None:
    ada = set_up(any_world_at("proposed"), "ada")
    step = ada.first_step()
    ada.world.clock.advance(timedelta(seconds=90))
    wrong = f"{(int(ada.code) + 1) % 1_000_000:06}"
    guesses = [
        partial(show_code, ada.world.office, step, wrong, place=f"192.0.2.{number}") for number in range(100)
    ]
    assert {str(one) for one in at_once(*guesses)} == {WRONG_CODE}
    assert ada.world.ask(sa.select(Account.failures)) == [GUESSES]


def test_a_place_that_tries_too_often_waits_and_others_do_not(ada: Somebody) -> None:
    for number in range(MOST_TRIES):
        refusal_of(ada, f"{number}@qa.example", WRONG)
    assert "Wait fifteen minutes" in refusal_of(ada, ada.email, ada.password)
    assert ada.first_step(place="198.51.100.2")
    ada.world.clock.advance(15 * MINUTE)
    assert ada.first_step()


# -- what is kept of a password ----------------------------------------------------------------------------


def test_a_password_that_was_kept_too_cheaply_is_kept_anew_at_the_next_sign_in(ada: Somebody) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(ada.password)
    with ada.world.does("ada") as tx:
        tx.session.execute(sa.update(Account).values(password_hash=cheap))
    ada.signs_in()
    (kept,) = ada.world.ask(sa.select(Account.password_hash))
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not HASHER.check_needs_rehash(kept)
    ada.signs_in()


def test_without_a_secret_of_the_installation_nobody_signs_in(ada: Somebody) -> None:
    office = ada.world.office
    unset = replace(office.settings, secret="")
    bare = Office(unset, office.store, office.shelf, clock=ada.world.clock)
    with pytest.raises(Refused, match="AUDITLOOP_SECRET is not set"):
        show_password(bare, ada.email, ada.password, place=HERE)
