"""The program in a process of its own, for kills that fall into its work.

It says when it has read itself in, kills itself at the instant that it is given (0: never), and says in the end
how many there were: each transaction has two, when it has begun and when it is about to be committed.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from importlib import import_module

import sqlalchemy as sa

from cli.main import BOOK, main


class Instants:
    """Counts the instants of the work, and strikes at one of them."""

    def __init__(self, fatal: int) -> None:
        self._fatal, self._seen = fatal, 0
        for name in ("begin", "commit"):
            sa.event.listen(sa.Engine, name, self._pass)
        atexit.register(lambda: _say(f"\ninstants {self._seen}"))

    def _pass(self, _connection: sa.Connection) -> None:
        self._seen += 1
        if self._seen == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    Instants(int(sys.argv.pop(1)))
    import_module(BOOK[sys.argv[1]].module)
    _say("ready")
    main()
