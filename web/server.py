"""Serves the pages from threads of its own, beside the clock and the post."""

from __future__ import annotations

import logging
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
    """Serve an application until the block is left, and give its address; answers under way are finished first."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # addresses of links from mail are secrets
        server_header=False,
        timeout_graceful_shutdown=AT_LEAST_UNTIL,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), name="pages", daemon=True)
    host, port = listening.getsockname()[:2]
    thread.start()
    try:
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
