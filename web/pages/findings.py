"""What an audit has found and what should change: the page, and the three forms that write it down."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from starlette.responses import Response

from assurance.access import Viewer
from assurance.commands import concluding
from assurance.commands.concluding import Seen
from assurance.commands.moving import repeated
from assurance.office import Tx
from assurance.queries.concluding_choices import (
    FindingToChoose,
    agencies_to_ask,
    aims_of,
    cases_of,
    findings_to_choose,
    meetings_that_were,
)
from assurance.queries.doors import Door, doors_of
from assurance.queries.findings import findings_page
from assurance.queries.references import subject_of
from assurance.queries.similar import earlier_like
from assurance.wording import remarks_on
from engine.errors import Refused, Stale
from engine.moved import Ref
from web.desk import Desk
from web.failures import is_not_there
from web.forms.concluding import FindingForm, ModerationForm, RecommendationForm, numbers
from web.forms.entering import EnteringForm
from web.pages.entering import NOT_TWICE
from web.pages.steps import door_among, no_such_door

F = TypeVar("F", bound=EnteringForm)
AUDIT = "audit"
HOLD, FIND, RECOMMEND = "hold_moderation", "record_finding", "make_recommendation"
ON_THE_PAGE = (HOLD, FIND, RECOMMEND)
LONGEST_PROPOSAL = 500
NOT_SAVED = "This was not saved"


def one(desk: Desk, number: int) -> Response:
    """Show what an audit has found."""
    with desk.reading() as (tx, viewer):
        page = findings_page(tx, viewer, subject_of(tx, viewer, AUDIT, number))
    open_doors = {
        door.trigger: door for door in page.doors.doors if door.is_open and door.trigger in ON_THE_PAGE
    }
    return desk.page(
        "findings/one.html",
        title=f"Findings of audit {page.reference}",
        page=page,
        ref=page.ref,
        open_doors=open_doors,
        can_find=FIND in open_doors,
    )


# -- the joint look ----------------------------------------------------------------------------------------


def ask_to_hold(desk: Desk, number: int) -> Response:
    """Show the form of the group's joint look at the returns."""
    return _form_page(desk, number, HOLD, ModerationForm(), _offer_meetings)


def hold(desk: Desk, number: int) -> Response:
    """Record the group's joint look at the returns."""
    form = ModerationForm(desk.form)

    def act(tx: Tx, ref: Ref) -> str:
        meeting = numbers([form.meeting.data or ""])
        concluding.hold_moderation(
            tx,
            ref,
            form.note.data or "",
            meeting_id=meeting[0] if meeting else None,
            held_on=form.held_on.data,
            key=form.key.data,
        )
        return "The joint look is recorded."

    return _take(desk, number, HOLD, form, _offer_meetings, act)


def _offer_meetings(tx: Tx, viewer: Viewer, _ref: Ref, form: ModerationForm) -> None:
    form.meeting.choices = {**dict(meetings_that_were(tx, viewer)), "none": "At no meeting: on the day below"}


# -- a finding ---------------------------------------------------------------------------------------------


def ask_to_find(desk: Desk, number: int) -> Response:
    """Show the form of a finding, begun with what the gap map proposes."""
    form = FindingForm()
    proposed = desk.request.query_params
    form.aim.data = proposed.get("aim", "")
    form.kind.data = proposed.get("kind", "")
    form.text.data = proposed.get("text", "")[:LONGEST_PROPOSAL]
    return _form_page(desk, number, FIND, form, _offer_finding)


def find(desk: Desk, number: int) -> Response:
    """Record a finding."""
    form = FindingForm(desk.form)

    def act(tx: Tx, ref: Ref) -> str:
        case = numbers([form.case.data or ""])
        seen = Seen(
            aim_id=int(form.aim.data),
            kind=form.kind.data,
            text=form.text.data or "",
            case_id=case[0] if case else None,
            none_needed=(form.none_needed.data or "").strip() or None,
        )
        concluding.record_finding(tx, ref, seen, key=form.key.data)
        return "The finding is recorded."

    return _take(desk, number, FIND, form, _offer_finding, act)


def _offer_finding(tx: Tx, viewer: Viewer, ref: Ref, form: FindingForm) -> None:
    form.aim.choices = dict(aims_of(tx, viewer, ref))
    form.case.choices = {"": "In several, or not to be said", **dict(cases_of(tx, viewer, ref))}


# -- a recommendation --------------------------------------------------------------------------------------


def ask_to_recommend(desk: Desk, number: int) -> Response:
    """Show the form of a recommendation; a finding may be chosen already."""
    form = RecommendationForm()
    chosen = numbers(desk.request.query_params.getlist("finding"))
    with desk.reading() as (tx, viewer):
        findings = findings_to_choose(tx, viewer, subject_of(tx, viewer, AUDIT, number))
    form.findings.data = [str(one.finding_id) for one in findings if one.number in chosen]
    return _recommending(desk, number, form, is_new=True)


