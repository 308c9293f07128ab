"""Letters over SMTP: real conversations, and every fault has its word."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass
from itertools import product

import pytest
from aiosmtplib import SMTP, SMTPServerDisconnected
from hypothesis import given
from hypothesis import strategies as st

from notifications.dialogue import Dialogue
from notifications.letters import Letter, Outcome, Result
from notifications.smtp import Patience, SmtpMailer
from notifications.smtp_settings import SmtpSettings
from tests.notifications.conftest import Certificate
from tests.notifications.sink import (
    DROP,
    GARBAGE,
    HANG,
    TAKEN_THEN_DROP,
    Postbox,
    Sink,
    open_aiosmtpd,
    open_sink,
)

# aiosmtpd does not know that an encrypted port needs no STARTTLS.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

PATIENCE = Patience(opening=5, envelope=5, last_answer=5)
HASTE = Patience(opening=0.1, envelope=0.1, last_answer=0.1)
CONTENT = b"From: a@b.org\r\nSubject: x\r\n\r\nHello\r\n"


BOTH_WAYS = pytest.mark.parametrize("at_once", [False, True], ids=["word by word", "words at once"])


def _letter(number: int = 0, content: bytes = CONTENT) -> Letter:
    return Letter(
        f"<{number}@board.example.org>", "audits@board.example.org", f"member{number}@x.org", content
    )


def _send(sink: Sink, *letters: Letter, patience: Patience = PATIENCE) -> list[Outcome]:
    """Send letters one after the other over one carrier."""

    async def conversation() -> list[Outcome]:
        async with open_sink(sink):
            carrier = SmtpMailer(SmtpSettings.from_url(sink.url), patience=patience).carrier()
            outcomes = [await carrier.send(letter) for letter in letters]
            await carrier.close()
            await carrier.close()
            return outcomes

    return asyncio.run(conversation())


@BOTH_WAYS
def test_letters_share_a_connection_and_each_has_its_own_envelope(*, at_once: bool) -> None:
    sink = Sink(takes_words_at_once=at_once)
    outcomes = _send(sink, _letter(1), _letter(2), _letter(3))
    assert [outcome.result for outcome in outcomes] == [Result.SENT] * 3
    assert outcomes[0] == Outcome(Result.SENT, 250, "taken")
    assert sink.connections == 1
    assert [letter.recipients for letter in sink.taken] == [
        (f"member{number}@x.org",) for number in (1, 2, 3)
    ]
    assert {letter.sender for letter in sink.taken} == {"audits@board.example.org"}


@given(st.lists(st.sampled_from([b".", b"..", b"a", b"", b".\r", b"QUIT"]), max_size=12))
def test_the_bytes_arrive_as_they_were_stored(lines: list[bytes]) -> None:
    content = b"".join(line.replace(b"\r", b"") + b"\r\n" for line in lines)
    sink = Sink()
    (outcome,) = _send(sink, _letter(content=content))
    assert outcome.result is Result.SENT
    assert [letter.content for letter in sink.taken] == [content or b"\r\n"]


def test_a_letter_without_a_last_line_end_gets_one() -> None:
    sink = Sink()
    _send(sink, _letter(content=b"Subject: x\r\n\r\n.Hello"))
    assert [letter.content for letter in sink.taken] == [b"Subject: x\r\n\r\n.Hello\r\n"]


FOR_GOOD = {
    "MAIL": Result.SENDER_WRONG,
    "RCPT": Result.REFUSED,
    "DATA": Result.REJECTED,
    "END": Result.REJECTED,
}


def _expected(stage: str, code: int) -> Result:
    if code in (530, 535):
        return Result.DENIED if stage == "RCPT" else Result.SENDER_WRONG
    if code == 421:
        return Result.BUSY
    if code < 500 or (code == 552 and stage != "END"):
        return Result.LATER
    return FOR_GOOD[stage]


@pytest.mark.parametrize(
    ("stage", "code"), list(product(FOR_GOOD, [421, 450, 451, 452, 530, 535, 550, 552, 553, 554]))
)
@BOTH_WAYS
def test_every_refusal_has_its_word_and_the_next_letter_a_new_connection(
    stage: str, code: int, *, at_once: bool
) -> None:
    answer = f"{code} 4.2.0 words of the server"
    sink = Sink(takes_words_at_once=at_once, script={stage: [answer, answer if code == 421 else None]})
    refused, sent = _send(sink, _letter(1), _letter(2))
    assert refused == Outcome(_expected(stage, code), code, "4.2.0 words of the server")
    assert sent.result is Result.SENT
    assert sink.recipients == ["member2@x.org"]
    assert sink.connections == (3 if code == 421 else 2)


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ("550 5.1.1 no such person", Result.GONE),
        ("550-5.1.1 The account\r\n550 5.1.1 does not exist", Result.GONE),
        ("550 5.4.1 Recipient address rejected: Access denied.", Result.GONE),
        ("550 Unrouteable address", Result.GONE),
        ("550 5.2.2 mailbox full", Result.LATER),
        ("552 5.2.2 mailbox full", Result.LATER),
        ("550 5.7.1 relaying denied", Result.DENIED),
        ("554 Relay access denied", Result.DENIED),
        ("530 5.7.0 sign in first", Result.DENIED),
        ("550 no", Result.REFUSED),
        ("550 5.3.0 something is wrong here", Result.REFUSED),
    ],
)
@BOTH_WAYS
def test_a_refused_recipient_is_judged_by_status_and_words(
    answer: str, result: Result, *, at_once: bool
) -> None:
    refused, sent = _send(
        Sink(takes_words_at_once=at_once, script={"RCPT": [answer]}), _letter(1), _letter(2)
    )
    assert (refused.result, sent.result) == (result, Result.SENT)


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "END"])
@BOTH_WAYS
def test_421_gets_a_new_connection_at_once(stage: str, *, at_once: bool) -> None:
    sink = Sink(takes_words_at_once=at_once, script={stage: ["421 too many letters here"]})
    (outcome,) = _send(sink, _letter(1))
    assert outcome.result is Result.SENT
    assert (sink.connections, sink.recipients) == (2, ["member1@x.org"])


@pytest.mark.parametrize(("stage", "act"), list(product(["MAIL", "RCPT", "DATA"], [DROP, GARBAGE, HANG])))
@BOTH_WAYS
def test_a_fault_before_the_letter_left_means_later(stage: str, act: str, *, at_once: bool) -> None:
    sink = Sink(takes_words_at_once=at_once, script={stage: [act]})
    outcome, sent = _send(sink, _letter(1), _letter(2), patience=HASTE if act == HANG else PATIENCE)
    assert (outcome.result, outcome.code) == (Result.LATER, None)
    assert outcome.text
    assert sent.result is Result.SENT
    assert sink.recipients == ["member2@x.org"]


@pytest.mark.parametrize("answer", [DROP, GARBAGE, HANG, TAKEN_THEN_DROP, "354 go on", "999 what"])
@BOTH_WAYS
def test_a_fault_after_the_last_dot_is_uncertain(answer: str, *, at_once: bool) -> None:
    sink = Sink(takes_words_at_once=at_once, script={"END": [answer]})
    outcome, sent = _send(sink, _letter(1), _letter(2), patience=HASTE if answer == HANG else PATIENCE)
    assert outcome.result is Result.UNCERTAIN
    assert outcome.text
    assert sent.result is Result.SENT
    assert sink.recipients == (["member1@x.org"] if answer == TAKEN_THEN_DROP else []) + ["member2@x.org"]


@pytest.mark.parametrize("stage", ["RCPT", "DATA"])
@BOTH_WAYS
def test_an_answer_that_makes_no_sense_means_later(stage: str, *, at_once: bool) -> None:
    (outcome,) = _send(Sink(takes_words_at_once=at_once, script={stage: ["220 good morning"]}), _letter(1))
    assert (outcome.result, outcome.code) == (Result.LATER, 220)


@pytest.mark.parametrize(
    ("stage", "answer", "result"),
    [
        ("BANNER", DROP, Result.UNREACHABLE),
        ("BANNER", HANG, Result.UNREACHABLE),
        ("BANNER", GARBAGE, Result.UNREACHABLE),
        ("BANNER", "421 come back", Result.UNREACHABLE),
        ("BANNER", "554 no service for you", Result.SENDER_WRONG),
        ("EHLO", DROP, Result.UNREACHABLE),
        ("EHLO", HANG, Result.UNREACHABLE),
        ("EHLO", "451 come back", Result.UNREACHABLE),
        ("EHLO", "550 who are you", Result.SENDER_WRONG),
    ],
)
def test_a_fault_before_any_letter_is_not_about_a_letter(stage: str, answer: str, result: Result) -> None:
    sink = Sink(script={stage: [answer]})
    outcome, sent = _send(sink, _letter(1), _letter(2), patience=HASTE if answer == HANG else PATIENCE)
    assert outcome.result is result
    assert outcome.text
    assert sent.result is Result.SENT


def test_a_client_whose_connection_is_lost_is_not_written_to() -> None:
    with pytest.raises(SMTPServerDisconnected):
        Dialogue(SMTP())


def test_nobody_listens() -> None:
    async def attempt() -> Outcome:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            url = f"smtp://127.0.0.1:{closed.getsockname()[1]}"
            return await SmtpMailer(SmtpSettings.from_url(url)).carrier().send(_letter())

    outcome = asyncio.run(attempt())
    assert outcome.result is Result.UNREACHABLE
    assert "127.0.0.1" in outcome.text


@pytest.mark.parametrize(
    "patience",
    [Patience(letters=1), Patience(idle=0)],
    ids=["after its number of letters", "after it was idle"],
)
def test_a_connection_is_replaced_in_good_time(patience: Patience) -> None:
    sink = Sink()
    outcomes = _send(sink, _letter(1), _letter(2), patience=patience)
    assert [outcome.result for outcome in outcomes] == [Result.SENT] * 2
    assert sink.connections == 2


@BOTH_WAYS
def test_a_server_that_left_while_nobody_spoke_costs_nothing(*, at_once: bool) -> None:
    sink = Sink(takes_words_at_once=at_once, script={"MAIL": [None, DROP]})
    first, second = _send(sink, _letter(1), _letter(2))
    assert (first.result, second.result) == (Result.SENT, Result.SENT)
    assert sink.connections == 2


def test_a_connection_that_is_known_to_be_lost_is_not_used() -> None:
    async def conversation() -> list[Result]:
        sink = Sink()
        async with open_sink(sink):
            carrier = SmtpMailer(SmtpSettings.from_url(sink.url)).carrier()
            first = await carrier.send(_letter(1))
        lost = await carrier.send(_letter(2))
        return [first.result, lost.result]

    assert asyncio.run(conversation()) == [Result.SENT, Result.UNREACHABLE]


@pytest.mark.parametrize("answer", [DROP, GARBAGE, "500 what?"])
@BOTH_WAYS
def test_a_carrier_takes_leave_whatever_the_server_says(answer: str, *, at_once: bool) -> None:
    sink = Sink(takes_words_at_once=at_once, always={"QUIT": answer})
    (outcome,) = _send(sink, _letter(1))
    assert outcome.result is Result.SENT
    assert sink.seen[-1] == "QUIT"


@dataclass(frozen=True, slots=True)
class _Way:
    """How to talk to aiosmtpd."""

    scheme: str
    credentials: str = ""
    trusted: bool = True
    offered: bool = True
    password: str | None = None


def _over_tls(certificate: Certificate, way: _Way) -> tuple[Outcome, Postbox]:
    async def conversation() -> tuple[Outcome, Postbox]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate.certificate, certificate.key)
        starttls = context if way.scheme == "smtp+starttls" and way.offered else None
        implicit = context if way.scheme == "smtps" else None
        postbox = Postbox()
        async with open_aiosmtpd(
            postbox, starttls=starttls, implicit_tls=implicit, password=way.password
        ) as port:
            ca = f"?ca={certificate.certificate}" if way.trusted else ""
            url = f"{way.scheme}://{way.credentials}127.0.0.1:{port}{ca}"
            carrier = SmtpMailer(SmtpSettings.from_url(url), patience=PATIENCE).carrier()
            outcome = await carrier.send(_letter(1))
            await carrier.close()
            return outcome, postbox

    return asyncio.run(conversation())


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
def test_a_letter_travels_encrypted_and_signed_in(certificate: Certificate, scheme: str) -> None:
    way = _Way(scheme, credentials="audits:s%3Acret%40@", password="s:cret@")
    outcome, postbox = _over_tls(certificate, way)
    assert outcome.result is Result.SENT
    assert [letter["X-RcptTo"] for letter in postbox.kept] == ["member1@x.org"]


def test_words_go_at_once_to_a_server_that_takes_them_so() -> None:
    """A server that says nothing before it has heard all three words gets them all the same."""

    async def hear_first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        await reader.readline()
        writer.write(b"250-sink\r\n250 PIPELINING\r\n")
        await reader.readuntil(b"DATA\r\n")
        writer.write(b"250 sender\r\n250 recip")
        await writer.drain()
        writer.write(b"ient\r\n354-go\r\n354 on\r\n")
        await reader.readuntil(b"\r\n.\r\n")
        writer.write(b"250 taken\r\n")
        await reader.readline()
        writer.close()

    async def conversation() -> Outcome:
        async with await asyncio.start_server(hear_first, "127.0.0.1", 0) as server:
            url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            carrier = SmtpMailer(SmtpSettings.from_url(url), patience=PATIENCE).carrier()
            outcome = await carrier.send(_letter(1))
            await carrier.close()
            return outcome

    assert asyncio.run(conversation()) == Outcome(Result.SENT, 250, "taken")


@BOTH_WAYS
def test_a_connection_on_which_the_server_spoke_unasked_is_used_no_more(*, at_once: bool) -> None:
    sink = Sink(takes_words_at_once=at_once, script={"END": ["250 taken\r\n421 that was enough"]})
    first, second = _send(sink, _letter(1), _letter(2))
    assert (first.result, second.result) == (Result.SENT, Result.SENT)
    assert sink.connections == 2


@BOTH_WAYS
def test_an_answer_that_comes_before_the_letter_is_no_word_about_it(*, at_once: bool) -> None:
    sink = Sink(takes_words_at_once=at_once, script={"DATA": ["354 go on\r\n250 taken"]})
    (outcome,) = _send(sink, _letter(1))
    assert (outcome.result, outcome.code) == (Result.LATER, None)
    assert not sink.taken


@BOTH_WAYS
def test_an_answer_without_end_is_none(*, at_once: bool) -> None:
    sink = Sink(takes_words_at_once=at_once, script={"MAIL": ["250-" + "x" * 100_000]})
    outcome, sent = _send(sink, _letter(1), _letter(2))
    assert (outcome.result, sent.result) == (Result.LATER, Result.SENT)


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
def test_a_certificate_that_nobody_vouches_for_is_not_trusted(certificate: Certificate, scheme: str) -> None:
    outcome, postbox = _over_tls(certificate, _Way(scheme, trusted=False))
    assert outcome.result is Result.UNREACHABLE
    assert "certificate" in outcome.text.lower()
    assert postbox.kept == []


def test_a_server_without_encryption_gets_nothing(certificate: Certificate) -> None:
    outcome, postbox = _over_tls(certificate, _Way("smtp+starttls", offered=False))
    assert outcome.result is Result.SENDER_WRONG
    assert "STARTTLS" in outcome.text
    assert postbox.kept == []


def test_a_wrong_password_is_about_us(certificate: Certificate) -> None:
    outcome, _ = _over_tls(certificate, _Way("smtps", credentials="audits:wrong@", password="right"))
    assert (outcome.result, outcome.code) == (Result.SENDER_WRONG, 535)


def test_a_server_that_asks_for_a_password_we_do_not_have_is_about_us(certificate: Certificate) -> None:
    outcome, _ = _over_tls(certificate, _Way("smtps", password="right"))
    assert (outcome.result, outcome.code) == (Result.SENDER_WRONG, 530)
