"""My work: what waits for one person, the most urgent first, each with its one step; and what they wait for themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.facts import Known
from assurance.office import Tx
from assurance.queries.action_duties import action_duties
from assurance.queries.agency_duties import agency_duties
from assurance.queries.audit_duties import audit_duties
from assurance.queries.called_on import called_on
from assurance.queries.duties import Duty, Me, Urgency, me_of
from assurance.queries.group_duties import group_duties
from assurance.queries.my_requests import Sent, my_requests
from assurance.queries.pages import PER_PAGE, Page, Place, page_of
from assurance.reasons import day_in_words
from assurance.records import Approval, Meeting
from assurance.standing import conflicts_with, roles_of, steps_of
from engine.moved import Ref
from engine.workflow import Circumstances, Offer

# What no workflow says and commands of their own do: answering a notice, accepting an escalation.
OWN_FORMS = {"reply": "Reply to the notice", "acknowledge": "Accept it until a day"}
WEEK = timedelta(days=7)
ALREADY_ASKED = "A decision about it waits already."


@dataclass(frozen=True, slots=True)
class Step:
    """The one step that is asked of somebody; `needs_form` where it has a form of its own."""

    trigger: str
    title: str
    needs_form: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits for somebody: why for them, how urgent, since when and until when in words, and their step.

    Without a step it is to be looked at; `reasons` say what keeps them from the step that was meant, or that a decision
    about it waits already.
    """

    ref: Ref
    what: str
    why: str
    urgency: Urgency
    when: str
    since_on: date
    due_on: date | None
    step: Step | None
    reasons: tuple[str, ...]
    audit: str | None
    rule: str


@dataclass(frozen=True, slots=True)
class NextMeeting:
    """The group's next meeting."""

    ref: Ref
    title: str
    on: date


@dataclass(frozen=True, slots=True)
class MyWork:
    """One page of what waits for somebody, how much of it is late, what they have sent, and when the group meets."""

    waiting: Page[Waiting]
    late: int
    sent: tuple[Sent, ...]
    sent_number: int
    next_meeting: NextMeeting | None


MOST_SENT = 50
MOST_PAGES = 1000


def my_work(tx: Tx, viewer: Viewer, *, page: int = 1) -> MyWork:
    """Give what waits for the viewer and what they wait for; however much that is, in the same number of statements."""
    me = me_of(tx, viewer)
    if me is None:
        return MyWork(Page((), Place(1, 0)), 0, (), 0, _next_meeting(tx, viewer))
    ahead = tx.today + WEEK
    actions = action_duties(tx, viewer, me, ahead=ahead, most=PER_PAGE * min(max(page, 1), MOST_PAGES))
    others = [(duty.urgency(tx.today, ahead), duty) for duty in _duties(tx, viewer, me)]
    ranked = [*others, *((duty.urgency(tx.today, ahead), duty) for duty in actions.duties)]
    ranked.sort(key=lambda one: (one[0], one[1].due_on or one[1].since_on, one[1].ref))
    place = page_of(len(others) + actions.number, min(page, MOST_PAGES))
    shown = ranked[place.offset : place.offset + place.limit]
    sent = sorted(my_requests(tx, viewer, me), key=lambda one: (one.since_on, one.ref))
    return MyWork(
        waiting=Page(tuple(_waiting(tx, me, shown)), place),
        late=actions.late + sum(urgency <= Urgency.OVERDUE for urgency, _ in others),
        sent=tuple(sent[:MOST_SENT]),
        sent_number=len(sent),
        next_meeting=_next_meeting(tx, viewer),
    )


def _duties(tx: Tx, viewer: Viewer, me: Me) -> Iterable[Duty]:
    """Give everything that waits besides actions, each step of each subject once: who holds several posts is asked once."""
    found = (
        *group_duties(tx, viewer, me),
        *agency_duties(tx, viewer, me),
        *audit_duties(tx, viewer, me),
        *called_on(tx, viewer, me),
    )
    once: dict[tuple[Ref, tuple[str, ...], str], Duty] = {}
    for duty in found:
        once.setdefault((duty.ref, duty.steps[:1], duty.rule), duty)
    return once.values()


