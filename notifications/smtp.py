"""Letters over SMTP: one connection a worker, one recipient an envelope, and a plain word for every fault."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from notifications.dialogue import Dialogue
from notifications.letters import Letter, Outcome, Result
from notifications.mailer import Carrier
from notifications.refusals import NEEDS_SIGN_IN, Blame, Refusal
from notifications.smtp_settings import SmtpSettings

_FAULTS = (SMTPException, OSError)  # a timeout is an OSError
_DATA = b"DATA\r\n"
_GO_AHEAD = 354
_DONE = 250
_FORWARDED = 251
_CLOSING = 421
_STORAGE_EXCEEDED = 552
_MAILBOX_FULL = "5.2.2"
_BLAMED = {Blame.ADDRESS: Result.GONE, Blame.US: Result.DENIED, Blame.NEITHER: Result.REFUSED}
_TAKE_LEAVE_WITHIN = 5.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for the other side, in seconds, and when a connection has served enough.

    The last answer may take ten minutes (RFC 5321, 4.5.3.2.6): giving up earlier sends a mail twice.
    """

    opening: float = 60
    envelope: float = 120
    last_answer: float = 600
    idle: float = 30
    letters: int = 100


class SmtpMailer:
    """Sends through one mail server.

    Raises ValueError, with the file's name, for further certificates that cannot be read.
    """

    def __init__(self, settings: SmtpSettings, *, patience: Patience | None = None) -> None:
        self._settings = settings
        self._patience = patience or Patience()
        self._tls = ssl.create_default_context() if settings.security != "smtp" else None
        if self._tls is not None and settings.ca:
            try:
                self._tls.load_verify_locations(cafile=settings.ca)
            except OSError as error:
                # Python's own words do not name the file.
                raise ValueError(
                    f"the certificates in {settings.ca} cannot be used: {error.strerror or error}"
                ) from error

    def carrier(self) -> Carrier:
        """Give a worker its own connection, opened when it has a first letter."""
        return SmtpCarrier(self._settings, self._patience, self._tls)


class SmtpCarrier:
    """One connection at a time, never shared: reused until it is old, idle for long, or anything went wrong."""

    def __init__(self, settings: SmtpSettings, patience: Patience, tls: ssl.SSLContext | None) -> None:
        self._settings = settings
        self._patience = patience
        self._tls = tls
        self._client: SMTP | None = None
        self._dialogue: Dialogue | None = None
        self._carried = 0
        self._last_used = 0.0

    async def send(self, letter: Letter) -> Outcome:
        """Hand over a letter; a server that wants a new connection, or left an old one, gets one at once."""
        is_reused = await self._is_worth_keeping()
        outcome = await self._attempt(letter)
        if outcome.result is Result.BUSY or (
            is_reused and outcome.result is Result.LATER and not outcome.code
        ):
            outcome = await self._attempt(letter)
        return outcome

    async def close(self) -> None:
        """Say goodbye if the server still listens."""
        if self._dialogue is not None:
            with suppress(*_FAULTS):
                async with asyncio.timeout(_TAKE_LEAVE_WITHIN):
                    self._dialogue.say(b"QUIT\r\n")
                    await self._dialogue.answer()
        self._drop()

    async def _attempt(self, letter: Letter) -> Outcome:
        outcome = Outcome(Result.UNTRIED)
        try:
            outcome = await self._converse(letter)
        finally:
            # After any fault nobody knows where the conversation stands; what follows gets a new one.
            if outcome.result is not Result.SENT:
                self._drop()
        self._carried += 1
        self._last_used = asyncio.get_running_loop().time()
        return outcome

    async def _converse(self, letter: Letter) -> Outcome:
        try:
            async with asyncio.timeout(self._patience.opening):
                dialogue = await self._connected()
        except _FAULTS as fault:
            return _fault_at_opening(fault)
        try:
            async with asyncio.timeout(self._patience.envelope):
                refusal = await _offer(dialogue, letter)
        except _FAULTS as fault:
            return Outcome.of(Result.LATER, None, _words(fault))
        if refusal is not None:
            return refusal
        try:
            async with asyncio.timeout(self._patience.last_answer):
                code, text = await dialogue.answer()
        except _FAULTS as fault:
            return Outcome.of(Result.UNCERTAIN, None, f"handed over, but not answered: {_words(fault)}")
        if 200 <= code < 300:
            return Outcome.of(Result.SENT, code, text)
        return _answered(code, text, finally_=Result.REJECTED, otherwise=Result.UNCERTAIN)

    async def _is_worth_keeping(self) -> bool:
        if self._dialogue is None or not self._dialogue.is_quiet:
            self._drop()
            return False
        idle = asyncio.get_running_loop().time() - self._last_used
        if self._carried >= self._patience.letters or idle >= self._patience.idle:
            await self.close()
            return False
        return True

    async def _connected(self) -> Dialogue:
        if self._dialogue is None:
            settings = self._settings
            self._client = client = SMTP(
                hostname=settings.host,
                port=settings.port,
                local_hostname=settings.hello or None,
                username=settings.user or None,
                password=settings.password or None,
                use_tls=settings.security == "smtps",
                start_tls=settings.security == "smtp+starttls",
                tls_context=self._tls,
                timeout=None,  # each part of the conversation has its own limit
            )
            self._carried = 0
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
            self._dialogue = Dialogue(client)
        return self._dialogue

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = self._dialogue = None


