"""Decisions: the queue of those who are asked, one decision in full, and answering it."""

from __future__ import annotations

from starlette.responses import Response

from assurance.commands.approving import count_answers, decide
from assurance.queries.decision import Decision, decision_of
from assurance.queries.decision_queue import queue_of
from engine.errors import Refused, Stale
from web.desk import Desk
from web.failures import is_not_there
from web.forms.deciding import APPROVE, REJECT, REQUEST_CHANGE, AnswerForm, answer_form
from web.forms.fields import OwnForm
from web.fresh import require_fresh

# What of a subject somebody reads before they decide; the rest stands folded away.
FIRST = (
    "text",
    "case",
    "records",
    "agency",
    "owner",
    "measure",
    "recommendation_text",
    "waiting_on",
    "is_overdue",
    "days_past_original",
    "source",
)
DONE = {
    APPROVE: "You have approved this",
    REQUEST_CHANGE: "You have asked for a change",
    REJECT: "You have rejected this",
}


def queue(desk: Desk, page: int = 1) -> Response:
    """Show what waits for whom, and what is decided."""
    with desk.reading() as (tx, viewer):
        found = queue_of(tx, viewer, page=page)
    return desk.page("decisions/queue.html", title="Approvals", queue=found)


def one(desk: Desk, number: int) -> Response:
    """Show one decision, with the form of whoever may answer it."""
    decision = _decision(desk, number)
    return _page(desk, decision, answer_form(decision))


def to_form(desk: Desk, number: int) -> Response:
    """Lead from the address of a step to the page on which it is taken."""
    return desk.go(f"/approval/{number}")


def answer(desk: Desk, number: int) -> Response:
    """Take an answer, or show the page again with what was wrong and everything that was typed."""
    decision = _decision(desk, number)
    form = answer_form(decision, desk.form)
    if not form.validate():
        return _page(desk, decision, form, status=422)
    require_fresh(desk)
    try:
        with desk.begin() as tx:
            done = decide(
                tx,
                decision.ref,
                form.answer.data,
                reason=form.reason.data or "",
                meeting_id=form.meeting_id(),
                version=form.version_seen(),
                key=form.key.data,
            )
    except Refused as refused:
        return _again(desk, number, form, refused)
    waits = " It waits for the others." if done.state == decision.state else ""
    return desk.go(f"/{decision.ref}", said=f"{DONE[form.answer.data]}: {decision.step}.{waits}")


def count(desk: Desk, number: int) -> Response:
    """Count the answers given so far."""
    decision, form = _decision(desk, number), OwnForm(desk.form)
    require_fresh(desk)
    try:
        with desk.begin() as tx:
            count_answers(tx, decision.ref, version=form.version_seen(), key=form.key.data)
    except Refused as refused:
        return _again(desk, number, form, refused)
    return desk.go(f"/{decision.ref}", said="The answers are counted.")


def _again(desk: Desk, number: int, form: OwnForm, refused: Refused) -> Response:
    """Show a decision as it stands now, with why the answer was not taken and what was typed."""
    if is_not_there(refused):
        raise refused
    decision = _decision(desk, number)
    shown = form if isinstance(form, AnswerForm) else answer_form(decision)
    is_late = isinstance(refused, Stale) or bool(decision.settled)
    shown.refuse(Refused.because("settled", decision.settled) if decision.settled else refused)
    return _page(desk, decision, shown, status=409 if is_late else 422)


def _decision(desk: Desk, number: int) -> Decision:
    with desk.reading() as (tx, viewer):
        return decision_of(tx, viewer, number)


def _page(desk: Desk, decision: Decision, form: AnswerForm, *, status: int = 200) -> Response:
    there = [line for line in decision.asked.values if line.value not in (None, "", False, 0)]
    return desk.page(
        "decisions/one.html",
        status=status,
        first=[(line.title, line.value) for line in there if line.name in FIRST],
        more=[
            *((line.title, line.value) for line in there if line.name not in FIRST),
            *((line.title, line.value) for line in decision.asked.counts),
        ],
        title=f"{decision.step}: {decision.asked.subject or decision.ref}",
        decision=decision,
        form=form,
    )
