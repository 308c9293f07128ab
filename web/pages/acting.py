"""What is entered about actions and recommendations, each step with its form; see `web/pages/entering.py`."""

from __future__ import annotations

from typing import Any

from assurance.access import Viewer
from assurance.commands import acting, concluding, waiting
from assurance.files.cabinet import Kept
from assurance.office import Tx
from assurance.queries import choosing
from assurance.queries.tracker import Choice
from engine.moved import Ref
from web.forms.entering import (
    AgencyAnswerForm,
    CompletePlanForm,
    EvidenceForm,
    NoteForm,
    PlanForm,
    ReAuditForm,
    WaitedForm,
    WaitForm,
)
from web.pages.entering import Entry

ACTION, RECOMMENDATION = "action", "recommendation"
_OF_ACTION = ("text", "measure", "owner", "current_due_on")
_OF_RECOMMENDATION = ("text", "agency")
_NO_POST_YET = {"": "Not decided yet"}


def _note(tx: Tx, ref: Ref, form: NoteForm, _file: Kept | None) -> Ref:
    return acting.note_progress(tx, ref, form.rating.data, _text(form.text.data), key=form.key.data).ref


def _evidence(tx: Tx, ref: Ref, form: EvidenceForm, file: Kept | None) -> Ref:
    command = acting.add_evidence if ref.kind == ACTION else concluding.record_evidence
    return command(tx, ref, _text(form.title.data), _text(form.text.data), file=file, key=form.key.data).ref


def _wait(tx: Tx, ref: Ref, form: WaitForm, _file: Kept | None) -> Ref:
    return waiting.wait_for(tx, ref, int(form.agency.data), _text(form.reason.data), key=form.key.data).ref


def _offer_others(tx: Tx, viewer: Viewer, ref: Ref, form: WaitForm) -> None:
    own = choosing.plan_so_far(tx, viewer, ref).agency_id
    form.agency.choices = {"": "Choose an agency"} | dict(
        choosing.agencies_to_choose(tx, viewer, besides=own)
    )


def _stop_waiting(tx: Tx, ref: Ref, form: WaitedForm, _file: Kept | None) -> Ref:
    return waiting.stop_waiting(tx, ref, _text(form.what_came.data), key=form.key.data).ref


def _plan(tx: Tx, ref: Ref, form: PlanForm, _file: Kept | None) -> Ref:
    plan = acting.Plan(
        int(form.agency.data),
        _text(form.text.data),
        _number(form.owner.data),
        _text(form.measure.data) or None,
        form.due_on.data,
    )
    return acting.plan_action(tx, ref, plan, key=form.key.data)


def _offer_plan(tx: Tx, viewer: Viewer, ref: Ref, form: PlanForm) -> None:
    agencies = choosing.planning_agencies(tx, viewer, ref)
    form.agency.choices = _one_or_choose(agencies)
    posts = choosing.posts_of(tx, viewer, [int(one.value) for one in agencies])
    form.owner.choices = _NO_POST_YET | dict(posts)


def _complete_plan(tx: Tx, ref: Ref, form: CompletePlanForm, _file: Kept | None) -> Ref:
    return acting.complete_plan(
        tx,
        ref,
        owner_post_id=_number(form.owner.data),
        measure=_text(form.measure.data) or None,
        due_on=form.due_on.data if form.due_on.name in form.asked else None,
        key=form.key.data,
    ).ref


def _offer_what_lacks(tx: Tx, viewer: Viewer, ref: Ref, form: CompletePlanForm) -> None:
    so_far = choosing.plan_so_far(tx, viewer, ref)
    form.owner.choices = _NO_POST_YET | dict(choosing.posts_of(tx, viewer, [so_far.agency_id]))
    form.begin_with(so_far.owner_post_id, so_far.measure, so_far.due_on)


