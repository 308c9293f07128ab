"""Steps and decisions for programs: the same words of the workflow files, taken through the same command."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, TypeAlias

from fastapi import Path
from starlette.responses import Response

from assurance.access import Viewer
from assurance.commands.approving import COUNT, count_answers, decide
from assurance.commands.hearing import look
from assurance.commands.moving import Done, move
from assurance.office import Tx
from assurance.queries.named import meeting_named
from assurance.queries.references import subject_of
from assurance.records import Approval
from engine.errors import Reason, Refused
from engine.moved import Ref
from engine.vocabulary import Field, Kind, Value
from engine.words import unknown
from web.api import asked
from web.api.caller import Caller, Made
from web.api.shapes import written
from web.api.subjects import Kind as KindOfSubject

Trigger = Annotated[str, Path(pattern="^[a-z_]{1,60}$", examples=["begin"], description="Which step.")]
Given: TypeAlias = str | int | bool
_WRONG = {
    Kind.DATE: "a day, written as 2015-03-03",
    Kind.WHOLE: "a whole number",
    Kind.YES_NO: "true or false",
    Kind.CHOICE: "one of the words that its door names",
    Kind.TEXT: "a text",
}


def take(caller: Caller, kind: KindOfSubject, number: int, trigger: Trigger, step: asked.Step) -> Response:
    """Take a step, or ask for the decision that it needs; If-Match names the version on which you decided."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, kind, number)
        if ref.kind == Approval.noun and trigger == COUNT:
            return done_as(count_answers(tx, ref, version=caller.version, key=caller.key))
        given = _given(_asks(tx, ref, trigger), step.given)
        return done_as(move(tx, ref, trigger, version=caller.version, given=given, key=caller.key))

    return caller.carry_out(step, work)


def answer(caller: Caller, number: int, decision: asked.Decision) -> Response:
    """Answer a decision that waits for you; If-Match names the version that you saw."""

    def work(tx: Tx, viewer: Viewer) -> Made:
        ref = subject_of(tx, viewer, Approval.noun, number)
        meeting = None if decision.meeting is None else meeting_named(tx, decision.meeting)
        done = decide(
            tx,
            ref,
            decision.answer,
            reason=decision.reason,
            meeting_id=meeting,
            version=caller.version,
            key=caller.key,
        )
        return done_as(done)

    return caller.carry_out(decision, work)


def done_as(done: Done) -> Made:
    """Write what came of a step."""
    body: dict[str, Any] = {
        "ref": str(done.ref),
        "line": done.seq,
        "state": done.state,
        "approval": written(done.approval),
        "brought": list(done.brought),
    }
    return Made(body, done.seq)


def _asks(tx: Tx, ref: Ref, trigger: str) -> Mapping[str, Field]:
    """Give what a step asks for, whether or not it is possible now; raises Refused for a step that there is not."""
    hearing = look(tx, ref)
    ways = [way for way in hearing.workflow.moves if way.trigger == trigger]
    if not ways:
        known = dict.fromkeys(way.trigger for way in hearing.workflow.moves)
        raise Refused(Reason("unknown_trigger", unknown(trigger, f"a step of {ref.kind}", known) + "."))
    here = [way for way in ways if hearing.known.standing.state in way.sources]
    return {ask.name: ask for way in here or ways for ask in way.asks}


def _given(asks: Mapping[str, Field], given: Mapping[str, Given]) -> dict[str, Value]:
    """Read what was given as the step asks for it; raises Refused for what it does not ask for, or asks differently."""
    reasons, read = [], dict[str, Value]()
    for name, value in given.items():
        ask = asks.get(name)
        if ask is None:
            words = unknown(name, "something that this step asks for", asks)
            reasons.append(Reason("unknown_field", f"{words.rstrip('.')}."))
            continue
        try:
            read[name] = _value(ask, value)
        except ValueError:
            reasons.append(Reason("wrong_value", f"‘{name}’ is {_WRONG[ask.kind]}."))
    if reasons:
        raise Refused(*reasons)
    return read


def _value(ask: Field, value: Given) -> Value:
    fits = {Kind.WHOLE: type(value) is int, Kind.YES_NO: type(value) is bool}
    if not fits.get(ask.kind, isinstance(value, str)):
        raise ValueError(ask.name)
    return date.fromisoformat(str(value)) if ask.kind is Kind.DATE else value
