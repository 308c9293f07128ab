"""python-statemachine with SQLAlchemy's ORM: a machine bound to each row that is loaded, as its documentation has it."""

from __future__ import annotations

import sys

from sqlalchemy.orm import object_session
from statemachine import State, StateMachine

from bench.peers import three_tables
from bench.peers.contract import MOVES, Database, Mover, NotTheSameWork, Peer, in_processes, main
from bench.peers.rows import Instance, Sessions, note


class Life(StateMachine):
    """Seven states in a row."""

    draft = State(initial=True)
    submitted = State()
    checked = State()
    approved = State()
    planned = State()
    delivered = State()
    closed = State(final=True)

    submit = draft.to(submitted, cond="is_named")
    check = submitted.to(checked, cond="is_named")
    approve = checked.to(approved, cond="is_named")
    plan = approved.to(planned, cond="is_named")
    deliver = planned.to(delivered, cond="is_named")
    close = delivered.to(closed, cond="is_named")

    def is_named(self) -> bool:
        """Guard each move."""
        return bool(self.model.title)

    def after_transition(self, event: str, source: State) -> None:
        """Add line and mail to the session in which the row was loaded."""
        row = self.model
        session = object_session(row)
        if session is None:
            raise NotTheSameWork("the row belongs to no session")
        now = three_tables.CLOCK.now()
        row.updated_at = now
        note(session, row, str(event), source.id, seq=row.version + 1, at=now)


class WithStateMachine(Sessions):
    """One request after the other."""

    def advance(self, subject: int, step: int) -> None:
        """Load the row, send the event, commit."""
        with self.begin() as session:
            row = session.get_one(Instance, subject)
            Life(row, state_field="state").send(MOVES[step])


def opened(database: Database) -> Mover:
    """Open a pool."""
    return WithStateMachine(database)


if __name__ == "__main__":
    sys.exit(
        main(Peer(three_tables.set_up, three_tables.preload, three_tables.counted, in_processes(opened)))
    )
