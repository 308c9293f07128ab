"""Founding a group: a file says who takes part, in which posts and agencies, as the examples' `group.yaml` does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from assurance.office import Office
from assurance.records import Group
from assurance.story.cast import bring_on, read_cast
from assurance.story.names import Names
from engine.errors import Refused
from engine.fences import EVERY
from engine.yamlfile import read_yaml


@dataclass(frozen=True, slots=True)
class Founded:
    """A group that was just founded, and the keys of the people who hold its administrator's post by the file."""

    key: str
    name: str
    administrators: tuple[str, ...]


def found_group(office: Office, file: Path) -> Founded:
    """Write a group with its agencies, people, posts, records, programmes and meetings.

    Raises BadDefinition for a fault in the file, and Refused where a group of that key is here already.
    """
    cast = read_cast(read_yaml(file), Names(dict(office.shelf.workflows)))
    with office.store.begin(group=EVERY) as session:
        if session.scalar(sa.select(Group.id).where(Group.key == cast.key)) is not None:
            sentence = f"A group with the key {cast.key!r} is in this database already; give another key."
            raise Refused.because("group_taken", sentence)
        bring_on(session, cast, office.playbook, at=office.clock.now())
    office.read_playbook()
    keepers = [held.person for post in cast.posts if post.role == "administrator" for held in post.held_by]
    return Founded(cast.key, cast.name, tuple(dict.fromkeys(keepers)))