async def _offer(dialogue: Dialogue, letter: Letter) -> Outcome | None:
    """Name sender and recipient and write the letter with its last dot; give the refusal if there is one.

    aiosmtplib's own `data` asks and writes in one, so that a fault before the letter left looks like one after.
    """
    words = (
        b"MAIL FROM:<%s>\r\n" % letter.from_address.encode(),
        b"RCPT TO:<%s>\r\n" % letter.to_address.encode(),
    )
    judges = (_sender_answered, _recipient_answered, _data_answered)
    if dialogue.talks_ahead:
        dialogue.say(b"".join((*words, _DATA)))
    for word, judge in zip((*words, _DATA), judges, strict=True):
        if not dialogue.talks_ahead:
            dialogue.say(word)
        refusal = judge(*await dialogue.answer())
        if refusal is not None:
            return refusal
    if dialogue.has_spoken_ahead:
        # An answer to a letter that it has not seen yet would be taken for its word that it has it.
        return Outcome.of(Result.LATER, None, "the server answered before it had the letter")
    dialogue.say(_with_last_dot(letter.content))
    return None


def _with_last_dot(content: bytes) -> bytes:
    """Double each dot that begins a line, and close with a line that holds nothing but a dot."""
    stuffed = content.replace(b"\n.", b"\n..")
    if content.startswith(b"."):
        stuffed = b"." + stuffed
    return stuffed + (b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n")


def _fault_at_opening(fault: Exception) -> Outcome:
    """Nothing was said about any letter yet: either nobody is there, or they do not want us."""
    if isinstance(fault, SMTPResponseException):
        result = Result.SENDER_WRONG if fault.code >= 500 else Result.UNREACHABLE
        return Outcome.of(result, fault.code, fault.message)
    if isinstance(fault, OSError):
        return Outcome.of(Result.UNREACHABLE, None, _words(fault))
    return Outcome.of(Result.SENDER_WRONG, None, _words(fault))


def _sender_answered(code: int, text: str) -> Outcome | None:
    if code == _DONE:
        return None
    return _answered_before_the_end(code, text, finally_=Result.SENDER_WRONG)


def _recipient_answered(code: int, text: str) -> Outcome | None:
    """Say what a refusal of one recipient is about; it is no reason to leave the others without mail."""
    if code in (_DONE, _FORWARDED):
        return None
    refusal = Refusal.of(code, text)
    if refusal.status == _MAILBOX_FULL:
        return Outcome.of(Result.LATER, code, text)
    if code in NEEDS_SIGN_IN:
        return Outcome.of(Result.DENIED, code, text)
    return _answered_before_the_end(code, text, finally_=_BLAMED[refusal.blame()])


def _data_answered(code: int, text: str) -> Outcome | None:
    if code == _GO_AHEAD:
        return None
    return _answered_before_the_end(code, text, finally_=Result.REJECTED)


def _answered_before_the_end(code: int, text: str, *, finally_: Result) -> Outcome:
    # 552 before the letter was seen means a full mailbox or too many recipients: RFC 5321, 4.5.3.1.10.
    if code == _STORAGE_EXCEEDED:
        return Outcome.of(Result.LATER, code, text)
    return _answered(code, text, finally_=finally_, otherwise=Result.LATER)


def _answered(code: int, text: str, *, finally_: Result, otherwise: Result) -> Outcome:
    if code in NEEDS_SIGN_IN:
        return Outcome.of(Result.SENDER_WRONG, code, text)
    if code == _CLOSING:
        return Outcome.of(Result.BUSY, code, text)
    if 400 <= code < 500:
        return Outcome.of(Result.LATER, code, text)
    return Outcome.of(finally_ if 500 <= code < 600 else otherwise, code, text)


def _words(fault: Exception) -> str:
    return str(fault) or "no answer in time"
