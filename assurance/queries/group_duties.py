"""What waits for those who act for the whole group: decisions, what was confirmed or sent in, audits, meetings, addresses."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.deciders import WAITING, requests_of
from assurance.mail import name_of
from assurance.matters import MatterNoun
from assurance.office import Tx
from assurance.past import IN_FORCE
from assurance.queries.duties import Duty, Me, can_take, sources
from assurance.records import (
    Action,
    Agency,
    AgencyReturn,
    Approval,
    Audit,
    Case,
    DeadAddress,
    ImmediateConcern,
    Matter,
    Meeting,
    Person,
    RecordSet,
    RuleHold,
)
from assurance.roster import GROUP_ROLES
from assurance.standing import who_looks
from engine.moved import Ref
from engine.rules import HoldKind
from engine.workflow import Way

AGENDA_BEFORE = 15  # working days
HOLD_ENDS_SOON = 2  # working days


def group_duties(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Duty]:
    """Give what waits for somebody as one who acts for the group, or whose decision is asked."""
    yield from _decisions(tx, viewer, me)
    yield from _holds(tx, viewer, me)
    if me.roles & {"chair", "deputy_chair"}:
        yield from _concerns(tx, viewer, me)
        yield from _confirmed(tx, viewer, me)
    if "coordinator" in me.roles:
        yield from _returns(tx, viewer)
    if me.looks_after_all():
        yield from _meetings(tx, viewer)
    if me.roles & {"coordinator", "administrator"}:
        yield from _addresses(tx, viewer)
    yield from _matters(tx, viewer, me)


def _decisions(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Duty]:
    rows = tx.session.scalars(
        sa.select(Approval).where(Approval.state == WAITING, visible(viewer, Approval)).order_by(Approval.id)
    ).all()
    requests = requests_of(tx, rows)
    asked_by = _names(tx, {row.requested_by_id for row in rows})
    audits = _references(tx, {row.audit_id for row in rows if row.audit_id is not None})
    for row in rows:
        ref, ballot = Ref(Approval.noun, row.id), requests[row.id].ballot
        what = f"{row.title}: {name_of(Ref(row.subject_kind, row.subject_id)).lower()}"
        audit = None if row.audit_id is None else audits[row.audit_id]
        expected = tx.playbook.definition(row.definition_id).states[WAITING].expected
        due_on = None if expected is None else tx.calendar.add_working_days(row.asked_on, expected)
        # It blocks somebody from the first day; its usual time only says when it has become late.
        is_late = due_on is not None and due_on < tx.today
        is_mine = ballot.voice_of(me.person_id) is not None and ballot.answer_of(me.person_id) is None
        if is_mine:
            why = f"{asked_by[row.requested_by_id]} asks for your decision."
            yield Duty(ref, what, why, row.asked_on, due_on if is_late else None, ("approve",), audit)
        elif "coordinator" in me.roles and ballot.count().outcome is not None:
            why = "Enough have answered; the answers only have to be counted."
            yield Duty(ref, what, why, row.asked_on, due_on if is_late else None, ("count",), audit)


def _holds(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Duty]:
    soon = tx.calendar.add_working_days(tx.today, HOLD_ENDS_SOON)
    rows = tx.session.scalars(
        sa.select(RuleHold)
        .where(visible(viewer, RuleHold), RuleHold.state == IN_FORCE, RuleHold.until_on >= tx.today)
        .order_by(RuleHold.id)
    ).all()
    placed_by = _names(tx, {row.placed_by_id for row in rows})
    for row in rows:
        ref = Ref(RuleHold.noun, row.id)
        about = row.subject_kind and row.subject_id and name_of(Ref(row.subject_kind, row.subject_id)).lower()
        if row.kind == HoldKind.REPLY:
            looks = who_looks(me.people, agency_id=row.agency_id, written_by=row.placed_by_id)
            if row.looked_at_on is None and any(seat.person_id == me.person_id for seat in looks):
                what = f"Reply about {about}"
                why = f"{placed_by[row.placed_by_id]} has replied to a notice; the rule waits until somebody has looked."
                yield Duty(ref, what, why, row.placed_on, row.until_on, ("let_speak", "hold"))
        elif row.placed_by_id == me.person_id and row.until_on <= soon:
            what = f"{row.kind.capitalize()} about {about or 'every subject'}"
            why = "What you have accepted or silenced ends soon; then the rule speaks again."
            yield Duty(ref, what, why, row.placed_on, row.until_on, ("renew", "lift"))


def _concerns(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Duty]:
    query = sa.select(
        ImmediateConcern.id,
        ImmediateConcern.state,
        ImmediateConcern.state_since_on,
        ImmediateConcern.agency_id,
        Agency.name,
    ).join(Agency, Agency.id == ImmediateConcern.agency_id)
    raised = sources(tx, ImmediateConcern.noun, "take_up")
    open_ones = (visible(viewer, ImmediateConcern), can_take(tx, ImmediateConcern, "take_up", "close"))
    for number, state, since_on, agency_id, agency in tx.session.execute(query.where(*open_ones)):
        ref, what = Ref(ImmediateConcern.noun, number), f"Immediate concern for {agency}"
        if state in raised:
            why = f"{agency} was told and has not said yet that it is acting."
            yield Duty(ref, what, why, since_on, since_on, is_urgent=True)
        elif me.decides_about(agency_id):
            why = f"{agency} is acting; close it once you know what was done."
            yield Duty(ref, what, why, since_on, None, ("close",))


def _confirmed(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Duty]:
    """A confirmed action is for the chair; for the deputy where no chair is free to decide on that agency's work."""
    query = (
        sa.select(
            Action.id, Action.text, Action.agency_id, Action.state_since_on, Agency.name, Audit.reference
        )
        .join(Agency, Agency.id == Action.agency_id)
        .join(Audit, Audit.id == Action.audit_id)
        .where(visible(viewer, Action), can_take(tx, Action, "verify"))
    )
    for number, text, agency_id, since_on, agency, audit in tx.session.execute(query):
        if me.decides_about(agency_id):
            why = f"{agency} says that it is complete; you verify it or send it back."
            yield Duty(Ref(Action.noun, number), text, why, since_on, None, ("verify", "return"), audit)


