"""What a sweep did: how many subjects it looked at, what the rules said, and what it could not do."""

from __future__ import annotations

from dataclasses import dataclass, field, fields


@dataclass(frozen=True, slots=True)
class Withheld:
    """A rule that is not in force: its first look would owe more mails than the cap allows by itself.

    `owed` was counted up to a limit; `is_more` says that there are more than that.
    """

    rule: str
    owed: int
    is_more: bool
    cap: int


@dataclass(slots=True)
class SweepTally:
    """What a sweep did: subjects looked at, rules fired, of these escalations, and subjects that were parked.

    `repaired` are subjects of which something had been lost, `noticed` the notices given, `moved` the timers that a
    change of rules or calendar has moved, and `withheld` the rules that wait for somebody's word.
    """

    looked: int = 0
    fired: int = 0
    escalations: int = 0
    parked: int = 0
    repaired: int = 0
    parked_refs: list[str] = field(default_factory=list)
    noticed: int = 0
    moved: int = 0
    withheld: list[Withheld] = field(default_factory=list)

    def add(self, other: SweepTally) -> None:
        """Add what another sweep did; a rule that is withheld, and a subject that was parked, is named once."""
        for one in fields(self):
            ours, theirs = getattr(self, one.name), getattr(other, one.name)
            more = [name for name in theirs if name not in ours] if isinstance(theirs, list) else theirs
            setattr(self, one.name, ours + more)
