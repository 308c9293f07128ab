"""Entering data for programs: what the forms of the pages enter, through the same commands."""

from __future__ import annotations

from starlette.responses import Response

from assurance.access import Viewer
from assurance.commands import accepting, acting, concluding, reading, replying, silencing, waiting
from assurance.office import Tx
from assurance.queries import named
from assurance.queries.references import audit_id_of, subject_of
from engine.moved import Ref
from web.api import asked
from web.api.caller import Caller, Made
from web.api.setting_up import entered_as
from web.api.steps import done_as
from web.api.subjects import Kind


def answers(caller: Caller, number: int, given: asked.Answers) -> Response:
    """Answer aims of one return, as you go."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, "agency_return", number)
        audit = named.audit_of_return(tx, ref)
        aims = named.aims_numbered(tx, audit, [one.aim for one in given.answers])
        said = {aim: (one.answer, one.text) for aim, one in zip(aims, given.answers, strict=True)}
        done = reading.answer_aims(tx, ref, said, tool=given.tool, grade=given.grade, key=caller.key)
        return done_as(done)

    return caller.carry_out(given, work)


def note(caller: Caller, number: int, given: asked.ProgressNote) -> Response:
    """Add a progress note to an action."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, "action", number)
        return done_as(acting.note_progress(tx, ref, given.rating, given.text, key=caller.key))

    return caller.carry_out(given, work)


def evidence(caller: Caller, number: int, given: asked.Evidence) -> Response:
    """Add evidence that an action was done."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, "action", number)
        return done_as(acting.add_evidence(tx, ref, given.title, given.text, key=caller.key))

    return caller.carry_out(given, work)


def lasting_evidence(caller: Caller, number: int, given: asked.Evidence) -> Response:
    """Record evidence that the effect of a recommendation has, or has not, lasted."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, "recommendation", number)
        return done_as(concluding.record_evidence(tx, ref, given.title, given.text, key=caller.key))

    return caller.carry_out(given, work)


def finding(caller: Caller, number: int, given: asked.Finding) -> Response:
    """Record what was seen under one aim of an audit."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, "audit", number)
        seen = concluding.Seen(
            aim_id=named.aims_numbered(tx, ref, [given.aim])[0],
            kind=given.kind,
            text=given.text,
            case_id=None if given.case is None else named.case_named(tx, viewer, given.case),
            none_needed=given.none_needed,
        )
        entered = concluding.record_finding(tx, ref, seen, key=caller.key)
        return Made({"ref": str(ref), "number": named.number_of_finding(tx, entered)})

    return caller.carry_out(given, work)


def recommendation(caller: Caller, number: int, given: asked.Recommendation) -> Response:
    """Make a recommendation and ask the agencies that it concerns."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        audit = subject_of(tx, viewer, "audit", number)
        wanted = concluding.Wanted(
            type=given.type,
            text=given.text,
            aim_ids=named.aims_numbered(tx, audit, given.aims),
            finding_ids=named.findings_numbered(tx, audit, given.findings),
            asked_agency_ids=named.agencies_named(tx, given.asked),
            agency_id=None if given.agency is None else named.agency_named(tx, given.agency),
        )
        return entered_as(concluding.make_recommendation(tx, audit, wanted, key=caller.key))

    return caller.carry_out(given, work)


def action(caller: Caller, number: int, given: asked.Plan) -> Response:
    """Plan what one agency will do about a recommendation."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, "recommendation", number)
        plan = acting.Plan(
            agency_id=named.agency_named(tx, given.agency),
            text=given.text,
            owner_post_id=None if given.owner_post is None else named.post_named(tx, given.owner_post),
            measure=given.measure,
            due_on=given.due_on,
        )
        return entered_as(acting.plan_action(tx, ref, plan, key=caller.key))

    return caller.carry_out(given, work)


def agency_answer(caller: Caller, number: int, given: asked.AgencyAnswer) -> Response:
    """Say for one agency whether it takes a recommendation on."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, "recommendation", number)
        agency_id = named.agency_named(tx, given.agency)
        done = concluding.answer_for_agency(
            tx, ref, agency_id, given.answer, reason=given.reason, key=caller.key
        )
        return done_as(done)

    return caller.carry_out(given, work)


def completed_plan(caller: Caller, number: int, given: asked.CompletedPlan) -> Response:
    """Name what the plan of an action still lacks."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, "action", number)
        owner = None if given.owner_post is None else named.post_named(tx, given.owner_post)
        done = acting.complete_plan(
            tx, ref, owner_post_id=owner, measure=given.measure, due_on=given.due_on, key=caller.key
        )
        return done_as(done)

    return caller.carry_out(given, work)


def wait(caller: Caller, number: int, given: asked.Waiting) -> Response:
    """Let an action wait for another agency: the owner's clock stands still."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, "action", number)
        agency_id = named.agency_named(tx, given.agency)
        return done_as(waiting.wait_for(tx, ref, agency_id, given.reason, key=caller.key))

    return caller.carry_out(given, work)


def resume(caller: Caller, number: int, given: asked.Waited) -> Response:
    """Say what came of waiting: the owner's clock runs on."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, "action", number)
        return done_as(waiting.stop_waiting(tx, ref, given.what_came, key=caller.key))

    return caller.carry_out(given, work)


def concern(caller: Caller, given: asked.Concern) -> Response:
    """Raise an immediate concern: whoever must act is told now."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        audit = None if given.audit is None else Ref("audit", audit_id_of(tx, viewer, given.audit))
        made = acting.raise_concern(
            tx,
            named.agency_named(tx, given.agency),
            given.text,
            audit=audit,
            case_id=None if given.case is None else named.case_named(tx, viewer, given.case),
            key=caller.key,
        )
        return entered_as(made)

    return caller.carry_out(given, work)


def reply(caller: Caller, kind: Kind, number: int, given: asked.Reply) -> Response:
    """Answer the notice that a rule has given: it waits until somebody has looked at the reply."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, kind, number)
        return entered_as(replying.reply(tx, ref, given.rule, given.text, key=caller.key))

    return caller.carry_out(given, work)


def acknowledgement(caller: Caller, kind: Kind, number: int, given: asked.Acknowledgement) -> Response:
    """Accept an escalation that has come to you, until a day."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, kind, number)
        made = accepting.acknowledge(tx, ref, until_on=given.until_on, reason=given.reason, key=caller.key)
        return entered_as(made)

    return caller.carry_out(given, work)


def silence(caller: Caller, kind: Kind, number: int, given: asked.Silence) -> Response:
    """Stop a rule, or every rule, about one subject until a day."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, kind, number)
        made = silencing.silence(
            tx, until_on=given.until_on, reason=given.reason, rule_id=given.rule, ref=ref, key=caller.key
        )
        return entered_as(made)

    return caller.carry_out(given, work)
