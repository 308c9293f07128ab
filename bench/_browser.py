"""A browser that only measures: one connection that stays open, and many at once from a process of their own.

python -m bench._browser < job.json        what is asked from several connections; it prints how much was answered
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from time import perf_counter, process_time
from typing import NamedTuple
from urllib.parse import urlsplit

FORM = "application/x-www-form-urlencoded"
FAILED = 400


class Asked(NamedTuple):
    """One request: a POST where there is a body."""

    path: str
    body: str = ""


class Answered(NamedTuple):
    """What came back, after how many milliseconds, and how many of them this process computed, the server's too."""

    status: int
    milliseconds: float
    computed: float
    is_page: bool
    html: str


class Browser:
    """Asks one server over one connection, signed in by its cookies."""

    def __init__(self, address: str, cookies: Mapping[str, str]) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        self._headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}

    def ask(self, asked: Asked) -> Answered:
        """Ask once; what it leads on to is not followed."""
        method = "POST" if asked.body else "GET"
        headers = self._headers | ({"Content-Type": FORM} if asked.body else {})
        try:
            return self._sent(method, asked, headers)
        except ConnectionError:
            # The server has closed a connection that was idle; nothing was asked over it.
            self._connection.close()
            return self._sent(method, asked, headers)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _sent(self, method: str, asked: Asked, headers: Mapping[str, str]) -> Answered:
        began, computing = perf_counter(), process_time()
        self._connection.request(method, asked.path, body=asked.body or None, headers=dict(headers))
        answer = self._connection.getresponse()
        html = answer.read()
        took, computed = (perf_counter() - began) * 1e3, (process_time() - computing) * 1e3
        is_page = (answer.getheader("content-type") or "").startswith("text/html")
        return Answered(answer.status, took, computed, is_page, html.decode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked of a server, again and again if `repeats`, from so many connections, for so many seconds at most."""

    address: str
    cookies: Mapping[str, str]
    asked: Sequence[tuple[str, str]]
    connections: int
    seconds: float
    repeats: bool


class Rate(NamedTuple):
    """How many requests were answered in how many seconds, and how many of them with a failure."""

    answered: int
    seconds: float
    failed: int

    @property
    def per_second(self) -> float:
        """Give the answered requests per second."""
        return self.answered / self.seconds


def at_once(job: Job) -> Rate:
    """Do a job in a process of its own, so that whoever asks takes no time from whoever answers."""
    told = subprocess.run(
        [sys.executable, "-m", "bench._browser"],
        input=json.dumps(asdict(job)),
        capture_output=True,
        text=True,
        check=True,
    )
    return Rate(*json.loads(told.stdout))


def _do(job: Job) -> Rate:
    left, lock = iter(_endless(job) if job.repeats else job.asked), threading.Lock()
    counts: list[tuple[int, int]] = []
    began = perf_counter()

    def work() -> None:
        answered = failed = 0
        with closing(Browser(job.address, job.cookies)) as browser:
            while perf_counter() - began < job.seconds:
                with lock:
                    path, body = next(left, ("", ""))
                if not path:
                    break
                failed += browser.ask(Asked(path, body)).status >= FAILED
                answered += 1
        counts.append((answered, failed))

    threads = [threading.Thread(target=work) for _ in range(job.connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answered, failed = (sum(column) for column in zip(*counts, strict=True))
    return Rate(answered, perf_counter() - began, failed)


def _endless(job: Job) -> Iterator[tuple[str, str]]:
    while True:
        yield from job.asked


if __name__ == "__main__":
    print(json.dumps(_do(Job(**json.load(sys.stdin)))))
