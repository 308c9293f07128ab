"""How often each fault is played: in the check, in the long run, and once more where something has failed."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

ROUNDS, SEED = "AUDITLOOP_FAULT_ROUNDS", "AUDITLOOP_FAULT_SEED"
MOST_SEEDS = 1_000_000


class Size(NamedTuple):
    """How often a fault is played in `make test`, and in the whole of `make faults`."""

    check: int
    long: int


SIZES = {
    "a host that is cut off": Size(2, 100),
    "a disk that fails": Size(4, 2_000),
    "a day of kills under mixed load": Size(6, 200),  # of 25 each, on each database
    "a yes against a no": Size(15, 1_000),  # on each database, as those that follow
    "a hundred confirmations": Size(2, 200),
    "a hundred times one request": Size(2, 200),
    "eight schedulers": Size(2, 200),
    "a lost connection": Size(5, 200),  # of each kind
    "a night on a bad line": Size(5, 200),
    "a crash of the server": Size(5, 200),
    "a fault of a mail server": Size(1, 10),
    "years in a file": Size(8, 20_000),
    "years on a server": Size(2, 500),
    "a killed demo": Size(2, 100),
    "a killed sweep": Size(2, 200),
    "a killed delivery into a maildir": Size(1, 200),
    "a killed delivery of digests": Size(1, 200),
    "a killed delivery by SMTP": Size(1, 200),
    "a killed change of workflows": Size(1, 100),
}


def size_of(part: str, told: Mapping[str, str] = os.environ) -> int:
    """Give how often a fault is played now.

    `ROUNDS` is the percentage of the long run; without it the check's size holds. A seed alone is one round.
    """
    share, seed = told.get(ROUNDS), told.get(SEED)
    if share:
        return max(1, SIZES[part].long * int(share) // 100)
    return 1 if seed else SIZES[part].check


def is_long() -> bool:
    """Say whether this is the long run, in which nothing is a sample."""
    return bool(os.environ.get(ROUNDS))


def seeds(part: str, told: Mapping[str, str] = os.environ) -> Iterator[int]:
    """Give a seed for each round: each follows from the one before, so that the first gives all of them."""
    seed = int(told.get(SEED) or random.SystemRandom().randrange(MOST_SEEDS))
    for _ in range(size_of(part, told)):
        yield seed
        seed = random.Random(seed).randrange(MOST_SEEDS)


def rounds(part: str, one: Callable[[random.Random], object]) -> None:
    """Play a fault as often as its size says; a failure says how to play that very round again."""
    for seed in seeds(part):
        try:
            one(random.Random(seed))
        except BaseException:
            sys.stdout.write(f"\nOnce more: {once_more(seed)}\n")
            raise


def once_more(seed: int) -> str:
    """Give the line that plays one round of the present test again."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "tests/faults").rpartition(" (")[0]
    return f"{SEED}={seed} {sys.executable} -m pytest -n0 '{test}'"