def _waiting(tx: Tx, me: Me, shown: Sequence[tuple[Urgency, Duty]]) -> Iterable[Waiting]:
    offers, asked = _offers(tx, me, [duty for _, duty in shown])
    for urgency, duty in shown:
        step, reasons = _step(duty, offers.get(duty.ref, {}))
        if duty.ref in asked:
            reasons = (*reasons, ALREADY_ASKED)
        yield Waiting(
            ref=duty.ref,
            what=duty.what,
            why=duty.why,
            urgency=urgency,
            when=in_words(duty.since_on, duty.due_on, today=tx.today),
            since_on=duty.since_on,
            due_on=duty.due_on,
            step=step,
            reasons=reasons,
            audit=duty.audit,
            rule=duty.rule,
        )


def in_words(since_on: date, due_on: date | None, *, today: date) -> str:
    """Say how late something is, or when it is due, or since when it has waited."""
    if due_on is None:
        days = (today - since_on).days
        return f"since {day_in_words(since_on)}{f', {_days(days)}' if days > 1 else ''}"
    days = (due_on - today).days
    if days < 0:
        return f"{_days(-days)} overdue, due on {day_in_words(due_on)}"
    if days < 2:
        return "due today" if days == 0 else "due tomorrow"
    return f"due in {_days(days)}, on {day_in_words(due_on)}"


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number:,} days"


def _step(duty: Duty, offers: Mapping[str, Offer]) -> tuple[Step | None, tuple[str, ...]]:
    """Choose the first step that is open; where none is, say what closes the one that was meant."""
    for trigger in duty.steps:
        if trigger in OWN_FORMS:
            return Step(trigger, OWN_FORMS[trigger], needs_form=True), ()
        offer = offers.get(trigger)
        if offer is not None and offer.is_open:
            return Step(trigger, offer.title, offer.enters), ()
    closed = [offers[trigger] for trigger in duty.steps if trigger in offers]
    return None, tuple(reason.sentence for reason in closed[0].reasons) if closed else ()


def _offers(tx: Tx, me: Me, duties: Sequence[Duty]) -> tuple[dict[Ref, dict[str, Offer]], set[Ref]]:
    """Ask the workflows which steps are open to somebody, and say of what a decision waits already.

    It takes one statement for the facts of each kind.
    """
    by_kind: dict[str, set[int]] = defaultdict(set)
    for duty in duties:
        if duty.steps:
            by_kind[duty.ref.kind].add(duty.ref.id)
    found: dict[Ref, dict[str, Offer]] = {}
    asked: set[Ref] = set()
    for kind, ids in by_kind.items():
        knowns = tx.playbook.noun(kind).load_many(tx.session, sorted(ids))
        done = steps_of(tx.session, [known.ref for known in knowns], [me.person_id])
        for known in knowns:
            found[known.ref] = _offers_of(tx, me, known, done.get((known.ref, me.person_id), set()))
            if known.facts.get("approvals_waiting"):
                asked.add(known.ref)
    return found, asked


def _offers_of(tx: Tx, me: Me, known: Known, done: Set[str]) -> dict[str, Offer]:
    workflow = tx.playbook.definition(known.standing.definition_id)
    roles = roles_of(me.people, me.person_id, known.belongs)
    if known.ref.kind == Approval.noun:
        roles |= {"approver"}  # who may answer was judged for each request when the duties were gathered
    words = {word for way in workflow.moves for word in way.apart}
    conflicts = conflicts_with(me.people, me.person_id, known.belongs, words=words, done=done)
    here = Circumstances(
        facts=known.facts,
        roles=roles,
        today=tx.today,
        calendar=tx.calendar,
        conflicts={} if known.ref.kind == Approval.noun else conflicts,
    )
    return {offer.trigger: offer for offer in workflow.offers(known.standing.state, here)}


def _next_meeting(tx: Tx, viewer: Viewer) -> NextMeeting | None:
    row = tx.session.execute(
        sa.select(Meeting.id, Meeting.title, Meeting.on)
        .where(visible(viewer, Meeting), Meeting.state == "planned", Meeting.on >= tx.today)
        .order_by(Meeting.starts_at)
        .limit(1)
    ).one_or_none()
    return None if row is None else NextMeeting(Ref(Meeting.noun, row[0]), row[1], row[2])
