"""The meetings: all of them, one with its agenda, planning one, and who was there."""

from __future__ import annotations

from starlette.responses import Response

from assurance.commands.attending import record_attendance
from assurance.commands.convening import Sitting, hour_of, usual_end
from assurance.commands.meetings import plan_meeting
from assurance.invitations import CONVENERS
from assurance.queries.agenda import agenda
from assurance.queries.doors import doors_of
from assurance.queries.meeting_page import attendance_of, meeting_page
from assurance.queries.meetings import meetings
from assurance.queries.references import subject_of
from assurance.queries.rows import Wanted
from assurance.records import Meeting
from engine.errors import Refused, Stale
from engine.moved import Ref
from web.desk import Desk
from web.failures import is_not_there
from web.forms.meetings import WORDS, AttendanceForm, PlanMeetingForm, attendance_form
from web.pages.entering import NOT_TWICE
from web.pages.steps import door_among, no_such_door
from web.route import roles

MAY_PLAN = roles(*CONVENERS)
RECORD = "record_attendance"


def every(desk: Desk) -> Response:
    """List the meetings: those to come, and those that were."""
    with desk.reading() as (tx, viewer):
        rows = meetings(tx, viewer, Wanted()).rows
        today = tx.today
    return desk.page(
        "meetings/list.html",
        title="Meetings",
        to_come=[row for row in rows if row.on >= today],
        over=[row for row in reversed(rows) if row.on < today],
        may_plan=MAY_PLAN.admits(desk.roles),
    )


def one(desk: Desk, number: int) -> Response:
    """Show one meeting with its agenda."""
    with desk.reading() as (tx, viewer):
        meeting = meeting_page(tx, viewer, number)
        is_to_come = meeting.state == "planned"
        points = agenda(tx, viewer, meeting.ref) if is_to_come else ()
    return desk.page(
        "meetings/one.html",
        title=meeting.title,
        meeting=meeting,
        points=points,
        is_to_come=is_to_come,
        words=WORDS,
    )


def ask_to_plan(desk: Desk) -> Response:
    """Show the form of a new meeting."""
    return _planning(desk, PlanMeetingForm())


def plan(desk: Desk) -> Response:
    """Plan a meeting and invite to it, or show the form again with what was wrong and everything that was typed."""
    form = PlanMeetingForm(desk.form)
    if not form.validate() or form.on.data is None:
        return _planning(desk, form, status=422)
    try:
        starts = hour_of(form.starts.data or "")
        until = (form.ends.data or "").strip()
        ends = hour_of(until) if until else usual_end(starts)
        sitting = Sitting(form.on.data, starts, ends, (form.place.data or "").strip())
        with desk.begin() as tx:
            ref = plan_meeting(tx, form.title.data or "", sitting, key=form.key.data)
    except Refused as refused:
        if any(reason.code == "repeated" for reason in refused.reasons):
            return desk.go("/meetings", said=NOT_TWICE)
        form.refuse(refused)
        return _planning(desk, form, status=422)
    return desk.go(f"/{ref}", said="The meeting is planned, and its invitations are on their way.")


def ask_who_was_there(desk: Desk, number: int) -> Response:
    """Show who belonged at a meeting, and ask who was there."""
    return _attendance(desk, number, None)


def record_who_was_there(desk: Desk, number: int) -> Response:
    """Record who was at a meeting, or show the form again with what was wrong and everything that was typed."""
    with desk.reading() as (tx, viewer):
        form = attendance_form(attendance_of(tx, viewer, number), desk.form)
    if not form.validate():
        return _attendance(desk, number, form, status=422)
    try:
        with desk.begin() as tx:
            record_attendance(
                tx, Ref(Meeting.noun, number), form.given(), version=form.version_seen(), key=form.key.data
            )
    except Refused as refused:
        if is_not_there(refused):
            raise
        form.refuse(refused)
        return _attendance(desk, number, form, status=409 if isinstance(refused, Stale) else 422)
    return desk.go(f"/meeting/{number}", said="Who was there is recorded.")


def _planning(desk: Desk, form: PlanMeetingForm, *, status: int = 200) -> Response:
    return desk.page("meetings/new.html", status=status, title="Plan a meeting", form=form)


def _attendance(desk: Desk, number: int, form: AttendanceForm | None, *, status: int = 200) -> Response:
    with desk.reading() as (tx, viewer):
        ref = subject_of(tx, viewer, Meeting.noun, number)
        doors = doors_of(tx, ref)
        door = door_among(doors, RECORD)
        if door is None:
            raise no_such_door(tx, ref, doors, RECORD)
        meeting = meeting_page(tx, viewer, number)
        shown = form or attendance_form(attendance_of(tx, viewer, number))
        # Whoever was too late has read who was faster, and decides anew on what stands there now.
        shown.version.data = str(doors.version)
    return desk.page(
        "meetings/attendance.html", status=status, title=door.title, door=door, meeting=meeting, form=shown
    )
