"""The group's calendar, people's own calendars, health for monitors, and what everybody may read."""

from __future__ import annotations

import re
from datetime import date, time, timedelta

import pytest
import sqlalchemy as sa
from icalendar import Calendar

from assurance.records import AccountEvent, ClosedDay
from assurance.sweep import watch
from engine.fences import EVERY
from tests.cast import PEOPLE
from tests.web.site import Site

NEW = "/admin/closed_days/new"
TUESDAY = {"on-day": "10", "on-month": "2", "on-year": "2015", "name": "Staff day"}
ASKED = "on-day=10&on-month=2&on-year=2015&name=Staff+day"


def address_in(html: str) -> str:
    found = re.search(r"https://audits\.example(/calendar/[^<\s\"]+\.ics)", html)
    assert found is not None
    return found[1]


# -- closed days -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "status"), [("sam", 200), ("ida", 200), ("ada", 200), ("una", 200), ("bo", 404), ("cleo", 404)]
)
def test_the_calendar_of_the_group_is_for_whoever_keeps_it(site: Site, who: str, status: int) -> None:
    page = site.get("/admin/closed_days", as_=who)
    assert page.status == status
    if status == 200:
        assert "29 December 2014 Office closed" in page.text
        assert "Friday 3 April 2015: Good Friday" in page.text
        assert "Shire Safeguarding Children Board" in page.text
    assert site.get(NEW, as_=who).status == (200 if who in ("sam", "ida") else 404)


def test_a_day_is_closed_after_what_it_moves_was_seen_and_opened_again(site: Site) -> None:
    seen = site.get(f"{NEW}?{ASKED}", as_="ida")
    assert "What this would move" in seen.text
    assert "Close 10 February 2015" in seen.text
    assert site.world.ask(sa.select(ClosedDay.name)) == ["Office closed"]
    done = site.post(NEW, TUESDAY, as_="ida", form_at=f"{NEW}?{ASKED}")
    assert done.path == "/admin/closed_days"
    assert "10 February 2015 is closed." in done.text
    assert not site.world.office.playbook.calendar(site.world.group_id).is_working(date(2015, 2, 10))
    (number,) = site.world.ask(sa.select(ClosedDay.id).where(ClosedDay.name == "Staff day"))
    again = f"/admin/closed_days/{number}/open"
    assert "What this would move" in site.get(again, as_="sam").text
    opened = site.post(again, as_="sam")
    assert "10 February 2015 is a working day again." in opened.text
    assert site.world.office.playbook.calendar(site.world.group_id).is_working(date(2015, 2, 10))


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("on-day=&on-month=&on-year=&name=x", "Give the day."),
        ("on-day=10&on-month=2&on-year=2015&name=", "Say what the day is called"),
        ("on-day=31&on-month=2&on-year=2015&name=x", "there is no such day"),
        ("on-day=3&on-month=4&on-year=2015&name=x", "is a bank holiday already: Good Friday"),
        ("on-day=1&on-month=2&on-year=2014&name=x", "has passed"),
    ],
)
def test_a_day_that_cannot_be_closed_is_refused_before_and_after(
    site: Site, asked: str, sentence: str
) -> None:
    seen = site.get(f"{NEW}?{asked}", as_="sam")
    assert (seen.status, sentence in seen.text) == (422, True)
    fields = dict(pair.split("=") for pair in asked.split("&"))
    posted = site.post(NEW, fields, as_="sam", form_at="/admin")
    assert (posted.status, sentence in posted.text) == (422, True)
    assert f'value="{fields["on-year"]}"' in posted.html or not fields["on-year"]
    assert site.world.ask(sa.select(ClosedDay.name)) == ["Office closed"]


def test_a_closed_day_that_has_passed_or_is_not_there_is_not_opened(site: Site) -> None:
    (number,) = site.world.ask(sa.select(ClosedDay.id))
    site.world.on(date(2015, 1, 5))
    assert "It has passed." in site.get(f"/admin/closed_days/{number}/open", as_="sam").text
    assert site.post(f"/admin/closed_days/{number}/open", as_="sam", form_at="/admin").status == 422
    assert site.get("/admin/closed_days/99/open", as_="sam").status == 404


