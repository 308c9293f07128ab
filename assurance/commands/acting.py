"""What agencies do: actions with an owner, a measure and a date; progress and evidence; concerns that cannot wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from assurance.commands.checks import held, one_of, own, said
from assurance.commands.concluding import evidence
from assurance.commands.hearing import load, require_for_agency
from assurance.commands.moving import Done, Entered, enter, start
from assurance.files.cabinet import Kept
from assurance.mail import News, Told, item_of, tell
from assurance.office import Tx
from assurance.records import (
    Action,
    Agency,
    AgencyAnswer,
    Audit,
    Case,
    ImmediateConcern,
    Post,
    ProgressNote,
    Recommendation,
)
from assurance.roster import roster
from assurance.standing import addressees
from engine.errors import Reason, Refused
from engine.moved import Ref
from notifications.outbox import Severity

RATINGS = ("on track", "at risk", "late")
TOLD_OF_CONCERNS = ("agency_lead", "chair", "deputy_chair", "coordinator")


@dataclass(frozen=True, slots=True)
class Plan:
    """What one agency means to do; owner, measure and date may follow until it is agreed."""

    agency_id: int
    text: str
    owner_post_id: int | None = None
    measure: str | None = None
    due_on: date | None = None


def plan_action(tx: Tx, recommendation: Ref, plan: Plan, *, key: str | None = None) -> Ref:
    """Plan what one agency will do about a recommendation; with that the agency has accepted it."""
    held(tx, recommendation, Recommendation.noun)
    parent = tx.session.get_one(Recommendation, recommendation.id)
    agency = own(tx, Agency, plan.agency_id, "agency")
    require_for_agency(tx, agency.id)
    if parent.agency_id not in (None, agency.id):
        sentence = "This recommendation is for one agency only; plan its action for that one."
        raise Refused(Reason("for_one_agency", sentence))
    if plan.owner_post_id is not None:
        _owner(tx, plan.owner_post_id, agency.id)
    count = sa.select(sa.func.max(Action.number)).where(Action.recommendation_id == recommendation.id)
    row = Action(
        audit_id=parent.audit_id,
        recommendation_id=parent.id,
        agency_id=agency.id,
        owner_post_id=plan.owner_post_id,
        number=(tx.session.scalar(count) or 0) + 1,
        text=said(plan.text, "what the agency will do"),
        measure=None if plan.measure is None else said(plan.measure, "how one will know"),
        original_due_on=plan.due_on,
        current_due_on=plan.due_on,
        chased_from_on=plan.due_on,
        times_moved=0,
    )
    due = {} if plan.due_on is None else {"set": {"current_due_on": plan.due_on.isoformat()}}
    ref = start(tx, row, Action.noun, entered=Entered({"recommendation": parent.id, **due}))
    answer = tx.session.scalar(
        sa.select(AgencyAnswer).where(
            AgencyAnswer.recommendation_id == parent.id, AgencyAnswer.agency_id == agency.id
        )
    )
    if answer is not None:
        answer.answer, answer.reason = "accepted", None
    tx.session.flush()
    enter(tx, recommendation, "plan_action", Entered({"action": ref.id}), key=key)
    return ref


def complete_plan(
    tx: Tx,
    ref: Ref,
    *,
    owner_post_id: int | None = None,
    measure: str | None = None,
    due_on: date | None = None,
    key: str | None = None,
) -> Done:
    """Name the owner, the measure or the first date of an action.

    Raises Refused for a second date: a date that stands is moved by request only.
    """
    held(tx, ref, Action.noun)
    row = tx.session.get_one(Action, ref.id, populate_existing=True)
    require_for_agency(tx, row.agency_id)
    data: dict[str, object] = {}
    if owner_post_id is not None:
        row.owner_post_id = _owner(tx, owner_post_id, row.agency_id).id
        data["row"] = {"owner_post_id": owner_post_id}
    if measure is not None:
        row.measure = said(measure, "how one will know")
    if due_on is not None:
        if row.original_due_on is not None:
            raise Refused(Reason("date_stands", "A date stands already; ask for a later one instead."))
        row.original_due_on = row.current_due_on = row.chased_from_on = due_on
        dates = ("original_due_on", "current_due_on", "chased_from_on")
        data["set"] = dict.fromkeys(dates, due_on.isoformat())
    return enter(tx, ref, "complete_plan", Entered(data), key=key)


def note_progress(tx: Tx, ref: Ref, rating: str, text: str, *, key: str | None = None) -> Done:
    """Add a progress note; notes are never changed, only added to."""
    if tx.actor.person_id is None:
        raise Refused(Reason("nobody", "Only a person can write a progress note."))
    held(tx, ref, Action.noun)
    row = ProgressNote(
        group_id=tx.actor.group_id,
        action_id=ref.id,
        person_id=tx.actor.person_id,
        on=tx.today,
        rating=one_of(rating, RATINGS, "a rating"),
        text=said(text, "how it goes"),
    )
    tx.session.add(row)
    tx.session.flush()
    return enter(tx, ref, "note_progress", Entered({"note": row.id, "rating": rating}), key=key)


def add_evidence(
    tx: Tx, ref: Ref, title: str, text: str, *, file: Kept | None = None, key: str | None = None
) -> Done:
    """Add evidence that an action was done; a file may prove it."""
    return enter(tx, ref, "add_evidence", evidence(tx, ref, title, text, file), key=key)


def raise_concern(
    tx: Tx,
    agency_id: int,
    text: str,
    *,
    audit: Ref | None = None,
    case_id: int | None = None,
    key: str | None = None,
) -> Ref:
    """Raise an immediate concern: the agency that must act, the chair, the deputy and the coordinator are told now.

    Everybody with a post in the group may; nothing else is asked of them.
    """
    agency = own(tx, Agency, agency_id, "agency")
    if audit is not None:
        held(tx, audit, Audit.noun)
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    if not list(people.of(tx.actor.person_id)):
        raise Refused(
            Reason("no_post", "Only somebody who holds a post in the group can raise a concern here.")
        )
    if case_id is not None:
        case = own(tx, Case, case_id, "case")
        if audit is not None and case.audit_id != audit.id:
            raise Refused(Reason("unknown_case", "This case belongs to another audit."))
        audit = Ref(Audit.noun, case.audit_id)
    row = ImmediateConcern(
        audit_id=None if audit is None else audit.id, case_id=case_id, agency_id=agency.id, raised_on=tx.today
    )
    texts = {"concern": said(text, "what the concern is")}
    ref = start(tx, row, ImmediateConcern.noun, entered=Entered({"agency": agency.id}, texts), key=key)
    known = load(tx, ref)
    news = News(
        template="concern",
        said="An immediate concern was raised. Please sign in and read it now.",
        why=f"{tx.actor.name} raised it today; it waits for no stage and no meeting.",
        about=ref,
        key=f"{ref}:1",
        cause=f"{ref} line 1",
        items=[item_of(tx.playbook, known)],
        severity=Severity.URGENT,
    )
    told = [Told(seat, word) for word in TOLD_OF_CONCERNS for seat in addressees(word, people, known.belongs)]
    tell(tx, known, news, told)
    return ref


def _owner(tx: Tx, post_id: int, agency_id: int) -> Post:
    """Give the post that is to own an agency's action; raises Refused for a post of another agency."""
    post = own(tx, Post, post_id, "post")
    if post.agency_id not in (None, agency_id):
        raise Refused(
            Reason("other_agencys_post", f"{post.title} is a post of another agency; name one of this.")
        )
    return post
