"""One person with accounts in two groups, under one e-mail address: each opens its own group and nothing tells of the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyotp
import pytest
import sqlalchemy as sa

from assurance.accounts.enrolling import accept, picture_for, send_invitation
from assurance.accounts.guessing import GUESSES
from assurance.accounts.recovering import ask_for_link
from assurance.accounts.sessions import Seated, seated
from assurance.accounts.signing_in import MOST_TRIES_AT_SEVERAL, SignedIn, show_code, show_password
from assurance.records import Account, Person
from engine.errors import Refused
from engine.fences import EVERY
from notifications.outbox import Message
from tests.assurance.accounts.holder import HALF_A_MINUTE, HERE, PASSWORD
from tests.two_groups import ITS_OWN, OTHER, group_number
from tests.world import Templates, World

EMAIL = "ada@qa.example"
ANOTHER = "thistle anchor copper meadow"


class Holder(NamedTuple):
    """What one person knows and has for the account in one group."""

    world: World
    secret: str
    password: str

    def signs_in(self, password: str | None = None, *, instead_of: int | None = None) -> SignedIn:
        """Take both steps, with the next code of this account's app."""
        step = show_password(self.world.office, EMAIL, password or self.password, place=HERE)
        self.world.clock.advance(HALF_A_MINUTE)
        code = pyotp.TOTP(self.secret).at(self.world.clock.now())
        return show_code(self.world.office, step, code, place=HERE, instead_of=instead_of)


@pytest.fixture
def world(templates: Templates, tmp_path: Path) -> Iterator[World]:
    """Two groups, in both of which Ada takes part with the same address."""
    world = templates.world(tmp_path / "two.sqlite")
    _join(world)
    yield world
    world.close()


def _join(world: World) -> None:
    world.found(OTHER)
    with world.office.store.begin(group=EVERY) as session:
        session.execute(sa.update(Person).where(Person.key == "ada").values(email=EMAIL))


def set_up(world: World, group: str, password: str) -> Holder:
    """Let Ada set up her account in one group."""
    with world.does("ida", group=group) as tx:
        ada = tx.session.scalars(
            sa.select(Person).where(Person.key == "ada", Person.group_id == tx.actor.group_id)
        ).one()
        link = send_invitation(tx, ada)
    picture = picture_for(world.office, "ada", whose=link)
    secret = picture.typed.replace(" ", "")
    code = pyotp.TOTP(secret).at(world.clock.now())
    accept(world.office, link, password=password, sealed=picture.sealed, code=code, device="A browser")
    world.clock.advance(HALF_A_MINUTE)
    return Holder(world, secret, password)


def seat_of(world: World, done: SignedIn) -> Seated:
    """Give where somebody sits who has just signed in."""
    found = seated(world.office, done.token)
    assert found is not None
    return found


def test_each_password_opens_the_group_to_which_it_belongs(world: World) -> None:
    here, there = set_up(world, ITS_OWN, PASSWORD), set_up(world, OTHER, ANOTHER)
    assert seat_of(world, here.signs_in()).actor.group_id == group_number(world, ITS_OWN)
    assert seat_of(world, there.signs_in()).actor.group_id == group_number(world, OTHER)


def test_where_one_password_fits_both_the_code_of_the_app_says_which(world: World) -> None:
    here, there = set_up(world, ITS_OWN, PASSWORD), set_up(world, OTHER, PASSWORD)
    assert seat_of(world, here.signs_in()).actor.group_id == group_number(world, ITS_OWN)
    assert seat_of(world, there.signs_in()).actor.group_id == group_number(world, OTHER)


def test_the_code_of_another_group_does_not_open_an_account_with_another_password(world: World) -> None:
    here, there = set_up(world, ITS_OWN, PASSWORD), set_up(world, OTHER, ANOTHER)
    with pytest.raises(Refused, match="That code is not right"):
        here._replace(secret=there.secret).signs_in()


def test_signing_in_to_one_group_closes_nothing_in_the_other(world: World) -> None:
    here, there = set_up(world, ITS_OWN, PASSWORD), set_up(world, OTHER, ANOTHER)
    for _ in range(GUESSES + 1):
        here.signs_in()
    assert world.ask(sa.select(Account.failures).where(Account.password_hash.is_not(None))) == [0, 0]
    there.signs_in()


def test_wrong_guesses_close_both_and_there_is_an_end_to_them(world: World) -> None:
    here, there = set_up(world, ITS_OWN, PASSWORD), set_up(world, OTHER, ANOTHER)
    for _ in range(GUESSES):
        with pytest.raises(Refused, match="do not belong together"):
            show_password(world.office, EMAIL, "a wrong one", place=HERE)
    for one in (here, there):
        with pytest.raises(Refused, match="do not belong together"):
            one.signs_in()


def test_a_right_password_here_is_no_way_to_guess_without_end_there(world: World) -> None:
    here = set_up(world, ITS_OWN, PASSWORD)
    set_up(world, OTHER, ANOTHER)
    for _ in range(MOST_TRIES_AT_SEVERAL):
        show_password(world.office, EMAIL, PASSWORD, place=HERE)
    with pytest.raises(Refused, match="do not belong together"):
        here.signs_in()


def test_nothing_tells_in_how_many_groups_an_address_is_known(world: World) -> None:
    set_up(world, ITS_OWN, PASSWORD)
    set_up(world, OTHER, ANOTHER)
    with_one = show_password(world.office, EMAIL, PASSWORD, place=HERE)
    with world.office.store.begin(group=EVERY) as session:
        hashes = sa.select(Account.password_hash).where(Account.group_id == group_number(world, ITS_OWN))
        session.execute(sa.update(Account).values(password_hash=hashes.limit(1).scalar_subquery()))
    with_both = show_password(world.office, EMAIL, PASSWORD, place=HERE)
    assert len(with_one) == len(with_both)
    assert with_one.count(".") == with_both.count(".") == 1


def test_a_session_in_one_group_ends_when_its_browser_signs_in_to_the_other(world: World) -> None:
    here, there = set_up(world, ITS_OWN, PASSWORD), set_up(world, OTHER, ANOTHER)
    first = here.signs_in()
    second = there.signs_in(instead_of=seat_of(world, first).session_id)
    assert seated(world.office, first.token) is None
    assert seat_of(world, second).actor.group_id == group_number(world, OTHER)


def test_each_group_sends_a_link_of_its_own_for_a_forgotten_password(world: World) -> None:
    set_up(world, ITS_OWN, PASSWORD)
    set_up(world, OTHER, ANOTHER)
    ask_for_link(world.office, EMAIL, place=HERE)
    sent = world.pairs(
        sa.select(Message.group_id, Message.to_address).where(Message.template == "account_recovery")
    )
    assert sorted(sent) == [(number, EMAIL) for number in world.office.groups()]


def test_behind_the_fences_of_postgresql_it_is_the_same(empty_postgres_house: str) -> None:
    world = World(empty_postgres_house)
    _join(world)
    here, there = set_up(world, ITS_OWN, PASSWORD), set_up(world, OTHER, PASSWORD)
    first, second = here.signs_in(), there.signs_in()
    assert [seat_of(world, one).actor.group_id for one in (first, second)] == list(world.office.groups())
    third = here.signs_in(instead_of=seat_of(world, second).session_id)
    assert seated(world.office, second.token) is None
    assert seat_of(world, third).actor.group_id == group_number(world, ITS_OWN)
    ask_for_link(world.office, EMAIL, place=HERE)
    sent = world.ask(sa.select(Message.group_id).where(Message.template == "account_recovery"))
    assert sorted(sent) == list(world.office.groups())
    world.close()
