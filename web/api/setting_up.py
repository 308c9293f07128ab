"""Setting audits and meetings up for programs, and closing them with what was learned: through the pages' own commands."""

from __future__ import annotations

from starlette.responses import Response

from assurance.access import Viewer
from assurance.commands import attending, concluding, meetings, programme
from assurance.commands.convening import Sitting, hour_of, usual_end
from assurance.office import Tx
from assurance.queries import named
from assurance.queries.references import audit_id_of, subject_of
from engine.moved import Ref
from web.api import asked
from web.api.caller import Caller, Made
from web.api.steps import done_as


def audit(caller: Caller, given: asked.Audit) -> Response:
    """Propose an audit in the programme of a year."""

    def work(tx: Tx, _viewer: Viewer) -> Made:
        theme = programme.Theme(
            given.year,
            given.theme,
            given.source_kind,
            given.source,
            given.scope,
            given.look_back_months,
            given.cases,
        )
        return entered_as(programme.open_audit(tx, theme, key=caller.key))

    return caller.carry_out(given, work)


def aim(caller: Caller, number: int, given: asked.Aim) -> Response:
    """Write down one aim of an audit; it may ask an earlier one again."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, "audit", number)
        again = None if given.asks_again is None else _aim_of(tx, viewer, given.asks_again)
        entered = programme.add_aim(tx, ref, given.text, asks_again=again, key=caller.key)
        return Made({"ref": str(ref), "number": named.number_of_aim(tx, entered)})

    return caller.carry_out(given, work)


def case(caller: Caller, number: int, given: asked.Case) -> Response:
    """Draw one case; its reference is made by chance."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, "audit", number)
        programme.draw_case(tx, ref, given.kind, given.criterion, key=caller.key)
        return entered_as(ref)

    return caller.carry_out(given, work)


def meeting_of_audit(caller: Caller, number: int, given: asked.MeetingOfAudit) -> Response:
    """Name the meeting that looks at the returns, and the day on which they are due."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, "audit", number)
        meeting_id = named.meeting_named(tx, given.meeting)
        return done_as(meetings.set_meeting(tx, ref, meeting_id, given.returns_due_on, key=caller.key))

    return caller.carry_out(given, work)


def returns(caller: Caller, number: int, given: asked.Nothing) -> Response:
    """Ask every agency for its returns."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, "audit", number)
        asked_for = programme.request_returns(tx, ref, key=caller.key)
        return Made({"ref": str(ref), "number": len(asked_for)})

    return caller.carry_out(given, work)


def moderation(caller: Caller, number: int, given: asked.Moderation) -> Response:
    """Record that the group has looked at the returns together."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, "audit", number)
        meeting_id = None if given.meeting is None else named.meeting_named(tx, given.meeting)
        done = concluding.hold_moderation(
            tx, ref, given.note, meeting_id=meeting_id, held_on=given.held_on, key=caller.key
        )
        return done_as(done)

    return caller.carry_out(given, work)


def dissemination(caller: Caller, number: int, given: asked.Dissemination) -> Response:
    """Record how one agency has spread what was learned."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, "audit", number)
        agency_id = named.agency_named(tx, given.agency)
        done = concluding.record_dissemination(tx, ref, agency_id, given.how, given.reached, key=caller.key)
        return done_as(done)

    return caller.carry_out(given, work)


def re_audit(caller: Caller, number: int, given: asked.ReAudit) -> Response:
    """Set the answers to a later aim beside those to the earlier one that it asks again."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, "recommendation", number)
        earlier, later = (_aim_of(tx, viewer, one) for one in (given.earlier, given.later))
        concluding.record_re_audit(tx, ref, earlier, later, key=caller.key)
        return entered_as(ref)

    return caller.carry_out(given, work)


def meeting(caller: Caller, given: asked.Meeting) -> Response:
    """Plan a meeting of the group, and invite to it."""

    def work(tx: Tx, _viewer: Viewer) -> Made:
        starts = hour_of(given.starts)
        ends = usual_end(starts) if given.ends is None else hour_of(given.ends)
        sitting = Sitting(given.on, starts, ends, given.place)
        return entered_as(meetings.plan_meeting(tx, given.title, sitting, name=given.name, key=caller.key))

    return caller.carry_out(given, work)


def attendance(caller: Caller, number: int, given: asked.Attendance) -> Response:
    """Record who was at a meeting; what was recorded of it before is replaced."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, "meeting", number)
        seats = named.seats_at(tx, ref, [one.post for one in given.people])
        present = [
            attending.Present(seat.post_id, seat.person_id, one.presence, one.deputy)
            for seat, one in zip(seats, given.people, strict=True)
        ]
        return done_as(attending.record_attendance(tx, ref, present, version=caller.version, key=caller.key))

    return caller.carry_out(given, work)


def entered_as(ref: Ref) -> Made:
    """Write what was entered as a subject, or beside one that has no number of its own."""
    return Made({"ref": str(ref), "number": None})


def _aim_of(tx: Tx, viewer: Viewer, one: asked.AimOfAudit) -> int:
    audit_ref = Ref("audit", audit_id_of(tx, viewer, one.audit))
    return named.aims_numbered(tx, audit_ref, [one.aim])[0]
