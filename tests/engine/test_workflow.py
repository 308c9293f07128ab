"""A workflow decides: every move of an ordinary action, and every sentence with which a door stays closed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.approvals import ApprovalPolicy, Party
from engine.errors import Reason, Refused
from engine.vocabulary import Value, Vocabulary
from engine.workflow import Circumstances, Move, Workflow
from tests.engine.action_workflow import ACTION, GOOD, TODAY, action, as_

WORKFLOW = action()
NEXT_MONTH = date(2026, 4, 2)


def refusal(state: str, trigger: str, circumstances: Circumstances) -> tuple[Reason, ...]:
    with pytest.raises(Refused) as refused:
        WORKFLOW.decide(state, trigger, circumstances)
    return refused.value.reasons


def sentences(state: str, trigger: str, circumstances: Circumstances) -> list[str]:
    return [reason.sentence for reason in refusal(state, trigger, circumstances)]


def test_the_owner_confirms_and_the_chair_is_told() -> None:
    move = WORKFLOW.decide("in_progress", "confirm", as_("owner", facts={"evidence_count": 1}))
    assert move == Move(
        "confirm",
        "Confirm that the action is complete",
        source="in_progress",
        target="confirmed",
        approval=None,
        sets={},
        counts=(),
        tell=("chair", "coordinator"),
        given={},
    )


def test_the_chair_verifies_and_the_next_look_is_due_in_six_months() -> None:
    move = WORKFLOW.decide("confirmed", "verify", as_("chair"))
    assert move.target == "verified"
    assert move.sets == {
        "verified_on": TODAY,
        "check_again_on": date(2026, 9, 2),
        "is_verified": True,
    }


def test_the_chair_sends_back_with_a_remark_and_it_is_counted() -> None:
    move = WORKFLOW.decide("confirmed", "send_back", as_("chair", remark="No evidence yet."))
    assert (move.target, move.counts) == ("in_progress", ("times_sent_back",))
    assert move.sets == move.given == {"remark": "No evidence yet."}


def test_a_note_changes_nothing_but_the_day_of_the_last_note() -> None:
    move = WORKFLOW.decide("agreed", "note_progress", as_("owner", remark="Half of the staff are trained."))
    assert (move.source, move.target, move.sets) == ("agreed", "agreed", {"last_note_on": TODAY})


def test_the_second_date_is_for_the_chair_and_the_third_for_the_meeting() -> None:
    asked: Mapping[str, Value] = {"new_due_on": NEXT_MONTH, "remark": "Waiting for the new records system."}
    second = WORKFLOW.decide("agreed", "move_date", as_("owner", facts={"times_moved": 1}, form=asked))
    third = WORKFLOW.decide("agreed", "move_date", as_("owner", facts={"times_moved": 2}, form=asked))
    chair, deputies = (Party("chair"),), {"chair": "deputy_chair"}
    assert second.approval == ApprovalPolicy(chair, deputies=deputies, at_meeting=False)
    assert third.approval == ApprovalPolicy(chair, deputies=deputies, at_meeting=True)
    assert third.sets == {"current_due_on": NEXT_MONTH}
    assert third.given == asked


def test_what_was_approved_is_not_asked_of_the_actor_again_but_of_the_facts() -> None:
    asked: Mapping[str, Value] = {"remark": "The service has closed."}
    move = WORKFLOW.decide("agreed", "supersede", as_(form=asked), approved=True)
    assert (move.target, move.approval) == ("superseded", None)
    with pytest.raises(Refused, match="Attach or name at least one piece"):
        WORKFLOW.decide("agreed", "confirm", as_(), approved=True)
    with pytest.raises(Refused, match="is possible while") as refused:
        WORKFLOW.decide("verified", "supersede", as_(form=asked), approved=True)
    assert len(refused.value.reasons) == 1


def test_a_remark_that_is_optional_may_be_left_out() -> None:
    here = {"evidence_count": 1}
    assert WORKFLOW.decide("agreed", "confirm", as_("owner", facts=here, remark="  ")).given == {}
    assert WORKFLOW.decide("agreed", "confirm", as_("owner", facts=here, remark="See file.")).given == {
        "remark": "See file."
    }


def test_a_closed_door_says_in_which_states_it_opens() -> None:
    assert sentences("verified", "confirm", as_("owner")) == [
        "‘Confirm that the action is complete’ is possible while the action is Agreed or In progress; it is Verified."
    ]


def test_a_door_that_is_reached_too_early_says_which_step_comes_first() -> None:
    (sentence,) = sentences("proposed", "confirm", as_("owner"))
    assert sentence == (
        "‘Confirm that the action is complete’ is possible while the action is Agreed or In progress; it is Proposed. "
        "‘Agree the action’ has to come first."
    )


def test_a_step_that_was_taken_already_says_so() -> None:
    assert sentences("verified", "verify", as_("chair")) == [
        "‘Verify the action’ is possible while the action is Confirmed; it is already Verified."
    ]


def test_whoever_may_not_take_the_step_at_all_is_told_in_the_wrong_state_too() -> None:
    where, who = sentences("agreed", "verify", as_("member", "lay_member"))
    assert where.startswith("‘Verify the action’ is possible while the action is Confirmed; it is Agreed.")
    assert who == (
        "‘Verify the action’ is a step for the chair or the deputy chair; you are here as lay member and member."
    )


def test_somebody_without_any_role_is_told_so() -> None:
    assert sentences("confirmed", "verify", as_()) == [
        "‘Verify the action’ is a step for the chair or the deputy chair; you have no part in this action."
    ]


def test_a_misspelt_step_is_answered_with_the_nearest_and_all_known_ones() -> None:
    (reason,) = refusal("agreed", "confrim", as_("owner"))
    assert reason.code == "unknown_trigger"
    assert reason.sentence.startswith(
        "‘confrim’ is not a step of the action. Did you mean ‘confirm’? Its steps are: "
    )
    (reason,) = refusal("agreed", "xyz", as_("owner"))
    assert reason.sentence.startswith("‘xyz’ is not a step of the action. Its steps are: agree, start, ")


def test_conflicts_close_the_door_with_their_sentences() -> None:
    own = "This action is your own agency's; the deputy chair decides on it."
    reasons = refusal("confirmed", "verify", as_("chair", conflicts={"own_agency": own, "confirm": ""}))
    assert [reason.sentence for reason in reasons] == [
        own,
        "You did ‘Confirm that the action is complete’ yourself; somebody else has to do ‘Verify the action’.",
    ]
    assert {reason.code for reason in reasons} == {"conflict"}


def test_a_conflict_without_a_sentence_gets_one() -> None:
    assert sentences("confirmed", "verify", as_("chair", conflicts={"own_agency": ""})) == [
        "You are too close to this action (own agency); somebody else has to do ‘Verify the action’."
    ]


def test_a_conflict_that_the_move_does_not_name_keeps_nobody_away() -> None:
    move = WORKFLOW.decide("confirmed", "verify", as_("chair", conflicts={"agree": "You agreed it."}))
    assert move.target == "verified"


def test_every_reason_is_given_at_once() -> None:
    reasons = refusal(
        "confirmed",
        "send_back",
        as_("owner", conflicts={"own_agency": "It is your own agency's."}, extra="x"),
    )
    assert [reason.code for reason in reasons] == ["role", "conflict", "missing", "not_asked"]
    assert reasons[2].sentence == "Fill in ‘Remark’ with a few words."
    assert reasons[3].sentence == "‘Send the action back’ does not ask for ‘extra’; it asks for ‘Remark’."


def test_needs_quote_the_facts_of_the_day() -> None:
    assert sentences("agreed", "confirm", as_("owner")) == [
        "Attach or name at least one piece of evidence; there are 0."
    ]
    assert sentences(
        "verified", "embed", as_("chair", facts={"check_again_on": NEXT_MONTH}, outcome="lasted")
    ) == ["Wait until 2 April 2026, when there is something to measure."]
    assert sentences("verified", "embed", as_("chair", outcome="lasted")) == [
        "Wait until not set, when there is something to measure."
    ]


def test_a_need_about_what_is_asked_looks_at_what_was_given() -> None:
    late = as_("owner", new_due_on=date(2026, 1, 1), remark="Sorry.")
    assert sentences("agreed", "move_date", late) == ["The new date has to lie ahead."]


def test_what_is_missing_is_asked_for_in_the_words_of_the_form() -> None:
    assert sentences("agreed", "move_date", as_("owner")) == [
        "Fill in ‘New due date’ with a date.",
        "Fill in ‘Remark’ with a few words.",
    ]
    assert sentences("verified", "embed", as_("chair", facts={"check_again_on": TODAY})) == [
        "Fill in ‘Outcome’ with one of: lasted, faded."
    ]


@pytest.mark.parametrize(
    ("trigger", "name", "value", "sentence"),
    [
        ("move_date", "new_due_on", "soon", "‘New due date’ has to be a date; ‘soon’ is not."),
        ("move_date", "new_due_on", datetime(2026, 4, 2, tzinfo=UTC), "‘New due date’ has to be a date;"),
        ("move_date", "remark", 7, "‘Remark’ has to be a few words; ‘7’ is not."),
        ("weigh", "weight", True, "‘Weight’ has to be a whole number; ‘yes’ is not."),
        ("weigh", "weight", "7", "‘Weight’ has to be a whole number; ‘7’ is not."),
        ("weigh", "is_heavy", 0, "‘Is heavy’ has to be yes or no; ‘0’ is not."),
        ("weigh", "colour", "blue", "‘Colour’ has to be one of: dark red, green; ‘blue’ is not."),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_its_title(
    trigger: str, name: str, value: Value, sentence: str
) -> None:
    right: dict[str, Value] = {
        **({"new_due_on": NEXT_MONTH, "remark": "x"} if trigger == "move_date" else {}),
        **({"weight": 7, "is_heavy": False, "colour": "green"} if trigger == "weigh" else {}),
    }
    workflow = Workflow.from_text(WEIGHED, ACTION, file="action.yaml")
    assert workflow.decide("agreed", trigger, as_("owner", form=right)).given == right
    with pytest.raises(Refused) as refused:
        workflow.decide("agreed", trigger, as_("owner", form={**right, name: value}))
    (reason,) = refused.value.reasons
    assert reason.code == "wrong_value"
    assert reason.sentence.startswith(sentence)


WEIGHED = (
    (GOOD / "action.yaml").read_text(encoding="utf-8")
    + """
  - trigger: weigh
    title: Weigh the action
    from: agreed
    to: same
    by: owner
    ask:
      weight: whole number
      is_heavy: yes or no
      colour: [dark_red, green]