# -- one's own calendar ------------------------------------------------------------------------------------


def test_somebody_makes_an_address_reads_it_without_signing_in_and_takes_it_back(site: Site) -> None:
    made = site.post("/calendar/make", as_="nell", form_at="/calendar")
    path = address_in(made.html)
    assert "shown this once" in made.text
    assert path.rpartition("/")[2].removesuffix(".ics") not in site.get("/calendar", as_="nell").html
    answer = site.browser(None).get(path)
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    titles = [str(event["summary"]) for event in Calendar.from_ical(answer.content).walk("VEVENT")]
    assert "Action due: audit 2014-15/1, North Trust" in titles
    done = site.post("/calendar/revoke", as_="nell", form_at="/calendar")
    assert "taken back" in done.text
    assert site.browser(None).get(path).status_code == 404
    deeds = site.world.ask(sa.select(AccountEvent.what).order_by(AccountEvent.id))
    assert deeds[-2:] == ["feed_made", "feed_revoked"]


def test_an_address_ends_when_its_person_leaves(site: Site) -> None:
    path = address_in(site.post("/calendar/make", as_="fay", form_at="/calendar").html)
    site.world.leaves("policing")
    site.world.clock.advance(timedelta(days=1))
    assert site.browser(None).get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/calendar/x.ics", f"/calendar/{'a' * 43}.ics", "/calendar/%00.ics", "/calendar/.ics"]
)
def test_an_address_that_nobody_made_leads_to_nothing(site: Site, path: str) -> None:
    assert site.browser(None).get(path).status_code == 404


@pytest.mark.parametrize("who", ["ada", "bo", "cleo", "ida", "una"])
def test_everybody_in_post_has_a_calendar(site: Site, who: str) -> None:
    page = site.get("/calendar", as_=who)
    assert "Meeting of March 2015" in page.text
    assert "14:00 to 16:00" in page.text


# -- health ------------------------------------------------------------------------------------------------


def test_a_monitor_gets_an_answer_without_signing_in_and_nothing_personal(site: Site) -> None:
    site.world.on(date(2014, 12, 16))
    answer = site.browser(None).get("/health")
    assert answer.status_code == 503
    assert {answer.json()[part]["state"] for part in ("mail", "rules")} == {"unwell"}
    site.world.night(date(2014, 12, 17))
    site.world.on(date(2014, 12, 17))
    site.world.delivers()
    well = site.browser(None).get("/health")
    assert (well.status_code, well.json()["state"]) == (200, "well")
    for name in (*PEOPLE.values(), "@", "2014-15/1"):
        assert name not in well.text


def test_the_health_page_says_what_happened_last_and_no_secret(site: Site) -> None:
    site.world.on(date(2014, 12, 16), time(6, 30))
    watch(site.world.office)
    page = site.get("/admin/health", as_="ida")
    assert "Rules looked at everything 16 December 2014 at 06:30" in page.text
    assert "goes into the folder" in page.text
    assert "are taken in without a scan for viruses" in page.text
    assert site.world.settings.secret == "" or site.world.settings.secret not in page.html


def test_every_seal_is_checked_when_somebody_asks(site: Site) -> None:
    answer = site.post("/admin/health/check", as_="una", form_at="/admin/health")
    assert "Every seal is right" in answer.text
    with site.world.office.store.begin(group=EVERY) as session:
        session.execute(sa.text("DROP TRIGGER event_refuses_update"))
        session.execute(
            sa.text("UPDATE event SET actor = 'person/1' WHERE subject_kind = 'audit' AND seq = 2")
        )
    answer = site.post("/admin/health/check", as_="ida", form_at="/admin/health")
    assert "audit/1 line 2" in answer.text
    assert "a guard is missing" in answer.text


# -- what everybody may read -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/help", "key line of enquiry"),
        ("/accessibility", "Web Content Accessibility Guidelines 2.2"),
        ("/privacy", "Who a child, an adult or a family is, is not kept here."),
    ],
)
def test_what_everybody_may_read_needs_no_signing_in(site: Site, path: str, words: str) -> None:
    for who in (None, "bo", "viv"):
        page = site.get(path, as_=who)
        assert (page.status, words in page.text) == (200, True)
        assert page.html.count("<h1") == 1
