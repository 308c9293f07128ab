"""Lets every running subject go over to the definitions on the shelf, one to a transaction, as far as it gets.

Killed at any instant, the same call goes on: who has gone over is left alone. Two at once share the work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from assurance.commands.migrating import Became, Outcome, migrate_subject, require_may_migrate
from assurance.office import Actor, Office
from assurance.queries.definitions import page_of, plan, still_to_go
from assurance.transfers import Transfer, Wish, transfers_of
from engine.errors import Reason, Refused, Stale
from engine.moved import Ref

NOWHERE = "nowhere_to_go"
TRIES = 5

Progress = Callable[[int, int], None]


def _silent(_done: int, _of: int) -> None:
    """Tell nobody how far it is."""


@dataclass(frozen=True, slots=True)
class CarriedOver:
    """How many went over, by kind, and what is left: for a later call, or because it has nowhere to go any more."""

    migrated: int
    by_kind: Mapping[str, int]
    left: int
    stuck: tuple[Outcome, ...]


def carry_over(
    office: Office,
    actor: Actor,
    wish: Wish,
    *,
    reason: str = "",
    at_most: int | None = None,
    progress: Progress = _silent,
) -> CarriedOver:
    """Let every subject that is asked for go over; `progress` is told how many have, and of how many.

    Raises Refused before anything is written: for whoever may not do this, for words that nobody knows, and with
    every subject that has nowhere to go.
    """
    with office.reading(actor) as tx:
        require_may_migrate(tx)
        planned = plan(tx, wish)
    if planned.stuck:
        told = (
            Reason(NOWHERE, f"{one.ref} (‘{one.state_title}’): {' '.join(one.reasons)}")
            for one in planned.stuck
        )
        raise Refused(*told, Reason(NOWHERE, "Nothing was moved; `auditloop definitions plan` tells more."))
    # Only now: what is refused leaves nothing behind.
    office.publish()
    with office.reading(actor) as tx:
        transfers = transfers_of(tx, wish)
    of = planned.moving if at_most is None else min(at_most, planned.moving)
    walk = _Walk(office, actor, transfers, reason, at_most, lambda done: progress(done, of))
    for kind in planned.kinds:
        walk.through(transfers[kind.kind])
    with office.reading(actor) as tx:
        left = still_to_go(tx, transfers) - len(walk.stuck)
    return CarriedOver(walk.migrated.total(), dict(walk.migrated), left, tuple(walk.stuck))


class _Walk:
    """Goes from subject to subject, by number; what another does meanwhile is seen when its turn comes."""

    def __init__(
        self,
        office: Office,
        actor: Actor,
        transfers: Mapping[str, Transfer],
        reason: str,
        at_most: int | None,
        progress: Callable[[int], None],
    ) -> None:
        self._office, self._actor, self._transfers = office, actor, transfers
        self._reason, self._at_most, self._progress = reason, at_most, progress
        self.migrated: Counter[str] = Counter()
        self.stuck: list[Outcome] = []

    def through(self, transfer: Transfer) -> None:
        last = 0
        while True:
            with self._office.reading(self._actor) as tx:
                page = page_of(tx, transfer, after=last)
            if not page:
                return
            for one in page:
                if self._at_most is not None and self.migrated.total() >= self._at_most:
                    return
                self._one(one.ref)
            last = page[-1].ref.id

    def _one(self, ref: Ref) -> None:
        outcome = self._migrate(ref)
        if outcome.became is Became.MIGRATED:
            self.migrated[ref.kind] += 1
            self._progress(self.migrated.total())
        elif outcome.became is Became.STUCK:
            self.stuck.append(outcome)

    def _migrate(self, ref: Ref, tries: int = TRIES) -> Outcome:
        """Let one go over; where somebody was faster, it is looked at anew."""
        try:
            with self._office.begin(self._actor) as tx:
                return migrate_subject(tx, self._transfers, ref, reason=self._reason)
        except Stale:
            if tries == 1:
                raise
        return self._migrate(ref, tries - 1)
