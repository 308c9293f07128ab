"""The meetings as pages: the list, planning and moving one, its agenda, and who was there."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import sqlalchemy as sa

from assurance.records import Attendance, Meeting, Person, Post
from engine.moved import Ref
from tests.cast import MEETINGS
from tests.web.site import Site

SiteAt = Callable[[str | None], Site]
NEW: Mapping[str, str] = {
    "title": "Extra meeting",
    "on-day": "5",
    "on-month": "2",
    "on-year": "2015",
    "starts": "09:30",
    "ends": "11:00",
    "place": "Room 4",
}
RECORD = "/meeting/1/steps/record_attendance"


def field(site: Site, name: str, post: str, person: str) -> str:
    """Give the name of one field of the form of who was there."""
    return f"{name}-{site.world.number(Post, post)}-{site.world.number(Person, person)}"


@pytest.fixture
def met(site_at: SiteAt) -> Site:
    """The pages on the evening of the group's first meeting."""
    site = site_at("agency_audits")
    site.world.on(MEETINGS["2014-12"])
    return site


def test_everybody_finds_the_meetings_and_only_who_convenes_plans_one(site: Site) -> None:
    for who in ("sam", "bo", "cleo", "una"):
        page = site.get("/meetings", as_=who)
        assert {"/meeting/1", "/meeting/2", "/meeting/3"} <= set(page.page.links)
        assert ("/meetings/new" in page.page.links) == (who == "sam")
    assert site.get("/meetings/new", as_="bo").status == 404
    assert "12 March 2015, 14:00 to 16:00" in site.get("/meetings", as_="thea").text


def test_meetings_that_are_over_stand_below(met: Site) -> None:
    met.world.on(MEETINGS["2015-03"])
    said = met.get("/meetings", as_="cleo").text
    assert said.index("Meeting of March 2015") < said.index("Over") < said.index("Meeting of December 2014")


def test_a_meeting_is_planned_and_everybody_is_invited(site: Site) -> None:
    answer = site.post("/meetings/new", NEW, as_="sam")
    assert answer.path == "/meeting/4"
    assert "Thursday 5 February 2015, 09:30 to 11:00, Room 4" in answer.text
    assert "9 people are invited" in answer.text
    assert {mail.template for mail in site.world.news() if mail.thread == "meeting/4"} == {"invitation"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"title": " "}, "Say what the meeting is called."),
        ({"starts": "half past"}, "Write the hour as 14:00."),
        ({"starts": "9.30"}, "is not an hour of the day; write it as 14:00"),
        ({"ends": "09:00"}, "The meeting would end at 09:00, but begins at 09:30."),
        ({"on-year": "2014"}, "has passed; plan a day that is to come"),
        ({"on-day": "31"}, "there is no such day"),
        ({"on-day": "", "on-month": "", "on-year": ""}, "Name the day of the meeting."),
    ],
)
def test_a_meeting_that_is_refused_keeps_what_was_typed(
    site: Site, changed: dict[str, str], said: str
) -> None:
    fields = {**NEW, **changed}
    answer = site.post("/meetings/new", fields, as_="sam")
    assert answer.status == 422
    assert said in answer.text
    assert all(
        f'value="{fields[name]}"' in answer.html
        for name in ("starts", "ends", "place", "on-day")
        if fields[name]
    )
    assert len(site.world.ask(sa.select(Meeting.id))) == 3


def test_a_meeting_sent_twice_is_planned_once(site: Site) -> None:
    key = site.get("/meetings/new", as_="sam").page.hidden["key"]
    site.post("/meetings/new", NEW, as_="sam", unseen={"key": key})
    assert "nothing was entered twice" in site.post("/meetings/new", NEW, as_="sam", unseen={"key": key}).text
    assert len(site.world.ask(sa.select(Meeting.id))) == 4


def test_a_meeting_without_an_end_lasts_two_hours(site: Site) -> None:
    assert "09:30 to 11:30" in site.post("/meetings/new", {**NEW, "ends": ""}, as_="ada").text


def test_a_meeting_moves_with_its_hours_as_they_were(site_at: SiteAt) -> None:
    site = site_at("agency_audits")
    form = site.get("/meeting/1/steps/move_meeting", as_="sam")
    assert "An hour such as 14:00; left empty, it stays as it is." in form.text
    fields = {"new_on-day": "18", "new_on-month": "12", "new_on-year": "2014"}
    answer = site.post("/meeting/1/steps/move_meeting", fields, as_="sam")
    assert "Thursday 18 December 2014, 14:00 to 16:00" in answer.text
    assert "changed 1 time" in answer.text
    assert "The returns of audit 2014-15/1 stay due on 27 November 2014" in answer.text


