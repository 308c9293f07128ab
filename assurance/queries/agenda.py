"""The agenda of a meeting from live data: what is missing, late, to be decided, or to be looked at again before it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.deciders import WAITING
from assurance.facts import SETTLED_ACTIONS, SETTLED_RETURNS
from assurance.mail import name_of
from assurance.office import Tx
from assurance.past import IN_FORCE
from assurance.queries.duties import can_take
from assurance.queries.lists import names
from assurance.reasons import day_in_words
from assurance.records import (
    Action,
    Agency,
    AgencyReturn,
    Approval,
    Audit,
    ImmediateConcern,
    Meeting,
    Person,
    Recommendation,
    RecordSet,
    RuleHold,
)
from engine.moved import Ref
from engine.rules import HoldKind

MOST = 50
ON_THE_AGENDA_AFTER = timedelta(days=30)  # as the rule action-for-the-agenda says


@dataclass(frozen=True, slots=True)
class Item:
    """One thing on an agenda: what, why it is there, and the subject; `of` counts all of its point where it is cut off."""

    ref: Ref
    what: str
    why: str
    of: int = 0


@dataclass(frozen=True, slots=True)
class Point:
    """One point of an agenda with its items; `number` counts all of them, also those that are left out."""

    title: str
    items: tuple[Item, ...]
    number: int


def agenda(tx: Tx, viewer: Viewer, meeting: Ref) -> tuple[Point, ...]:
    """Give the points of a meeting's agenda on which there is something, as far as the viewer may see it."""
    on = tx.session.get_one(Meeting, meeting.id).on
    points = (
        ("Immediate concerns that are open", _concerns(tx, viewer)),
        ("Decisions that only the group can take", _decisions(tx, viewer)),
        ("Returns that are still missing", _returns(tx, viewer, meeting)),
        ("Actions thirty days overdue by the day of the meeting", _actions(tx, viewer, on)),
        ("Escalations that somebody has accepted", _accepted(tx, viewer)),
        ("Recommendations to ask of whether they have lasted", _checks(tx, viewer, on)),
        ("Themes that are due to be audited again", _re_audits(tx, viewer, on)),
    )
    found = ((title, tuple(items)) for title, items in points)
    return tuple(Point(title, items[:MOST], _number(items)) for title, items in found if items)


def _number(items: Sequence[Item]) -> int:
    """Count the items; of those that were cut off already the first one knows how many there are."""
    return max(len(items), items[0].of)


def _concerns(tx: Tx, viewer: Viewer) -> Iterable[Item]:
    rows = tx.session.execute(
        sa.select(ImmediateConcern.id, ImmediateConcern.raised_on, Agency.name)
        .join(Agency, Agency.id == ImmediateConcern.agency_id)
        .where(visible(viewer, ImmediateConcern), can_take(tx, ImmediateConcern, "take_up", "close"))
        .order_by(ImmediateConcern.id)
    )
    for number, raised_on, agency in rows:
        yield Item(
            Ref(ImmediateConcern.noun, number),
            f"Immediate concern for {agency}",
            f"raised on {day_in_words(raised_on)}",
        )


def _decisions(tx: Tx, viewer: Viewer) -> Iterable[Item]:
    rows = tx.session.scalars(
        sa.select(Approval)
        .where(
            Approval.state == WAITING,
            Approval.policy.contains('"at_meeting":true'),
            visible(viewer, Approval),
        )
        .order_by(Approval.id)
    ).all()
    people = names(tx, Person, Person.name) if rows else {}
    for row in rows:
        about = name_of(Ref(row.subject_kind, row.subject_id)).lower()
        why = f"{people[row.requested_by_id]} asked on {day_in_words(row.asked_on)}"
        yield Item(Ref(Approval.noun, row.id), f"{row.title}: {about}", why)


