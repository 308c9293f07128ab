"""A wire to PostgreSQL that can be cut: it passes on every message, until one at which it is told to strike."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from threading import Event, Lock, Thread

SOCKET = ".s.PGSQL.5432"
CHUNK = 65_536
PATIENCE = 60.0


class Blow(StrEnum):
    """What happens to a connection, and when."""

    BEFORE_COMMIT = "cut before COMMIT reached the server"
    AFTER_COMMIT = "cut after COMMIT was done and before its answer came"
    AT_MESSAGE = "cut at one of its messages"
    BACKEND = "its server process was ended at one of its messages"


class _Cut(Exception):
    """Ends both ways of a connection."""


@dataclass
class Wire:
    """Passes connections on to a server's socket; `strike` arms it for one blow.

    `ends` is called with the number of the server process that is to be ended. `has_struck` says what has happened.
    """

    server: Path
    ends: Callable[[int], object]
    has_struck: bool = False
    _blow: Blow | None = None
    _messages: int = 0
    _lock: Lock = field(default_factory=Lock)
    _is_over: Event = field(default_factory=Event)

    def strike(self, blow: Blow, *, at: int = 1) -> None:
        """Strike once, at a COMMIT or at one of the next messages."""
        with self._lock:
            self._blow, self._messages, self.has_struck = blow, at, False
            self._is_over.set()

    def disarm(self) -> None:
        """Pass on everything from now on."""
        with self._lock:
            self._blow = None

    def is_over(self) -> None:
        """Wait until whoever ends a server process is done with it."""
        assert self._is_over.wait(PATIENCE), "nobody has come back who was to end a server process"

    def end(self, process: int) -> None:
        """End a server process."""
        self._is_over.clear()
        try:
            self.ends(process)
        finally:
            self._is_over.set()

    def falls(self, *, is_commit: bool) -> Blow | None:
        """Say which blow falls at the next message, and strike no other."""
        with self._lock:
            blow = self._blow
            if blow in (Blow.AT_MESSAGE, Blow.BACKEND):
                self._messages -= 1
                if self._messages > 0:
                    return None
            elif not is_commit:
                return None
            if blow is not None:
                self._blow, self.has_struck = None, True
            return blow


@contextmanager
def open_wire(server: Path, folder: Path, ends: Callable[[int], object]) -> Iterator[Wire]:
    """Listen in a folder as a server would, for whoever connects there; every connection ends with the block."""
    wire = Wire(server, ends)
    open_ends: list[socket.socket] = []
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / SOCKET))
        listening.listen()

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    upstream = socket.socket(socket.AF_UNIX)
                    open_ends.extend((client, upstream))
                    if upstream.connect_ex(str(server / SOCKET)):
                        client.close()
                        continue
                    connection = _Connection(wire, client, upstream)
                    Thread(target=connection.there, daemon=True).start()
                    Thread(target=connection.back, daemon=True).start()

        waiting = Thread(target=accept, daemon=True)
        waiting.start()
        try:
            yield wire
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            waiting.join()
            for end in open_ends:
                end.close()


class _Connection:
    """One connection, with a thread for each way."""

    def __init__(self, wire: Wire, client: socket.socket, upstream: socket.socket) -> None:
        self._wire, self._client, self._upstream = wire, client, upstream
        self._commits: set[bytes] = set()
        self._process = 0
        self._is_silent = False

    def there(self) -> None:
        """Pass on what the client says, message by message."""
        with suppress(_Cut, OSError):
            self._upstream.sendall(_packet(self._client))
            while True:
                kind = _exactly(self._client, 1)
                body = _packet(self._client)
                self._meet(kind, body[4:])
                self._upstream.sendall(kind + body)
        self._cut()

    def back(self) -> None:
        """Pass on what the server says, unless nobody is to hear that a transaction was committed."""
        with suppress(_Cut, OSError):
            while True:
                kind = _exactly(self._upstream, 1)
                body = _packet(self._upstream)
                if kind == b"K":
                    self._process = struct.unpack("!I", body[4:8])[0]
                if self._is_silent and kind == b"C" and body[4:] == b"COMMIT\0":
                    raise _Cut
                if not self._is_silent:
                    self._client.sendall(kind + body)
        self._cut()

    def _meet(self, kind: bytes, said: bytes) -> None:
        match self._wire.falls(is_commit=self._is_commit(kind, said)):
            case Blow.BEFORE_COMMIT | Blow.AT_MESSAGE:
                raise _Cut
            case Blow.AFTER_COMMIT:
                self._is_silent = True
            case Blow.BACKEND:
                self._wire.end(self._process)

    def _is_commit(self, kind: bytes, said: bytes) -> bool:
        """Tell whether a message commits: in a word of its own, or by the name under which that word was prepared."""
        match kind:
            case b"Q":
                return said == b"COMMIT\0"
            case b"P":
                name, text, _ = said.split(b"\0", 2)
                if text == b"COMMIT":
                    self._commits.add(name)
            case b"B":
                return said.split(b"\0", 2)[1] in self._commits
        return False

    def _cut(self) -> None:
        for end in (self._client, self._upstream):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def _packet(end: socket.socket) -> bytes:
    """Read a length and what it counts, the length included."""
    length = _exactly(end, 4)
    return length + _exactly(end, struct.unpack("!I", length)[0] - 4)


def _exactly(end: socket.socket, number: int) -> bytes:
    read = bytearray()
    while len(read) < number:
        some = end.recv(min(CHUNK, number - len(read)))
        if not some:
            raise _Cut
        read += some
    return bytes(read)
