"""What takes long is done for one person at a time, so that nobody can keep the pages from everybody else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import Refused


class Turns:
    """Lets one in at a time in this process; who comes meanwhile waits a moment, then is told so in a sentence."""

    def __init__(self, sentence: str, *, patience: float = 2.0) -> None:
        self._free = threading.Lock()
        self._sentence = sentence
        self._patience = patience

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Take the turn until the block is left; raises Refused where somebody else keeps it too long."""
        if not self._free.acquire(timeout=self._patience):
            raise Refused.because("busy", self._sentence)
        try:
            yield
        finally:
            self._free.release()
