"""The outbox: one message for one key, in the transaction that causes it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine.store import Store
from notifications.leases import claim
from notifications.outbox import State, counts, put, resend, withdraw
from tests.notifications.examples import MORNING, notice, put_all, row, rows


def test_a_notice_becomes_a_queued_message_that_knows_what_caused_it(any_store: Store) -> None:
    put_all(any_store, notice())
    message = row(any_store)
    assert (message.state, message.attempts, message.doubts) == ("queued", 0, 0)
    assert (message.created_at, message.not_before) == (MORNING, MORNING)
    assert (message.cause, message.person_ref, message.thread) == ("action/12 line 4", "person/3", "audit/2")
    assert message.rendered is None
    assert '"ref":"action/12"' in message.context


def test_the_same_key_twice_is_one_message(any_store: Store) -> None:
    put_all(any_store, notice("a"), notice("b"), notice("a", to_name="Somebody else"))
    put_all(any_store, notice("b"), notice("c"))
    assert list(rows(any_store)) == ["a", "b", "c"]
    assert rows(any_store)["a"].to_name == "Bo Adeyemi"


def test_a_change_that_is_rolled_back_leaves_no_message(any_store: Store) -> None:
    def change_of_mind() -> None:
        with any_store.begin() as session:
            put(session, [notice()], at=MORNING)
            raise LookupError

    with pytest.raises(LookupError):
        change_of_mind()
    assert rows(any_store) == {}


def test_many_notices_go_in_few_statements_and_none_in_no_statement(any_store: Store) -> None:
    put_all(any_store)
    put_all(any_store, *(notice(f"k{number}") for number in range(60)))
    assert len(rows(any_store)) == 60


def test_every_instant_is_kept_in_the_one_shape_that_sorts(store: Store) -> None:
    put_all(store, *(notice(f"k{number}") for number in range(3)))
    with store.begin() as session:
        shapes = session.execute(
            sa.text("SELECT DISTINCT length(created_at), length(not_before) FROM message")
        )
        assert [tuple(shape) for shape in shapes] == [(27, 27)]


def test_a_notice_may_wait_for_its_hour(store: Store) -> None:
    later = MORNING + timedelta(hours=3)
    put_all(store, notice(not_before=later))
    assert row(store).not_before == later


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_that_could_not_be_kept_is_refused(store: Store, key: str) -> None:
    with pytest.raises(ValueError, match="1 to 200 characters"):
        put_all(store, notice(key))


def test_what_is_no_longer_so_is_withdrawn_once_with_its_reason(any_store: Store) -> None:
    put_all(any_store, notice("a"))
    with any_store.begin() as session:
        assert withdraw(session, key="a", reason="the date was moved", at=MORNING)
        assert not withdraw(session, key="a", reason="again", at=MORNING)
        assert not withdraw(session, key="unknown", reason="again", at=MORNING)
    assert (row(any_store).state, row(any_store).last_text) == ("withdrawn", "the date was moved")


def test_a_message_on_the_wire_is_not_withdrawn(store: Store) -> None:
    put_all(store, notice("a"))
    with store.begin() as session:
        claim(session, at=MORNING, lease=timedelta(minutes=5), limit=9, token="t")
        assert not withdraw(session, key="a", reason="too late", at=MORNING)


def test_a_failed_message_is_sent_again_when_somebody_asks(any_store: Store) -> None:
    put_all(any_store, notice("a"))
    change = sa.text("UPDATE message SET state = 'failed', attempts = 4, doubts = 1")
    with any_store.begin() as session:
        session.execute(change)
        assert resend(session, key="a", at=MORNING)
        assert not resend(session, key="a", at=MORNING)
    message = row(any_store)
    assert (message.state, message.attempts, message.doubts) == ("queued", 0, 0)
    assert message.first_try_at is None


def test_messages_are_counted_by_state_for_each_group(any_store: Store) -> None:
    put_all(any_store, notice("a"), notice("b"), notice("c", group_id=2))
    with any_store.begin() as session:
        withdraw(session, key="a", reason="moved", at=MORNING)
        numbers = counts(session, group_id=1)
    assert numbers == dict.fromkeys(State, 0) | {"queued": 1, "withdrawn": 1}