def test_the_agenda_stands_on_the_page_for_each_as_far_as_they_may_see(site_at: SiteAt) -> None:
    site = site_at("agency_audits")
    for who in ("cleo", "sam", "bo"):
        page = site.get("/meeting/1", as_=who)
        assert "Returns that are still missing (5)" in page.text
        assert "/audit/1" in page.page.links
    assert "Nothing is late, missing or waiting for the group" in site.get("/meeting/2", as_="cleo").text


def test_who_was_there_is_recorded_and_read_by_all(met: Site) -> None:
    assert RECORD in met.get("/meeting/1", as_="sam").page.links
    fields = {
        field(met, "presence", "chair", "ada"): "there",
        field(met, "presence", "nursing", "bo"): "deputy",
        field(met, "deputy", "nursing", "bo"): "Asha Ali",
        field(met, "presence", "policing", "fay"): "apologies",
    }
    answer = met.post(RECORD, fields, as_="sam")
    assert (answer.path, "Who was there is recorded." in answer.text) == ("/meeting/1", True)
    lay = met.get("/meeting/1", as_="cleo").text
    assert "Asha Ali came in their place" in lay
    assert "Fay Finch Policing, Shire Constabulary Sent apologies" in lay
    again = met.get(RECORD, as_="sam")
    assert 'value="Asha Ali"' in again.html


def test_who_was_there_is_not_lost_where_it_is_refused(met: Site) -> None:
    fields = {
        field(met, "presence", "chair", "ada"): "deputy",
        field(met, "presence", "lay", "cleo"): "apologies",
    }
    answer = met.post(RECORD, fields, as_="sam")
    assert answer.status == 422
    assert "Write down the name of the deputy; it is empty." in answer.text
    assert '<option value="apologies" selected>' in answer.html
    wrong = met.post(RECORD, {field(met, "presence", "chair", "ada"): "asleep"}, as_="sam")
    assert (wrong.status, "Choose one of the words." in wrong.text) == (422, True)
    assert met.post(RECORD, {}, as_="sam").status == 422
    assert met.world.ask(sa.select(Attendance.id)) == []


def test_of_two_who_fill_it_in_at_once_the_second_reads_so_and_keeps_what_they_typed(met: Site) -> None:
    chair = field(met, "presence", "chair", "ada")
    before = met.get(RECORD, as_="dan").page.hidden
    met.post(RECORD, {chair: "there"}, as_="sam")
    answer = met.post(RECORD, {chair: "absent"}, as_="dan", unseen={"version": before["version"]})
    assert (answer.status, "Sam Sedley changed Meeting 1" in answer.text) == (409, True)
    assert '<option value="absent" selected>' in answer.html
    assert met.world.ask(sa.select(Attendance.presence)) == ["there"]
    knowing = met.post(RECORD, {chair: "absent"}, as_="dan", unseen=answer.page.hidden)
    assert "Who was there is recorded." in knowing.text
    assert met.world.ask(sa.select(Attendance.presence)) == ["absent"]


def test_before_the_day_and_for_whoever_does_not_convene_the_form_says_why_not(site: Site, met: Site) -> None:
    assert "The meeting is still to come." in site.get("/meeting/2/steps/record_attendance", as_="sam").text
    closed = met.get(RECORD, as_="bo")
    assert "This is not possible now." in closed.text
    refused = met.post(RECORD, {field(met, "presence", "nursing", "bo"): "there"}, as_="bo")
    assert refused.status == 422
    assert met.world.ask(sa.select(Attendance.id)) == []


def test_a_meeting_that_was_held_says_that_nobody_has_recorded_who_was_there(met: Site) -> None:
    met.post("/meeting/1/steps/hold", as_="ada")
    page = met.get("/meeting/1", as_="cleo")
    assert "Nobody has recorded who was there." in page.text
    assert "Agenda" not in page.page.text
    assert met.world.state(Ref("meeting", 1)) == "held"


def test_a_meeting_that_there_is_not_is_not_there(site: Site) -> None:
    for path in ("/meeting/99", "/meeting/99/steps/record_attendance"):
        assert site.get(path, as_="sam").status == 404
    assert site.post("/meeting/99/steps/record_attendance", as_="sam", form_at="/meetings/new").status == 404
    assert site.get("/meetings", as_="viv").status == 404
