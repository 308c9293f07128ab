"""What a move says under `approval`, read and told in words; the linter finds whoever would have to ask themselves."""

from __future__ import annotations

import pytest

from engine.approval_file import approval_of
from engine.approval_words import as_label, who_decides
from engine.approvals import ApprovalPolicy, Late, Party, Rejection
from engine.faults import Faults
from engine.lint import lint
from engine.spans import Span, Unit
from engine.workflow import Workflow
from engine.yamlfile import parse_yaml
from tests.engine.action_workflow import ACTION

ROLES = ("chair", "deputy_chair", "agency_lead", "coordinator", "member")
CHAIR, COORDINATOR, MEMBERS = Party("chair"), Party("coordinator"), Party("member", is_group=True)
WEEK = Span(5, Unit.WORKING_DAYS)


def read(text: str) -> ApprovalPolicy:
    faults = Faults()
    policy = approval_of(parse_yaml(text, file="action.yaml"), "action", ROLES, faults)
    faults.settle()
    return policy


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("{by: chair}", ApprovalPolicy((CHAIR,))),
        (
            "{by: chair, otherwise: deputy_chair, at_meeting: true}",
            ApprovalPolicy((CHAIR,), deputies={"chair": "deputy_chair"}, at_meeting=True),
        ),
        (
            "{by: chair, otherwise: {chair: deputy_chair}}",
            ApprovalPolicy((CHAIR,), 1, {"chair": "deputy_chair"}),
        ),
        ("{any_of: [chair, coordinator]}", ApprovalPolicy((CHAIR, COORDINATOR))),
        ("{any_of: members}", ApprovalPolicy((MEMBERS,))),
        (
            "{all_of: [chair, coordinator], otherwise: {chair: deputy_chair}}",
            ApprovalPolicy((CHAIR, COORDINATOR), None, {"chair": "deputy_chair"}),
        ),
        ("{all_of: [chair, members]}", ApprovalPolicy((CHAIR, MEMBERS), None)),
        ("{quorum: 3, of: members}", ApprovalPolicy((MEMBERS,), 3, rejection=Rejection.COUNTED)),
        (
            "{quorum: 2, of: [chair, deputy_chair, coordinator], rejection: veto}",
            ApprovalPolicy((CHAIR, Party("deputy_chair"), COORDINATOR), 2),
        ),
        (
            "{quorum: 3, of: members, rejection: collected, late: {after: 5 working days, then: 2}}",
            ApprovalPolicy((MEMBERS,), 3, rejection=Rejection.COLLECTED, late=Late(WEEK, 2)),
        ),
        (
            "{by: chair, otherwise: deputy_chair, late: {after: 5 working days, then: deputy}}",
            ApprovalPolicy((CHAIR,), 1, {"chair": "deputy_chair"}, late=Late(WEEK)),
        ),
    ],
)
def test_a_policy_is_read_as_it_is_written(text: str, policy: ApprovalPolicy) -> None:
    assert read(text) == policy


@pytest.mark.parametrize(
    ("text", "sentence", "label"),
    [
        ("{by: chair, otherwise: deputy_chair}", "the chair", "Approval: chair or deputy chair"),
        ("{by: chair, at_meeting: true}", "the chair", "Approval in a meeting: chair"),
        ("{any_of: [chair, coordinator]}", "the chair or the coordinator", "Approval: chair or coordinator"),
        ("{any_of: members}", "one of the members", "Approval: one of the members"),
        (
            "{any_of: [chair, agency_lead], rejection: counted}",
            "the chair or the agency lead",
            "Approval: chair or agency lead, as long as one agrees",
        ),
        (
            "{all_of: [chair, coordinator], otherwise: {chair: deputy_chair}}",
            "the chair and the coordinator",
            "Approval: chair (or deputy chair) and coordinator",
        ),
        (
            "{all_of: [chair, members]}",
            "the chair and all members",
            "Approval: chair and all members",
        ),
        ("{quorum: 3, of: members}", "3 of the members", "Approval: 3 of the members"),
        (
            "{quorum: 2, of: [chair, coordinator, agency_leads], rejection: veto}",
            "2 of the chair, the coordinator and the agency leads",
            "Approval: 2 of chair, coordinator and the agency leads, each with a veto",
        ),
        (
            "{quorum: 3, of: members, rejection: collected}",
            "3 of the members",
            "Approval: 3 of the members, once all are heard",
        ),
    ],
)
def test_a_policy_is_told_in_a_sentence_and_in_a_picture(text: str, sentence: str, label: str) -> None:
    assert (who_decides(read(text)), as_label(read(text))) == (sentence, label)


SMALL = """\
workflow: action
title: Action
states:
  agreed: {title: Agreed, starts: true}
  confirmed: {title: Confirmed}
  verified: {title: Verified, final: true}
moves:
  - trigger: confirm
    title: Confirm
    from: agreed
    to: confirmed
    by: [owner]
  - trigger: verify
    title: Verify
    from: confirmed
    to: verified
    by: [%s]
    apart: [%s]
    approval: %s
"""


def findings(policy: str, *, by: str = "chair", apart: str = "own_agency") -> list[str]:
    workflow = Workflow.from_text(SMALL % (by, apart, policy), ACTION, file="action.yaml")
    return [str(finding.problem).removeprefix("action.yaml:") for finding in lint(workflow)]


@pytest.mark.parametrize(
    "policy",
    [
        "{all_of: [chair, coordinator]}",
        "{quorum: 2, of: [chair, coordinator]}",
        "{quorum: 2, of: [chair, coordinator], otherwise: {coordinator: deputy_chair}}",
    ],
)
def test_what_cannot_be_approved_without_whoever_asks_is_refused(policy: str) -> None:
    refused = (
        "13:5: only 'chair' may ask for 'verify', and it cannot be approved without 'chair': nobody approves what they "
        "ask for themselves; name somebody under 'otherwise'"
    )
    assert findings(policy) == [refused]


@pytest.mark.parametrize(
    "policy",
    [
        "{any_of: [chair, coordinator]}",
        "{all_of: [chair, coordinator], otherwise: {chair: deputy_chair}}",
        "{quorum: 2, of: [chair, coordinator, deputy_chair]}",
        "{quorum: 2, of: [chair, members]}",
        "{quorum: 2, of: chairs}",
        "{all_of: [chair, coordinator], at_meeting: true}",
    ],
)
def test_where_enough_others_are_asked_whoever_asks_can_be_done_without(policy: str) -> None:
    assert findings(policy) == []


def test_one_role_that_does_the_earlier_step_and_approves_the_later_one_is_pointed_out() -> None:
    alone = (
        "13:5: 'confirm' and the approval of 'verify' both need 'owner' alone, and whoever did the one may not do the "
        "other: where one person holds the role, nobody is left"
    )
    assert findings("{by: owner}", apart="confirm") == [alone]
    assert findings("{all_of: [owner, coordinator]}", apart="confirm") == [alone]
    assert findings("{by: owner, otherwise: coordinator}", apart="confirm") == []
    assert findings("{any_of: [owner, coordinator]}", apart="confirm") == []
    assert findings("{by: owner}", apart="own_agency") == []
