"""What a person is to a subject: roles, conflicts of interest, and who is meant by a word such as `owner`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.facts import Belonging
from assurance.roster import GROUP_ROLES, RELATIONS, Roster, Seat
from engine.definitions import MIGRATED
from engine.ledger import Event
from engine.moved import Ref
from engine.prepared import Prepared
from engine.store import among

# Words of a conflict that speak of no step.
_NO_STEPS = frozenset({"own_agency", "requester"})


def roles_of(roster: Roster, person_id: int | None, belongs: Belonging) -> frozenset[str]:
    """Give the roles that a person has towards a subject; nobody at all is the clock.

    A post of an agency counts for subjects of that agency and for those of the whole group.
    """
    if person_id is None:
        return frozenset({"clock"})
    roles: set[str] = set()
    for seat in roster.of(person_id):
        roles |= _roles_in(roster, seat, belongs)
    if belongs.requester_id == person_id:
        roles.add("requester")
    return frozenset(roles)


def in_role(roster: Roster, role: str, belongs: Belonging) -> tuple[Seat, ...]:
    """Give the seats through which people have a role towards a subject."""
    return tuple(seat for seat in roster.seats if role in _roles_in(roster, seat, belongs))


def conflicts_of(
    session: Session,
    roster: Roster,
    person_id: int | None,
    ref: Ref,
    belongs: Belonging,
    *,
    words: Iterable[str],
) -> dict[str, str]:
    """Give a sentence for each conflict word that applies to this person and this subject.

    `own_agency`: the person holds a post in the agency whose work this is. Any other word is a trigger:
    the person has done that on this very subject.
    """
    triggers = set(words) - _NO_STEPS
    done = _done_by(session, ref, person_id) if triggers and person_id is not None else set()
    return conflicts_with(roster, person_id, belongs, words=words, done=done)


def conflicts_with(
    roster: Roster, person_id: int | None, belongs: Belonging, *, words: Iterable[str], done: Set[str]
) -> dict[str, str]:
    """Give the same, where it is known already which steps the person has `done` on the subject."""
    wanted = set(words)
    found: dict[str, str] = {}
    if person_id is None:
        return found
    if (
        "own_agency" in wanted
        and belongs.agency_id is not None
        and belongs.agency_id in roster.agencies_of(person_id)
    ):
        found["own_agency"] = "You hold a post in the agency whose work this is; somebody else must decide."
    if "requester" in wanted and belongs.requester_id == person_id:
        found["requester"] = "You have placed this yourself; somebody else must look at it."
    for trigger in done & (wanted - _NO_STEPS):
        found[trigger] = (
            f"You did the earlier step ({trigger.replace('_', ' ')}) yourself; somebody else must decide."
        )
    return found


def steps_of(session: Session, refs: Iterable[Ref], people: Iterable[int]) -> dict[tuple[Ref, int], set[str]]:
    """Give the steps that people have taken on subjects, agreed to or asked for: one statement for each kind."""
    lines: dict[Ref, list[tuple[str, str, str]]] = defaultdict(list)
    by_kind: dict[str, list[int]] = defaultdict(list)
    for ref in refs:
        by_kind[ref.kind].append(ref.id)
    who = sorted(set(people))
    for kind, ids in by_kind.items():
        said = {"kind": kind, "subjects": ids}
        for subject, line_kind, actor, data in _SAID_OF_MANY.rows(session, said):
            lines[Ref(kind, subject)].append((line_kind, actor, data))
    return {
        (ref, person): _steps_in(
            (data for kind, actor, data in found if _speaks_of(person, kind, actor, data)), person
        )
        for ref, found in lines.items()
        for person in who
    }


def addressees(
    word: str,
    roster: Roster,
    belongs: Belonging,
    *,
    approval: Iterable[Seat] = (),
    requester: int | None = None,
) -> tuple[Seat, ...]:
    """Give who is meant by a word of the YAML; where a post is vacant, the coordinator stands in.

    What belongs to one agency alone is for that agency and for those who look after all of them.
    """
    if word == "approver":
        found = tuple(approval)
    elif word == "requester":
        found = tuple(roster.of(belongs.requester_id if requester is None else requester))[:1]
    elif word == "members":
        found = tuple(seat for seat in roster.seats if seat.is_member and _is_for(seat, belongs))
    elif word == "owner":
        found = roster.in_post(belongs.owner_post_id) or _lead(roster, belongs.agency_id)
    elif word == "agency_lead":
        found = _lead(roster, belongs.agency_id)
    elif word == "awaited_lead":
        found = _lead(roster, belongs.awaited_agency_id)
    elif word == "agency_leads":
        found = roster.holding("agency_lead", agency_id=belongs.agency_id)
    else:
        found = roster.holding(word)
    return found or roster.holding("coordinator")


def who_looks(roster: Roster, *, agency_id: int | None, written_by: int | None) -> tuple[Seat, ...]:
    """Give who looks at a reply: the coordinator, else the deputy, else the chair.

    The first of them who neither wrote it nor holds a post of the agency that is about to be named. The chair comes
    last, since it is mostly the chair who will be told.
    """
    for role in ("coordinator", "deputy_chair", "chair"):
        free = tuple(
            seat
            for seat in roster.holding(role)
            if seat.person_id != written_by and agency_id not in roster.agencies_of(seat.person_id)
        )
        if free:
            return free
    return ()


def _roles_in(roster: Roster, seat: Seat, belongs: Belonging) -> set[str]:
    roles: set[str] = set()
    acts_here = belongs.agency_id is None or seat.agency_id in (None, belongs.agency_id)
    if seat.role not in RELATIONS and (seat.role in GROUP_ROLES or acts_here):
        roles.add(seat.role)
    if seat.is_member:
        roles.add("member")
    if belongs.owner_post_id is not None and seat.post_id == belongs.owner_post_id:
        roles.add("owner")
    if seat in _lead(roster, belongs.awaited_agency_id):
        roles.add("awaited_lead")
    return roles


def _is_for(seat: Seat, belongs: Belonging) -> bool:
    own = belongs.agency_id is None or seat.agency_id == belongs.agency_id
    return own or seat.role in ("chair", "deputy_chair")


def _lead(roster: Roster, agency_id: int | None) -> tuple[Seat, ...]:
    return () if agency_id is None else roster.holding("agency_lead", agency_id=agency_id)


_SAID_BY = Prepared(
    sa.select(Event.data)
    .where(
        Event.subject_kind == sa.bindparam("kind"),
        Event.subject_id == sa.bindparam("id"),
        sa.or_(
            Event.actor == sa.bindparam("who"),
            Event.kind == MIGRATED,
            Event.data.contains('"agreed_by":'),
        ),
    )
    .order_by(Event.seq)
)


_SAID_OF_MANY = Prepared(
    sa.select(Event.subject_id, Event.kind, Event.actor, Event.data)
    .where(
        Event.subject_kind == sa.bindparam("kind", required=False),
        among(Event.subject_id, "subjects"),
        sa.or_(
            Event.data.contains('"trigger":'),
            Event.data.contains('"asked":'),
            Event.kind == MIGRATED,
            Event.data.contains('"agreed_by":'),
        ),
    )
    .order_by(Event.subject_id, Event.seq)
)


def _done_by(session: Session, ref: Ref, person_id: int) -> set[str]:
    """Give the steps that a person has taken, agreed to or asked for, as the definition of today calls them."""
    rows = _SAID_BY.rows(session, {"kind": ref.kind, "id": ref.id, "who": f"person/{person_id}"})
    return _steps_in((data for (data,) in rows), person_id)


def _speaks_of(person_id: int, kind: str, actor: str, data: str) -> bool:
    return actor == f"person/{person_id}" or kind == MIGRATED or '"agreed_by":' in data


def _steps_in(lines: Iterable[str], person_id: int) -> set[str]:
    done: set[str] = set()
    who = f"person/{person_id}"
    for data in lines:
        line: Mapping[str, Any] = json.loads(data)
        called: Mapping[str, str] = line.get("steps", {})
        done = {called.get(step, step) for step in done} - {""}
        # Where several agreed, the step is theirs, and not that of whoever gave the last answer or counted.
        if who in line.get("agreed_by", (who,)):
            done |= {line[name] for name in ("trigger", "asked") if name in line}
    return done
