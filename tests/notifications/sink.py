"""Mail servers on this machine: one that can be told to misbehave at any point, and aiosmtpd as it is."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from aiosmtpd.handlers import Message as MessageHandler
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

# What a script may say instead of an answer.
DROP = "drop"  # cut the connection
HANG = "hang"  # say nothing more
GARBAGE = "garbage"  # answer with what is no answer
TAKEN_THEN_DROP = "taken, then drop"
TAKEN_THEN_HANG = "taken, then hang"
SLOW = "slow: "  # answer as usual, letter by letter


@dataclass(frozen=True, slots=True)
class Taken:
    """A letter for which the server took responsibility."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes


@dataclass
class Sink:
    """What the server was told to do, and what it has taken.

    `script` holds, for BANNER, EHLO, MAIL, RCPT, DATA and END (the last dot), the answers for the first, second
    ... time; None answers as usual, and so does the server when a list is used up. `always` is for every time;
    `addresses` answers RCPT for one address. `takes_words_at_once` offers PIPELINING (RFC 2920).
    """

    script: Mapping[str, list[str | None]] = field(default_factory=dict)
    always: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    takes_words_at_once: bool = False
    seen: list[str] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        """The server's address for a mailer."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def welcome(self) -> str:
        """Answer EHLO: by name, with PIPELINING where several words may come at once."""
        return "250-sink\r\n250 PIPELINING" if self.takes_words_at_once else "250 ok"

    @property
    def recipients(self) -> list[str]:
        """Whom the letters that were taken are for, in order."""
        return [address for letter in self.taken for address in letter.recipients]

    def answer(self, stage: str, usual: str) -> str:
        """Say how to answer at a stage."""
        self.seen.append(stage)
        answers = self.script.get(stage)
        planned = answers.pop(0) if answers else self.always.get(stage)
        if planned == SLOW:
            return f"{SLOW}{usual}"
        return usual if planned is None else planned


class _HangUp(Exception):
    pass


class _Conversation:
    def __init__(self, sink: Sink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._sink, self._reader, self._writer = sink, reader, writer
        self._sender = ""
        self._recipients: list[str] = []

    async def hold(self) -> None:
        try:
            await self._say(self._sink.answer("BANNER", "220 sink"))
            while line := await self._reader.readline():
                await self._obey(line.decode().strip())
        except (_HangUp, ConnectionError):
            self._writer.transport.abort()
        finally:
            self._writer.close()

    async def _obey(self, line: str) -> None:
        command, _, argument = line.partition(" ")
        address = argument.partition("<")[2].partition(">")[0]
        match command:
            case "MAIL":
                self._sender, self._recipients = address, []
                await self._say(self._sink.answer("MAIL", "250 ok"))
            case "RCPT":
                self._recipients.append(address)
                await self._say(self._sink.answer("RCPT", self._sink.addresses.get(address, "250 ok")))
            case "DATA":
                await self._take()
            case "QUIT":
                await self._say(self._sink.answer("QUIT", "221 bye"))
                raise _HangUp
            case "EHLO":
                await self._say(self._sink.answer("EHLO", self._sink.welcome))
            case _:
                await self._say(self._sink.answer(command, "250 ok"))

    async def _take(self) -> None:
        answer = self._sink.answer("DATA", "354 go on")
        await self._say(answer)
        if not answer.removeprefix(SLOW).startswith("354"):
            return
        lines = []
        while (line := await self._reader.readline()) != b".\r\n":
            if not line:
                raise _HangUp
            lines.append(line.removeprefix(b"."))
        answer = self._sink.answer("END", "250 taken")
        if answer.removeprefix(SLOW) in ("250 taken", TAKEN_THEN_DROP, TAKEN_THEN_HANG):
            self._sink.taken.append(Taken(self._sender, tuple(self._recipients), b"".join(lines)))
        await self._say(answer)

    async def _say(self, answer: str) -> None:
        if answer in (DROP, TAKEN_THEN_DROP):
            raise _HangUp
        if answer in (HANG, TAKEN_THEN_HANG):
            await self._reader.read()  # until the other side gives up
            raise _HangUp
        words = "This is not SMTP" if answer == GARBAGE else answer.removeprefix(SLOW)
        told = f"{words}\r\n".encode()
        for part in (told[at : at + 1] for at in range(len(told))) if answer.startswith(SLOW) else (told,):
            self._writer.write(part)
            await self._writer.drain()
            await asyncio.sleep(0)


@asynccontextmanager
async def open_sink(sink: Sink, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Sink]:
    """Open the scripted server on a free port, encrypted where it has a certificate."""
    talks: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sink.connections += 1
        talk = asyncio.current_task()
        assert talk is not None
        talks.add(talk)
        await _Conversation(sink, reader, writer).hold()
        talks.discard(talk)

    server = await asyncio.start_server(converse, "127.0.0.1", 0, ssl=tls)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
        for talk in tuple(talks):
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await server.wait_closed()


class Postbox(MessageHandler):
    """Keeps what aiosmtpd has taken; it adds X-RcptTo to each."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Message] = []

    def handle_message(self, message: Message) -> None:
        """Keep one letter."""
        self.kept.append(message)


@asynccontextmanager
async def open_aiosmtpd(
    postbox: Postbox,
    *,
    starttls: ssl.SSLContext | None = None,
    implicit_tls: ssl.SSLContext | None = None,
    password: str | None = None,
) -> AsyncIterator[int]:
    """Open aiosmtpd on a free port, which is given; with a password, nobody sends without it."""

    def sign_in(*said: Any) -> AuthResult:
        given = said[-1]
        good = isinstance(given, LoginPassword) and given.password == (password or "").encode()
        return AuthResult(success=good, handled=False)

    def converse() -> SMTP:
        return SMTP(
            postbox,
            hostname="sink.example.org",
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=sign_in,
            auth_required=password is not None,
            auth_require_tls=implicit_tls is None,
        )

    server = await asyncio.get_running_loop().create_server(converse, "127.0.0.1", 0, ssl=implicit_tls)
    try:
        port: int = server.sockets[0].getsockname()[1]
        yield port
    finally:
        server.close()
        await server.wait_closed()
