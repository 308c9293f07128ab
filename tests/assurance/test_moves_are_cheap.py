"""What a move costs: the number of SQL statements, which is the one figure of speed that does not wobble.

The numbers are asserted exactly. Whoever makes a move cheaper lowers them here; whoever makes it dearer has to
say so here.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa

from assurance.commands.approving import decide
from assurance.commands.moving import move
from bench._told import listening
from engine.errors import Refused
from engine.fences import EVERY
from engine.store import Store
from tests.assurance.conftest import At
from tests.assurance.papers import asked
from tests.world import World

MOST = 10


@dataclass
class Bill:
    """What was said to SQLite, from the first word of a transaction to the last."""

    statements: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = (" ".join(statement.split())[:100] for statement in self.statements)
        return "\n".join(f"{number:>2} {line}" for number, line in enumerate(lines, start=1))


@contextmanager
def counted(store: Store) -> Iterator[Bill]:
    """Write down every statement that SQLite itself is given, BEGIN and COMMIT included."""
    bill = Bill()
    with store.db.connect() as connection:
        driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.set_trace_callback(bill.statements.append)
    try:
        yield bill
    finally:
        driver.set_trace_callback(None)
    sys.stdout.write(f"\n{len(bill.statements)} statements\n{bill}\n")
    assert bill.statements[0].startswith("BEGIN IMMEDIATE")
    assert bill.statements[-1] in ("COMMIT", "ROLLBACK")


def test_the_pool_gives_one_connection_so_that_all_is_counted(world_at: At) -> None:
    world = world_at("actions")
    with counted(world.office.store) as bill, world.office.store.begin(group=EVERY) as session:
        session.execute(sa.text("SELECT 1"))
    assert bill.statements == ["BEGIN IMMEDIATE", "SELECT 1", "COMMIT"]


def test_a_plain_move(world_at: At) -> None:
    world = world_at("actions")
    action, version, nell = world.action("trust"), world.version(world.action("trust")), world.actor("nell")
    with counted(world.office.store) as bill, world.office.begin(nell) as tx:
        move(tx, action, "begin", version=version)
    assert len(bill.statements) == 7 <= MOST


def test_a_move_with_a_key(world_at: At) -> None:
    world = world_at("actions")
    action, version, nell = world.action("trust"), world.version(world.action("trust")), world.actor("nell")
    with counted(world.office.store) as bill, world.office.begin(nell) as tx:
        move(tx, action, "begin", version=version, key="form-1")
    assert len(bill.statements) == 8 <= MOST


def test_a_move_with_a_remark_that_is_told_to_others(world_at: At) -> None:
    world = world_at("agency_audits")
    ref, fay = world.agency_return("police"), world.actor("fay")
    with counted(world.office.store) as bill, world.office.begin(fay) as tx:
        move(tx, ref, "declare_not_known", given={"remark": "No trace in either system."}, key="form-1")
    assert len(bill.statements) == 10 <= MOST


def test_a_move_from_which_people_are_kept_apart(world_at: At) -> None:
    world = world_at("agency_audits")
    ref, sam = world.agency_return("police"), world.actor("sam")
    world.fills("fay", ref)
    version = world.moves("fay", ref, "submit").seq
    with counted(world.office.store) as bill, world.office.begin(sam) as tx:
        move(tx, ref, "accept", version=version, key="form-1")
    assert len(bill.statements) == 9 <= MOST


def test_a_request(world_at: At) -> None:
    world = world_at("proposed")
    sam = world.actor("sam")
    with counted(world.office.store) as bill, world.office.begin(sam) as tx:
        move(tx, world.audit, "agree_theme", key="form-1")
    assert len(bill.statements) == 14


def test_a_decision(world_at: At) -> None:
    world = world_at("proposed")
    approval = world.asks("sam", world.audit, "agree_theme")
    ada = world.actor("ada")
    with counted(world.office.store) as bill, world.office.begin(ada) as tx:
        decide(tx, approval, "approve", version=1, key="form-1")
    assert len(bill.statements) == 17


def test_a_refusal(world_at: At) -> None:
    world = world_at("actions")
    action, nell = world.action("trust"), world.actor("nell")
    with (
        counted(world.office.store) as bill,
        pytest.raises(Refused),
        world.office.begin(nell) as tx,
    ):
        move(tx, action, "confirm")
    assert len(bill.statements) == 4
    assert bill.statements[-1] == "ROLLBACK"


@pytest.mark.postgres
def test_a_move_makes_two_journeys_to_a_server_and_asks_a_key_on_one_more(empty_postgres_house: str) -> None:
    with closing(World(empty_postgres_house)) as world:
        world.audit_at("actions")
        action, nell = world.action("trust"), world.actor("nell")
        version = world.version(action)
        # All that it reads, after BEGIN; all that it writes, before COMMIT.
        with listening(world.office.store) as plain, world.office.begin(nell) as tx:
            move(tx, action, "begin", version=version)
        assert (len(plain.statements), plain.journeys) == (9, 2)
        with (
            listening(world.office.store) as refused,
            pytest.raises(Refused),
            world.office.begin(nell) as tx,
        ):
            move(tx, action, "confirm", key="form-1")
        assert (len(refused.statements), refused.journeys) == (7, 3)


def test_a_move_alone_waits_for_the_disk_once(world_at: At) -> None:
    world = world_at("actions")
    action, version, nell = world.action("trust"), world.version(world.action("trust")), world.actor("nell")
    with counted(world.office.store) as bill, world.office.begin(nell) as tx:
        move(tx, action, "begin", version=version)
    assert [said for said in bill.statements if said.startswith(("SAVEPOINT", "RELEASE", "COMMIT"))] == [
        "COMMIT"
    ]


def test_a_request_to_seven(papers: World) -> None:
    paper, before = asked(papers, "theme")
    papers.moves("sam", before, "withdraw")
    sam = papers.actor("sam")
    with counted(papers.office.store) as bill, papers.office.begin(sam) as tx:
        move(tx, paper, "adopt", key="form-1")
    assert len(bill.statements) == 17


def test_an_answer_of_several_that_settles_nothing(papers: World) -> None:
    _, approval = asked(papers, "theme")
    bo = papers.actor("bo")
    with counted(papers.office.store) as bill, papers.office.begin(bo) as tx:
        decide(tx, approval, "approve", version=1, key="form-1")
    assert len(bill.statements) == 14


def test_an_answer_of_several_that_settles_it(papers: World) -> None:
    _, approval = asked(papers, "theme")
    for who in ("ada", "dan"):
        papers.decides(who, approval)
    bo = papers.actor("bo")
    with counted(papers.office.store) as bill, papers.office.begin(bo) as tx:
        decide(tx, approval, "approve", version=1, key="form-1")
    assert len(bill.statements) == 25
