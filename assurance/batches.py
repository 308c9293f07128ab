"""Works through many subjects: a batch to a transaction, one by one where a batch fails, and past whoever fails alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeAlias

from assurance.office import Actor, Office, Tx
from assurance.tally import SweepTally
from engine import timers
from engine.errors import Stale
from engine.moved import Ref
from engine.timers import Due

BATCH = 1_000
PUSHED_AHEAD = timedelta(hours=1)
Work: TypeAlias = Callable[[Tx, Sequence[Due]], SweepTally]

log = logging.getLogger("auditloop.sweep")


def work_through(office: Office, actor: Actor, due: Sequence[Due], work: Work) -> SweepTally:
    """Do the work for subjects of one group; one bad subject stops nobody else, and is tried again in an hour."""
    tally = SweepTally()
    for start in range(0, len(due), BATCH):
        tally.add(_batch(office, actor, due[start : start + BATCH], work))
    return tally


def _batch(office: Office, actor: Actor, due: Sequence[Due], work: Work) -> SweepTally:
    """Do the work in one transaction; where that fails, for each subject in a transaction of its own."""
    try:
        with office.begin(actor) as tx:
            return work(tx, due)
    except Exception:
        log.info("a batch of %d subjects goes one by one", len(due), exc_info=True)
    tally = SweepTally()
    for one in due:
        tally.add(_alone(office, actor, one, work))
    return tally


def _alone(office: Office, actor: Actor, one: Due, work: Work) -> SweepTally:
    try:
        with office.begin(actor) as tx:
            return work(tx, [one])
    except Stale:
        # Another sweep, or a person, was faster; its own timer brings this subject back.
        return SweepTally(looked=1)
    except Exception:
        log.exception("the sweep could not look at %s", one.ref)
        return _park(office, actor, one.ref)


def _park(office: Office, actor: Actor, ref: Ref) -> SweepTally:
    """Push one bad subject ahead, so that it stops nobody and is tried again."""
    with office.begin(actor) as tx:
        timers.arm(tx.session, [ref], group_id=actor.group_id, due_at=tx.now + PUSHED_AHEAD)
    return SweepTally(looked=1, parked=1, parked_refs=[str(ref)])