def recommend(desk: Desk, number: int) -> Response:
    """Make a recommendation once its wording and what is like it were looked at: both warn, and neither forbids."""
    form = RecommendationForm(desk.form)
    with desk.reading() as (tx, viewer):
        ref = subject_of(tx, viewer, AUDIT, number)
        if repeated(tx, form.key.data, ref, RECOMMEND) is not None:
            return desk.go(f"/{ref}/findings", said=NOT_TWICE)
        findings = findings_to_choose(tx, viewer, ref)
        _offer_recommendation(tx, viewer, ref, form, findings)
        aim_ids = _aim_ids(form, findings)
        is_clear = not _remarks(form) and not earlier_like(tx, viewer, form.text.data or "", aim_ids=aim_ids)
    is_right = form.validate()
    if not is_right or desk.form.get("then") == "check" or not (is_clear or form.is_looked_at):
        return _recommending(desk, number, form, status=200 if is_right else 422)
    try:
        with desk.begin() as tx:
            made = concluding.make_recommendation(tx, ref, form.wanted(aim_ids), key=form.key.data)
    except Refused as refused:
        if is_not_there(refused):
            raise
        if _is_repeated(refused):
            return desk.go(f"/{ref}/findings", said=NOT_TWICE)
        form.refuse(refused)
        return _recommending(desk, number, form, status=409 if isinstance(refused, Stale) else 422)
    return desk.go(f"/{made}", said="The recommendation is made. Ask for its agreement next.")


def _recommending(
    desk: Desk, number: int, form: RecommendationForm, *, is_new: bool = False, status: int = 200
) -> Response:
    with desk.reading() as (tx, viewer):
        ref = subject_of(tx, viewer, AUDIT, number)
        door = _door(tx, ref, RECOMMEND, form)
        findings = findings_to_choose(tx, viewer, ref)
        _offer_recommendation(tx, viewer, ref, form, findings)
        aim_ids = _aim_ids(form, findings)
        earlier = () if is_new else earlier_like(tx, viewer, form.text.data or "", aim_ids=aim_ids)
    form.looked_at.data = form.mark
    return desk.page(
        "findings/recommend.html",
        status=status,
        title=NOT_SAVED if door is None else door.title,
        door=door,
        ref=ref,
        form=form,
        is_new=is_new,
        remarks=() if is_new else _remarks(form),
        earlier=earlier,
    )


def _offer_recommendation(
    tx: Tx, viewer: Viewer, ref: Ref, form: RecommendationForm, findings: tuple[FindingToChoose, ...]
) -> None:
    form.findings.choices = {str(one.finding_id): _finding_said(one) for one in findings}
    form.aims.choices = dict(aims_of(tx, viewer, ref))
    agencies = dict(agencies_to_ask(tx, viewer))
    form.asked_agencies.choices = agencies
    form.agency.choices = {"": "Choose an agency", **agencies}


def _finding_said(one: FindingToChoose) -> str:
    followed = ", something follows from it already" if one.is_answered and one.kind != "strength" else ""
    return f"{one.number}. {one.text} ({one.kind}, aim {one.aim}{followed})"


def _aim_ids(form: RecommendationForm, findings: tuple[FindingToChoose, ...]) -> list[int]:
    """Give the aims that were chosen, and those of the findings."""
    of_findings = {one.finding_id: one.aim_id for one in findings}
    chosen = [of_findings[number] for number in numbers(form.findings.data) if number in of_findings]
    return sorted({*numbers(form.aims.data), *chosen})


def _remarks(form: RecommendationForm) -> tuple[str, ...]:
    return tuple(remark.sentence for remark in remarks_on(form.text.data or "", has_owner=form.has_owner))


# -- what the first two forms share ------------------------------------------------------------------------


def _take(
    desk: Desk,
    number: int,
    trigger: str,
    form: F,
    offer: Callable[[Tx, Viewer, Ref, F], None],
    act: Callable[[Tx, Ref], str],
) -> Response:
    with desk.reading() as (tx, viewer):
        ref = subject_of(tx, viewer, AUDIT, number)
        offer(tx, viewer, ref, form)
    if not form.validate():
        return _form_page(desk, number, trigger, form, offer, status=422)
    try:
        with desk.begin() as tx:
            said = act(tx, ref)
    except Refused as refused:
        if is_not_there(refused):
            raise
        if _is_repeated(refused):
            return desk.go(f"/{ref}/findings", said=NOT_TWICE)
        form.refuse(refused)
        return _form_page(
            desk, number, trigger, form, offer, status=409 if isinstance(refused, Stale) else 422
        )
    return desk.go(f"/{ref}/findings", said=said)


def _form_page(
    desk: Desk,
    number: int,
    trigger: str,
    form: F,
    offer: Callable[[Tx, Viewer, Ref, F], None],
    *,
    status: int = 200,
) -> Response:
    with desk.reading() as (tx, viewer):
        ref = subject_of(tx, viewer, AUDIT, number)
        door = _door(tx, ref, trigger, form)
        offer(tx, viewer, ref, form)
    title = NOT_SAVED if door is None else door.title
    return desk.page("findings/enter.html", status=status, title=title, door=door, ref=ref, form=form)


def _door(tx: Tx, ref: Ref, trigger: str, form: EnteringForm) -> Door | None:
    """Give the door of a form; None where the audit has moved on while somebody wrote, whose words are shown again."""
    doors = doors_of(tx, ref)
    door = door_among(doors, trigger)
    if door is None:
        refusal = no_such_door(tx, ref, doors, trigger)
        if not form.is_posted or not isinstance(refusal, Refused):
            raise refusal
        form.refuse(refusal)
    return door


def _is_repeated(refused: Refused) -> bool:
    return any(reason.code == "repeated" for reason in refused.reasons)
