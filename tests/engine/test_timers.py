"""When must somebody look again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine import timers
from engine.moved import Ref
from engine.store import Store, open_store
from engine.timers import Appointment, Due
from tests.engine.leaves import SPRING, plant

OAK, ELM, ASH = Ref("leaf", 1), Ref("leaf", 2), Ref("leaf", 3)
HOUR = timedelta(hours=1)


def test_a_subject_is_due_from_its_instant_on(any_store: Store) -> None:
    with any_store.begin() as session:
        timers.arm(session, [OAK], group_id=1, due_at=SPRING)
        assert timers.due(session, at=SPRING - timedelta(microseconds=1), most=10) == ()
        assert timers.due(session, at=SPRING, most=10) == (Due(OAK, 1, SPRING),)


def test_the_longest_waiting_come_first_and_never_more_than_asked_for(any_store: Store) -> None:
    with any_store.begin() as session:
        timers.arm(session, [OAK], group_id=1, due_at=SPRING)
        timers.arm(session, [ELM], group_id=1, due_at=SPRING - HOUR)
        timers.arm(session, [ASH], group_id=1, due_at=SPRING)
        found = timers.due(session, at=SPRING + HOUR, most=2)
        assert [one.ref for one in found] == [ELM, OAK]
        assert timers.due(session, at=SPRING, most=2, after=found[0]) == (found[1], Due(ASH, 1, SPRING))
        assert timers.due(session, at=SPRING, most=2, after=Due(ASH, 1, SPRING)) == ()


def test_a_new_appointment_replaces_the_old_one_be_it_earlier_or_later(any_store: Store) -> None:
    with any_store.begin() as session:
        timers.arm(session, [OAK], group_id=1, due_at=SPRING)
        timers.arm(session, [OAK], group_id=1, due_at=SPRING + HOUR)
        assert timers.due(session, at=SPRING, most=10) == ()
        timers.arm(session, [OAK], group_id=1, due_at=SPRING - HOUR)
        assert timers.due(session, at=SPRING, most=10) == (Due(OAK, 1, SPRING - HOUR),)


def test_several_are_armed_at_once(any_store: Store) -> None:
    with any_store.begin() as session:
        timers.arm(session, [ELM], group_id=1, due_at=SPRING + HOUR)
        timers.arm(session, [OAK, ELM, ASH], group_id=1, due_at=SPRING)
        assert [one.ref for one in timers.due(session, at=SPRING, most=10)] == [OAK, ELM, ASH]


def test_whoever_is_cancelled_is_looked_at_no_more(any_store: Store) -> None:
    with any_store.begin() as session:
        timers.arm(session, [OAK, ELM], group_id=1, due_at=SPRING)
        timers.cancel(session, OAK)
        timers.cancel(session, ASH)
        assert timers.due(session, at=SPRING, most=10) == (Due(ELM, 1, SPRING),)


def test_each_of_many_has_an_instant_of_its_own_or_none(any_store: Store) -> None:
    with any_store.begin() as session:
        timers.arm(session, [OAK, ELM], group_id=1, due_at=SPRING)
        found = [
            Appointment(ELM, SPRING, SPRING + HOUR),
            Appointment(OAK, SPRING, None),
            Appointment(ASH, None, SPRING - HOUR),
        ]
        timers.appoint(session, found, group_id=1)
        timers.appoint(session, [], group_id=1)
        assert timers.set_for(session, "leaf", [1, 2, 3, 4]) == {2: SPRING + HOUR, 3: SPRING - HOUR}
        assert timers.set_for(session, "tree", [1, 2, 3, 4]) == {}


def test_whoever_was_armed_anew_meanwhile_stays_so(any_store: Store) -> None:
    with any_store.begin() as session:
        timers.arm(session, [OAK, ELM, ASH], group_id=1, due_at=SPRING)
        overtaken = [
            Appointment(OAK, SPRING - HOUR, SPRING + HOUR),
            Appointment(ELM, SPRING - HOUR, None),
            Appointment(ASH, None, SPRING + HOUR),
        ]
        timers.appoint(session, overtaken, group_id=1)
        assert timers.set_for(session, "leaf", [1, 2, 3]) == {1: SPRING, 2: SPRING, 3: SPRING}


@pytest.mark.postgres
def test_whoever_sets_some_and_cancels_others_takes_them_in_the_one_order(postgres_leaves: str) -> None:
    store = open_store(postgres_leaves)
    plant(store)
    with store.begin() as session:
        timers.arm(session, [OAK, ELM], group_id=1, due_at=SPRING)
    with ThreadPoolExecutor(1) as other:
        with store.begin() as session:
            timers.arm(session, [OAK], group_id=1, due_at=SPRING + HOUR)
            session.info["wire"].settle()
            appointing = other.submit(_appoint, store, Appointment(ELM, SPRING, SPRING + HOUR))
            _wait_until_somebody_waits(store)
            # They wait for the first and hold none behind it, so that the one whom they wait for can go on.
            assert _free(session) == [OAK.id, ELM.id]
        appointing.result()
    with store.reading() as session:
        assert timers.set_for(session, "leaf", [1, 2]) == {1: SPRING + HOUR, 2: SPRING + HOUR}
    store.close()


def _appoint(store: Store, one: Appointment) -> None:
    with store.begin() as session:
        timers.appoint(session, [one, Appointment(OAK, SPRING, None)], group_id=1)


def _free(session: Session) -> list[int]:
    free = sa.select(timers.Timer.subject_id).order_by(timers.Timer.subject_id)
    return list(session.scalars(free.with_for_update(skip_locked=True)))


def _wait_until_somebody_waits(store: Store) -> None:
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    tick = Event()
    for _ in range(2_000):
        with store.reading() as session:
            if session.scalar(sa.text(waits)):
                return
        tick.wait(0.01)
    raise TimeoutError("nobody waits for a lock")
