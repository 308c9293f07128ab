"""The linter finds the doors that can never open, and says so at the right line."""

from __future__ import annotations

import pytest

from engine.lint import lint
from engine.workflow import Workflow
from tests.engine.action_workflow import ACTION, GOOD, action

SMALL = """\
workflow: action
title: Action
states:
  agreed: {title: Agreed, starts: true}
  confirmed: {title: Confirmed, waits_for: chair}
  verified: {title: Verified, final: true}
moves:
  - trigger: confirm
    title: Confirm
    from: agreed
    to: confirmed
    by: [owner]
    needs: [{evidence_count >= 1: Attach evidence.}]
  - trigger: verify
    title: Verify
    from: confirmed
    to: verified
    by: [chair]
    apart: [own_agency, confirm]
"""
SECOND_WAY = """\
  - trigger: verify
    title: Verify
    from: [agreed, confirmed]
    to: agreed
    by: [chair]
"""


def findings(text: str) -> list[str]:
    workflow = Workflow.from_text(text, ACTION, file="a.yaml")
    return [
        f"{'error' if finding.is_error else 'warning'} {str(finding.problem).removeprefix('a.yaml:')}"
        for finding in lint(workflow)
    ]


def changed(old: str, new: str) -> list[str]:
    assert old in SMALL
    return findings(SMALL.replace(old, new, 1))


def test_nothing_is_held_against_sound_workflows() -> None:
    assert lint(action()) == ()
    assert findings(SMALL) == []
    for name in ("clinical_audit", "improvement_step"):
        text = (GOOD / f"{name}.yaml").read_text(encoding="utf-8")
        assert lint(Workflow.from_text(text, None, file=f"{name}.yaml")) == ()


def test_findings_come_in_the_order_of_the_lines_with_errors_and_warnings_told_apart() -> None:
    text = SMALL.replace("Attach evidence.", "Attach evidence").replace(
        "waits_for: chair", "waits_for: owner"
    )
    assert [finding.split(":")[0] for finding in findings(text)] == ["error 5", "warning 13"]


def test_a_workflow_without_an_end_has_no_traps_besides() -> None:
    assert changed(", final: true", "") == [
        "error 1:1: no state has 'final: true'; mark the ones in which the work is over"
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("times_moved < 2", "times_moved >= 2"),
        ("times_moved > 2", "times_moved <= 2"),
        ("times_moved = 2", "times_moved != 2"),
        ("outcome = lasted", "outcome = faded"),
        ("is_verified", "not is_verified"),
        ("not (times_moved < 2 or is_verified)", "times_moved < 2 or is_verified"),
        ("owner_post is empty", "owner_post is not empty"),
        ("outcome in (lasted, faded)", "outcome not in (lasted, faded)"),
        ("is_verified and times_moved < 2", "times_moved >= 2"),
        ("opened_on + 6 months <= today", "opened_on + 6 months > today"),
    ],
)
def test_two_ways_for_one_trigger_are_fine_when_one_needs_what_the_other_excludes(
    first: str, second: str
) -> None:
    text = f"{SMALL}    needs: [{{'{first}': One.}}]\n{SECOND_WAY}    needs: [{{'{second}': Other.}}]\n"
    assert [finding for finding in findings(text) if finding.startswith("error")] == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("times_moved < 2", "times_moved > 0"),
        ("times_moved < 2", "times_sent_back >= 2"),
        ("times_moved < 2", "times_moved >= 1"),
        ("outcome = lasted", "outcome = lasted"),
        ("outcome = lasted", "outcome in (faded, lasted)"),
        ("times_moved < 2 or is_verified", "times_moved >= 2"),
        ("times_moved = evidence_count", "times_moved = 1"),
    ],
)
def test_two_ways_that_can_both_be_open_are_refused(first: str, second: str) -> None:
    text = f"{SMALL}    needs: [{{'{first}': One.}}]\n{SECOND_WAY}    needs: [{{'{second}': Other.}}]\n"
    (error,) = [finding for finding in findings(text) if finding.startswith("error")]
    assert error == (
        "error 21:5: 'verify' leads out of 'confirmed' here and on line 14, and both can be possible at once; give "
        "each a need that is false when the other's is true"
    )


