"""What lies between two definitions of one kind, and where a subject of the older one goes."""

from __future__ import annotations

from typing import Any

import pytest

from engine.definition_changes import (
    How,
    Renamed,
    changes,
    destination,
    is_left_by,
    is_same_step,
    lost_steps,
    why_not,
)
from engine.errors import Reason
from engine.workflow import Workflow

LEAFLET = """
workflow: leaflet
title: Leaflet
roles: [author, checker]
fields:
  pages: {kind: whole number, optional: true, title: how many pages it has}
  note: optional text
states:
  draft: {title: Draft, starts: true}
  read: {title: Read}
  agreed: {title: Agreed, final: true}
  dropped: {title: Dropped, final: true}
moves:
  - {trigger: hand_in, title: Hand it in, from: draft, to: read, by: author, set: {pages: pages}, ask: {pages: whole number}}
  - {trigger: agree, title: Agree it, from: read, to: agreed, by: checker, apart: [hand_in]}
  - {trigger: drop, title: Drop it, from: [draft, read], to: dropped, by: author, ask: {reason: text}}
"""


def workflow(text: str = LEAFLET) -> Workflow:
    return Workflow.from_text(text, None, file="leaflet.yaml")


def changed(**words: str) -> Workflow:
    """Give the leaflet with words replaced wherever they stand."""
    text = LEAFLET
    for old, new in words.items():
        assert old in text
        text = text.replace(old, new)
    return workflow(text)


def with_line(old: str, new: str) -> Workflow:
    assert old in LEAFLET
    return workflow(LEAFLET.replace(old, new))


OLD = workflow()


def sentences(new: Workflow, **renamed: Any) -> list[str]:
    return [change.sentence for change in changes(OLD, new, Renamed(**renamed))]


# -- what is different -------------------------------------------------------------------------------------


def test_a_definition_does_not_differ_from_itself() -> None:
    assert changes(OLD, workflow()) == ()


def test_a_new_title_is_told_as_such() -> None:
    (change,) = changes(OLD, with_line("read: {title: Read}", "read: {title: Was read}"))
    assert (change.what, change.word, change.how) == ("state", "read", How.RETITLED)
    assert change.sentence == "the state read is now called ‘Was read’ (read)"


def test_a_state_that_is_called_otherwise_is_gone_and_new_until_somebody_says_so() -> None:
    new = changed(read="proofread", Read="Proofread")
    assert "the state ‘Read’ (read) is gone" in sentences(new)
    assert "the state ‘Proofread’ (proofread) is new" in sentences(new)
    assert "the step hand_in is different in: to" in sentences(new)
    told = sentences(new, states={"read": "proofread"})
    assert told[0] == "the state ‘Read’ (read) becomes ‘Proofread’ (proofread)"
    assert not any("hand_in" in sentence for sentence in told)


def test_what_else_is_different_is_named_by_its_keys() -> None:
    assert sentences(with_line("by: checker", "by: [checker, author]")) == [
        "the step agree is different in: by"
    ]
    assert sentences(with_line("read: {title: Read}", "read: {title: Read, expected: 5 working days}")) == [
        "the state read is different in: expected"
    ]
    assert sentences(with_line("note: optional text", "note: text")) == [
        "the field note is different in: kind"
    ]
    assert sentences(with_line("note: optional text", "words: optional text")) == [
        "the field note is gone",
        "the field words is new",
    ]
    assert sentences(with_line("title: Leaflet", "title: Flyer")) == [
        "the workflow now says under title: Flyer"
    ]


def test_a_step_that_is_called_otherwise_is_told_with_both_titles() -> None:
    new = changed(hand_in="submit", **{"Hand it in": "Submit it"})
    assert sentences(new, steps={"hand_in": "submit"}) == [
        "the step ‘Hand it in’ (hand_in) becomes ‘Submit it’ (submit)"
    ]
    assert "the step ‘Hand it in’ (hand_in) is gone" in sentences(new)


def test_counts_of_children_are_told_too() -> None:
    counted = LEAFLET.replace("states:\n", "children:\n  words: {of: word, in: [open]}\nstates:\n")
    assert [change.sentence for change in changes(OLD, workflow(counted))] == ["the count words is new"]


# -- where a subject goes ----------------------------------------------------------------------------------


def code(old: Workflow, new: Workflow, state: str, **states: str) -> str:
    goes = destination(old, new, state, Renamed(states=states))
    return goes.code if isinstance(goes, Reason) else goes


def test_a_subject_stays_in_its_state_where_that_is_still_there() -> None:
    assert code(OLD, with_line("title: Read}", "title: Was read}"), "read") == "read"


def test_a_subject_whose_state_is_gone_goes_where_somebody_says() -> None:
    new = changed(read="proofread", Read="Proofread")
    goes = destination(OLD, new, "read", Renamed())
    assert isinstance(goes, Reason)
    assert goes.sentence == ("‘Read’ (read) is not in the new definition; say which state takes its place.")
    assert code(OLD, new, "read", read="proofread") == "proofread"
    assert code(OLD, new, "draft", read="proofread") == "draft"


