"""`transitions` with SQLAlchemy's ORM, as most would write it: a machine on each row that is loaded, one session a request."""

from __future__ import annotations

import sys

from sqlalchemy.orm import Session, object_session, reconstructor
from transitions import EventData, Machine

from bench.peers import three_tables
from bench.peers.contract import MOVES, STATES, Database, Mover, NotTheSameWork, Peer, in_processes, main
from bench.peers.rows import Instance, Sessions, note

WAYS = [
    {"trigger": word, "source": STATES[step], "dest": STATES[step + 1], "conditions": "is_named"}
    for step, word in enumerate(MOVES)
]


class Recommendation(Instance):
    """A row with a machine of its own."""

    @reconstructor
    def equip(self) -> None:
        """Give a loaded row its machine."""
        self.machine = Machine(
            model=self,
            states=list(STATES),
            transitions=WAYS,
            initial=self.state,
            auto_transitions=False,
            after_state_change="write_down",
            send_event=True,
        )

    def is_named(self, _event: EventData) -> bool:
        """Guard each move."""
        return bool(self.title)

    def write_down(self, event: EventData) -> None:
        """Add line and mail to the session in which the row was loaded."""
        session = object_session(self)
        if not isinstance(session, Session) or event.transition is None:
            raise NotTheSameWork("the row belongs to no session")
        now = three_tables.CLOCK.now()
        self.updated_at = now
        note(session, self, event.event.name, event.transition.source, seq=self.version + 1, at=now)


class WithTransitions(Sessions):
    """One request after the other."""

    def advance(self, subject: int, step: int) -> None:
        """Load the row, pull its trigger, commit."""
        with self.begin() as session:
            row = session.get_one(Recommendation, subject)
            if not row.machine.events[MOVES[step]].trigger(row):
                raise NotTheSameWork(f"{subject} cannot {MOVES[step]}")


def opened(database: Database) -> Mover:
    """Open a pool."""
    return WithTransitions(database)


if __name__ == "__main__":
    sys.exit(
        main(Peer(three_tables.set_up, three_tables.preload, three_tables.counted, in_processes(opened)))
    )
