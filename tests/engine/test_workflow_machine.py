"""What the library under the workflow can do to its users, and does not do to ours."""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import cast

import pytest

from engine.errors import BadDefinition, Refused
from engine.machine import Attempt, StateMachine
from engine.vocabulary import Value
from engine.workflow import Circumstances, Way, Workflow
from engine.workflow_parts import Place
from tests.engine.action_words import ENGLAND
from tests.engine.action_workflow import ACTION, FACTS, GOOD, TODAY, action, as_

TEXT = (GOOD / "action.yaml").read_text(encoding="utf-8")


def test_no_way_leads_past_the_guards() -> None:
    workflow = action()
    everybody = as_(*ACTION.roles, remark="x", new_due_on=date(2027, 1, 1), outcome="lasted")
    for state in workflow.states:
        for target in workflow.states:
            with pytest.raises(Refused) as refused:
                workflow.decide(state, f"to_{target}", everybody)
            assert [reason.code for reason in refused.value.reasons] == ["unknown_trigger"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: Verify the action", "title: this.s"),
        ("about: A line for the record; nothing else changes.", "about: this.s"),
        ("Attach or name at least one piece of evidence; there are {evidence_count}.", "this.s"),
    ],
)
def test_no_text_of_a_file_is_ever_run(old: str, new: str) -> None:
    workflow = Workflow.from_text(TEXT.replace(old, new), ACTION, file="action.yaml")
    assert workflow.decide("confirmed", "verify", as_("chair")).target == "verified"
    workflow.offers("agreed", as_("owner"))
    assert "this" not in sys.modules


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("evidence_count >= 1: Attach", "this.s: Attach"),
        ("trigger: verify", "trigger: this.s"),
        ("by: [agency_lead]", "by: [this.s]"),
        ("tell: [owner]", "tell: [this.s]"),
        ("apart: [own_agency]", "apart: [this.s]"),
        ("verified_on: today", "verified_on: this.s"),
    ],
)
def test_a_word_that_is_not_known_is_refused_before_anything_could_run_it(old: str, new: str) -> None:
    with pytest.raises(BadDefinition, match=r"this"):
        Workflow.from_text(TEXT.replace(old, new, 1), ACTION, file="action.yaml")
    assert "this" not in sys.modules


def test_a_guard_answers_with_its_reasons_and_never_with_a_mere_no() -> None:
    workflow = action()
    for state in workflow.states:
        for way in workflow.moves:
            with pytest.raises(Refused) as refused:
                workflow.decide(state, way.trigger, as_())
            assert refused.value.reasons
            assert all(len(reason.sentence.split()) > 3 for reason in refused.value.reasons)


def test_a_fault_while_deciding_comes_out_and_leaves_nothing_behind() -> None:
    workflow = action()
    with pytest.raises(KeyError, match="evidence_count"):
        workflow.decide("agreed", "confirm", Circumstances({}, frozenset({"owner"}), TODAY, ENGLAND))
    with pytest.raises(ZeroDivisionError):
        Workflow.from_text(SHIFTED, ACTION, file="action.yaml").decide("confirmed", "verify", broken())
    assert workflow.decide("agreed", "confirm", as_("owner", facts={"evidence_count": 1})).source == "agreed"


SHIFTED = TEXT.replace("today + 6 months", "today + 6 working days")


class BrokenCalendar:
    """A calendar that cannot count."""

    def is_working(self, day: date) -> bool:
        return day.weekday() < 5

    def add_working_days(self, day: date, number: int) -> date:
        return date.fromordinal(day.toordinal() + number // 0)


def broken() -> Circumstances:
    return Circumstances(FACTS, frozenset({"chair"}), TODAY, BrokenCalendar())


class MeetingCalendar:
    """A calendar in which two who ask wait for each other: both are in the middle of a decision."""

    def __init__(self) -> None:
        self._both = Barrier(2, timeout=10)

    def is_working(self, day: date) -> bool:
        return day.weekday() < 5

    def add_working_days(self, day: date, number: int) -> date:
        self._both.wait()
        return date.fromordinal(day.toordinal() + number)


def test_two_who_decide_at_the_same_time_each_get_their_own_decision() -> None:
    guarded = TEXT.replace("times_moved < 2:", "opened_on + 1 working day <= today and times_moved < 2:")
    guarded = guarded.replace("times_moved >= 2:", "opened_on <= today and times_moved >= 2:", 1)
    workflow = Workflow.from_text(guarded, ACTION, file="action.yaml")
    calendar = MeetingCalendar()

    def decide(day: int) -> object:
        given: Mapping[str, Value] = {"new_due_on": date(2026, 5, day), "remark": f"day {day}"}
        here = Circumstances(FACTS, frozenset({"owner"}), TODAY, calendar, given=given)
        return workflow.decide("agreed", "move_date", here).sets["current_due_on"]

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(decide, [4, 5])) == [date(2026, 5, 4), date(2026, 5, 5)]


def test_a_decision_starts_from_the_state_that_it_is_given_and_is_not_kept() -> None:
    workflow = action()
    assert workflow.start == "proposed"
    for _ in range(50):
        assert workflow.decide("confirmed", "verify", as_("chair")).source == "confirmed"
        assert workflow.decide("agreed", "start", as_("owner")).source == "agreed"
    gc.collect()
    assert not [thing for thing in gc.get_objects() if isinstance(thing, Attempt)]


def test_offers_decide_nothing() -> None:
    workflow = action()
    assert workflow.offers("agreed", as_("owner")) == workflow.offers("agreed", as_("owner"))


def test_the_machine_is_fired_on_attempts_only() -> None:
    way = Way("finish", "Finish", Place("step.yaml", 1, 1), ("open",), "done", ("owner",))
    machine = StateMachine(["open", "done"], "open", [way], lambda _way, _attempt: ())
    attempt = Attempt("open", as_("owner"), approved=False)
    assert machine.fire("finish", attempt) is True
    assert (attempt.state, attempt.opened, attempt.closed) == ("done", way, [])
    with pytest.raises(TypeError, match="fired on an Attempt, not on Passer"):
        machine.fire("finish", cast(Attempt, Passer()))


class Passer:
    """Something with a state that is no attempt."""

    state = "open"
