"""The words of workflow files that the program itself names: without them lists, counts and reports would be wrong.

A group may call these states as it likes, in their titles. The words themselves stand in Python and in SQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from assurance.facts import SETTLED_ACTIONS, SETTLED_RECOMMENDATIONS, SETTLED_RETURNS
from assurance.records import (
    Action,
    AgencyReturn,
    Approval,
    Audit,
    DeadAddress,
    ImmediateConcern,
    Meeting,
    Recommendation,
    RuleHold,
)
from engine.errors import Problem
from engine.words import listed
from engine.workflow import Workflow


class Settled(NamedTuple):
    """The final states of a kind, and what goes wrong with any other."""

    states: tuple[str, ...]
    because: str


STATES: Mapping[str, Mapping[str, str]] = {
    Audit.noun: {"cancelled": "the annual report tells by it which audits were given up"},
    AgencyReturn.noun: {
        "submitted": "a return in it is not late any more",
        "accepted": "answers count once their return has come to it",
    },
    Recommendation.noun: {
        "proposed": "an audit waits until no recommendation is in it",
        "implemented": "the annual report tells by it what is still to be judged",
        "embedded": "the annual report tells by it what has lasted",
        "not_embedded": "the annual report tells by it what has not lasted",
    },
    Action.noun: {
        "proposed": "the annual report tells by it which actions are not yet agreed",
        "confirmed": "the annual report tells by it which actions are still to be verified",
        "verified": "a recommendation is implemented once its actions have come to it",
    },
    Approval.noun: {
        "waiting": "a decision in it is still to be taken",
        "approved": "the annual report counts by it",
        "change_requested": "the answers of several can come to it",
        "rejected": "the annual report counts by it",
    },
    ImmediateConcern.noun: {"raised": "a concern in it is not taken up yet"},
    DeadAddress.noun: {"dead": "nothing is sent to an address in it"},
    RuleHold.noun: {"in_force": "rules are held by what is in it, and by nothing else"},
    Meeting.noun: {
        "planned": "the next meeting is the first one in it",
        "held": "who was there is recorded of a meeting that has come to it",
        "cancelled": "nothing is looked at in a meeting that has come to it",
    },
}
SETTLED: Mapping[str, Settled] = {
    AgencyReturn.noun: Settled(SETTLED_RETURNS, "an audit would wait for such a return for ever"),
    Recommendation.noun: Settled(
        SETTLED_RECOMMENDATIONS, "an audit would wait for such a recommendation for ever"
    ),
    Action.noun: Settled(SETTLED_ACTIONS, "its recommendation would wait for such an action for ever"),
}
STEPS: Mapping[str, Mapping[str, str]] = {
    Approval.noun: {
        "approve": "it is one of the answers to a request",
        "request_change": "it is one of the answers to a request",
        "reject": "it is one of the answers to a request",
        "count": "the answers of several are counted with it",
        "lapse": "the program takes it where what was to be decided has changed",
    },
    Meeting.noun: {
        "move_meeting": "days that were reckoned from the meeting, and its invitations, follow it"
    },
}
# The steps that come with data, each made by the command that enters them.
FORMS: Mapping[str, tuple[str, ...]] = {
    Audit.noun: (
        "add_aim",
        "draw_case",
        "set_meeting",
        "request_returns",
        "hold_moderation",
        "record_finding",
        "make_recommendation",
        "record_dissemination",
    ),
    AgencyReturn.noun: ("answer",),
    Recommendation.noun: ("answer_for_agency", "plan_action", "record_re_audit", "record_evidence"),
    Action.noun: ("complete_plan", "wait_for", "stop_waiting", "note_progress", "add_evidence"),
    Approval.noun: ("approve", "request_change", "reject", "count"),
    ImmediateConcern.noun: (),
    DeadAddress.noun: ("note_return", "mend"),
    RuleHold.noun: (),
    Meeting.noun: ("record_attendance",),
}


def needed_words_that_are_missing(workflows: Mapping[str, Workflow]) -> list[Problem]:
    """Name every state and step without which the program would count, list or report wrongly."""
    return [
        problem
        for workflow in workflows.values()
        for problem in (*_states(workflow), *_settled(workflow), *_steps(workflow))
    ]


def _states(workflow: Workflow) -> Iterator[Problem]:
    for name, because in STATES.get(workflow.kind, {}).items():
        if name not in workflow.states:
            yield workflow.place.problem(_needed(workflow, "state", name, because))


def _settled(workflow: Workflow) -> Iterator[Problem]:
    settled = SETTLED.get(workflow.kind)
    if settled is None:
        return
    known = f"final are {listed(settled.states)}"
    for state in workflow.states.values():
        if state.final and state.name not in settled.states:
            message = (
                f"'{state.name}' is final, but the program knows no such end of {workflow.kind}: "
                f"{settled.because}; {known}"
            )
            yield state.place.problem(message)
        if state.name in settled.states and not state.final:
            message = f"'{state.name}' counts as an end of {workflow.kind}; write 'final: true'"
            yield state.place.problem(message)


def _steps(workflow: Workflow) -> Iterator[Problem]:
    there = {way.trigger for way in workflow.moves}
    for name, because in STEPS.get(workflow.kind, {}).items():
        if name not in there:
            yield workflow.place.problem(_needed(workflow, "move", name, because))
    forms = FORMS.get(workflow.kind)
    for way in workflow.moves:
        if way.enters and forms is not None and way.trigger not in forms:
            known = f"known are {listed(forms)}" if forms else "there is none"
            message = f"'{way.trigger}' has 'enters: true', but {workflow.kind} has no such form; {known}"
            yield way.place.problem(message)


def _needed(workflow: Workflow, what: str, name: str, because: str) -> str:
    return (
        f"{workflow.kind} needs the {what} '{name}', because {because}; "
        "keep the word, and give it the title that you like"
    )
