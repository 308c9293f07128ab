"""Approval policies in words: who decides, as it stands in a sentence and in a picture."""

from __future__ import annotations

from engine.approvals import ApprovalPolicy, Party, Rejection
from engine.refusals import all_of, one_of, spoken


def who_decides(policy: ApprovalPolicy) -> str:
    """Return who decides, as it stands in a sentence: 'the chair', 'the chair and the coordinator', '3 of the members'."""
    names = [_in_sentence(party, policy.number) for party in policy.asked]
    if policy.number is None:
        return all_of(names)
    if policy.number == 1:
        return one_of(names)
    return f"{policy.number} of {all_of(names)}"


def as_label(policy: ApprovalPolicy) -> str:
    """Return the policy as it stands in a picture: 'Approval in a meeting: chair or deputy chair'."""
    names = [_as_label(party, policy) for party in policy.asked]
    if policy.number is None:
        told = all_of(names)
    elif policy.number == 1:
        told = one_of(names)
    else:
        told = f"{policy.number} of {all_of(names)}"
    return f"Approval{' in a meeting' if policy.at_meeting else ''}: {told}{_manner(policy)}"


def _manner(policy: ApprovalPolicy) -> str:
    """Say what a no does, where it is not what everybody expects."""
    if policy.rejection is Rejection.COLLECTED:
        return ", once all are heard"
    if policy.rejection is Rejection.COUNTED:
        return ", as long as one agrees" if policy.number == 1 else ""
    return "" if policy.number in (1, None) else ", each with a veto"


def _in_sentence(party: Party, number: int | None) -> str:
    if not party.is_group:
        return f"the {spoken(party.role)}"
    if number is None:
        return f"all {spoken(party.role)}s"
    return f"one of the {spoken(party.role)}s" if number == 1 else f"the {spoken(party.role)}s"


def _as_label(party: Party, policy: ApprovalPolicy) -> str:
    if party.is_group:
        return _in_sentence(party, policy.number)
    deputy = policy.deputies.get(party.role)
    if deputy is None:
        return spoken(party.role)
    alone = len(policy.asked) == 1
    return f"{spoken(party.role)} {f'or {spoken(deputy)}' if alone else f'(or {spoken(deputy)})'}"
