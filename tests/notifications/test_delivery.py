"""Delivery: what is owed goes out once, and one bad message hinders nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from engine.clock import FrozenClock
from engine.store import Store
from notifications.compose import Sender
from notifications.delivery import Delivered, DeliverySettings, deliver_due
from notifications.headers import message_id_of
from notifications.leases import claim
from notifications.letters import Letter, Outcome, Result
from notifications.mailer import Carrier, Mailer, MemoryMailer
from notifications.outbox import Severity, resend
from notifications.smtp import Patience, SmtpMailer
from notifications.smtp_settings import SmtpSettings
from notifications.verp import ReturnAddress
from tests.notifications.examples import (
    MORNING,
    SENDER,
    SETTINGS,
    notice,
    put_all,
    put_many,
    read,
    row,
    rows,
    text_of,
)
from tests.notifications.sink import DROP, TAKEN_THEN_DROP, Sink, open_sink


@dataclass
class Post:
    """An outbox with a clock that stands, and a mailer."""

    store: Store
    clock: FrozenClock
    mailer: Mailer

    def deliver(self, settings: DeliverySettings = SETTINGS, **seams: Any) -> Delivered:
        delivering = deliver_due(
            self.store, self.mailer, self.clock, settings=settings, chance=lambda: 0.5, **seams
        )
        return asyncio.run(delivering)

    def deliver_to(self, sink: Sink, settings: DeliverySettings = SETTINGS) -> Delivered:
        async def delivering() -> Delivered:
            async with open_sink(sink):
                mailer = SmtpMailer(SmtpSettings.from_url(sink.url), patience=Patience(5, 5, 5))
                return await deliver_due(
                    self.store, mailer, self.clock, settings=settings, chance=lambda: 0.5
                )

        return asyncio.run(delivering())

    def wait(self, **span: float) -> None:
        self.clock.advance(timedelta(**span))


def _post(store: Store, answer: Callable[[Letter], Outcome] | None = None) -> tuple[Post, MemoryMailer]:
    mailer = MemoryMailer(answer)
    return Post(store, FrozenClock(MORNING), mailer), mailer


def _always(result: Result) -> Callable[[Letter], Outcome]:
    return lambda _letter: Outcome(result, None, "words")


def test_what_is_due_is_sent_once_and_marked(any_store: Store) -> None:
    post, mailer = _post(any_store)
    put_all(any_store, notice(), notice("later", not_before=MORNING + timedelta(hours=1)))
    assert post.deliver() == Delivered(sent=1)
    assert post.deliver() == Delivered()
    (letter,) = mailer.sent
    message = rows(any_store)[notice().key]
    assert (message.state, message.sent_at, message.attempts) == ("sent", MORNING, 1)
    assert (message.rendered, message.message_id) == (letter.content, letter.message_id)
    assert letter.message_id == message_id_of(message.key, sender_address=SENDER.address)
    assert read(letter.content)["To"] == "Bo Adeyemi <bo@trust.example.org>"
    post.wait(hours=1)
    assert post.deliver() == Delivered(sent=1)


def test_each_letter_ends_with_the_link_to_its_own_reason(any_store: Store) -> None:
    post, mailer = _post(any_store)
    put_many(any_store, 2)
    post.deliver(replace(SETTINGS, explained_at="https://audits.example.org/why"))
    numbers = {message.to_address: message.id for message in rows(any_store).values()}
    assert len(mailer.sent) == 2
    for letter in mailer.sent:
        assert f": https://audits.example.org/why/{numbers[letter.to_address]}\n" in text_of(letter.content)


def test_a_batch_goes_out_over_real_smtp_each_to_its_own_recipient(any_store: Store) -> None:
    post, _ = _post(any_store)
    put_many(any_store, 47)
    sink = Sink()
    assert post.deliver_to(sink) == Delivered(sent=47)
    assert sorted(sink.recipients) == sorted(f"member{n}@trust.example.org" for n in range(47))
    assert sink.connections <= SETTINGS.workers
    stored = {message.rendered for message in rows(any_store).values()}
    assert {letter.content for letter in sink.taken} == stored
    assert all(message.last_text == "taken" for message in rows(any_store).values())


def test_nothing_is_sent_twice_when_two_deliveries_run_at_once(any_store: Store) -> None:
    mailer = MemoryMailer()
    put_many(any_store, 150)

    async def both() -> list[Delivered]:
        clock = FrozenClock(MORNING)
        runs = [deliver_due(any_store, mailer, clock, settings=SETTINGS) for _ in range(3)]
        return await asyncio.gather(*runs)

    tallies = asyncio.run(both())
    assert sum(tally.sent for tally in tallies) == 150
    assert len({letter.message_id for letter in mailer.sent}) == len(mailer.sent) == 150


def test_a_delivery_that_dies_after_taking_a_message_loses_nothing(any_store: Store) -> None:
    post, mailer = _post(any_store)
    put_all(any_store, notice())
    with any_store.begin() as session:
        claim(session, at=MORNING, lease=SETTINGS.lease, limit=9, token="dead")
    assert post.deliver() == Delivered()
    post.clock.advance(SETTINGS.lease)
    assert post.deliver() == Delivered(sent=1, healed=1)
    assert len(mailer.sent) == 1
    assert row(any_store).attempts == 2


def test_a_delivery_that_dies_between_sending_and_writing_repeats_the_same_bytes(store: Store) -> None:
    class Killed(BaseException):
        pass

    def die_after_sending(letter: Letter) -> Outcome:
        sent.append(letter)
        raise Killed

    sent: list[Letter] = []
    put_all(store, notice())
    post, _ = _post(store, die_after_sending)
    with pytest.raises(Killed):
        post.deliver(replace(SETTINGS, workers=1))
    assert row(store).state == "sending"
    again, mailer = _post(store)
    again.clock.move_to(MORNING + SETTINGS.lease)
    assert again.deliver() == Delivered(sent=1, healed=1)
    assert mailer.sent == sent


def test_every_retry_sends_the_same_bytes(store: Store) -> None:
    answers = iter([Outcome(Result.LATER, 451, "greylisted"), Outcome(Result.SENT)])
    post, mailer = _post(store, lambda _letter: next(answers))
    put_all(store, notice())
    assert post.deliver() == Delivered(later=1)
    waiting = row(store)
    assert (waiting.state, waiting.last_code, waiting.last_text) == ("queued", 451, "greylisted")
    assert post.deliver() == Delivered()
    post.wait(minutes=1)
    assert post.deliver(replace(SETTINGS, sender=Sender("Renamed", SENDER.address))) == Delivered(sent=1)
    assert mailer.tried[0].content == mailer.tried[1].content


def test_a_message_is_tried_with_growing_waits_until_72_hours_have_passed(store: Store) -> None:
    post, mailer = _post(store, _always(Result.LATER))
    put_all(store, notice())
    while row(store).state == "queued":
        post.clock.move_to(row(store).not_before)
        post.deliver()
    assert row(store).state == "failed"
    assert post.clock.now() == MORNING + timedelta(hours=72)
    assert len(mailer.tried) == row(store).attempts == 23


def test_a_failed_message_goes_out_when_the_coordinator_asks(store: Store) -> None:
    answers = iter([Outcome(Result.REJECTED, 554, "spam")])
    post, mailer = _post(store, lambda _letter: next(answers, Outcome(Result.SENT)))
    put_all(store, notice())
    assert post.deliver() == Delivered(failed=1)
    with store.begin() as session:
        resend(session, key=notice().key, at=MORNING)
    assert post.deliver() == Delivered(sent=1)
    assert mailer.tried[0] == mailer.tried[1]


def test_a_refused_address_fails_alone_and_asks_to_be_noted(any_store: Store) -> None:
    post, _ = _post(any_store)
    put_many(any_store, 5)
    bad = "member3@trust.example.org"
    assert post.deliver_to(Sink(addresses={bad: "550 no such person"})) == Delivered(sent=4, failed=1)
    failed = rows(any_store)["k3"]
    assert (failed.state, failed.last_code, failed.last_text) == ("failed", 550, "no such person")
    assert [key for key, message in rows(any_store).items() if message.address_refused] == ["k3"]


def test_a_refusal_that_names_no_reason_fails_and_says_nothing_of_the_address(store: Store) -> None:
    post, _ = _post(store)
    put_many(store, 5)
    bad = "member3@trust.example.org"
    assert post.deliver_to(Sink(addresses={bad: "550 no"})) == Delivered(sent=4, failed=1)
    assert not rows(store)["k3"].address_refused


@pytest.mark.parametrize("answer", ["530 5.7.0 sign in first", "550 5.7.1 relaying denied"])
def test_one_recipient_that_is_denied_to_us_waits_and_stops_nobody(store: Store, answer: str) -> None:
    post, _ = _post(store)
    put_many(store, 5)
    bad = "member3@trust.example.org"
    assert post.deliver_to(Sink(addresses={bad: answer})) == Delivered(sent=4, later=1)
    waiting = rows(store)["k3"]
    assert (waiting.state, waiting.attempts, waiting.address_refused) == ("queued", 1, False)
    post.wait(minutes=1)
    assert post.deliver_to(Sink()) == Delivered(sent=1)


def test_a_lone_refusal_is_believed_where_its_status_speaks_for_itself(store: Store) -> None:
    post, _ = _post(store)
    put_all(store, notice())
    assert post.deliver_to(Sink(always={"RCPT": "550 5.1.1 unknown"})) == Delivered(failed=1)
    assert row(store).address_refused


@pytest.mark.parametrize("answer", ["550 no such user", "550 no"])
def test_a_lone_refusal_in_words_is_not_believed_until_somebody_is_accepted(
    store: Store, answer: str
) -> None:
    post, _ = _post(store)
    put_all(store, notice())
    assert post.deliver_to(Sink(always={"RCPT": answer})) == Delivered(later=1)
    assert (row(store).state, row(store).address_refused) == ("queued", False)
    post.wait(minutes=1)
    put_all(store, notice("another", to_address="nell@trust.example.org"), at=post.clock.now())
    accepting = Sink(addresses={"bo@trust.example.org": answer})
    assert post.deliver_to(accepting) == Delivered(sent=1, failed=1)
    assert rows(store)[notice().key].address_refused == (answer == "550 no such user")


@pytest.mark.parametrize("number", [1, 2, 3, 30])
def test_a_server_that_relays_for_nobody_fails_nothing(store: Store, number: int) -> None:
    post, _ = _post(store)
    put_many(store, number)
    tally = post.deliver_to(Sink(always={"RCPT": "554 5.7.1 relay access denied"}))
    assert (tally.sent, tally.failed) == (0, 0)
    assert "relay access denied" in tally.trouble
    assert {(message.state, message.address_refused) for message in rows(store).values()} == {
        ("queued", False)
    }


def test_a_server_that_knows_nobody_any_more_is_not_believed(store: Store) -> None:
    post, _ = _post(store)
    put_many(store, 30)
    lost = Sink(script={"RCPT": [None] * 5}, always={"RCPT": "550 5.1.1 user unknown"})
    tally = post.deliver_to(lost, replace(SETTINGS, workers=1))
    assert (tally.sent, tally.failed) == (5, 0)
    assert tally.trouble == "the mail server refuses everybody: 5.1.1 user unknown"
    assert not any(message.address_refused for message in rows(store).values())


def test_when_everybody_is_refused_it_is_about_us(store: Store) -> None:
    post, _ = _post(store)
    put_many(store, 30)
    tally = post.deliver_to(Sink(always={"RCPT": "550 relaying denied"}), replace(SETTINGS, workers=1))
    assert (tally.sent, tally.failed, tally.put_back) == (0, 0, 20)
    assert tally.trouble == "the mail server refuses everybody: relaying denied"
    messages = rows(store).values()
    assert {message.state for message in messages} == {"queued"}
    assert {message.attempts for message in messages} == {0}
    # Those that were tried wait, so that the next run begins with others.
    assert sum(message.not_before > MORNING for message in messages) == 3


def test_a_refusal_is_believed_when_the_others_were_accepted(store: Store) -> None:
    post, _ = _post(store)
    put_many(store, 6)
    bad = [f"member{n}@trust.example.org" for n in (0, 1, 4, 5)]
    tally = post.deliver_to(Sink(addresses=dict.fromkeys(bad, "550 no")), replace(SETTINGS, workers=1))
    assert tally == Delivered(sent=2, failed=4)
    assert not any(message.address_refused for message in rows(store).values())


@pytest.mark.parametrize("answer", ["530 sign in first", "535 wrong password", "550 you may not send"])
def test_a_server_that_does_not_want_us_stops_the_run_and_costs_no_attempt(store: Store, answer: str) -> None:
    post, _ = _post(store)
    put_many(store, 30)
    tally = post.deliver_to(Sink(always={"MAIL": answer}))
    assert (tally.sent, tally.failed, tally.later) == (0, 0, 0)
    assert tally.trouble == f"the mail server does not take mail from us: {answer[4:]}"
    assert all((m.state, m.attempts, m.not_before) == ("queued", 0, MORNING) for m in rows(store).values())
    assert post.deliver_to(Sink()) == Delivered(sent=30)


def test_a_server_that_is_away_stops_the_run_and_costs_no_attempt(store: Store) -> None:
    post, _ = _post(store)
    put_many(store, 30)
    tally = post.deliver_to(Sink(always={"BANNER": DROP}))
    assert tally.trouble.startswith("the mail server cannot be reached")
    assert (tally.sent, tally.later, tally.failed) == (0, 0, 0)
    assert {(m.state, m.attempts, m.first_try_at) for m in rows(store).values()} == {("queued", 0, None)}


def test_a_worker_that_gets_no_connection_leaves_the_work_to_the_others(store: Store) -> None:
    post, _ = _post(store)
    put_many(store, 30)
    sink = Sink(script={"BANNER": [None, "421 one connection is enough for you"]})
    tally = post.deliver_to(sink)
    assert (tally.sent, tally.put_back, tally.trouble) == (30, 1, "")


@pytest.mark.parametrize("answer", [DROP, TAKEN_THEN_DROP])
def test_a_reminder_of_unknown_fate_is_sent_once_more_with_the_same_message_id(
    store: Store, answer: str
) -> None:
    post, _ = _post(store)
    put_all(store, notice())
    sink = Sink(script={"END": [answer]})
    assert post.deliver_to(sink) == Delivered(uncertain=1)
    assert row(store).state == "queued"
    post.wait(minutes=15)
    assert post.deliver_to(sink) == Delivered(sent=1)
    assert len(sink.taken) == (2 if answer == TAKEN_THEN_DROP else 1)
    assert len({letter.content for letter in sink.taken}) == 1


def test_a_decision_of_unknown_fate_waits_for_the_coordinator(store: Store) -> None:
    post, _ = _post(store, _always(Result.UNCERTAIN))
    put_all(store, notice(severity=Severity.DECISION))
    assert post.deliver() == Delivered(uncertain=1)
    assert (row(store).state, row(store).last_text) == ("uncertain", "words")
    post.wait(days=1)
    assert post.deliver() == Delivered()


def test_each_message_comes_back_to_an_address_of_its_own_and_the_bytes_stay_the_same(store: Store) -> None:
    answers = iter([Outcome(Result.LATER, 451, "greylisted"), Outcome(Result.SENT)])
    returns = ReturnAddress("bounces@audit.example", "the long secret of an installation in a test")
    post, mailer = _post(store, lambda _letter: next(answers))
    put_all(store, notice())
    for _ in range(2):
        post.deliver(replace(SETTINGS, returns=returns))
        post.wait(minutes=1)
    first, second = mailer.tried
    assert first == second
    assert first.from_address == returns.of(row(store).id, "bo@trust.example.org")
    assert read(first.content)["From"] == f"{SENDER.name} <{SENDER.address}>"
    assert b"bounces" not in first.content


def test_nothing_is_sent_to_an_address_that_is_dead(any_store: Store) -> None:
    post, mailer = _post(any_store)
    put_many(any_store, 3)
    dead = {(1, "member0@trust.example.org"), (2, "member1@trust.example.org")}
    assert post.deliver(dead=lambda _session: dead) == Delivered(sent=2, failed=1)
    assert "member0@trust.example.org" not in [letter.to_address for letter in mailer.tried]
    failed = rows(any_store)["k0"]
    assert (failed.state, failed.last_text) == ("failed", "not sent: mail to this address has come back")


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"template": "unknown"}, "no mail template 'unknown'"),
        ({"to_address": "nobody"}, "is not an e-mail address"),
        ({"to_address": "bo@x.org\r\nBcc: eve@example.com"}, "is not an e-mail address"),
        ({"context": {}}, "full https"),
        ({"context": {"link": "https://x.org"}}, "UndefinedError"),
    ],
)
def test_a_message_of_which_no_letter_can_be_made_is_parked_alone(
    store: Store, broken: dict[str, Any], words: str
) -> None:
    post, mailer = _post(store)
    put_all(store, notice("good"), notice("bad", **broken), notice("also good"))
    assert post.deliver() == Delivered(sent=2, failed=1)
    parked = rows(store)["bad"]
    assert (parked.state, parked.rendered) == ("failed", None)
    assert words in str(parked.last_text)
    assert len(mailer.sent) == 2


def test_a_context_that_cannot_be_read_parks_its_message(store: Store) -> None:
    post, _ = _post(store)
    put_all(store, notice("good"), notice("bad"))
    with store.begin() as session:
        session.execute(sa.text("UPDATE message SET context = '{' WHERE key = 'bad'"))
    assert post.deliver() == Delivered(sent=1, failed=1)


def test_a_fault_in_a_mailer_parks_its_message_alone(store: Store) -> None:
    def answer(letter: Letter) -> Outcome:
        if letter.to_address.startswith("member1@"):
            raise RuntimeError("a fault of ours")
        return Outcome(Result.SENT)

    post, _ = _post(store, answer)
    put_many(store, 4)
    assert post.deliver() == Delivered(sent=3, failed=1)
    assert rows(store)["k1"].last_text == "RuntimeError: a fault of ours"


def test_when_settling_fails_nothing_more_is_sent(store: Store) -> None:
    def answer(_letter: Letter) -> Outcome:
        if len(mailer.tried) == 1:
            with store.begin() as session:
                session.execute(sa.text("ALTER TABLE message RENAME COLUMN last_text TO lost"))
        return Outcome(Result.SENT)

    post, mailer = _post(store, answer)
    put_many(store, 200)
    with pytest.raises(OperationalError):
        post.deliver(replace(SETTINGS, workers=1, settle_within=0))
    assert len(mailer.tried) < 200


def test_a_run_is_bounded(store: Store) -> None:
    post, _ = _post(store)
    put_many(store, 25)
    assert post.deliver(replace(SETTINGS, at_most=12)) == Delivered(sent=12)
    assert post.deliver(replace(SETTINGS, at_most=12)) == Delivered(sent=12)
    assert post.deliver(replace(SETTINGS, at_most=12)) == Delivered(sent=1)


def test_a_run_that_is_asked_to_stop_finishes_its_letter_and_puts_the_others_back(store: Store) -> None:
    post, mailer = _post(store)
    put_many(store, 8)
    tally = post.deliver(replace(SETTINGS, workers=1), stopping=lambda: len(mailer.sent) >= 3)
    assert (tally.sent, tally.put_back) == (3, 5)
    assert sorted({message.state for message in rows(store).values()}) == ["queued", "sent"]
    assert post.deliver() == Delivered(sent=5)


def test_a_letter_is_not_begun_when_its_lease_might_run_out_under_way(store: Store) -> None:
    def answer(_letter: Letter) -> Outcome:
        post.clock.advance(timedelta(minutes=2))
        return Outcome(Result.SENT)

    post, mailer = _post(store, answer)
    put_many(store, 5)
    # The lease leaves three minutes in which a letter may be begun.
    assert post.deliver(replace(SETTINGS, workers=1)) == Delivered(sent=2, put_back=3)
    assert post.deliver(replace(SETTINGS, workers=1)) == Delivered(sent=2, put_back=1)
    assert post.deliver(replace(SETTINGS, workers=1)) == Delivered(sent=1)
    assert len(mailer.sent) == 5


def test_the_rate_may_be_limited(store: Store) -> None:
    async def timed() -> float:
        loop = asyncio.get_running_loop()
        start = loop.time()
        settings = replace(SETTINGS, per_minute=3000)
        await deliver_due(store, MemoryMailer(), FrozenClock(MORNING), settings=settings)
        return loop.time() - start

    put_many(store, 6)
    assert asyncio.run(timed()) >= 5 * 0.02


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sender": Sender("Audits", "nowhere")}, "is not an e-mail address"),
        ({"longest_send": timedelta(minutes=20)}, "longer than the longest"),
        ({"workers": 0}, "from 1"),
        ({"per_minute": -1}, "from 1"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(SETTINGS, **changes)


def test_each_worker_closes_its_carrier(store: Store) -> None:
    class Counting(MemoryMailer):
        opened = closed = 0

        def carrier(self) -> Carrier:
            self.opened += 1
            return self

        async def close(self) -> None:
            self.closed += 1

    mailer = Counting()
    put_many(store, 3)
    Post(store, FrozenClock(MORNING), mailer).deliver()
    assert mailer.opened == mailer.closed == SETTINGS.workers
