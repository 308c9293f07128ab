"""A mail server in its moods: it takes, refuses, is away, or leaves everybody in doubt; what arrived, it knows."""

from __future__ import annotations

import quopri
import random
from collections import Counter
from collections.abc import Callable, Mapping

from notifications.letters import Letter, Outcome, Result
from notifications.mailer import Carrier
from tests.faults.installation import Arrived

FINE = "fine"
MOODS: Mapping[str, Callable[[random.Random], Outcome]] = {
    FINE: lambda _: Outcome(Result.SENT, 250, "taken"),
    "away": lambda _: Outcome(Result.UNREACHABLE, None, "nobody listens"),
    "grudging": lambda _: Outcome(Result.LATER, 451, "4.2.0 not now"),
    "busy": lambda _: Outcome(Result.BUSY, 421, "4.3.2 come again"),
    "lost its directory": lambda _: Outcome(Result.GONE, 550, "5.1.1 no such person"),
    "refusing some": lambda chance: chance.choice(
        (
            Outcome(Result.SENT, 250, "taken"),
            Outcome(Result.REFUSED, 550, "5.7.1 not for this address"),
            Outcome(Result.REJECTED, 554, "5.6.0 not this letter"),
        )
    ),
    "breaking off": lambda chance: chance.choice(
        (Outcome(Result.SENT, 250, "taken"), Outcome(Result.UNCERTAIN, None, "broke after the last dot"))
    ),
}


class Postman:
    """Carries letters in the mood of the day. What happens to a letter depends on its seed and its own tries alone."""

    def __init__(self, seed: int) -> None:
        self.mood = FINE
        self.arrived: list[Arrived] = []
        self._seed = seed
        self._tries: Counter[str] = Counter()

    def carrier(self) -> Carrier:
        """Give the postman himself: he needs no connection."""
        return self

    async def send(self, letter: Letter) -> Outcome:
        """Take a letter, or not; of one in doubt every second has arrived."""
        self._tries[letter.to_address] += 1
        chance = random.Random(f"{self._seed} {letter.to_address} {self._tries[letter.to_address]}")
        outcome = MOODS[self.mood](chance)
        in_doubt = outcome.result is Result.UNCERTAIN and chance.random() < 0.5
        if outcome.result is Result.SENT or in_doubt:
            text = quopri.decodestring(letter.content).decode(errors="replace")
            self.arrived.append(Arrived(letter.message_id, letter.to_address, text))
        return outcome

    async def close(self) -> None:
        """Do nothing."""
