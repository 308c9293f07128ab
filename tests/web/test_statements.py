"""A page asks the database as often for many rows as for few: every GET route, of a small world and of a grown one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from assurance.commands import acting
from assurance.commands.silencing import silence
from assurance.records import Agency
from engine.moved import Ref
from tests.web.canaries import lose_an_address
from tests.web.matrix import filled
from tests.web.site import Site
from tests.world import World
from web.api.route import ApiRoute

MORE = 12
# What is made once and kept for a while, or reads a day of the past line by line, costs by what it reads.
BY_WHAT_THEY_READ = frozenset({"/rehearse"})


@contextmanager
def said(world: World) -> Iterator[list[str]]:
    """Write down every statement that SQLite itself is given, on whichever connection."""
    statements: list[str] = []
    pool: Any = world.office.store.db

    def listen(connection: sqlite3.Connection, *_rest: Any) -> None:
        connection.set_trace_callback(statements.append)

    def leave(connection: sqlite3.Connection, *_rest: Any) -> None:
        connection.set_trace_callback(None)

    sa.event.listen(pool, "checkout", listen)
    sa.event.listen(pool, "checkin", leave)
    try:
        yield statements
    finally:
        sa.event.remove(pool, "checkout", listen)
        sa.event.remove(pool, "checkin", leave)


def asked(site: Site, person: str, paths: list[str]) -> dict[str, int]:
    """Count for each page what it asks, once it is warm; pages that are not for this person are left out."""
    counts: dict[str, int] = {}
    for path in paths:
        if site.get(path, as_=person).status == 200:
            with said(site.world) as statements:
                site.get(path, as_=person)
            counts[path] = len(statements)
    return counts


def grow(world: World) -> None:
    """Let there be more of whatever lists and pages are made of."""
    trust = world.number(Agency, "trust")
    action = Ref("action", 1)
    for place in range(MORE):
        with world.does("bo") as tx:
            acting.raise_concern(tx, trust, f"Concern {place}", audit=world.audit)
            acting.note_progress(tx, action, "on track", f"Note {place}")
            acting.add_evidence(tx, action, f"Evidence {place}", "It shows more.")
        added = world.plans("bo", "trust", recommendation=Ref("recommendation", 1), owner="health_visiting")
        world.asks(
            "bo", added, "extend", new_due_on=world.working_days_from(world.today, 200 + place), reason="Late"
        )
    world.nights(world.working_days_from(world.today, 3))


@pytest.mark.parametrize("person", ["sam", "bo", "cleo"])
def test_no_page_asks_more_often_because_there_is_more(
    site_at: Callable[[str | None], Site], person: str
) -> None:
    site = site_at("actions")
    with site.world.does("bo") as tx:
        acting.raise_concern(
            tx, site.world.number(Agency, "trust"), "The first concern", audit=site.world.audit
        )
        acting.note_progress(tx, Ref("action", 1), "on track", "The first note")
    with site.world.does("sam") as tx:
        until_on = site.world.working_days_from(site.world.today, 20)
        silence(
            tx, rule_id="action-silent", ref=Ref("action", 1), until_on=until_on, reason="Counted elsewhere"
        )
    lose_an_address(site.world, "esme")
    paths = list(
        dict.fromkeys(
            row.path
            for row in filled(site.world)
            if row.route.method == "GET" and not isinstance(row.route, ApiRoute)
            if row.route.path not in BY_WHAT_THEY_READ
        )
    )
    few = asked(site, person, paths)
    assert len(few) > 30
    assert all(few.values())
    grow(site.world)
    many = asked(site, person, list(few))
    more = {path: (few[path], many[path]) for path in many if many[path] > few[path] + 2}
    assert more == {}
