"""The figures of an installation for a monitor: counts and ages over all groups, read from the database when it asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from assurance.office import Office
from assurance.queries.health import due_timers, mails_by_state, newest_line_at, oldest_owed_at
from assurance.queries.vital_signs import vital_signs
from assurance.records.rules import DailySweep
from engine.fences import EVERY
from notifications.outbox import State


@dataclass(frozen=True, slots=True)
class Gauges:
    """What stands in the database now; ages are in seconds, and 0 where nothing waits.

    `signs` says for each vital sign whether it is well; where the database does not answer, it is alone.
    """

    signs: dict[str, bool]
    mails: dict[str, int] | None = None
    oldest_owed: float = 0.0
    rules_due: int = 0
    oldest_due: float = 0.0
    looked_at: datetime | None = None
    newest_line_at: datetime | None = None


def gauges(office: Office) -> Gauges:
    """Read all figures in one view of the database; one that does not answer is a figure too."""
    signs = {sign.name: sign.is_well for sign in vital_signs(office).signs}
    if not signs.get("database"):
        return Gauges(signs)
    now = office.clock.now()
    try:
        with office.store.reading(group=EVERY) as session:
            due, oldest_due = due_timers(session, now)
            mails = dict.fromkeys((state.value for state in State), 0) | mails_by_state(session)
            return Gauges(
                signs,
                mails,
                _age(oldest_owed_at(session), now),
                due,
                _age(oldest_due, now),
                session.scalar(sa.select(sa.func.min(DailySweep.done_at))),
                newest_line_at(session),
            )
    except DBAPIError:
        return Gauges(signs | {"database": False})


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
