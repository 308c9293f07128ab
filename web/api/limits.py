"""How often somebody may ask within a minute: counted in this process, forgotten when the minute is over."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime

from engine.errors import Reason, Refused

PER_MINUTE = 600
GUESSES_PER_MINUTE = 30
_MINUTE = 60


class TooOften(Refused):
    """Somebody asks more often than a program should; `seconds` later they may ask again."""

    def __init__(self, seconds: int) -> None:
        sentence = f"That was too often within a minute; ask again in {seconds} seconds."
        super().__init__(Reason("too_often", sentence))
        self.seconds = seconds


class Limits:
    """Counts what each token, and each place from which wrong tokens come, asks within one minute of the clock."""

    def __init__(self, *, per_minute: int = PER_MINUTE, guesses: int = GUESSES_PER_MINUTE) -> None:
        self._most = {"token": per_minute, "guess": guesses}
        self._lock = threading.Lock()
        self._minute = 0
        self._asked: Counter[tuple[str, str]] = Counter()

    def count(self, what: str, whose: str, now: datetime) -> None:
        """Count one request, or one wrong guess; raises TooOften where there were too many already."""
        with self._lock:
            self._turn(now)
            self._refuse(what, whose, now)
            self._asked[what, whose] += 1

    def refuse_guesser(self, place: str, now: datetime) -> None:
        """Raise TooOften for a place from which too many wrong tokens came."""
        with self._lock:
            self._turn(now)
            self._refuse("guess", place, now)

    def _turn(self, now: datetime) -> None:
        minute = int(now.timestamp()) // _MINUTE
        if minute != self._minute:
            self._minute = minute
            self._asked.clear()

    def _refuse(self, what: str, whose: str, now: datetime) -> None:
        if self._asked[what, whose] >= self._most[what]:
            raise TooOften(_MINUTE - int(now.timestamp()) % _MINUTE)
