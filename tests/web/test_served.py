"""How pages leave the machine."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress

import httpx2
import pytest
from fastapi import FastAPI

from web.server import bind, served

WAIT = 20  # seconds


@pytest.fixture
def asked_to_stop() -> Iterator[threading.Event]:
    """What is set when the process is asked to stop."""
    asked = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: asked.set())
    yield asked
    signal.signal(signal.SIGTERM, before)


def test_answers_go_out_at_once_and_do_not_wait_for_the_browser_to_acknowledge_their_first_part() -> None:
    with closing(bind("127.0.0.1", 0)) as listening:
        # Only of such sockets does asyncio take connections with TCP_NODELAY, without which each page takes 40 ms more.
        assert listening.proto == socket.IPPROTO_TCP


def serves(app: FastAPI, work: Callable[[str], object]) -> None:
    with served(app, bind("127.0.0.1", 0)) as address:
        work(address)


def test_where_pages_cannot_be_served_nothing_else_begins() -> None:
    @asynccontextmanager
    async def breaks(app: FastAPI) -> AsyncIterator[None]:
        if app.title == "torn":
            raise ValueError("the pages are torn")
        yield

    began: list[str] = []
    with pytest.raises(OSError, match="the pages cannot be served there") as refusal:
        serves(FastAPI(title="torn", lifespan=breaks), began.append)
    assert str(refusal.value.filename).startswith("http://127.0.0.1:")
    assert began == []


def test_where_pages_stop_by_themselves_so_does_what_runs_beside_them(asked_to_stop: threading.Event) -> None:
    app = FastAPI()

    @app.get("/")
    async def give_up() -> None:
        asyncio.get_running_loop().stop()

    def goes_on(address: str) -> None:
        with suppress(httpx2.HTTPError):
            httpx2.get(address, timeout=WAIT)
        assert asked_to_stop.wait(WAIT)

    with pytest.raises(OSError, match="cannot be served there"):
        serves(app, goes_on)


def test_pages_end_quietly_when_they_are_asked_to(asked_to_stop: threading.Event) -> None:
    with served(FastAPI(), bind("127.0.0.1", 0)) as address:
        assert httpx2.get(address, timeout=WAIT).status_code == 404
    assert not asked_to_stop.is_set()
