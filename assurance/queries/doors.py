"""Which steps a person can take on a subject now, and every reason why not the others."""

from __future__ import annotations

from dataclasses import dataclass, replace

from assurance.commands.approving import COUNT
from assurance.commands.hearing import circumstances, look
from assurance.deciders import Request
from assurance.office import Tx
from assurance.queries.rights import Choice, open_notices
from engine.approval_words import who_decides
from engine.moved import Ref
from engine.refusals import spoken
from engine.vocabulary import Field


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
    """All steps out of a subject's state, for one person, on one version; of a decision `note` says how far it is.

    `notices` are those to which this person can reply before anybody is named.
    """

    ref: Ref
    state: str
    state_title: str
    version: int
    roles: tuple[str, ...]
    doors: tuple[Door, ...]
    note: str = ""
    notices: tuple[Choice, ...] = ()


def doors_of(tx: Tx, ref: Ref) -> Doors:
    """Give the open and the closed doors of a subject for the actor, in the order of its life.

    Raises Refused where there is no such subject for the actor.
    """
    hearing = look(tx, ref)
    state, workflow = hearing.known.standing.state, hearing.workflow
    words = {word for way in workflow.moves for word in way.apart}
    here = circumstances(tx, hearing, words)
    doors = tuple(
        Door(
            trigger=offer.trigger,
            title=offer.title,
            about=offer.about,
            is_open=offer.is_open,
            target=workflow.states[offer.target].title,
            needs_decision_of=None if offer.approval is None else who_decides(offer.approval),
            needs_form=offer.enters,
            asks=offer.asks,
            reasons=tuple(reason.sentence for reason in offer.reasons),
        )
        for offer in workflow.offers(state, here)
    )
    request = hearing.request
    return Doors(
        ref,
        state,
        workflow.states[state].title,
        hearing.known.standing.version,
        tuple(sorted(here.roles)),
        doors if request is None else tuple(_with_what_is_missing(door, request) for door in doors),
        "" if request is None else _how_far(tx, request),
        open_notices(tx, hearing.known),
    )


def _with_what_is_missing(door: Door, request: Request) -> Door:
    """Close the door to counting while the answers come to nothing: whose are missing is no fact of a workflow."""
    if door.trigger != COUNT or not door.is_open or request.ballot.count().outcome is not None:
        return door
    return replace(door, is_open=False, reasons=(f"There is nothing to count yet. {request.in_words()}",))


def _how_far(tx: Tx, request: Request) -> str:
    own = None if tx.actor.person_id is None else request.ballot.answer_of(tx.actor.person_id)
    if own is None:
        return request.in_words()
    return f"{request.in_words()} You have answered: {spoken(own.word)}; until it is settled, another answer replaces it."
