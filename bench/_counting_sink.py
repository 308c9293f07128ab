"""The mail server of the bench that keeps nothing, and says when it is stopped how many letters it took, and how many twice.

A program of its own: `python -m bench._counting_sink` prints its port, and one line of JSON when its input ends.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench._sink import ROOT, Conversation

_NAME = b"message-id:"


@dataclass
class Count:
    """How many letters a mail server took, and how many of these were copies."""

    letters: int = 0
    copies: int = 0


@dataclass
class Book:
    """Every Message-ID that was taken."""

    taken: Counter[bytes] = field(default_factory=Counter)

    def note(self, letter: bytes) -> None:
        """Note one letter."""
        for line in letter.split(b"\r\n\r\n", 1)[0].split(b"\r\n"):
            if line.lower().startswith(_NAME):
                self.taken[line[len(_NAME) :].strip()] += 1

    def counted(self) -> dict[str, int]:
        """Count."""
        return {"letters": self.taken.total(), "copies": self.taken.total() - len(self.taken)}


@contextmanager
def open_counting_sink(count: Count) -> Iterator[int]:
    """Start one beside us and give its port; what it took is known once the block is left."""
    command = [sys.executable, "-m", "bench._counting_sink"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as sink:
        yield int(sink.stdout.readline() if sink.stdout else 0)
        said, _ = sink.communicate()
    found = json.loads(said)
    count.letters, count.copies = found["letters"], found["copies"]


async def _serve() -> None:
    book, loop = Book(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: Conversation(0, take=book.note), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps(book.counted()), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve())