def _returns(tx: Tx, viewer: Viewer) -> Iterator[Duty]:
    query = (
        sa.select(
            AgencyReturn.id,
            AgencyReturn.state_since_on,
            RecordSet.name,
            Agency.name,
            Case.case_ref,
            Audit.reference,
        )
        .join(RecordSet, RecordSet.id == AgencyReturn.record_set_id)
        .join(Agency, Agency.id == AgencyReturn.agency_id)
        .join(Case, Case.id == AgencyReturn.case_id)
        .join(Audit, Audit.id == AgencyReturn.audit_id)
        .where(visible(viewer, AgencyReturn), can_take(tx, AgencyReturn, "accept"))
    )
    for number, since_on, records, agency, case, audit in tx.session.execute(query):
        what = f"Return for case {case} from {records}"
        why = f"{agency} has sent it in; accept it or send it back for changes."
        yield Duty(
            Ref(AgencyReturn.noun, number), what, why, since_on, None, ("accept", "request_changes"), audit
        )


def _meetings(tx: Tx, viewer: Viewer) -> Iterator[Duty]:
    ahead = tx.calendar.add_working_days(tx.today, AGENDA_BEFORE)
    rows = tx.session.execute(
        sa.select(Meeting.id, Meeting.title, Meeting.on, Meeting.state_since_on)
        .where(
            visible(viewer, Meeting),
            can_take(tx, Meeting, "hold"),
            Meeting.on <= ahead,
        )
        .order_by(Meeting.starts_at)
    )
    for number, title, on, since_on in rows:
        ref = Ref(Meeting.noun, number)
        if on < tx.today:
            yield Duty(
                ref,
                title,
                "Its day has passed; record whether the group has met.",
                on,
                on,
                ("hold", "cancel"),
            )
        else:
            yield Duty(
                ref, title, "Its agenda is to be drawn up, and its papers are to go out.", since_on, on
            )


def _addresses(tx: Tx, viewer: Viewer) -> Iterator[Duty]:
    rows = tx.session.execute(
        sa.select(DeadAddress.id, DeadAddress.address, DeadAddress.since_on).where(
            visible(viewer, DeadAddress), can_take(tx, DeadAddress, "mend")
        )
    )
    for number, address, since_on in rows:
        why = "Mail to this address comes back; find out the right one."
        yield Duty(Ref(DeadAddress.noun, number), address, why, since_on, None, ("mend",))


def _matters(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Duty]:
    """What stands in YAML only waits for whoever may take it forward."""
    kinds = [kind for kind, noun in tx.playbook.nouns.items() if isinstance(noun, MatterNoun)]
    if not kinds:
        return
    rows = tx.session.scalars(
        sa.select(Matter).where(Matter.kind.in_(kinds), visible(viewer, Matter)).order_by(Matter.id)
    )
    for row in rows:
        workflow = tx.playbook.definition(row.definition_id)
        acts_here = row.agency_id is None or row.agency_id in me.agencies
        mine = {"owner"} if row.owner_post_id in me.posts else set()
        roles = {role for role in me.roles if role in GROUP_ROLES or acts_here} | mine
        steps = tuple(
            dict.fromkeys(
                way.trigger
                for way in workflow.moves
                if row.state in way.sources and roles & set(way.by) and leads_on(way, row.state)
            )
        )
        if steps:
            title = workflow.title
            why = f"It stands at “{workflow.states[row.state].title}”, and you can take it on."
            yield Duty(Ref(row.kind, row.id), f"{title}: {row.title}", why, row.state_since_on, None, steps)


def leads_on(way: Way, state: str) -> bool:
    """Say whether a way leads to another state without asking why: what is given up or sent back needs a reason."""
    asks_why = any(ask.name == "reason" and not ask.optional for ask in way.asks)
    return way.leads_to(state) != state and not asks_why


def _names(tx: Tx, people: set[int]) -> dict[int, str]:
    rows = tx.session.execute(sa.select(Person.id, Person.name).where(Person.id.in_(people)))
    return dict(rows.all())


def _references(tx: Tx, audits: set[int]) -> dict[int, str]:
    rows = tx.session.execute(sa.select(Audit.id, Audit.reference).where(Audit.id.in_(audits)))
    return dict(rows.all())