def _answer(tx: Tx, ref: Ref, form: AgencyAnswerForm, _file: Kept | None) -> Ref:
    return concluding.answer_for_agency(
        tx,
        ref,
        int(form.agency.data),
        form.answer.data,
        reason=_text(form.reason.data) or None,
        key=form.key.data,
    ).ref


def _offer_asked(tx: Tx, viewer: Viewer, ref: Ref, form: AgencyAnswerForm) -> None:
    asked = choosing.asked_agencies(tx, viewer, ref)
    form.agency.choices = _one_or_choose(asked)
    if not asked:
        form.nothing_to_choose = "No agency for which you answer was asked about this recommendation."


def _re_audit(tx: Tx, ref: Ref, form: ReAuditForm, _file: Kept | None) -> Ref:
    earlier, later = form.pair.data.split("-")
    concluding.record_re_audit(tx, ref, int(earlier), int(later), key=form.key.data)
    return ref


def _offer_pairs(tx: Tx, viewer: Viewer, ref: Ref, form: ReAuditForm) -> None:
    form.pair.choices = dict(choosing.aims_asked_again(tx, viewer, ref))
    if not form.pair.choices:
        form.nothing_to_choose = (
            "No later audit that the group has looked at asks one of its aims again. Open one that does, from the "
            "programme, or record other evidence."
        )


def _one_or_choose(agencies: tuple[Choice, ...]) -> dict[str, str]:
    """Offer the one agency as it is, and several with the request to choose."""
    return ({} if len(agencies) == 1 else {"": "Choose an agency"}) | dict(agencies)


def _text(written: str | None) -> str:
    return (written or "").strip()


def _number(chosen: str | None) -> int | None:
    return int(chosen) if chosen else None


NOTE = Entry(ACTION, "note_progress", NoteForm, _note, "Your note is added.", _OF_ACTION)
EVIDENCE = Entry(ACTION, "add_evidence", EvidenceForm, _evidence, "Your evidence is added.", _OF_ACTION)
WAIT = Entry(
    ACTION,
    "wait_for",
    WaitForm,
    _wait,
    "It waits for that agency now, which is told. The owner's clock stands still.",
    _OF_ACTION,
    _offer_others,
)
STOP_WAITING = Entry(
    ACTION,
    "stop_waiting",
    WaitedForm,
    _stop_waiting,
    "It waits no more. The owner's clock runs on.",
    ("text", "waiting_on", "waiting_since_on", "awaited"),
)
COMPLETE_PLAN = Entry(
    ACTION,
    "complete_plan",
    CompletePlanForm,
    _complete_plan,
    "The plan is completed.",
    ("text", "agency", "original_due_on"),
    _offer_what_lacks,
)
PLAN = Entry(
    RECOMMENDATION,
    "plan_action",
    PlanForm,
    _plan,
    "The action is planned. Agree it next, once it has an owner and a measure.",
    _OF_RECOMMENDATION,
    _offer_plan,
)
ANSWER = Entry(
    RECOMMENDATION,
    "answer_for_agency",
    AgencyAnswerForm,
    _answer,
    "The agency's answer is recorded.",
    _OF_RECOMMENDATION,
    _offer_asked,
)
RE_AUDIT = Entry(
    RECOMMENDATION,
    "record_re_audit",
    ReAuditForm,
    _re_audit,
    "Before and after stand side by side below.",
    _OF_RECOMMENDATION,
    _offer_pairs,
)
LATER_EVIDENCE = Entry(
    RECOMMENDATION,
    "record_evidence",
    EvidenceForm,
    _evidence,
    "Your evidence is recorded.",
    (*_OF_RECOMMENDATION, "implemented_on"),
)
ENTRIES: tuple[Entry[Any], ...] = (
    NOTE,
    EVIDENCE,
    WAIT,
    STOP_WAITING,
    COMPLETE_PLAN,
    PLAN,
    ANSWER,
    RE_AUDIT,
    LATER_EVIDENCE,
)
