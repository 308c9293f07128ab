"""Several processes of ours on one PostgreSQL, as programs, with a mail server that notes when each letter came."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler

from tests.cli.conftest import ALL_HOURS, PROGRAM, SECRET
from web.server import bind

LONG = 60.0
_AT = re.compile(r"The pages are at (http://127\.0\.0\.1:\d+)")


def _nothing(_number: int) -> None:
    """Do nothing when a letter comes."""


class Letters(MessageHandler):
    """Every letter that the mail server took, with the instant at which it came; whoever waits is woken by each."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[tuple[float, str, str]] = []
        self.on_letter: Callable[[int], None] = _nothing
        self._news = threading.Condition()

    def handle_message(self, message: Message) -> None:
        """Note one letter."""
        with self._news:
            self.came.append((time.monotonic(), str(message["X-RcptTo"]), str(message["Message-ID"])))
            self._news.notify_all()
        self.on_letter(len(self.came))

    def wait_for(self, enough: Callable[[], Any], *, within: float = LONG) -> None:
        """Wait until something is so, which is asked again after each letter and a few times a second."""
        until = time.monotonic() + within
        with self._news:
            while not enough():
                assert time.monotonic() < until, f"in vain; {len(self.came)} letters came"
                self._news.wait(0.1)

    def wait_for_more_than(self, number: int) -> None:
        """Wait until more letters than so many have come."""
        self.wait_for(lambda: len(self.came) > number)

    def copies(self) -> Counter[str]:
        """Count the copies of each letter."""
        return Counter(message_id for _, _, message_id in self.came)


class Running:
    """One of our programs, followed line by line while it runs."""

    def __init__(self, *words: str, **settings: str) -> None:
        own = {name: value for name, value in os.environ.items() if not name.startswith("AUDITLOOP_")}
        given = {"RULES": ALL_HOURS, "SECRET": SECRET} | settings
        own |= {f"AUDITLOOP_{name}": value for name, value in given.items()} | {"PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=own
        )
        self.said: list[str] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def until(self, words: str) -> None:
        """Wait until it has said some words."""
        until = time.monotonic() + LONG
        with self._news:
            while not any(words in line for line in self.said):
                has_ended = not self._reader.is_alive()
                assert not has_ended, "".join(self.said)
                assert time.monotonic() < until, "".join(self.said)
                self._news.wait(0.5)

    @property
    def address(self) -> str:
        """Where it serves its pages."""
        return next(found[1] for line in self.said if (found := _AT.search(line)))

    def ends(self) -> int:
        """Wait for its end, read the rest, and give what it ended with."""
        number = self.process.wait(timeout=LONG)
        self._reader.join()
        return number

    def stop(self) -> int:
        """Ask it to stop, and give what it ended with."""
        self.process.terminate()
        return self.ends()

    def kill(self) -> None:
        """Kill it on the spot."""
        self.process.kill()

    def _read(self) -> None:
        with self.process:
            for line in self.process.stdout or ():
                with self._news:
                    self.said.append(line)
                    self._news.notify_all()


@contextmanager
def mail_server(letters: Letters) -> Iterator[str]:
    """Run a mail server in a thread of its own and give its address."""
    free = bind("127.0.0.1", 0)
    port = free.getsockname()[1]
    free.close()
    controller = Controller(letters, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()
