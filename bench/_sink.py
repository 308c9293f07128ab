"""A mail server that takes everything and keeps nothing, as fast as it can, answering each line after a delay.

A program of its own: `python -m bench._sink --delay 0.02` prints its port and serves until it is told to stop.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ANSWERS = {
    b"EHLO": b"250-sink\r\n250-8BITMIME\r\n250-PIPELINING\r\n250 SIZE 33554432\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}
TAKEN = b"250 taken\r\n"
LAST_DOT = b"\r\n.\r\n"


class Conversation(asyncio.Protocol):
    """One client's."""

    def __init__(self, delay: float, *, take: Callable[[bytes], None] | None = None) -> None:
        self._delay = delay
        self._take = take
        self._unread = b""
        self._is_letter = False
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        if isinstance(transport, asyncio.WriteTransport):
            self._transport = transport
        self._answer(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer all that is complete."""
        self._unread += data
        said = []
        while (answer := self._next()) is not None:
            said.append(answer)
        if said:
            self._answer(b"".join(said))

    def _next(self) -> bytes | None:
        """Read one line, or one letter to its last dot, and give the answer; None where more is to come."""
        whole, found, rest = self._unread.partition(LAST_DOT if self._is_letter else b"\r\n")
        if not found:
            return None
        self._unread = rest
        if self._is_letter:
            self._is_letter = False
            if self._take is not None:
                self._take(whole)
            return TAKEN
        word = whole[:4].upper()
        self._is_letter = word == b"DATA"
        return ANSWERS.get(word, b"250 ok\r\n")

    def _answer(self, words: bytes) -> None:
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._say, words)
        else:
            self._say(words)

    def _say(self, words: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(words)
            if words == ANSWERS[b"QUIT"]:
                self._transport.close()


@contextmanager
def open_sink(delay: float) -> Iterator[int]:
    """Start one beside us and give its port; `delay` is the time from a client's word to the answer, in seconds."""
    command = [sys.executable, "-m", "bench._sink", "--delay", str(delay)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as sink:
        try:
            yield int(sink.stdout.readline() if sink.stdout else 0)
        finally:
            sink.terminate()


async def _serve(delay: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Conversation(delay), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, default=0.0)
    asyncio.run(_serve(parser.parse_args().delay))
