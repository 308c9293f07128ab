"""Another secret for the installation: nobody is locked out, nobody is signed out, and what came before stays readable."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from assurance.accounts.rotating import Rotated, rotate, still_old
from assurance.records import Account
from tests.assurance.accounts.holder import set_up
from tests.assurance.conftest import At
from tests.world import World

NEW = "another one that nobody has ever thought of 123"


def with_secret(world: World, secret: str, *old: str) -> None:
    """Give the installation another secret, and list those before."""
    world.office.settings = replace(world.office.settings, secret=secret, old_secrets=old)


def sealed(world: World) -> list[str | None]:
    return list(world.ask(sa.select(Account.totp_secret).order_by(Account.id)))


def test_people_sign_in_before_and_after_and_stay_signed_in(any_world_at: At) -> None:
    world = any_world_at("proposed")
    old = world.settings.secret
    ada, bo = set_up(world, "ada"), set_up(world, "bo")
    with_secret(world, NEW, old)
    assert still_old(world.office) == 2
    ada.signs_in(ada.next_code)
    before = sealed(world)
    done = rotate(world.office)
    assert (done.apps, done.renewed, done.unreadable) == (2, 2, 0)
    assert not set(before) & set(sealed(world))
    assert rotate(world.office) == replace(done, renewed=0)
    assert still_old(world.office) == 0
    with_secret(world, NEW)
    assert bo.seat.account_id
    bo.signs_in(bo.next_code)
    assert rotate(world.office) == Rotated(2, 0, 0, 0, None)


def test_what_no_secret_opens_is_counted_and_left_as_it_is(world: World) -> None:
    set_up(world, "ada")
    with_secret(world, NEW)
    before = sealed(world)
    done = rotate(world.office)
    assert (done.apps, done.renewed, done.unreadable) == (1, 0, 1)
    assert "1 that none of the secrets here opens" in " ".join(done.sentences)
    assert sealed(world) == before


def test_the_old_secret_is_kept_thirty_days_for_the_mail_that_comes_back(world: World) -> None:
    with_secret(world, NEW, world.settings.secret)
    until_on = rotate(world.office).until_on
    assert until_on is not None
    assert (until_on - world.today).days == 30
    world.clock.advance(timedelta(days=3))
    later = rotate(world.office)
    assert later.until_on == until_on
    assert f"until {until_on.isoformat()}" in " ".join(later.sentences)
