"""What states are called today, as told by the lines with which subjects went over to other definitions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from engine.definitions import MIGRATED
from engine.ledger import Entry


class Called(NamedTuple):
    """A state under its later word, and the hash of the definition that calls it so."""

    state: str
    definition: str


def called_later(lines: Iterable[Entry]) -> dict[tuple[str, str], Called]:
    """Give, for each kind and state that was renamed, what it was called in the end; lines come in their order.

    Rules of today speak the words of today: whoever looks at the past with them has to read it so.
    """
    found: dict[tuple[str, str], Called] = {}
    for line in lines:
        if line.kind != MIGRATED or "to" not in line.data:
            continue
        kind, old = line.ref.kind, line.data["from"]
        now = Called(line.data["to"], line.data["definition"])
        found |= {key: now for key, called in found.items() if key[0] == kind and called.state == old}
        found[kind, old] = now
        found.pop((kind, now.state), None)
    return found
