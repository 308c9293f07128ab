"""Whoever changes the history of a real year, in whichever column, is found out with subject and line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.records import Approval
from assurance.tables import MOVED
from engine.fences import EVERY
from engine.ledger import Event, EventText
from engine.moved import Ref
from engine.proof import Fault, verify
from tests.postgres import Server
from tests.world import Templates, World

COLUMNS = [column.name for column in Event.__table__.c]
ANOTHER_GROUP = 2


@pytest.fixture(scope="module")
def postgres_tampering(postgres_server: Server) -> Iterator[str]:
    """A PostgreSQL database for the whole file."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def world(
    request: pytest.FixtureRequest, templates: Templates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """One world for the whole file, since nothing that is done to it stands."""
    if request.param == "sqlite":
        opened = templates.world(tmp_path_factory.mktemp("tampering") / "world.sqlite", "actions")
    else:
        opened = World(request.getfixturevalue("postgres_tampering"))
        opened.audit_at("actions")
    assert opened.found("other") == ANOTHER_GROUP
    later = date(2015, 4, 30)
    opened.asks("nell", opened.action("trust"), "extend", new_due_on=later, reason="No money this year.")
    yield opened
    opened.close()


class _Undone(Exception):
    """Ends a transaction whose changes are not to stand."""


@contextmanager
def tampering(world: World) -> Iterator[Session]:
    """Let somebody change what is kept who first takes the database's own guard away; all of it is undone."""
    with suppress(_Undone), world.office.store.begin(group=EVERY) as session:
        take_the_guard_away(session)
        yield session
        raise _Undone


def take_the_guard_away(session: Session) -> None:
    if session.info["dialect"].name == "sqlite":
        for what in ("update", "delete"):
            session.execute(sa.text(f"DROP TRIGGER event_refuses_{what}"))
    else:
        session.execute(sa.text("DROP TRIGGER event_refuses_change ON event"))


def changed(column: str, value: str | int | None) -> str | int:
    """Change one byte of a value, or one step of a number, to something that the database still takes."""
    match value:
        case None:
            return "x"
        case int() if column == "group_id":
            return ANOTHER_GROUP
        case int():
            return value + 100
        case _:
            return chr(ord(value[0]) ^ 1) + value[1:]


def found(session: Session) -> tuple[Fault, ...]:
    return verify(session, MOVED).faults


def some_of(session: Session, ref: Ref) -> list[int]:
    """Give the first line of a history, one in its middle, and the last."""
    query = sa.select(sa.func.max(Event.seq)).where(
        Event.subject_kind == ref.kind, Event.subject_id == ref.id
    )
    last = session.execute(query).scalar_one()
    assert last >= 3
    return [1, (last + 1) // 2, last]


def one(ref: Ref, line: int) -> tuple[sa.ColumnElement[bool], ...]:
    return Event.subject_kind == ref.kind, Event.subject_id == ref.id, Event.seq == line


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_byte_is_found_in_whichever_line_it_stands(world: World, column: str) -> None:
    action = world.action("trust")
    with world.office.store.reading(group=EVERY) as session:
        assert found(session) == ()
        places = [(ref, line) for ref in (action, world.audit) for line in some_of(session, ref)]
    for ref, line in places:
        with tampering(world) as session:
            value = session.scalar(sa.select(Event.__table__.c[column]).where(*one(ref, line)))
            session.execute(sa.update(Event).where(*one(ref, line)).values({column: changed(column, value)}))
            assert (str(ref), line) in [(fault.subject, fault.line) for fault in found(session)]


def test_the_last_the_first_and_any_other_line_are_missed(world: World) -> None:
    with world.office.store.reading(group=EVERY) as session:
        lines = some_of(session, world.audit)
    for line in lines:
        with tampering(world) as session:
            session.execute(sa.delete(Event).where(*one(world.audit, line)))
            assert [(fault.subject, fault.line) for fault in found(session)] == [(str(world.audit), line)]


def test_a_state_that_nobody_decided_on_is_found(world: World) -> None:
    for table in MOVED:
        refs = world.ask(sa.select(table.id).limit(1))
        for number in refs:
            with tampering(world) as session:
                session.execute(sa.update(table).where(table.id == number).values(state="nowhere"))
                (fault,) = found(session)
                assert fault.subject == str(Ref(table.noun, number))
                assert fault.sentence.startswith("its state is 'nowhere', its history says")


def test_a_date_that_nobody_granted_is_found(world: World) -> None:
    action = world.action("trust")
    with tampering(world) as session:
        session.execute(sa.text("UPDATE action SET current_due_on = '2016-01-01' WHERE id = 1"))
        (fault,) = found(session)
    assert (fault.subject, fault.line) == (str(action), world.version(action))
    assert fault.sentence == "its current_due_on is '2016-01-01', its history says '2015-02-27'"


def test_a_reason_that_was_rewritten_is_found(world: World) -> None:
    approval = Ref("approval", world.ask(sa.select(Approval.id).where(Approval.state == "waiting"))[0])
    for name, value in (("text", "No time this year."), ("salt", "x"), ("name", "remark"), ("seq", 9)):
        with tampering(world) as session:
            row = sa.update(EventText).where(EventText.subject_kind == "approval")
            session.execute(row.where(EventText.subject_id == approval.id).values({name: value}))
            assert (str(approval), 1) in [(fault.subject, fault.line) for fault in found(session)]


def test_nothing_of_all_this_stands(world: World) -> None:
    with tampering(world) as session:
        session.execute(sa.delete(Event))
        assert len(found(session)) == verify(session, MOVED).subjects > 15
    assert world.proof().faults == ()