def _returns(tx: Tx, viewer: Viewer, meeting: Ref) -> Iterable[Item]:
    """Count the missing returns by records: which case one is about is not said, so that everybody may see it."""
    rows = tx.session.execute(
        sa.select(
            Audit.id,
            Audit.reference,
            RecordSet.name,
            Agency.name,
            sa.func.count(),
            sa.func.min(AgencyReturn.due_on),
        )
        .join(Audit, Audit.id == AgencyReturn.audit_id)
        .join(RecordSet, RecordSet.id == AgencyReturn.record_set_id)
        .join(Agency, Agency.id == AgencyReturn.agency_id)
        .where(
            Audit.meeting_id == meeting.id,
            visible(viewer, Audit),
            AgencyReturn.state.not_in((*SETTLED_RETURNS, "submitted")),
        )
        .group_by(Audit.id, Audit.reference, RecordSet.id, RecordSet.name, Agency.name)
        .order_by(Audit.id, RecordSet.id)
    )
    for audit_id, reference, records, agency, number, due_on in rows:
        what = f"{records}, {agency}: {number} {'return' if number == 1 else 'returns'}"
        late = (tx.today - due_on).days
        when = (
            f"{late} days late"
            if late > 1
            else ("1 day late" if late == 1 else f"due {day_in_words(due_on)}")
        )
        yield Item(Ref(Audit.noun, audit_id), what, f"audit {reference}, {when}")


def _actions(tx: Tx, viewer: Viewer, on: date) -> Iterable[Item]:
    rows = tx.session.execute(
        sa.select(
            Action.id,
            Action.text,
            Action.chased_from_on,
            Action.times_moved,
            Agency.name,
            sa.func.count().over(),
        )
        .join(Agency, Agency.id == Action.agency_id)
        .where(
            visible(viewer, Action),
            Action.state.not_in(SETTLED_ACTIONS),
            Action.confirmed_on.is_(None),
            Action.waiting_on_agency_id.is_(None),
            Action.chased_from_on <= on - ON_THE_AGENDA_AFTER,
        )
        .order_by(Action.chased_from_on, Action.id)
        .limit(MOST)
    )
    for number, text, due_on, moved, agency, every in rows:
        times = "" if not moved else f", moved {'once' if moved == 1 else f'{moved} times'}"
        due = "" if due_on is None else f", due {day_in_words(due_on)}"
        yield Item(Ref(Action.noun, number), text, f"{agency}{due}{times}", every)


def _accepted(tx: Tx, viewer: Viewer) -> Iterable[Item]:
    rows: Sequence[RuleHold] = tx.session.scalars(
        sa.select(RuleHold)
        .where(
            visible(viewer, RuleHold),
            RuleHold.kind == HoldKind.ACKNOWLEDGEMENT,
            RuleHold.state == IN_FORCE,
            RuleHold.until_on >= tx.today,
        )
        .order_by(RuleHold.until_on, RuleHold.id)
    ).all()
    people = names(tx, Person, Person.name) if rows else {}
    for row in rows:
        about = name_of(Ref(row.subject_kind or "", row.subject_id or 0))
        why = f"{people[row.placed_by_id]} has accepted it until {day_in_words(row.until_on)}"
        yield Item(Ref(RuleHold.noun, row.id), about, why)


def _checks(tx: Tx, viewer: Viewer, on: date) -> Iterable[Item]:
    rows = tx.session.execute(
        sa.select(Recommendation.id, Recommendation.text, Recommendation.embedded_check_on, Audit.reference)
        .join(Audit, Audit.id == Recommendation.audit_id)
        .where(
            visible(viewer, Recommendation),
            can_take(tx, Recommendation, "judge_embedded"),
            Recommendation.embedded_check_on <= on,
        )
        .order_by(Recommendation.embedded_check_on, Recommendation.id)
    )
    for number, text, check_on, reference in rows:
        due = "" if check_on is None else f", to be asked from {day_in_words(check_on)}"
        yield Item(Ref(Recommendation.noun, number), text, f"audit {reference}{due}")


def _re_audits(tx: Tx, viewer: Viewer, on: date) -> Iterable[Item]:
    rows = tx.session.execute(
        sa.select(Audit.id, Audit.theme, Audit.reference, Audit.re_audit_due_on)
        .where(visible(viewer, Audit), Audit.signed_off_on.is_not(None), Audit.re_audit_due_on <= on)
        .order_by(Audit.re_audit_due_on, Audit.id)
    )
    for number, theme, reference, due_on in rows:
        due = "" if due_on is None else f", due {day_in_words(due_on)}"
        yield Item(Ref(Audit.noun, number), theme, f"audit {reference}{due}")
