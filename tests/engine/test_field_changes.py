"""What becomes of the values of a subject when the fields of its definition change."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from engine.field_changes import Carried, carried, sealed_before
from engine.vocabulary import Field, Kind
from engine.workflow import Workflow

OLD = {
    "pages": Field("pages", Kind.WHOLE, title="how many pages it has"),
    "due_on": Field("due_on", Kind.DATE, optional=True),
    "size": Field("size", Kind.CHOICE, optional=True, choices=("small", "large")),
    "note": Field("note", Kind.TEXT, optional=True),
    "is_urgent": Field("is_urgent", Kind.YES_NO),
}
KEPT = {"pages": 4, "due_on": "2026-05-01", "size": "small", "note": "For fathers", "is_urgent": True}


def without(*names: str, **more: Field) -> dict[str, Field]:
    return {name: field for name, field in OLD.items() if name not in names} | more


def codes(new: Mapping[str, Field], **renamed: str) -> list[str]:
    return [reason.code for reason in carried(KEPT, OLD, new, renamed).reasons]


def test_what_is_called_as_before_is_kept_as_it_is_and_nothing_needs_sealing() -> None:
    assert carried(KEPT, OLD, OLD, {}) == Carried(KEPT, {}, ())


def test_a_field_that_holds_nothing_may_go() -> None:
    kept = {name: value for name, value in KEPT.items() if name != "size"}
    assert carried(kept, OLD, without("size"), {}) == Carried(kept, {}, ())


def test_a_field_that_holds_something_goes_only_where_somebody_says_so() -> None:
    (reason,) = carried(KEPT, OLD, without("pages"), {}).reasons
    assert reason.sentence == (
        "‘how many pages it has’ (pages) holds something, and no field of the new definition takes it."
    )
    given_up = carried(KEPT, OLD, without("pages"), {"pages": ""})
    assert "pages" not in given_up.kept
    assert (given_up.sealed, given_up.reasons) == ({"pages": None}, ())


def test_a_field_that_is_called_otherwise_takes_its_value_along_and_the_history_seals_both() -> None:
    length = Field("length", Kind.WHOLE)
    moved = carried(KEPT, OLD, without("pages", length=length), {"pages": "length"})
    assert moved.kept["length"] == 4
    assert (moved.sealed, moved.reasons) == ({"pages": None, "length": 4}, ())


def test_what_people_wrote_is_moved_and_never_sealed() -> None:
    words = Field("words", Kind.TEXT, optional=True)
    moved = carried(KEPT, OLD, without("note", words=words), {"note": "words"})
    assert (moved.kept["words"], moved.sealed, moved.reasons) == ("For fathers", {}, ())
    assert carried(KEPT, OLD, without("note"), {"note": ""}).sealed == {}


@pytest.mark.parametrize(
    ("name", "field", "code"),
    [
        ("pages", Field("pages", Kind.DATE), "other_kind"),
        ("due_on", Field("due_on", Kind.TEXT), "other_kind"),
        ("is_urgent", Field("is_urgent", Kind.WHOLE), "other_kind"),
        ("size", Field("size", Kind.CHOICE, choices=("tiny", "large")), "other_choice"),
    ],
)
def test_a_value_that_is_none_of_the_new_kind_is_named(name: str, field: Field, code: str) -> None:
    assert codes(without(name) | {name: field}) == [code]


def test_a_choice_may_get_more_words() -> None:
    wider = Field("size", Kind.CHOICE, choices=("small", "middling", "large"))
    assert codes(without("size", size=wider)) == []


def test_two_values_do_not_share_one_field() -> None:
    days = Field("finish_on", Kind.DATE, optional=True)
    old = OLD | {"finish_on": days}
    kept = KEPT | {"finish_on": "2026-06-01"}
    (reason,) = carried(kept, old, without("due_on", finish_on=days), {"due_on": "finish_on"}).reasons
    assert reason.code == "field_is_taken"
    two = carried(KEPT, OLD, without("pages", "due_on", x=OLD["pages"]), {"pages": "x", "due_on": "x"})
    assert {reason.code for reason in two.reasons} == {"other_kind", "field_is_taken"}


def test_a_new_field_that_may_not_be_empty_has_nothing_in_it() -> None:
    team = Field("team", Kind.TEXT, title="which team it is for")
    (reason,) = carried(KEPT, OLD, {**OLD, "team": team}, {}).reasons
    assert reason.sentence == (
        "‘which team it is for’ (team) may not be empty, and nothing stands there; make it optional."
    )
    assert codes({**OLD, "team": Field("team", Kind.TEXT, optional=True)}) == []
    assert codes({**OLD, "is_new": Field("is_new", Kind.YES_NO)}) == []


def test_a_value_that_cannot_go_is_told_once() -> None:
    new = without("pages", length=Field("length", Kind.DATE))
    assert codes(new, pages="length") == ["other_kind"]


def test_what_was_empty_before_may_stay_so() -> None:
    assert carried({}, OLD, OLD, {}).reasons == ()


def test_a_word_that_a_rule_of_today_has_set_under_an_older_definition_is_taken_along() -> None:
    chased = Field("is_chased", Kind.YES_NO)
    kept = {**KEPT, "is_chased": True}
    assert carried(kept, OLD, {**OLD, "is_chased": chased}, {}) == Carried(kept, {}, ())


def test_a_text_cannot_take_a_word_of_which_histories_have_sealed_another_value() -> None:
    first = leaflet("due_on: optional date")
    second = leaflet("note: optional text")
    third = leaflet("due_on: optional text")
    assert sealed_before([first, second], third) == {"due_on"}
    assert sealed_before([first, third], second) == frozenset()
    (reason,) = carried({}, {}, {}, {}, sealed_before([first], third)).reasons
    assert reason.sentence == "‘due_on’ was no text before; choose another word for the text."


def leaflet(field: str) -> Workflow:
    text = (
        f"workflow: leaflet\ntitle: Leaflet\nroles: author\nfields:\n  {field}\n"
        "states: {draft: {title: Draft, starts: true}, agreed: {title: Agreed, final: true}}\n"
        "moves: [{trigger: agree, title: Agree, from: draft, to: agreed, by: author}]\n"
    )
    return Workflow.from_text(text, None, file="leaflet.yaml")
