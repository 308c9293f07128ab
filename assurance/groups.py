"""Founding a group: a file says who takes part, in which posts and agencies, as the examples' `group.yaml` does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from assurance.office import Office
from assurance.records import Group, Person
from assurance.story.cast import Cast, CastPost, Held, bring_on, read_cast
from assurance.story.names import Names
from engine.errors import Refused
from engine.fences import EVERY
from engine.ledger import Event
from engine.yamlfile import read_yaml

_KEY = re.compile("[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class Founded:
    """A group that was just founded, and the keys of the people who hold its administrator's post by the file."""

    key: str
    name: str
    administrators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One group of the installation: how many people take part, how many lines its history has, its newest line."""

    key: str
    name: str
    board: str
    people: int
    lines: int
    newest_at: datetime | None


def groups_of(office: Office) -> tuple[GroupRow, ...]:
    """Give every group of the installation, for whoever runs it."""
    number, newest = sa.func.count(), sa.func.max(Event.at)
    with office.store.reading(group=EVERY) as session:
        people = dict(session.execute(sa.select(Person.group_id, number).group_by(Person.group_id)).all())
        lines = session.execute(sa.select(Event.group_id, number, newest).group_by(Event.group_id))
        history = {group_id: (count, datetime.fromisoformat(at)) for group_id, count, at in lines}
        return tuple(
            GroupRow(row.key, row.name, row.board, people.get(row.id, 0), *history.get(row.id, (0, None)))
            for row in session.scalars(sa.select(Group).order_by(Group.key))
        )


def add_group(
    office: Office, key: str, name: str, *, administrator: str, email: str, zone: ZoneInfo
) -> Founded:
    """Write a group in which one person takes part, who then adds everything else: its administrator.

    Raises Refused where a group of that key is here already, and for a key or an address that cannot be used.
    """
    if not _KEY.fullmatch(key):
        sentence = f"{key!r} cannot be a key: write small letters, digits and _, beginning with a letter."
        raise Refused.because("bad_key", sentence)
    if email.count("@") != 1 or any(letter.isspace() for letter in email):
        sentence = f"{email!r} is not an e-mail address; write it as ada@board.example."
        raise Refused.because("bad_address", sentence)
    person = re.sub(r"\W+", "_", administrator.casefold()).strip("_") or "administrator"
    held = Held(person, office.clock.now().astimezone(zone).date(), None)
    return _found(office, _alone(key, name, zone, {person: (administrator, email)}, held))


def found_group(office: Office, file: Path) -> Founded:
    """Write a group with its agencies, people, posts, records, programmes and meetings.

    Raises BadDefinition for a fault in the file, and Refused where a group of that key is here already.
    """
    return _found(office, read_cast(read_yaml(file), Names(dict(office.shelf.workflows))))


def _alone(key: str, name: str, zone: ZoneInfo, people: dict[str, tuple[str, str]], held: Held) -> Cast:
    """Give a cast of one, who keeps the accounts."""
    return Cast(
        key=key,
        name=name,
        board="",
        zone=zone,
        purpose="",
        frequency="",
        functions=(),
        note="",
        agencies={},
        people=people,
        posts=(CastPost("administrator", "Administrator", "administrator", None, False, (held,)),),
        records={},
        closed=(),
        years=(),
        meetings=(),
    )


def _found(office: Office, cast: Cast) -> Founded:
    with office.store.begin(group=EVERY) as session:
        if session.scalar(sa.select(Group.id).where(Group.key == cast.key)) is not None:
            sentence = f"A group with the key {cast.key!r} is in this database already; give another key."
            raise Refused.because("group_taken", sentence)
        bring_on(session, cast, office.playbook, at=office.clock.now())
    office.read_playbook()
    keepers = [held.person for post in cast.posts if post.role == "administrator" for held in post.held_by]
    return Founded(cast.key, cast.name, tuple(dict.fromkeys(keepers)))
