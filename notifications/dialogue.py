"""The words between us and a mail server once it has let us in: several of ours at once, its answers in their order."""

from __future__ import annotations

import asyncio
from collections import deque

from aiosmtplib import SMTP, SMTPResponse, SMTPResponseException, SMTPServerDisconnected

_LONGEST_ANSWER = 64 * 1024
_NO_ANSWER = -1


class Dialogue(asyncio.Protocol):
    """Takes a connection over from aiosmtplib, which has opened, encrypted and signed it in.

    aiosmtplib loses answers that come together; a server that knows PIPELINING (RFC 2920) sends them so.
    Raises SMTPServerDisconnected for a client whose connection is lost.
    """

    def __init__(self, client: SMTP) -> None:
        transport = client.transport
        if client.protocol is None or not isinstance(transport, asyncio.WriteTransport):
            raise SMTPServerDisconnected("the connection was lost")
        self._before = client.protocol
        self._transport = transport
        self._unread = b""
        self._lines: list[bytes] = []
        self._answers: deque[SMTPResponse] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._fault: Exception | None = None
        self.talks_ahead = client.supports_extension("pipelining")
        transport.set_protocol(self)

    @property
    def is_quiet(self) -> bool:
        """Say whether the connection stands and the server has said nothing that nobody asked for."""
        return self._fault is None and not self._transport.is_closing() and not self.has_spoken_ahead

    @property
    def has_spoken_ahead(self) -> bool:
        """Say whether the server has answered what nobody has asked yet."""
        return bool(self._answers)

    def say(self, words: bytes) -> None:
        """Send words; raises SMTPServerDisconnected when the connection was lost meanwhile."""
        if self._transport.is_closing():
            raise SMTPServerDisconnected("the connection was lost")
        self._transport.write(words)

    async def answer(self) -> SMTPResponse:
        """Wait for the next answer.

        Raises SMTPServerDisconnected when none can come any more, SMTPResponseException for what is no answer.
        """
        while not self._answers:
            if self._fault is not None:
                raise self._fault
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._answers.popleft()

    def data_received(self, data: bytes) -> None:
        """Read all answers that are complete."""
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self._read(line)
        if len(self._unread) + sum(map(len, self._lines)) > _LONGEST_ANSWER:
            self._fail(SMTPResponseException(_NO_ANSWER, "the answer is too long"))
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let nobody wait for an answer that cannot come."""
        self._fail(SMTPServerDisconnected("the connection was lost"))
        self._wake()
        self._before.connection_lost(exc)

    def _read(self, line: bytes) -> None:
        code, is_last, text = line[:3], line[3:4] != b"-", line[4:].strip()
        if not code.isdigit() or len(code) < 3:
            words = line.decode("utf-8", "replace").strip()
            self._fail(
                SMTPResponseException(_NO_ANSWER, f"the server answered {words!r}, which is no answer")
            )
        if self._fault is not None:
            return
        self._lines.append(text)
        if is_last:
            said = b"\n".join(self._lines).decode("utf-8", "surrogateescape")
            self._answers.append(SMTPResponse(int(code), said))
            self._lines.clear()

    def _fail(self, fault: Exception) -> None:
        self._fault = self._fault or fault

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