"""
)


def test_a_state_that_nobody_has_heard_of_is_a_fault_of_the_caller() -> None:
    with pytest.raises(ValueError, match="'confrimed' is not a state of action in this definition"):
        WORKFLOW.decide("confrimed", "verify", as_("chair"))
    with pytest.raises(ValueError, match="'confrimed' is not a state of action"):
        WORKFLOW.offers("confrimed", as_("chair"))


def test_the_title_of_a_kind_keeps_its_capitals_where_they_are_an_abbreviation() -> None:
    text = (
        (GOOD / "action.yaml").read_text(encoding="utf-8").replace("title: Action\n", "title: CAMHS plan\n")
    )
    with pytest.raises(Refused, match="while the CAMHS plan is Confirmed; it is Proposed"):
        Workflow.from_text(text, ACTION, file="action.yaml").decide("proposed", "verify", as_("chair"))


def test_offers_show_the_open_doors_and_the_closed_ones_with_their_reasons() -> None:
    offers = {offer.trigger: offer for offer in WORKFLOW.offers("agreed", as_("owner"))}
    assert list(offers) == ["start", "note_progress", "confirm", "move_date", "supersede", "accept_risk"]
    assert [trigger for trigger, offer in offers.items() if offer.is_open] == [
        "start",
        "note_progress",
        "move_date",
    ]
    assert offers["start"].reasons == ()
    assert offers["note_progress"].about == "A line for the record; nothing else changes."
    assert offers["note_progress"].target == "agreed"
    assert offers["supersede"].approval == ApprovalPolicy(
        (Party("chair"),), deputies={"chair": "deputy_chair"}
    )
    assert [reason.sentence for reason in offers["confirm"].reasons] == [
        "Attach or name at least one piece of evidence; there are 0."
    ]


def test_what_a_move_asks_for_does_not_close_its_door() -> None:
    (move_date,) = [
        offer for offer in WORKFLOW.offers("agreed", as_("owner")) if offer.trigger == "move_date"
    ]
    assert move_date.is_open
    assert [(ask.name, ask.optional) for ask in move_date.asks] == [("new_due_on", False), ("remark", False)]


def test_of_two_entries_of_one_trigger_the_one_that_is_meant_is_offered() -> None:
    third = WORKFLOW.offers("agreed", as_("owner", facts={"times_moved": 2}))
    (move_date,) = [offer for offer in third if offer.trigger == "move_date"]
    assert move_date.is_open
    assert not [offer for offer in WORKFLOW.offers("embedded", as_("chair")) if offer.is_open]


@settings(max_examples=400, deadline=None)
@given(
    state=st.sampled_from(list(WORKFLOW.states)),
    trigger=st.sampled_from(sorted({way.trigger for way in WORKFLOW.moves})),
    roles=st.frozensets(st.sampled_from(ACTION.roles)),
    conflicts=st.frozensets(st.sampled_from(["own_agency", "confirm", "agree"])),
    evidence=st.integers(0, 2),
    moved=st.integers(0, 3),
    checked=st.sampled_from([None, date(2026, 1, 1), date(2027, 1, 1)]),
)
def test_a_door_is_open_exactly_if_it_can_be_passed_with_the_form_filled_in(
    state: str,
    trigger: str,
    roles: frozenset[str],
    conflicts: frozenset[str],
    evidence: int,
    moved: int,
    checked: date | None,
) -> None:
    facts = {"evidence_count": evidence, "times_moved": moved, "check_again_on": checked}
    words = dict.fromkeys(conflicts, "This is your own.")
    right: Mapping[str, Value] = {"remark": "x", "new_due_on": NEXT_MONTH, "outcome": "lasted"}
    here = as_(*roles, facts=facts, conflicts=words)
    offer = next((offer for offer in WORKFLOW.offers(state, here) if offer.trigger == trigger), None)
    form = {ask.name: right[ask.name] for ask in offer.asks} if offer else {}
    decided = outcome(state, trigger, as_(*roles, facts=facts, conflicts=words, form=form))
    if isinstance(decided, Move):
        assert offer is not None
        assert offer.is_open
        assert offer.target == decided.target
    else:
        assert decided
        assert offer is None or offer.reasons == decided
        assert all(reason.sentence.endswith(".") for reason in decided)


def outcome(state: str, trigger: str, circumstances: Circumstances) -> Move | tuple[Reason, ...]:
    try:
        return WORKFLOW.decide(state, trigger, circumstances)
    except Refused as refused:
        return refused.reasons


def test_the_hash_is_that_of_the_content_and_not_of_its_comments() -> None:
    text = (GOOD / "action.yaml").read_text(encoding="utf-8")
    commented = Workflow.from_text("# agreed in March\n" + text, ACTION, file="action.yaml")
    changed = Workflow.from_text(
        text.replace("Send the action back", "Return it"), ACTION, file="action.yaml"
    )
    assert commented.hash == WORKFLOW.hash != changed.hash
    assert len(WORKFLOW.hash) == 64
    assert commented.text != WORKFLOW.text == text


def test_the_states_are_read_with_all_that_is_said_of_them() -> None:
    proposed, confirmed = WORKFLOW.states["proposed"], WORKFLOW.states["confirmed"]
    assert list(WORKFLOW.states)[:3] == ["proposed", "agreed", "in_progress"]
    assert (WORKFLOW.start, proposed.expected, proposed.waits_for) == ("proposed", 10, ("agency_lead",))
    assert confirmed.about == "The agency says that it is done."
    assert [state.name for state in WORKFLOW.states.values() if state.final] == [
        "embedded",
        "superseded",
        "risk_accepted",
    ]
    assert WORKFLOW.vocabulary.fields["state"].choices == tuple(WORKFLOW.states)


def test_a_need_may_speak_of_the_state() -> None:
    text = (GOOD / "action.yaml").read_text(encoding="utf-8")
    need = "      - not state = agreed or evidence_count >= 3: Begin first, or bring three pieces.\n    ask: {remark: optional"
    workflow = Workflow.from_text(
        text.replace("    ask: {remark: optional", need), ACTION, file="action.yaml"
    )
    here = as_("owner", facts={"evidence_count": 1})
    assert workflow.decide("in_progress", "confirm", here).target == "confirmed"
    with pytest.raises(Refused, match="Begin first, or bring three pieces"):
        workflow.decide("agreed", "confirm", here)


def test_a_kind_of_its_own_brings_its_words_and_its_counts_over_children() -> None:
    text = (GOOD / "clinical_audit.yaml").read_text(encoding="utf-8")
    shared = Vocabulary("", dict(ACTION.fields), roles=("coordinator",), addressees=("coordinator",))
    for given_words in (None, shared):
        workflow = Workflow.from_text(text, given_words, file="clinical_audit.yaml")
        own = workflow.own
        assert own is not None
        assert (own.roles, own.parent) == (("clinical_lead", "audit_office"), None)
        assert own.fields["sample_size"].title == "files in the sample"
        assert own.fields["met_on"].optional
        assert own.children["steps_open"].counts("open")
        assert not own.children["steps_open"].counts("dropped")
        assert own.children["steps_done"].counts("done")
        assert ("evidence_count" in workflow.vocabulary.fields) is (given_words is shared)
        assert workflow.vocabulary.about == "clinical_audit"


def test_an_outcome_that_is_asked_decides_where_a_move_leads() -> None:
    text = (GOOD / "clinical_audit.yaml").read_text(encoding="utf-8")
    workflow = Workflow.from_text(text, None, file="clinical_audit.yaml")
    met = workflow.decide("reading", "conclude", as_("clinical_lead", outcome="met"))
    missed = workflow.decide("reading", "conclude", as_("clinical_lead", outcome="not_met"))
    assert (met.target, met.sets) == ("over", {"result": "met", "met_on": TODAY})
    assert (missed.target, missed.sets) == ("improving", {"result": "not_met", "met_on": None})
    (offer,) = workflow.offers("reading", as_("clinical_lead"))
    assert offer.is_open
    with pytest.raises(Refused, match="Finish or drop the 3 steps that are still open"):
        workflow.decide("improving", "close", as_("audit_office", facts={"steps_open": 3}))
