"""What is entered about an audit, each step with its form; see `web/pages/entering.py`."""

from __future__ import annotations

from starlette.responses import Response

from assurance.access import Viewer
from assurance.commands import concluding, meetings, programme
from assurance.files.cabinet import Kept
from assurance.office import Tx
from assurance.queries import audit_choices
from assurance.records import Audit
from engine.errors import Refused
from engine.moved import Ref
from web.desk import Desk
from web.forms.auditing import (
    AimForm,
    AskForReturnsForm,
    CaseForm,
    MeetingOfAuditForm,
    OpenAuditForm,
    SpreadForm,
)
from web.pages.entering import NOT_TWICE, Entry

AUDIT = Audit.noun
_ABOUT = ("theme", "scope")


def ask_to_open(desk: Desk) -> Response:
    """Show the form of a new audit."""
    return _opening(desk, None)


def open_audit(desk: Desk) -> Response:
    """Open a new audit, or show the form again with what was wrong and everything that was typed."""
    form = OpenAuditForm(desk.form)
    with desk.reading() as (tx, viewer):
        _offer_years(tx, viewer, form)
    if not form.validate():
        return _opening(desk, form, status=422)
    theme = programme.Theme(
        year=form.year.data,
        theme=_text(form.theme.data),
        source_kind=form.source_kind.data,
        source=_text(form.source.data),
        scope=_text(form.scope.data),
        look_back_months=form.look_back.data or 0,
        cases=form.cases.data or 0,
    )
    try:
        with desk.begin() as tx:
            ref = programme.open_audit(tx, theme, key=form.key.data)
    except Refused as refused:
        if any(reason.code == "repeated" for reason in refused.reasons):
            return desk.go("/audits", said=NOT_TWICE)
        form.refuse(refused)
        return _opening(desk, form, status=422)
    return desk.go(f"/{ref}", said="The audit is proposed. Write down its aims next.")


def _opening(desk: Desk, form: OpenAuditForm | None, *, status: int = 200) -> Response:
    with desk.reading() as (tx, viewer):
        shown = form or OpenAuditForm()
        _offer_years(tx, viewer, shown)
        themes = audit_choices.planned_themes(tx, viewer)
    return desk.page("audits/new.html", status=status, title="Open an audit", form=shown, themes=themes)


def _offer_years(tx: Tx, viewer: Viewer, form: OpenAuditForm) -> None:
    form.year.choices = list(audit_choices.years_to_choose(tx, viewer))
    if not form.year.choices:
        form.nothing_to_choose = "No year has a programme yet; the administrator enters one."


def _add_aim(tx: Tx, ref: Ref, form: AimForm, _file: Kept | None) -> Ref:
    again = int(form.asks_again.data) if form.asks_again.data else None
    programme.add_aim(tx, ref, _text(form.text.data), asks_again=again, key=form.key.data)
    return ref


def _offer_aims(tx: Tx, viewer: Viewer, ref: Ref, form: AimForm) -> None:
    form.asks_again.choices = [("", "No, it is new"), *audit_choices.earlier_aims(tx, viewer, ref)]


def _draw_case(tx: Tx, ref: Ref, form: CaseForm, _file: Kept | None) -> Ref:
    programme.draw_case(tx, ref, form.kind.data, _text(form.criterion.data), key=form.key.data)
    return ref


def _set_meeting(tx: Tx, ref: Ref, form: MeetingOfAuditForm, _file: Kept | None) -> Ref:
    meetings.set_meeting(tx, ref, int(form.meeting.data), form.returns_due_on.data, key=form.key.data)
    return ref


def _offer_meetings(tx: Tx, viewer: Viewer, _ref: Ref, form: MeetingOfAuditForm) -> None:
    form.meeting.choices = list(audit_choices.meetings_to_come(tx, viewer))
    if not form.meeting.choices:
        form.nothing_to_choose = "No meeting is planned; plan one under Meetings first."


def _request_returns(tx: Tx, ref: Ref, form: AskForReturnsForm, _file: Kept | None) -> Ref:
    programme.request_returns(tx, ref, key=form.key.data)
    return ref


def _say_what_is_asked(tx: Tx, viewer: Viewer, ref: Ref, form: AskForReturnsForm) -> None:
    to_ask = audit_choices.returns_to_ask(tx, viewer, ref)
    if to_ask.returns < 1:
        form.nothing_to_choose = "Every case and record set already has its return."
    form.says = (
        f"{_counted(to_ask.returns, 'return')} will be asked for: {_counted(to_ask.cases, 'case')}, each from "
        f"{_counted(to_ask.records, 'record set')} of {_counted(to_ask.agencies, 'agency', 'agencies')}. Each lead is told once."
    )


def _spread(tx: Tx, ref: Ref, form: SpreadForm, _file: Kept | None) -> Ref:
    concluding.record_dissemination(
        tx, ref, int(form.agency.data), _text(form.how.data), form.reached.data or 0, key=form.key.data
    )
    return ref


def _offer_agencies(tx: Tx, viewer: Viewer, ref: Ref, form: SpreadForm) -> None:
    agencies = audit_choices.agencies_to_spread(tx, viewer, ref)
    several = [] if len(agencies) == 1 else [("", "Choose an agency")]
    form.agency.choices = [*several, *agencies]
    if not agencies:
        form.nothing_to_choose = (
            "How every agency for which you speak has spread the learning is recorded already."
        )


def _counted(number: int, noun: str, plural: str = "") -> str:
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def _text(written: str | None) -> str:
    return (written or "").strip()


AIM = Entry(AUDIT, "add_aim", AimForm, _add_aim, "The aim is written down.", _ABOUT, _offer_aims)
CASE = Entry(
    AUDIT, "draw_case", CaseForm, _draw_case, "The case is drawn, under a reference of its own.", _ABOUT
)
MEETING = Entry(
    AUDIT,
    "set_meeting",
    MeetingOfAuditForm,
    _set_meeting,
    "The meeting and the day for the returns are named.",
    ("meeting", "meeting_on", "returns_due_on"),
    _offer_meetings,
)
RETURNS = Entry(
    AUDIT,
    "request_returns",
    AskForReturnsForm,
    _request_returns,
    "The agencies are asked for their returns; each lead is told once.",
    ("meeting_on", "returns_due_on"),
    _say_what_is_asked,
)
SPREAD = Entry(
    AUDIT,
    "record_dissemination",
    SpreadForm,
    _spread,
    "How the agency has spread the learning is recorded.",
    _ABOUT,
    _offer_agencies,
)
