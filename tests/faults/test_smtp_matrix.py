"""Every fault of a mail server at every stage: nothing owed is lost, nothing arrives twice but where nobody could know."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from email.parser import BytesHeaderParser
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from assurance.tables import METADATA
from engine.clock import FrozenClock
from engine.store import Store, open_store
from notifications.delivery import deliver_due
from notifications.outbox import Message, Severity, State
from notifications.smtp import Patience, SmtpMailer
from notifications.smtp_settings import SmtpSettings
from tests.faults.installation import LEASE, LONGEST_WAIT
from tests.faults.sizes import is_long, rounds
from tests.notifications.conftest import Certificate, made_certificate
from tests.notifications.examples import MORNING, SETTINGS, notice, put_all, rows
from tests.notifications.sink import (
    DROP,
    GARBAGE,
    HANG,
    SLOW,
    TAKEN_THEN_DROP,
    TAKEN_THEN_HANG,
    Sink,
    open_sink,
)

pytestmark = pytest.mark.faults

STAGES = ("BANNER", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "END")
CODES = (421, 451, 452, 530, 535, 550, 552, 554)
ACTS = (DROP, HANG, GARBAGE, SLOW)
AFTER_THE_LAST_DOT = (TAKEN_THEN_DROP, TAKEN_THEN_HANG)
PATIENCE = Patience(opening=0.3, envelope=0.3, last_answer=0.3)
CROWD = 50  # letters in the long run, three in the check
USUAL = {"EHLO": "250-sink\r\n250 AUTH PLAIN", "AUTH": "235 ok"}
# What a server says for good of one letter, while it takes the others.
FOR_GOOD = {("RCPT", 550), ("RCPT", 554)} | {
    (stage, code) for stage in ("DATA", "END") for code in (550, 554)
}


class Fault(NamedTuple):
    """What the server says at a stage: to the first letter only, or to all until it has recovered."""

    stage: str
    answer: str
    hits_all: bool

    @property
    def code(self) -> int:
        """Give the code of the answer; 0 where it is none."""
        return int(self.answer[:3]) if self.answer[:3].isdigit() else 0

    @property
    def is_in_doubt(self) -> bool:
        """Say whether nobody can know what became of a letter."""
        return self.stage == "END" and self.answer in (DROP, HANG, GARBAGE, *AFTER_THE_LAST_DOT)

    def expected(self, number: int, severity: str) -> State:
        """Say what becomes in the end of a letter: the first is hit, or all of them are."""
        is_hit = number == 0 or self.hits_all
        if is_hit and self.is_in_doubt and severity == Severity.DECISION:
            return State.UNCERTAIN
        if (
            is_hit
            and not self.hits_all
            and ((self.stage, self.code) in FOR_GOOD or self.is_for_good_at_the_end)
        ):
            return State.FAILED
        return State.SENT

    @property
    def is_for_good_at_the_end(self) -> bool:
        """Say whether the server refuses what it has read, for its size."""
        return self.stage == "END" and self.code == 552


WORDS = {code: f"{code} 4.0.0 words" for code in CODES}
ALL = [
    Fault(stage, answer, hits_all)
    for stage, answer, hits_all in [
        *product(STAGES, (*WORDS.values(), *ACTS), (False, True)),
        *product(("END",), AFTER_THE_LAST_DOT, (False, True)),
    ]
]
# What the check plays: every stage, every code, every act.
CHOSEN = {
    "BANNER": (DROP, HANG, GARBAGE, WORDS[421], WORDS[554]),
    "EHLO": (WORDS[421], WORDS[554]),
    "AUTH": (WORDS[535], WORDS[421]),
    "MAIL": (WORDS[451], WORDS[530], WORDS[550]),
    "RCPT": (WORDS[421], WORDS[452], WORDS[530], WORDS[550], WORDS[552]),
    "DATA": (WORDS[451], WORDS[554], DROP),
    "END": (WORDS[452], WORDS[554], HANG, SLOW, *AFTER_THE_LAST_DOT),
}
CHECKED = [
    Fault(stage, answer, hits_all=number % 2 == 0)
    for stage, answers in CHOSEN.items()
    for number, answer in enumerate(answers)
]


@dataclass(frozen=True, slots=True)
class Post:
    """An outbox of which the letters are to go through a server with faults."""

    store: Store
    clock: FrozenClock
    certificate: Certificate

    def owes(self, letters: int, first: str) -> None:
        """Owe so many letters, each to somebody else; the first is of a severity, the others in turn."""
        severities = [first, Severity.ESCALATION, Severity.DECISION, Severity.REMINDER]
        many = [
            notice(f"letter {number}", severity=severities[number % 4], to_address=f"p{number}@x.org")
            for number in range(letters)
        ]
        put_all(self.store, *many)

    def delivers_through(self, fault: Fault) -> Sink:
        """Deliver while the fault lasts, and after it until two leases and the longest wait have passed."""
        sink = Sink(always=dict(USUAL))
        if fault.hits_all:
            sink.always = {**USUAL, fault.stage: fault.answer}
        else:
            sink.script = {fault.stage: [fault.answer]}
        asyncio.run(self._deliver(sink, fault))
        return sink

    async def _deliver(self, sink: Sink, fault: Fault) -> None:
        tls = fault.stage == "AUTH"
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if tls else None
        if context is not None:
            context.load_cert_chain(self.certificate.certificate, self.certificate.key)
        async with open_sink(sink, tls=context):
            url = (
                f"smtps://us:secret@127.0.0.1:{sink.port}?ca={self.certificate.certificate}"
                if tls
                else sink.url
            )
            mailer = SmtpMailer(SmtpSettings.from_url(url), patience=PATIENCE)
            for after in (timedelta(), LEASE, LEASE, LONGEST_WAIT):
                self.clock.advance(after)
                # One worker, so that it is known which letter is the first.
                settings = replace(SETTINGS, workers=1)
                await deliver_due(self.store, mailer, self.clock, settings=settings, chance=lambda: 0.5)
                sink.always = dict(USUAL)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate that only those trust who are told to."""
    return made_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def outbox(memory: Path) -> Iterator[Store]:
    """An outbox for all cases, each of which begins with an empty one."""
    store = open_store(memory / "outbox.sqlite")
    METADATA.create_all(store.db)
    yield store
    store.close()


