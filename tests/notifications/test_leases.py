"""Leases: nobody else takes what one delivery holds, and nothing that it dropped is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import repeat

import pytest
import sqlalchemy as sa

from engine.store import Store
from notifications.leases import Claimed, Kept, Settlement, claim, heal, keep, settle
from notifications.outbox import State
from tests.notifications.examples import MORNING, context, notice, put_all, put_many, row

LEASE = timedelta(minutes=20)


def _claim(
    store: Store, holder: str = "t", *, at: datetime = MORNING, limit: int = 10
) -> tuple[Claimed, ...]:
    with store.begin() as session:
        return claim(session, at=at, lease=LEASE, limit=limit, token=holder)


def _sent(message: Claimed) -> Settlement:
    return Settlement(
        id=message.id,
        state=State.SENT,
        not_before=message.not_before,
        attempts=message.attempts,
        doubts=0,
        first_try_at=message.first_try_at,
        code=250,
        text="taken",
    )


def test_the_longest_due_are_claimed_first_and_at_most_the_limit(any_store: Store) -> None:
    put_all(any_store, notice("later", not_before=MORNING + timedelta(minutes=1)))
    put_all(any_store, notice("old", not_before=MORNING - timedelta(days=1)), notice("new"))
    assert [message.key for message in _claim(any_store, limit=1)] == ["old"]
    assert [message.key for message in _claim(any_store)] == ["new"]
    assert _claim(any_store) == ()
    assert [message.key for message in _claim(any_store, at=MORNING + timedelta(minutes=1))] == ["later"]


def test_a_claimed_message_carries_what_its_letter_needs(any_store: Store) -> None:
    put_all(any_store, notice())
    (message,) = _claim(any_store)
    assert (message.attempts, message.first_try_at, message.lease_until) == (1, MORNING, MORNING + LEASE)
    assert message.context == context()
    assert message.lease_token == "t"


def test_the_instant_of_the_first_attempt_stays(any_store: Store) -> None:
    put_all(any_store, notice())
    _claim(any_store)
    an_hour_later = MORNING + timedelta(hours=1)
    with any_store.begin() as session:
        assert heal(session, at=an_hour_later) == 1
    (message,) = _claim(any_store, at=an_hour_later)
    assert (message.attempts, message.first_try_at) == (2, MORNING)
    assert row(any_store).last_try_at == an_hour_later


def test_a_lease_is_healed_when_it_has_run_out_and_not_before(any_store: Store) -> None:
    put_all(any_store, notice())
    _claim(any_store)
    with any_store.begin() as session:
        assert heal(session, at=MORNING + LEASE - timedelta(microseconds=1)) == 0
        assert heal(session, at=MORNING + LEASE) == 1
    assert row(any_store).state == "queued"


def test_a_delivery_whose_lease_ran_out_writes_nothing(any_store: Store) -> None:
    put_all(any_store, notice())
    (message,) = _claim(any_store, "first")
    with any_store.begin() as session:
        heal(session, at=MORNING + LEASE)
    _claim(any_store, "second", at=MORNING + LEASE)
    with any_store.begin() as session:
        keep(session, [Kept(message.id, "<m@x>", b"other bytes")], token="first")
        settle(session, [_sent(message)], at=MORNING + LEASE, token="first")
    assert (row(any_store).state, row(any_store).rendered) == ("sending", None)


def test_stored_bytes_are_never_replaced(any_store: Store) -> None:
    put_all(any_store, notice())
    (message,) = _claim(any_store)
    with any_store.begin() as session:
        keep(session, [], token="t")
        keep(session, [Kept(message.id, "<m@x>", b"first")], token="t")
        keep(session, [Kept(message.id, "<m@x>", b"second")], token="t")
    assert row(any_store).rendered == b"first"


def test_what_was_sent_is_settled_with_the_words_of_the_server(any_store: Store) -> None:
    put_all(any_store, notice())
    (message,) = _claim(any_store)
    with any_store.begin() as session:
        settle(session, [], at=MORNING, token="t")
        settle(session, [_sent(message)], at=MORNING, token="t")
    settled = row(any_store)
    assert (settled.state, settled.sent_at, settled.last_code, settled.last_text) == (
        "sent",
        MORNING,
        250,
        "taken",
    )
    assert (settled.lease_until, settled.lease_token) == (None, None)


def test_two_deliveries_at_once_never_hold_the_same_message(any_store: Store) -> None:
    put_many(any_store, 120)
    holders = [holder for holder in "abcd" for _ in range(6)]
    with ThreadPoolExecutor(4) as pool:
        claims = list(pool.map(_claim, repeat(any_store), holders))
    keys = [message.key for messages in claims for message in messages]
    assert sorted(keys) == sorted(f"k{number}" for number in range(120))


@pytest.mark.postgres
def test_on_postgresql_a_delivery_skips_what_another_has_locked(postgres_store: Store) -> None:
    put_all(postgres_store, notice("a"), notice("b"))
    with postgres_store.begin() as session:
        claim(session, at=MORNING, lease=LEASE, limit=1, token="one")
        with postgres_store.begin() as other:
            other.execute(sa.text("SET LOCAL lock_timeout = '1s'"))
            assert [m.key for m in claim(other, at=MORNING, lease=LEASE, limit=9, token="two")] == ["b"]


def test_the_search_for_due_messages_uses_the_index_of_what_is_unsent(store: Store) -> None:
    question = (
        "EXPLAIN QUERY PLAN SELECT id FROM message WHERE sent_at IS NULL AND state = 'queued' "
        "AND not_before <= '2015' ORDER BY not_before, id LIMIT 9"
    )
    with store.begin() as session:
        plan = [str(line[3]) for line in session.execute(sa.text(question))]
    assert len(plan) == 1
    assert "ix_message_unsent (state=? AND not_before<?)" in plan[0]
