"""Somebody of the cast with an account of their own: what they know and what they have."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

import pyotp
import sqlalchemy as sa

from assurance.accounts.enrolling import accept, picture_for, send_invitation
from assurance.accounts.sessions import Seated, seated
from assurance.accounts.signing_in import SignedIn, show_code, show_password
from assurance.records import Person
from notifications.outbox import Message
from tests.world import World

PASSWORD = "quince lantern moss harbour"
HERE = "192.0.2.7"
HALF_A_MINUTE = timedelta(seconds=30)


@dataclass(slots=True)
class Somebody:
    """A person with an account: their password, what their app knows, and their sheet of recovery codes."""

    world: World
    key: str
    secret: str
    codes: tuple[str, ...]
    token: str
    password: str = PASSWORD

    @property
    def email(self) -> str:
        return f"{self.key}@qa.example"

    @property
    def code(self) -> str:
        """The code that the app shows now."""
        return pyotp.TOTP(self.secret).at(self.world.clock.now())

    @property
    def next_code(self) -> str:
        """The code that the app shows half a minute later, which it then is."""
        self.world.clock.advance(HALF_A_MINUTE)
        return self.code

    @property
    def seat(self) -> Seated:
        """Where they sit in the session that began last."""
        found = seated(self.world.office, self.token)
        assert found is not None
        return found

    def first_step(self, password: str | None = None, *, place: str = HERE) -> str:
        return show_password(self.world.office, self.email, password or self.password, place=place)

    def signs_in(self, typed: str | None = None, *, place: str = HERE) -> SignedIn:
        """Take both steps, with the next code of the app where no other is given."""
        step = self.first_step(place=place)
        done = show_code(
            self.world.office, step, typed or self.next_code, place=place, device="Another browser"
        )
        self.token = done.token
        return done


def invited(world: World, who: str, *, by: str = "ida") -> str:
    """Invite somebody, and give the token of the link."""
    with world.does(by) as tx:
        return send_invitation(tx, tx.session.get_one(Person, world.number(Person, who)))


def set_up(world: World, who: str) -> Somebody:
    """Let somebody be invited and set up their account."""
    link = invited(world, who)
    picture = picture_for(world.office, who, whose=link)
    secret = picture.typed.replace(" ", "")
    code = pyotp.TOTP(secret).at(world.clock.now())
    done = accept(world.office, link, password=PASSWORD, sealed=picture.sealed, code=code, device="A browser")
    return Somebody(world, who, secret, done.codes, done.token)


def link_in_last_mail(world: World) -> str:
    """Give the token of the link in the newest mail."""
    (context,) = world.ask(sa.select(Message.context).order_by(Message.id.desc()).limit(1))
    return world.as_it_goes(json.loads(context)["link"]).rpartition("/")[2]
