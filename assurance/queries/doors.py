"""Which steps a person can take on a subject now, and every reason why not the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from assurance.commands.hearing import circumstances, hear
from assurance.office import Tx
from engine.moved import Ref
from engine.vocabulary import Field
from engine.workflow import Way


@dataclass(frozen=True, slots=True)
class Door:
    """One step out of the present state. `asks` is what must be given with it, optional ones included."""

    trigger: str
    title: str
    about: str
    is_open: bool
    target: str
    needs_decision_of: str | None
    needs_form: bool
    asks: tuple[Field, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Doors:
    """All steps out of a subject's state, for one person, on one version."""

    ref: Ref
    state: str
    state_title: str
    version: int
    roles: tuple[str, ...]
    doors: tuple[Door, ...]


def doors_of(tx: Tx, ref: Ref) -> Doors:
    """Give the open and the closed doors of a subject for the actor, in the order of its life.

    Raises Refused where there is no such subject for the actor.
    """
    hearing = hear(tx, ref)
    state, workflow = hearing.known.standing.state, hearing.workflow
    # Where a decision is asked for, a conflict of interest is judged on whoever decides, not on who asks.
    asking = circumstances(tx, hearing, ())
    acting = circumstances(tx, hearing, _words(way for way in workflow.moves if way.approval is None))
    doors = tuple(
        Door(
            trigger=offer.trigger,
            title=offer.title,
            about=offer.about,
            is_open=offer.is_open,
            target=workflow.states[offer.target].title,
            needs_decision_of=offer.needs_approval_by,
            needs_form=offer.enters,
            asks=offer.asks,
            reasons=tuple(reason.sentence for reason in offer.reasons),
        )
        for asked, acted in zip(workflow.offers(state, asking), workflow.offers(state, acting), strict=True)
        for offer in (acted if asked.needs_approval_by is None else asked,)
    )
    return Doors(
        ref,
        state,
        workflow.states[state].title,
        hearing.known.standing.version,
        tuple(sorted(asking.roles)),
        doors,
    )


def _words(ways: Iterable[Way]) -> frozenset[str]:
    return frozenset(word for way in ways for word in way.apart)
