"""The last question before a message goes: held messages wait, overtaken ones are withdrawn, some are worded only now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from engine.clock import FrozenClock
from engine.store import Store
from notifications.delivery import Delivered, deliver_due
from notifications.leases import Claimed, claim
from notifications.letters import Letter, Outcome, Result
from notifications.mailer import MemoryMailer
from notifications.review import Answer, Goes, HeldBack, Overtaken, Review
from tests.notifications.examples import (
    MORNING,
    SETTINGS,
    context,
    notice,
    put_all,
    put_many,
    row,
    rows,
    text_of,
)

UNTIL = MORNING + timedelta(days=3)


class Post:
    """An outbox whose messages are asked about by one review."""

    def __init__(self, store: Store, answer: Callable[[Letter], Outcome] | None = None) -> None:
        self.store = store
        self.clock = FrozenClock(MORNING)
        self.mailer = MemoryMailer(answer)

    def deliver(self, review: Review) -> Delivered:
        """Hand over what is due."""
        delivering = deliver_due(
            self.store, self.mailer, self.clock, settings=SETTINGS, review=review, chance=lambda: 0.5
        )
        return asyncio.run(delivering)


def always(answer: Answer) -> Review:
    """Answer alike for every message."""
    return lambda _session, messages, _at: {message.id: answer for message in messages}


def by_key(**answers: Answer) -> Review:
    """Answer for the messages of these keys, and for no other."""

    def review(_session: Session, messages: Sequence[Claimed], _at: datetime) -> Mapping[int, Answer]:
        return {message.id: answers[message.key] for message in messages if message.key in answers}

    return review


def test_what_is_overtaken_is_withdrawn_with_its_reason_and_not_sent(any_store: Store) -> None:
    post = Post(any_store)
    put_many(any_store, 3)
    gone = Overtaken("Action 12 was verified.")
    assert post.deliver(by_key(k0=gone, k2=gone)) == Delivered(sent=1, withdrawn=2)
    assert [letter.to_address for letter in post.mailer.tried] == ["member1@trust.example.org"]
    withdrawn = rows(any_store)["k0"]
    assert (withdrawn.state, withdrawn.last_text) == ("withdrawn", "Action 12 was verified.")
    assert withdrawn.rendered is None


def test_the_question_is_asked_once_for_a_batch_where_it_may_write(any_store: Store) -> None:
    asked: list[list[str]] = []

    def review(session: Session, messages: Sequence[Claimed], at: datetime) -> Mapping[int, Answer]:
        session.execute(sa.text("UPDATE message SET subject = 'Written in the same transaction'"))
        asked.append([message.key for message in messages])
        assert at == MORNING
        return {}

    put_many(any_store, 4)
    assert Post(any_store).deliver(review) == Delivered(sent=4)
    assert asked == [["k0", "k1", "k2", "k3"]]
    assert {one.subject for one in rows(any_store).values()} == {"Written in the same transaction"}


def test_what_is_held_back_waits_and_costs_no_attempt(any_store: Store) -> None:
    post = Post(any_store)
    put_all(any_store, notice())
    assert post.deliver(always(HeldBack(UNTIL, "Mail rests."))) == Delivered(held=1)
    waiting = row(any_store)
    assert (waiting.state, waiting.not_before, waiting.last_text) == ("queued", UNTIL, "Mail rests.")
    assert (waiting.attempts, waiting.first_try_at, waiting.rendered) == (0, None, None)
    post.clock.move_to(UNTIL - timedelta(seconds=1))
    assert post.deliver(always(Goes())) == Delivered()
    post.clock.move_to(UNTIL)
    assert post.deliver(always(Goes())) == Delivered(sent=1)


def test_the_time_for_which_a_retry_is_held_is_none_of_its_72_hours(store: Store) -> None:
    post = Post(store, lambda _letter: Outcome(Result.LATER, 451, "greylisted"))
    put_all(store, notice())
    post.deliver(always(Goes()))
    post.clock.move_to(row(store).not_before)
    until = post.clock.now() + timedelta(days=4)
    assert post.deliver(always(HeldBack(until, "Mail rests over Easter."))) == Delivered(held=1)
    assert (row(store).attempts, row(store).first_try_at) == (1, MORNING + timedelta(days=4))
    post.clock.move_to(until)
    assert post.deliver(always(Goes())) == Delivered(later=1)
    assert (row(store).state, row(store).attempts) == ("queued", 2)


def test_a_letter_is_worded_only_now_and_what_it_says_is_kept(any_store: Store) -> None:
    post = Post(any_store)
    put_all(any_store, notice(context={}))
    now = Goes(context(said="Three things wait for you"))
    assert post.deliver(always(now)) == Delivered(sent=1)
    assert "Three things wait for you" in text_of(post.mailer.sent[0].content)
    assert "Three things wait for you" in row(any_store).context


def test_what_has_bytes_is_never_worded_again(store: Store) -> None:
    answers = iter([Outcome(Result.LATER, 451, "greylisted"), Outcome(Result.SENT)])
    post = Post(store, lambda _letter: next(answers))
    put_all(store, notice())
    post.deliver(always(Goes(context(said="First words"))))
    post.clock.advance(timedelta(minutes=1))
    post.deliver(always(Goes(context(said="Other words"))))
    first, second = post.mailer.tried
    assert first.content == second.content
    assert "Other words" not in row(store).context


def test_a_delivery_killed_between_wording_and_storing_the_bytes_is_worded_again(any_store: Store) -> None:
    put_all(any_store, notice(context={}))
    with any_store.begin() as session:
        # The first delivery takes the message, words it, and dies before any bytes are stored.
        [taken] = claim(session, at=MORNING, lease=SETTINGS.lease, limit=1, token="dead")
        session.execute(sa.text('UPDATE message SET context = \'{"said": "lost"}\''))
    assert taken.rendered is None
    post = Post(any_store)
    post.clock.advance(SETTINGS.lease)
    assert post.deliver(always(Goes(context(said="Worded again")))) == Delivered(sent=1, healed=1)
    assert "Worded again" in text_of(post.mailer.sent[0].content)


def test_a_context_that_is_no_plain_data_parks_its_message_alone(store: Store) -> None:
    put_many(store, 3)
    post = Post(store)
    assert post.deliver(by_key(k1=Goes({"said": object()}))) == Delivered(sent=2, failed=1)
    assert "TypeError" in str(rows(store)["k1"].last_text)


def test_a_message_that_cannot_be_judged_is_parked_alone(any_store: Store) -> None:
    def review(session: Session, messages: Sequence[Claimed], _at: datetime) -> Mapping[int, Answer]:
        if any(message.key == "k1" for message in messages):
            raise KeyError("nobody knows")
        if any(message.key == "k2" for message in messages):
            session.execute(sa.text("INSERT INTO message (key) VALUES (NULL)"))
        return {}

    put_many(any_store, 4)
    assert Post(any_store).deliver(review) == Delivered(sent=2, failed=2)
    assert {key for key, one in rows(any_store).items() if one.state == "failed"} == {"k1", "k2"}


def test_what_a_failed_question_has_written_is_undone(any_store: Store) -> None:
    calls = iter(range(10))

    def review(session: Session, _messages: Sequence[Claimed], _at: datetime) -> Mapping[int, Answer]:
        session.execute(sa.text("UPDATE message SET subject = subject || '!'"))
        if next(calls) == 0:
            raise KeyError("the batch as a whole")
        return {}

    put_many(any_store, 2)
    Post(any_store).deliver(review)
    assert {one.subject for one in rows(any_store).values()} == {"Audit A2-2014!!"}


def test_a_database_that_is_away_fails_the_run_and_blames_no_message(any_store: Store) -> None:
    def review(_session: Session, _messages: Sequence[Claimed], _at: datetime) -> Mapping[int, Answer]:
        raise OperationalError("SELECT 1", {}, Exception("deadlock detected"))

    post = Post(any_store)
    put_many(any_store, 3)
    with pytest.raises(OperationalError):
        post.deliver(review)
    assert post.mailer.tried == []
    left = [(one.state, one.attempts, one.first_try_at) for one in rows(any_store).values()]
    assert left == [("queued", 0, None)] * 3
    assert post.deliver(always(Goes())) == Delivered(sent=3), "at once, and not when the lease has run out"


def test_only_what_is_let_go_fails_at_a_dead_address(store: Store) -> None:
    def review(_session: Session, messages: Sequence[Claimed], _at: datetime) -> Mapping[int, Answer]:
        gone = Overtaken("It is for somebody else by now.")
        return {message.id: gone for message in messages if message.key == "k0"}

    put_many(store, 3)
    post = Post(store)
    delivering = deliver_due(
        store,
        post.mailer,
        post.clock,
        settings=SETTINGS,
        review=review,
        dead=lambda _session: {(1, f"member{number}@trust.example.org") for number in (0, 1)},
    )
    assert asyncio.run(delivering) == Delivered(sent=1, failed=1, withdrawn=1)
    assert {key: one.state for key, one in rows(store).items()} == {
        "k0": "withdrawn",
        "k1": "failed",
        "k2": "sent",
    }
