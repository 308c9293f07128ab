"""An IMAP server on this machine: it holds one folder, and can be told to misbehave at any command."""

from __future__ import annotations

import asyncio
import re
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote

from tests.notifications.conftest import Certificate

DROP = "drop"  # what a script may say instead of an answer: cut the connection


@dataclass
class Stored:
    """A mail in the folder."""

    content: bytes
    flags: set[str] = field(default_factory=set)


@dataclass
class ImapSink:
    """What the server holds, and what it was told to do.

    `script` holds, for a command, the answers for the first, second ... time: a no of the server such as `NO full`,
    or DROP; None, and a list that is used up, answer as usual.
    """

    mails: dict[int, Stored] = field(default_factory=dict)
    folder: str = "Bounces"
    user: str = "bounces@audit.example"
    password: str = 's "cret'
    script: Mapping[str, list[str | None]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    port: int = 0
    ca: str = ""

    def put(self, *contents: bytes) -> None:
        """Let mails arrive."""
        for content in contents:
            self.mails[max(self.mails, default=0) + 1] = Stored(content)

    def url(self, **changes: str) -> str:
        """The folder's address for a reader."""
        parts = {"user": self.user, "password": self.password, "folder": self.folder, "ca": self.ca} | changes
        ca = f"?ca={parts['ca']}" if parts["ca"] else ""
        account = f"{quote(parts['user'], safe='')}:{quote(parts['password'], safe='')}"
        return f"imaps://{account}@127.0.0.1:{self.port}/{quote(parts['folder'])}{ca}"

    @property
    def unread(self) -> list[int]:
        """The mails that nobody has seen."""
        return [number for number, mail in self.mails.items() if r"\Seen" not in mail.flags]


class _HangUp(Exception):
    pass


class _Conversation:
    def __init__(self, sink: ImapSink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._sink, self._reader, self._writer = sink, reader, writer

    async def hold(self) -> None:
        try:
            self._say("* OK sink ready")
            while line := await self._reader.readline():
                tag, _, rest = line.decode().strip().partition(" ")
                self._obey(tag, rest)
                await self._writer.drain()
        except (_HangUp, ConnectionError):
            self._writer.transport.abort()
        finally:
            self._writer.close()

    def _obey(self, tag: str, rest: str) -> None:
        command, _, argument = rest.removeprefix("UID ").partition(" ")
        self._sink.seen.append(command)
        answers = self._sink.script.get(command)
        planned = answers.pop(0) if answers else None
        if planned == DROP:
            raise _HangUp
        if planned is not None:
            self._say(f"{tag} {planned}")
            return
        good = self._answer(command, argument)
        self._say(f"{tag} {'OK done' if good else 'NO that cannot be'}")
        if command == "LOGOUT":
            raise _HangUp

    def _answer(self, command: str, argument: str) -> bool:
        sink = self._sink
        match command:
            case "CAPABILITY":
                self._say("* CAPABILITY IMAP4rev1")
            case "LOGIN":
                return _words(argument) == [sink.user, sink.password]
            case "SELECT":
                self._say(f"* {len(sink.mails)} EXISTS")
                return _words(argument) == [sink.folder]
            case "SEARCH":
                self._say(" ".join(["* SEARCH", *map(str, sink.unread)]))
            case "FETCH":
                self._fetch(*argument.split(" ", 1))
            case "STORE":
                number, _, flags = argument.split(" ", 2)
                if int(number) in sink.mails:
                    sink.mails[int(number)].flags |= set(flags.strip("()").split())
            case "LOGOUT":
                self._say("* BYE")
        return True

    def _fetch(self, number: str, what: str) -> None:
        mail = self._sink.mails.get(int(number))
        wanted = re.fullmatch(r"\(BODY\.PEEK\[\]<0\.(\d+)>\)", what)
        assert wanted is not None, what
        if mail is not None:
            content = mail.content[: int(wanted[1])]
            self._say(f"* {number} FETCH (UID {number} BODY[]<0> {{{len(content)}}}")
            self._writer.write(content + b")\r\n")

    def _say(self, line: str) -> None:
        self._writer.write(f"{line}\r\n".encode())


def _words(argument: str) -> list[str]:
    """Read quoted strings and plain words."""
    found = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', argument)
    return [re.sub(r"\\(.)", r"\1", quoted) if quoted or not plain else plain for quoted, plain in found]


@contextmanager
def open_imap(sink: ImapSink, certificate: Certificate) -> Iterator[ImapSink]:
    """Open the server on a free port, in a thread of its own: who reads an IMAP folder here waits for each answer."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.certificate, certificate.key)
    sink.ca = str(certificate.certificate)
    server = _Server(sink, context)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    server.is_open.wait()
    try:
        yield sink
    finally:
        server.leave()
        thread.join()


class _Server:
    def __init__(self, sink: ImapSink, context: ssl.SSLContext) -> None:
        self._sink, self._context = sink, context
        self._talks: set[asyncio.Task[None]] = set()
        self.is_open = threading.Event()
        self.leave: Callable[[], object] = self.is_open.set

    async def serve(self) -> None:
        loop, leaving = asyncio.get_running_loop(), asyncio.Event()
        self.leave = lambda: loop.call_soon_threadsafe(leaving.set)
        server = await asyncio.start_server(self._converse, "127.0.0.1", 0, ssl=self._context)
        self._sink.port = server.sockets[0].getsockname()[1]
        self.is_open.set()
        await leaving.wait()
        server.close()
        for talk in tuple(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        await server.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        await _Conversation(self._sink, reader, writer).hold()
        self._talks.discard(talk)