def test_a_change_of_words_finishes_nothing_and_wakes_nothing_up() -> None:
    new = changed(read="proofread", Read="Proofread", dropped="thrown", Dropped="Thrown")
    assert code(OLD, new, "read", read="agreed") == "would_finish"
    assert code(OLD, new, "dropped", dropped="draft") == "would_wake"
    assert code(OLD, new, "dropped", dropped="agreed") == "agreed"
    ends = workflow(
        LEAFLET.replace("read: {title: Read}", "read: {title: Read, final: true}").replace(
            "dropped: {title: Dropped, final: true}", "dropped: {title: Dropped}"
        )
    )
    assert code(OLD, ends, "read") == "would_finish"
    assert code(OLD, ends, "dropped") == "would_wake"


# -- words that cannot be used -----------------------------------------------------------------------------


def told(new: Workflow, **renamed: Any) -> list[str]:
    return [reason.sentence for reason in why_not(Renamed(**renamed), [OLD], new)]


def test_words_that_nobody_knows_are_named_with_the_nearest_known() -> None:
    new = changed(read="proofread", Read="Proofread")
    assert told(new, states={"read": "proofread"}) == []
    (unknown,) = told(new, states={"raed": "proofread"})
    assert unknown.startswith("'raed' is not a state of leaflet in an older definition; did you mean 'read'?")
    (unknown,) = told(new, states={"read": "profread"})
    assert unknown.startswith("'profread' is not a state of leaflet in the new definition; did you mean")
    (unknown,) = told(new, steps={"handin": ""})
    assert "'handin' is not a step of leaflet in an older definition" in unknown
    (unknown,) = told(new, fields={"page": ""})
    assert "'page' is not a field of leaflet in an older definition; did you mean 'pages'?" in unknown
    lost = changed(hand_in="submit")
    (unknown,) = told(lost, steps={"hand_in": "submitt"})
    assert "'submitt' is not a step of leaflet in the new definition; did you mean 'submit'?" in unknown


def test_nobody_is_led_out_of_a_state_that_is_still_there() -> None:
    (refused,) = told(OLD, states={"draft": "read"})
    assert refused == "'draft' is a state of the new definition too; only a step leads out of it."
    (refused,) = told(OLD, steps={"drop": "agree"})
    assert refused == "'drop' stands in the new definition too; it needs no other word."
    (refused,) = told(OLD, fields={"note": ""})
    assert refused == "'note' stands in the new definition too; it needs no other word."


def test_a_state_that_is_final_now_may_be_left_for_another() -> None:
    ends = with_line("read: {title: Read}", "read: {title: Read, final: true}")
    assert told(ends, states={"read": "draft"}) == []


# -- steps -------------------------------------------------------------------------------------------------


def test_a_step_that_keeps_somebody_apart_is_missed_until_somebody_says_what_takes_its_place() -> None:
    new = changed(hand_in="submit")
    assert lost_steps(OLD, new, Renamed()) == {"hand_in": "Agree it"}
    assert lost_steps(OLD, new, Renamed(steps={"hand_in": "submit"})) == {}
    assert lost_steps(OLD, new, Renamed(steps={"hand_in": ""})) == {}
    assert lost_steps(OLD, workflow(), Renamed()) == {}


def test_a_step_that_keeps_nobody_apart_any_more_because_the_later_one_is_gone_is_not_missed() -> None:
    short = "\n".join(line for line in LEAFLET.splitlines() if "trigger: agree" not in line)
    new = workflow(short.replace("hand_in", "submit").replace("agreed: {title: Agreed, final: true}", ""))
    assert lost_steps(OLD, new, Renamed()) == {}


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [
        ("title: Hand it in", "title: Hand in", True),
        ("to: read, by: author", "to: read, by: [author, checker]", True),
        ("set: {pages: pages}, ask: {pages: whole number}", "ask: {pages: whole number}", False),
        ("ask: {pages: whole number}", "ask: {pages: optional whole number}", False),
        ("from: draft, to: read", "from: draft, to: agreed", False),
        ("hand_in, title", "hand_over, title", False),
    ],
)
def test_a_step_is_the_same_where_it_does_the_same(old: str, new: str, is_same: bool) -> None:
    text = LEAFLET.replace("apart: [hand_in]", "apart: [drop]").replace(old, new)
    assert is_same_step(OLD, workflow(text), "hand_in", "draft", "draft", Renamed()) is is_same


def test_a_step_into_a_state_that_is_called_otherwise_is_the_same_step() -> None:
    new = changed(read="proofread", Read="Proofread")
    renamed = Renamed(states={"read": "proofread"})
    assert is_same_step(OLD, new, "hand_in", "draft", "draft", renamed)
    assert is_same_step(OLD, new, "drop", "read", "proofread", renamed)
    assert not is_same_step(OLD, new, "hand_in", "draft", "draft", Renamed())


def test_a_state_is_left_by_those_who_hold_a_role_in_a_step_that_leads_out() -> None:
    assert is_left_by(OLD, "draft", {"author"})
    assert not is_left_by(OLD, "draft", {"checker"})
    assert not is_left_by(OLD, "agreed", {"author", "checker"})
    asks = with_line("by: checker, apart", "by: checker, approval: {by: author}, apart")
    assert not is_left_by(asks, "read", {"checker"})
    assert is_left_by(asks, "read", {"checker", "author"})
