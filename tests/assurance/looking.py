"""Lets somebody of the cast look: at a card, a history, the doors of a subject."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from assurance.access import Viewer, viewer_of
from assurance.commands import programme
from assurance.office import Tx, clock_of
from assurance.queries import lists
from assurance.queries.card import Card, Shown
from assurance.queries.doors import Door, doors_of
from assurance.queries.history import Told, history_of
from assurance.queries.one import card_of
from assurance.queries.rows import Wanted
from assurance.roster import roster
from engine.fences import EVERY
from engine.ledger import EventText
from engine.moved import Ref
from tests.world import World

EVERYTHING = Wanted()


@contextmanager
def looks(world: World, who: str | None) -> Iterator[tuple[Tx, Viewer]]:
    """Let somebody of the cast look; None is whoever runs the installation."""
    actor = clock_of(world.group_id) if who is None else world.actor(who)
    with world.office.reading(actor) as tx:
        people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
        yield tx, viewer_of(people, actor)


def card(world: World, who: str | None, ref: Ref) -> Card:
    """One subject as somebody sees it."""
    with looks(world, who) as (tx, viewer):
        return card_of(tx, viewer, ref)


def value(found: Card, name: str) -> Shown:
    """One value of a card."""
    return next(line.value for line in found.lines if line.name == name)


def grid(found: Card, name: str) -> list[dict[str, Shown]]:
    """One table of a card, by the names of its columns."""
    one = next((one for one in found.grids if one.name == name), None)
    if one is None:
        return []
    names = [column for column, _ in one.columns]
    return [dict(zip(names, row, strict=True)) for row in one.rows]


def told(world: World, who: str | None, ref: Ref) -> tuple[Told, ...]:
    """The history of a subject as somebody reads it."""
    with looks(world, who) as (tx, viewer):
        return history_of(tx, viewer, ref)


def doors(world: World, who: str, ref: Ref) -> dict[str, Door]:
    """The doors of a subject for somebody."""
    with looks(world, who) as (tx, _):
        return {door.trigger: door for door in doors_of(tx, ref).doors}


def world_actions(world: World, recommendation: Ref) -> list[Ref]:
    """Give the actions of a recommendation."""
    with looks(world, None) as (tx, viewer):
        rows = lists.actions(tx, viewer, EVERYTHING).rows
    return [row.ref for row in rows if row.recommendation == recommendation]


def agency_of(world: World, action: Ref) -> str:
    """Give the key of the agency whose action it is."""
    names = {"North Trust": "trust", "Clinical Commissioning Group": "ccg"}
    return names[str(value(card(world, None, action), "agency"))]


def aims_of(tx: Tx, audit: Ref) -> list[int]:
    """Give the aims of an audit within a transaction."""
    return list(
        tx.session.scalars(sa.text("SELECT id FROM aim WHERE audit_id = :audit"), {"audit": audit.id})
    )


def erase(world: World, ref: Ref, *, says_when: bool) -> None:
    """Empty what was written about a subject."""
    with world.office.store.begin(group=EVERY) as session:
        session.execute(
            sa.update(EventText)
            .where(EventText.subject_kind == ref.kind, EventText.subject_id == ref.id)
            .values(text=None, erased_at=world.clock.now() if says_when else None)
        )


def programme_again(world: World, tx: Tx) -> Ref:
    """Open a second audit that asks the first aim of the first one again."""
    theme = programme.Theme("2014-15", "Neglect again", "data", "Our own figures", "Open now", 12, 1)
    audit = programme.open_audit(tx, theme)
    programme.add_aim(tx, audit, "Is information shared in time now?", asks_again=world.aims()[0])
    return audit
