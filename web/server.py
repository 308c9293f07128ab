"""Serves the pages from threads of its own, beside the clock and the post."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

BACKLOG = 128
AT_LEAST_UNTIL = 10  # seconds that answers under way get when it is stopped

log = logging.getLogger("auditloop.web")


def bind(host: str, port: int) -> socket.socket:
    """Take the address on which pages are served; port 0 takes any that is free.

    Raises OSError where somebody else has it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, so that answers go out at once: asyncio sets TCP_NODELAY on no other.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    listening.listen(BACKLOG)
    return listening


@contextmanager
def served(app: FastAPI, listening: socket.socket) -> Iterator[str]:
    """Serve an application until the block is left, and give its address; answers under way are finished first.

    Raises OSError where it cannot be served. Where it stops by itself afterwards the whole process is asked to stop, as
    by SIGTERM: whatever goes on beside pages does not go on without them unnoticed.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # addresses of links from mail are secrets
        server_header=False,
        timeout_graceful_shutdown=AT_LEAST_UNTIL,
    )
    host, port = listening.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    server = _Pages(config)
    thread = threading.Thread(target=server.serve_here, args=(listening,), name="pages", daemon=True)
    thread.start()
    server.is_decided.wait()
    try:
        if server.started:
            yield address
        if server.has_failed:
            raise OSError(errno.EIO, f"the pages cannot be served there: {server.fault}", address)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


class _Pages(uvicorn.Server):
    """The server of the pages; `is_decided` is set as soon as it answers, or has failed to."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_decided = threading.Event()
        self.has_failed = False
        self.fault = "the server has stopped by itself"

    def serve_here(self, listening: socket.socket) -> None:
        """Serve in the present thread until it is asked to stop."""
        try:
            self.run([listening])
        except SystemExit:
            self.fault = "the server has given up; its log says why"
        except Exception as error:
            log.exception("the pages cannot be served")
            self.fault = str(error)
        self.has_failed = not self.should_exit
        if self.has_failed and self.started:
            os.kill(os.getpid(), signal.SIGTERM)
        self.is_decided.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        self.is_decided.set()