def test_one_trigger_from_two_states_is_no_clash() -> None:
    assert findings(f"{SMALL}{SECOND_WAY.replace('[agreed, confirmed]', 'agreed')}") == []


def test_a_chair_who_asks_for_the_chairs_approval_needs_a_deputy_or_a_meeting() -> None:
    asked = "by: [chair]\n    approval: {by: chair}"
    (finding,) = changed("by: [chair]", asked)
    assert finding.startswith("error 14:5: only 'chair' may ask for 'verify', and only 'chair' approves it")
    assert changed("by: [chair]", asked.replace("}", ", otherwise: deputy_chair}")) == []
    assert changed("by: [chair]", asked.replace("}", ", at_meeting: true}")) == []
    assert changed("by: [chair]", asked.replace("[chair]", "[chair, owner]")) == []


def test_a_state_may_wait_for_whoever_approves_a_way_out_of_it() -> None:
    assert changed("by: [owner]", "by: [owner]\n    approval: {by: coordinator}") == []
    text = SMALL.replace("{title: Agreed, ", "{title: Agreed, waits_for: [coordinator, deputy_chair], ")
    policy = "by: [owner]\n    approval: {by: coordinator, otherwise: deputy_chair}"
    assert findings(text.replace("by: [owner]", policy)) == []
    assert findings(text) == [
        "error 4:3: 'agreed' waits for 'coordinator', who can do nothing in it; here act: owner",
        "error 4:3: 'agreed' waits for 'deputy_chair', who can do nothing in it; here act: owner",
    ]


def test_a_separation_that_may_leave_nobody_is_pointed_out() -> None:
    (warning,) = changed("by: [owner]", "by: [chair]")
    assert warning == (
        "warning 14:5: 'confirm' and 'verify' are both for 'chair' alone, and whoever did the one may not do the "
        "other: where one person holds the role, nobody is left"
    )


def test_a_separation_from_what_can_only_come_later_has_no_effect() -> None:
    assert changed("by: [owner]", "by: [owner]\n    apart: verify") == [
        "warning 8:5: 'verify' can never have been done before 'confirm', so 'apart' has no effect here"
    ]


def test_titles_that_cannot_be_told_apart_are_pointed_out() -> None:
    assert changed("title: Confirmed", "title: Agreed") == [
        "warning 5:3: another state has the title 'Agreed' too, on line 4"
    ]
    other = SECOND_WAY.replace("trigger: verify", "trigger: send_back").replace(
        "[agreed, confirmed]", "confirmed"
    )
    assert findings(SMALL + other) == [
        "warning 20:5: another move out of 'confirmed' has the title 'Verify' too, on line 14"
    ]


def test_an_answer_to_people_is_a_full_sentence() -> None:
    assert changed("Attach evidence.", "evidence") == [
        "warning 13:14: people read this as an answer: make it a full sentence, with a full stop"
    ]


def test_a_need_that_an_empty_fact_meets_is_pointed_out() -> None:
    assert changed("evidence_count >= 1", "not verified_on < today") == [
        "warning 13:14: 'verified_on' can be empty, and then this need counts as met; say so with 'verified_on is empty'"
    ]
    assert changed("evidence_count >= 1", "verified_on < today or is_verified") == []
    assert changed("evidence_count >= 1", "verified_on is empty or not verified_on < today") == []
    assert changed("evidence_count >= 1", "not (opened_on < today and is_verified)") == []
    assert changed("evidence_count >= 1", "opened_on is empty") == [
        "warning 13:14: 'opened_on' can never be empty, so 'opened_on is empty' is never true"
    ]


def test_nobody_is_expected_to_do_anything_at_the_end() -> None:
    for words in ("expected: 5 working days", "waits_for: chair"):
        found = changed("final: true", f"final: true, {words}")
        assert "warning 6:3: 'verified' is final, so nobody is expected to do anything in it" in found


def test_a_role_that_takes_no_step_is_pointed_out() -> None:
    text = SMALL.replace("states:", "roles: [office, helper]\nstates:")
    text = text.replace("by: [owner]", "by: [owner]\n    approval: {by: office, otherwise: deputy_chair}")
    assert findings(text) == ["warning 1:1: the role 'helper' takes no step in any move"]
