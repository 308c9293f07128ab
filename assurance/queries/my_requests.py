"""What somebody has asked for, sent in or confirmed, and with whom it waits now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.deciders import WAITING, requests_of
from assurance.facts import SETTLED_ACTIONS
from assurance.mail import name_of
from assurance.office import Tx
from assurance.past import IN_FORCE
from assurance.queries.duties import Me, can_take, who_decides_about
from assurance.records import (
    Action,
    Agency,
    AgencyReturn,
    Approval,
    Audit,
    Case,
    RecordSet,
    RuleHold,
)
from assurance.roster import Seat
from assurance.standing import who_looks
from engine.moved import Ref
from engine.refusals import one_of
from engine.rules import HoldKind

NOBODY = "nobody in post"


@dataclass(frozen=True, slots=True)
class Sent:
    """One thing that somebody has sent on its way: what, with whom it waits, and since when."""

    ref: Ref
    what: str
    with_whom: str
    since_on: date
    audit: str | None = None


def my_requests(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Sent]:
    """Give what somebody waits for, by kind."""
    yield from _asked(tx, viewer, me)
    yield from _replied(tx, viewer, me)
    if me.agencies:
        yield from _sent_in(tx, viewer, me)
        yield from _confirmed(tx, viewer, me)
        yield from _kept_waiting(tx, viewer, me)


def _asked(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Sent]:
    rows = tx.session.execute(
        sa.select(Approval, Audit.reference)
        .join(Audit, Audit.id == Approval.audit_id, isouter=True)
        .where(
            Approval.state == WAITING,
            Approval.requested_by_id == me.person_id,
            Approval.group_id == viewer.group_id,
        )
    ).all()
    requests = requests_of(tx, [row for row, _ in rows])
    for row, audit in rows:
        what = f"{row.title}: {name_of(Ref(row.subject_kind, row.subject_id)).lower()}"
        request = requests[row.id]
        who = request.so_far() or one_of(request.names_to_answer() or (NOBODY,))
        yield Sent(Ref(Approval.noun, row.id), what, who, row.asked_on, audit)


def _replied(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Sent]:
    rows = tx.session.scalars(
        sa.select(RuleHold).where(
            visible(viewer, RuleHold),
            RuleHold.kind == HoldKind.REPLY,
            RuleHold.placed_by_id == me.person_id,
            RuleHold.state == IN_FORCE,
            RuleHold.looked_at_on.is_(None),
            RuleHold.until_on >= tx.today,
        )
    )
    for row in rows:
        about = name_of(Ref(row.subject_kind or "", row.subject_id or 0)).lower()
        looks = who_looks(me.people, agency_id=row.agency_id, written_by=me.person_id)
        yield Sent(Ref(RuleHold.noun, row.id), f"Your reply about {about}", _names(looks), row.placed_on)


def _sent_in(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Sent]:
    rows = tx.session.execute(
        sa.select(
            AgencyReturn.id, AgencyReturn.state_since_on, RecordSet.name, Case.case_ref, Audit.reference
        )
        .join(RecordSet, RecordSet.id == AgencyReturn.record_set_id)
        .join(Case, Case.id == AgencyReturn.case_id)
        .join(Audit, Audit.id == AgencyReturn.audit_id)
        .where(
            visible(viewer, AgencyReturn),
            can_take(tx, AgencyReturn, "accept"),
            sa.or_(AgencyReturn.agency_id.in_(me.leads), RecordSet.lead_post_id.in_(me.posts)),
        )
    )
    looks = _names(me.people.holding("coordinator"))
    for number, since_on, records, case, audit in rows:
        yield Sent(
            Ref(AgencyReturn.noun, number), f"Return for case {case} from {records}", looks, since_on, audit
        )


def _confirmed(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Sent]:
    rows = tx.session.execute(
        sa.select(Action.id, Action.text, Action.agency_id, Action.state_since_on, Audit.reference)
        .join(Audit, Audit.id == Action.audit_id)
        .where(visible(viewer, Action), can_take(tx, Action, "verify"), _is_mine(me))
    )
    for number, text, agency_id, since_on, audit in rows:
        who = _names(who_decides_about(me.people, agency_id))
        yield Sent(Ref(Action.noun, number), f"Confirmed: {text}", who, since_on, audit)


def _kept_waiting(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Sent]:
    rows = tx.session.execute(
        sa.select(
            Action.id,
            Action.text,
            Agency.name,
            sa.func.coalesce(Action.waiting_since_on, Action.state_since_on),
            Audit.reference,
        )
        .join(Agency, Agency.id == Action.waiting_on_agency_id)
        .join(Audit, Audit.id == Action.audit_id)
        .where(
            visible(viewer, Action),
            Action.state.not_in(SETTLED_ACTIONS),
            Action.waiting_since_on.is_not(None),
            _is_mine(me),
        )
    )
    for number, text, agency, since_on, audit in rows:
        yield Sent(Ref(Action.noun, number), text, agency, since_on, audit)


def _is_mine(me: Me) -> sa.ColumnElement[bool]:
    return sa.or_(Action.agency_id.in_(me.leads), Action.owner_post_id.in_(me.posts))


def _names(seats: Iterable[Seat]) -> str:
    return one_of([*dict.fromkeys(seat.person for seat in seats)] or [NOBODY])
