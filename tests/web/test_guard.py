"""The identifier guard in forms: it warns before anything is saved, keeps what was typed, and lets people say no."""

from __future__ import annotations

from starlette.datastructures import FormData
from wtforms import TextAreaField

from engine.moved import Ref
from tests.web.site import Site
from web.forms.fields import Needed
from web.forms.guard import GuardedForm, NoIdentifiers

ACTION = Ref("action", 1)
DAY = {"new_due_on-day": "30", "new_due_on-month": "6", "new_due_on-year": "2015"}


class Note(GuardedForm):
    """A form with one free text."""

    text = TextAreaField("How it goes", [Needed("Say how it goes."), NoIdentifiers()])


def test_a_form_is_warned_only_of_what_was_found() -> None:
    for text, is_warned in (("Sarah was seen", True), ("", False), ("All went well", False)):
        form = Note(FormData({"text": text}))
        assert form.validate() is (text == "All went well")
        assert form.is_warned is is_warned


def test_whoever_has_looked_at_the_warning_may_stay_with_the_words() -> None:
    form = Note(FormData({"text": "St James was asked", "no_identifiers": "y"}))
    assert form.validate()
    assert form.is_warned


def test_the_guard_asks_before_a_reason_is_saved_and_loses_nothing(site: Site) -> None:
    fields = DAY | {"reason": "Sarah of BS1 4DJ is away"}
    answer = site.post("/action/1/steps/extend", fields, as_="bo")
    assert answer.status == 422
    assert "‘Sarah’ looks like somebody's name; ‘BS1 4DJ’ looks like a postcode." in answer.text
    assert "Sarah of BS1 4DJ is away" in answer.text
    assert "What was found identifies nobody: save it as it is" in answer.text
    assert len(site.world.history(ACTION)) == 2


def test_said_to_identify_nobody_it_is_saved(site: Site) -> None:
    fields = DAY | {"reason": "St James is closed", "no_identifiers": "y"}
    assert site.post("/action/1/steps/extend", fields, as_="bo").path.startswith("/approval/")


def test_the_box_is_not_there_before_anything_was_found(site: Site) -> None:
    assert "no_identifiers" not in site.get("/action/1/steps/extend", as_="bo").html