@pytest.fixture
def post(outbox: Store, certificate: Certificate) -> Post:
    """The empty outbox on a Monday morning."""
    with outbox.begin() as session:
        session.execute(sa.delete(Message))
    return Post(outbox, FrozenClock(MORNING), certificate)


def _name(fault: Fault) -> str:
    return f"{fault.stage} {fault.answer.partition(' ')[0]} {'all' if fault.hits_all else 'once'}"


@pytest.mark.parametrize("fault", ALL if is_long() else CHECKED, ids=_name)
def test_whatever_the_server_says_no_letter_is_lost_and_none_is_doubled_without_doubt(
    post: Post, fault: Fault
) -> None:
    def one(chance: random.Random) -> None:
        with post.store.begin() as session:
            session.execute(sa.delete(Message))
        post.owes(
            CROWD if is_long() else 3,
            chance.choice((Severity.REMINDER, Severity.DECISION)) if fault.is_in_doubt else Severity.NEWS,
        )
        sink = post.delivers_through(fault)
        messages = list(rows(post.store).values())
        assert [(one.key, one.state) for one in messages] == [
            (one.key, fault.expected(number, one.severity)) for number, one in enumerate(messages)
        ]
        _holds_what_was_promised(messages, sink)

    rounds("a fault of a mail server", one)


def test_a_port_at_which_nobody_listens_costs_nothing_but_time(post: Post) -> None:
    post.owes(3, Severity.REMINDER)
    sink = Sink()

    async def deliver() -> None:
        async with open_sink(sink):
            pass
        mailer = SmtpMailer(SmtpSettings.from_url(sink.url), patience=PATIENCE)
        done = await deliver_due(post.store, mailer, post.clock, settings=SETTINGS)
        assert "cannot be reached" in done.trouble

    asyncio.run(deliver())
    assert {(one.state, one.attempts) for one in rows(post.store).values()} == {(State.QUEUED, 0)}
    sink = post.delivers_through(Fault("EHLO", USUAL["EHLO"], hits_all=False))
    assert {one.state for one in rows(post.store).values()} == {State.SENT}
    _holds_what_was_promised(list(rows(post.store).values()), sink)


def _holds_what_was_promised(messages: list[Message], sink: Sink) -> None:
    """No letter that is held for sent never arrived; a second copy only after a doubt, and always the same letter."""
    read = BytesHeaderParser().parsebytes
    copies = Counter(read(letter.content)["Message-ID"] for letter in sink.taken)
    assert len({letter.content for letter in sink.taken}) == len(copies)
    for message in messages:
        arrived = copies.pop(message.message_id, 0)
        assert arrived <= 1 + message.doubts, message.key
        assert arrived >= (message.state == State.SENT), message.key
    assert not copies
