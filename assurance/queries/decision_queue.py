"""The decisions of a group as one person finds them: what waits for them, what waits for others, and what is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.deciders import WAITING, Request, answers_of, requests_of
from assurance.office import Tx
from assurance.queries.lists import names, state_title
from assurance.queries.one_approval import decided_by
from assurance.queries.subject_words import what_they_say
from assurance.records import Approval, Audit, Person
from engine.approvals import Word
from engine.moved import Ref
from engine.refusals import spoken

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Waiting:
    """A decision that waits: since when, in working days, for whom, and how far it is. `own` is what you answered.

    `what` is what its subject says, where that has words and the viewer may read them.
    """

    ref: Ref
    about: Ref
    what: str
    audit: str | None
    step: str
    asked_by: str
    asked_on: date
    working_days: int
    waits_for: tuple[str, ...]
    so_far: str
    is_stuck: bool
    own: str


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that has ended, and how; `what` is what its subject says."""

    ref: Ref
    about: Ref
    what: str
    audit: str | None
    step: str
    asked_by: str
    asked_on: date
    state: str
    state_title: str
    decided_by: str | None
    ended_on: date


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits, the longest first, and one page of what has ended, the newest first."""

    for_you: tuple[Waiting, ...]
    for_others: tuple[Waiting, ...]
    decided: tuple[Decided, ...]
    ended: int
    page: int
    pages: int


def queue_of(tx: Tx, viewer: Viewer, *, page: int = 1) -> Queue:
    """Give the decisions that a viewer may see; a page beyond the last one is the last."""
    mine = visible(viewer, Approval)
    waits = tx.session.scalars(
        sa.select(Approval).where(mine, Approval.state == WAITING).order_by(Approval.asked_on, Approval.id)
    ).all()
    has_ended = (mine, Approval.state != WAITING)
    ended = tx.session.scalar(sa.select(sa.func.count()).select_from(Approval).where(*has_ended)) or 0
    pages = max(-(-ended // PER_PAGE), 1)
    page = min(max(page, 1), pages)
    found = tx.session.scalars(
        sa.select(Approval)
        .where(*has_ended)
        .order_by(Approval.state_since_on.desc(), Approval.id.desc())
        .offset((page - 1) * PER_PAGE)
        .limit(PER_PAGE)
    ).all()
    called = _Called(
        names(tx, Person, Person.name),
        names(tx, Audit, Audit.reference),
        what_they_say(tx, viewer, (Ref(row.subject_kind, row.subject_id) for row in (*waits, *found))),
    )
    requests = requests_of(tx, waits)
    rows = [_waiting(tx, viewer, row, requests[row.id], called) for row in waits]
    yours = {row.id for row in waits if _waits_for(viewer, requests[row.id])}
    return Queue(
        for_you=tuple(one for one in rows if one.ref.id in yours),
        for_others=tuple(one for one in rows if one.ref.id not in yours),
        decided=_decided(tx, found, called),
        ended=ended,
        page=page,
        pages=pages,
    )


def _waits_for(viewer: Viewer, request: Request) -> bool:
    """Say whether a request waits for the viewer; not once they have answered, though they may answer anew."""
    return any(seat.person_id == viewer.person_id for seat in request.seats_to_answer())


class _Called(NamedTuple):
    """How people, audits and the subjects of decisions are called."""

    people: Mapping[int, str]
    audits: Mapping[int, str]
    subjects: Mapping[Ref, str]


def _waiting(tx: Tx, viewer: Viewer, row: Approval, request: Request, called: _Called) -> Waiting:
    own = None if viewer.person_id is None else request.ballot.answer_of(viewer.person_id)
    return Waiting(
        ref=Ref(Approval.noun, row.id),
        about=Ref(row.subject_kind, row.subject_id),
        what=called.subjects.get(Ref(row.subject_kind, row.subject_id), ""),
        audit=None if row.audit_id is None else called.audits[row.audit_id],
        step=row.title,
        asked_by=called.people[row.requested_by_id],
        asked_on=row.asked_on,
        working_days=tx.calendar.working_days_between(row.asked_on, tx.today),
        waits_for=request.names_to_answer(),
        so_far=request.so_far() or ("" if request.names_to_answer() else request.in_words()),
        is_stuck=request.ballot.count().to_spare < 0,
        own="" if own is None else _SAID[own.word],
    )


def _decided(tx: Tx, found: Sequence[Approval], called: _Called) -> tuple[Decided, ...]:
    given = answers_of(tx, [row.id for row in found])
    return tuple(
        Decided(
            ref=Ref(Approval.noun, row.id),
            about=Ref(row.subject_kind, row.subject_id),
            what=called.subjects.get(Ref(row.subject_kind, row.subject_id), ""),
            audit=None if row.audit_id is None else called.audits[row.audit_id],
            step=row.title,
            asked_by=called.people[row.requested_by_id],
            asked_on=row.asked_on,
            state=row.state,
            state_title=state_title(tx, row),
            decided_by=decided_by(row, given.get(row.id, ()), called.people),
            ended_on=row.state_since_on,
        )
        for row in found
    )


_SAID = {word: spoken(word) for word in Word}
