"""The state machine under a workflow: the only file that knows `transitions`, and what it must never be given.

One machine per definition, made once and never changed: it holds no model, has no transitions of its own making, no
queue, no hooks, and no string out of a file is ever handed to it as a callback.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeAlias

from transitions import EventData, Machine

from engine.errors import Reason
from engine.workflow_parts import Circumstances, Way


class Attempt:
    """One firing: the state it starts from and ends in, the way that opened, the ways that stayed closed and why."""

    __slots__ = ("approved", "circumstances", "closed", "opened", "state")

    def __init__(self, state: str, circumstances: Circumstances, *, approved: bool) -> None:
        self.state = state
        self.circumstances = circumstances
        self.approved = approved
        self.opened: Way | None = None
        self.closed: list[tuple[Way, tuple[Reason, ...]]] = []


Objections: TypeAlias = Callable[[Way, Attempt], tuple[Reason, ...]]


class StateMachine:
    """Fires triggers on attempts; the same one serves any number of subjects and threads."""

    __slots__ = ("_events",)

    def __init__(
        self, states: Iterable[str], start: str, ways: Iterable[Way], objections: Objections
    ) -> None:
        machine = Machine(
            model=None,
            states=list(states),
            initial=start,
            auto_transitions=False,
            send_event=True,
            queued=False,
        )
        for way in ways:
            for source in way.sources:
                machine.add_transition(
                    way.trigger, source, way.leads_to(source), conditions=[partial(_guard, way, objections)]
                )
        self._events = machine.events

    def fire(self, trigger: str, attempt: Attempt) -> bool:
        """Try the ways of a trigger in the order of the file; the caller makes sure that one starts at the state."""
        return self._events[trigger].trigger(attempt)


def _guard(way: Way, objections: Objections, event: EventData) -> bool:
    # Exactly True or False: the library compares with `==`, so that any other truth would close the door unseen.
    attempt = event.model
    if not isinstance(attempt, Attempt):
        raise TypeError(f"a workflow is fired on an Attempt, not on {type(attempt).__name__}")
    reasons = objections(way, attempt)
    if reasons:
        attempt.closed.append((way, reasons))
        return False
    attempt.opened = way
    return True
