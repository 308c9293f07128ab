"""Many decisions that wait, asked for together: the same answers as one by one, in a constant number of statements."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from assurance.deciders import request_of, requests_of
from assurance.office import Tx
from assurance.records import Approval
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.counting import said_to
from tests.assurance.full_world import OF_INDIVIDUAL, full_world
from tests.assurance.looking import looks
from tests.assurance.papers import asked
from tests.world import World


@pytest.fixture
def world(world_at: At) -> World:
    """A world in which the chair may decide one thing, and only the deputy another."""
    world = full_world(world_at)
    world.asks("nell", OF_INDIVIDUAL, "extend", new_due_on=date(2015, 5, 1), reason="Two people are ill.")
    world.asks("gil", world.action("ccg"), "close", reason="Another board does it.")
    return world


def waiting(tx: Tx) -> list[Approval]:
    """Every decision that waits."""
    return list(tx.session.scalars(sa.select(Approval).where(Approval.state == "waiting")))


def test_many_requests_are_answered_as_each_alone(world: World) -> None:
    with looks(world, None) as (tx, _):
        rows = waiting(tx)
        assert requests_of(tx, rows) == {row.id: request_of(tx, row) for row in rows}
        names = {row.subject_id: requests_of(tx, rows)[row.id].names_to_answer() for row in rows}
    assert names == {OF_INDIVIDUAL.id: ("Ada Ashdown",), world.action("ccg").id: ("Dan Dole",)}


def test_whoever_took_the_earlier_step_has_no_say_in_many_either(world_at: At) -> None:
    world = full_world(world_at)
    world.moves("bo", OF_INDIVIDUAL, "confirm")
    world.moves("ada", OF_INDIVIDUAL, "return", reason="Where is the list?", new_due_on=date(2015, 3, 2))
    world.asks("nell", OF_INDIVIDUAL, "extend", new_due_on=date(2015, 5, 1), reason="Two people are ill.")
    with world.does("sam") as tx:
        sent_back = sa.func.replace(Approval.policy, '"own_agency"', '"return"')
        tx.session.execute(sa.update(Approval).where(Approval.state == "waiting").values(policy=sent_back))
    with looks(world, None) as (tx, _):
        (row,) = waiting(tx)
        together = requests_of(tx, [row])
        assert together == {row.id: request_of(tx, row)}
    assert together[row.id].names_to_answer() == ("Dan Dole",)


def test_answers_of_several_are_counted_together_as_alone(papers: World) -> None:
    (_, leaflet), (_, theme) = asked(papers, "leaflet"), asked(papers, "theme")
    papers.decides("ada", theme)
    with looks(papers, None) as (tx, _):
        rows = waiting(tx)
        assert {Ref("approval", row.id) for row in rows} == {leaflet, theme}
        assert requests_of(tx, rows) == {row.id: request_of(tx, row) for row in rows}
        assert requests_of(tx, rows)[theme.id].ballot.answers


def test_a_hundred_requests_take_no_more_statements_than_one(world: World) -> None:
    with looks(world, None) as (tx, _), said_to(tx) as for_all:
        requests_of(tx, waiting(tx))
    with world.does("sam") as tx:
        columns = [column for column in Approval.__table__.columns if column.name != "id"]
        copied = sa.select(*columns).where(Approval.state == "waiting")
        for _ in range(6):
            tx.session.execute(sa.insert(Approval).from_select(columns, copied))
    with looks(world, None) as (tx, _), said_to(tx) as for_many:
        assert len(requests_of(tx, waiting(tx))) == 128
    assert len(for_many) == len(for_all)
