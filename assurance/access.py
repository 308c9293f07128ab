"""Who may see what: one filter for each noun, and one question about a single subject that the same filter answers.

The group sees what is pooled. What was read in a single file stays with the agency whose file it is, the chair,
the deputy, the coordinator and the inspector.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.facts import NOUNS, SETTLED_ACTIONS, Known
from assurance.office import Actor
from assurance.records import (
    Action,
    AgencyReturn,
    Answer,
    Approval,
    Case,
    DeadAddress,
    ImmediateConcern,
    Matter,
    Person,
    Recommendation,
    RuleHold,
    StoredFile,
)
from assurance.roster import Roster, Seat
from engine.errors import Reason, Refused
from engine.moved import Ref
from engine.store import among
from notifications.outbox import Message

SEE_EVERYTHING = frozenset({"chair", "deputy_chair", "coordinator", "inspector"})
STRATEGIC = "strategic"


class Sight(StrEnum):
    """How far somebody's look reaches."""

    EVERYTHING = "everything"  # those of SEE_EVERYTHING, and whoever runs the installation
    OWN_AGENCY = "own agency"  # what is pooled, and all that is their own agency's
    POOLED = "pooled"  # what is pooled: the lay member, the Board's chair, the administrator
    NOTHING = "nothing"  # nobody in post today


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who looks at one group; `person_id` is None for whoever runs the installation."""

    group_id: int
    person_id: int | None
    name: str
    sight: Sight
    agencies: frozenset[int]
    roles: frozenset[str]


def viewer_of(people: Roster, actor: Actor) -> Viewer:
    """Say how far an actor sees, from the posts that they hold today."""
    seats = tuple(people.of(actor.person_id))
    roles = frozenset(seat.role for seat in seats)
    agencies = people.agencies_of(actor.person_id)
    if actor.person_id is None or roles & SEE_EVERYTHING:
        sight = Sight.EVERYTHING
    elif agencies:
        sight = Sight.OWN_AGENCY
    else:
        sight = Sight.POOLED if seats else Sight.NOTHING
    return Viewer(actor.group_id, actor.person_id, actor.name, sight, agencies, roles)


def visible(viewer: Viewer, table: type[Any]) -> sa.ColumnElement[bool]:
    """Give the filter that leaves of a table's rows those that the viewer may see.

    A table without a filter of its own holds what is pooled: aims, findings, meetings, people, posts. A finding's
    case is another question: `sees_cases`.
    """
    own_group: sa.ColumnElement[bool] = table.group_id == viewer.group_id
    if viewer.sight is Sight.EVERYTHING:
        return own_group
    if viewer.sight is Sight.NOTHING:
        return sa.false()
    narrower = _FILTERS.get(table)
    return own_group if narrower is None else sa.and_(own_group, narrower(viewer))


def may_see(session: Session, viewer: Viewer, ref: Ref) -> bool:
    """Say whether the viewer may see one subject; one that does not exist is seen by nobody."""
    noun = NOUNS.get(ref.kind)
    if noun is not None:
        where = [noun.table.id == ref.id, visible(viewer, noun.table)]
    else:
        where = [Matter.id == ref.id, Matter.kind == ref.kind, visible(viewer, Matter)]
    return session.scalar(sa.select(sa.literal(1)).where(*where)) is not None


def may_be_told(session: Session, people: Roster, known: Known, seat: Seat) -> bool:
    """Say whether a mail about a subject may go to somebody: only to whoever may see it."""
    viewer = viewer_of(people, Actor(known.standing.group_id, seat.person_id, seat.person))
    return is_told_by_post(viewer, known) or may_see(session, viewer, known.ref)


def is_told_by_post(viewer: Viewer, known: Known) -> bool:
    """Say whether a mail about any subject of this agency may go to the viewer, by the posts that they hold."""
    agency_id = known.belongs.agency_id
    return agency_id is None or viewer.sight is Sight.EVERYTHING or agency_id in viewer.agencies


def seen(session: Session, viewer: Viewer, kind: str, subjects: Sequence[int]) -> set[int]:
    """Give those of many subjects of one kind that the viewer may see."""
    noun = NOUNS.get(kind)
    table: type[Any] = Matter if noun is None else noun.table
    where = [among(table.id, "subjects"), visible(viewer, table)]
    if noun is None:
        where.append(Matter.kind == kind)
    return set(session.scalars(sa.select(table.id).where(*where), {"subjects": list(subjects)}))


def require_sight(session: Session, viewer: Viewer, ref: Ref) -> None:
    """Raise Refused unless the viewer may see a subject; that there is one for others is not told."""
    if not may_see(session, viewer, ref):
        raise nothing_like(viewer, str(ref))


def nothing_like(viewer: Viewer, written: str) -> Refused:
    """Say that there is nothing of this name, or nothing for this viewer: the two are not told apart."""
    whom = "" if viewer.person_id is None else f" that {viewer.name} may see"
    return Refused(Reason("unknown_subject", f"There is no {written}{whom}."))


def sees_cases(viewer: Viewer) -> bool:
    """Say whether the viewer may see from which case a finding came."""
    return viewer.sight is Sight.EVERYTHING


def reads_texts_of(viewer: Viewer, agency_id: int | None) -> bool:
    """Say whether the viewer may read what people wrote about a subject of an agency (None: of the whole group).

    Notes, evidence and reasons may tell of a single file, which the subject itself does not.
    """
    if viewer.sight is Sight.EVERYTHING:
        return True
    if agency_id is None:
        return viewer.sight is not Sight.NOTHING
    return agency_id in viewer.agencies


def _returns(viewer: Viewer) -> sa.ColumnElement[bool]:
    return AgencyReturn.agency_id.in_(viewer.agencies)


def _answers(viewer: Viewer) -> sa.ColumnElement[bool]:
    return sa.exists().where(AgencyReturn.id == Answer.return_id, _returns(viewer))


def _cases(viewer: Viewer) -> sa.ColumnElement[bool]:
    return sa.exists().where(AgencyReturn.case_id == Case.id, _returns(viewer))


def _recommendations(viewer: Viewer) -> sa.ColumnElement[bool]:
    return sa.or_(Recommendation.type == STRATEGIC, Recommendation.agency_id.in_(viewer.agencies))


def _actions(viewer: Viewer) -> sa.ColumnElement[bool]:
    # The group is named once more: else the database may read the recommendations of all groups to find these.
    is_strategic = sa.exists().where(
        Recommendation.id == Action.recommendation_id,
        Recommendation.group_id == viewer.group_id,
        Recommendation.type == STRATEGIC,
    )
    # Whoever is waited for must know for what, also where it is about individual practice; what people wrote about
    # it stays with the agency whose work it is.
    is_awaited = sa.and_(
        Action.waiting_on_agency_id.in_(viewer.agencies), Action.state.not_in(SETTLED_ACTIONS)
    )
    return sa.or_(Action.agency_id.in_(viewer.agencies), is_strategic, is_awaited)


def _concerns(viewer: Viewer) -> sa.ColumnElement[bool]:
    return ImmediateConcern.agency_id.in_(viewer.agencies)


def _matters(viewer: Viewer) -> sa.ColumnElement[bool]:
    """What stands in YAML only may be about anything: nobody outside sees it pooled."""
    own = Matter.agency_id.in_(viewer.agencies)
    return sa.or_(own, Matter.agency_id.is_(None)) if viewer.sight is Sight.OWN_AGENCY else own


def _files(viewer: Viewer) -> sa.ColumnElement[bool]:
    """A file may tell of a single case, as other things do that people have written about its subject."""
    return sa.or_(StoredFile.agency_id.is_(None), StoredFile.agency_id.in_(viewer.agencies))


def _approvals(viewer: Viewer) -> sa.ColumnElement[bool]:
    """A decision is seen by whoever sees what it is about, and by whoever asked for it."""
    about = _sees_subject(viewer, Approval, beside=(Approval, RuleHold))
    return sa.or_(about, Approval.requested_by_id == viewer.person_id)


def _holds(viewer: Viewer) -> sa.ColumnElement[bool]:
    """A hold is seen by whoever sees what it is about, and by whoever placed it; one about all subjects by all."""
    about = _sees_subject(viewer, RuleHold, beside=(RuleHold,))
    return sa.or_(about, RuleHold.subject_kind.is_(None), RuleHold.placed_by_id == viewer.person_id)


def _sees_subject(
    viewer: Viewer, table: type[Approval] | type[RuleHold], *, beside: tuple[type[Any], ...]
) -> sa.ColumnElement[bool]:
    """Leave the rows of a table that stand beside a subject which the viewer may see."""
    about = [
        sa.and_(
            table.subject_kind == kind,
            sa.exists().where(noun.table.id == table.subject_id, visible(viewer, noun.table)),
        )
        for kind, noun in NOUNS.items()
        if noun.table not in beside
    ]
    matter = sa.exists().where(
        Matter.id == table.subject_id, Matter.kind == table.subject_kind, visible(viewer, Matter)
    )
    return sa.or_(*about, matter)


def _dead_addresses(viewer: Viewer) -> sa.ColumnElement[bool]:
    """An address is for those whose it is, and for whoever keeps the accounts."""
    if "administrator" in viewer.roles:
        return sa.true()
    return sa.exists().where(
        Person.id == viewer.person_id, sa.func.lower(Person.email) == DeadAddress.address
    )


def _mails(viewer: Viewer) -> sa.ColumnElement[bool]:
    """Mails hold names and counts only; whoever keeps the accounts sees whether they arrive."""
    if "administrator" in viewer.roles:
        return sa.true()
    return Message.person_ref == f"person/{viewer.person_id}"


_FILTERS: Mapping[type[Any], Callable[[Viewer], sa.ColumnElement[bool]]] = {
    AgencyReturn: _returns,
    Answer: _answers,
    Case: _cases,
    Recommendation: _recommendations,
    Action: _actions,
    Approval: _approvals,
    DeadAddress: _dead_addresses,
    ImmediateConcern: _concerns,
    Matter: _matters,
    RuleHold: _holds,
    StoredFile: _files,
    Message: _mails,
}
