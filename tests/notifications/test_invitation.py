"""Invitations: a part that calendars read, last in the mail; written by hand here what RFC 5545 and 6047 ask of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from icalendar import Calendar

from notifications.compose import Addressee, compose
from tests.notifications.examples import MORNING, SENDER, context, read
from tests.notifications.test_headers import ANY_TEXT, NASTY

TOLD = {
    "method": "REQUEST",
    "status": "CONFIRMED",
    "uid": "3f0c6f8e-4f0e-4f5e-9a68-a1f6b7f1d3c2",
    "sequence": 0,
    "starts_at": "2015-03-12T14:00:00+00:00",
    "ends_at": "2015-03-12T16:00:00+00:00",
    "title": "Quality Assurance Sub Group: March meeting",
    "place": "Council House, room 2",
    "organizer": "Quality Assurance Sub Group",
}


def mail(template: str = "invitation", *, to: str = "Bo Adeyemi", **changes: Any) -> bytes:
    """One mail with a part for calendars."""
    return compose(
        template,
        context(calendar=TOLD | changes, audit=""),
        to=Addressee(to, "bo@trust.example.org"),
        subject="Quality Assurance Sub Group: March meeting",
        thread="meeting/2",
        sender=SENDER,
        message_id="<abc@board.example.org>",
        at=MORNING,
    )


def calendar_part(content: bytes) -> EmailMessage:
    """Give the last part of a mail."""
    *_, last = read(content).iter_parts()
    assert isinstance(last, EmailMessage)
    return last


def lines_of(content: bytes) -> list[str]:
    """Give the unfolded lines of the calendar part, after a strict look at every byte of it (RFC 5545, 3.1)."""
    body = calendar_part(content).get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.endswith(b"END:VCALENDAR\r\n")
    assert body.count(b"\n") == body.count(b"\r") == body.count(b"\r\n")
    folded = body.removesuffix(b"\r\n").split(b"\r\n")
    assert all(0 < len(line) <= 75 for line in folded)
    for line in folded:
        line.decode()  # no line ends within a character
    text = re.sub("\r\n[ \t]", "", body.decode())
    lines = text.removesuffix("\r\n").split("\r\n")
    assert all(re.fullmatch(r"[A-Z-]+(;[A-Z-]+=(\"[^\"]*\"|[^\";:,]*))*:.*", line) for line in lines)
    return lines


def event_of(content: bytes) -> Any:
    """Give the one event of a mail as the library reads it."""
    calendar = Calendar.from_ical(calendar_part(content).get_content())
    (event,) = calendar.walk("VEVENT")
    return event


def test_the_part_for_calendars_is_the_last_of_the_alternatives() -> None:
    kinds = [part.get_content_type() for part in read(mail()).iter_parts()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]


def test_an_invitation_says_every_line_that_a_calendar_needs_and_no_other() -> None:
    content = mail()
    assert calendar_part(content)["Content-Type"] == 'text/calendar; method="REQUEST"; charset="utf-8"'
    assert b"Content-Type: text/calendar; method=REQUEST; charset=" in content
    assert sorted(lines_of(content)) == [
        'ATTENDEE;CN="Bo Adeyemi";RSVP=FALSE:mailto:bo@trust.example.org',
        "BEGIN:VCALENDAR",
        "BEGIN:VEVENT",
        r"DESCRIPTION:Two actions are past their date\nhttps://audits.example.org/audits/2",
        "DTEND:20150312T160000Z",
        "DTSTAMP:20150302T074500Z",
        "DTSTART:20150312T140000Z",
        "END:VCALENDAR",
        "END:VEVENT",
        r"LOCATION:Council House\, room 2",
        "METHOD:REQUEST",
        'ORGANIZER;CN="Quality Assurance Sub Group":mailto:audits@board.example.org',
        "PRODID:-//auditloop//meetings//EN",
        "SEQUENCE:0",
        "STATUS:CONFIRMED",
        "SUMMARY:Quality Assurance Sub Group: March meeting",
        "UID:3f0c6f8e-4f0e-4f5e-9a68-a1f6b7f1d3c2",
        "VERSION:2.0",
    ]


def test_the_method_of_a_cancellation_stands_in_the_part_and_in_its_head() -> None:
    content = mail("invitation_cancelled", method="CANCEL", status="CANCELLED", sequence=3)
    assert b"Content-Type: text/calendar; method=CANCEL; charset=" in content
    lines = lines_of(content)
    assert {"METHOD:CANCEL", "STATUS:CANCELLED", "SEQUENCE:3"} <= set(lines)


def test_whoever_is_left_out_of_a_meeting_that_stands_is_told_no_state_of_it() -> None:
    lines = lines_of(mail("invitation_cancelled", method="CANCEL", status="", sequence=1))
    assert [line for line in lines if line.startswith("STATUS")] == []


def test_summer_hours_are_told_as_instants_that_need_no_time_zone() -> None:
    told = {"starts_at": "2015-06-11T14:00:00+01:00", "ends_at": "2015-06-11T16:00:00+01:00"}
    event = event_of(mail(**told))
    assert event["DTSTART"].dt == datetime(2015, 6, 11, 13, tzinfo=UTC)
    assert b"TZID" not in mail(**told)


def test_an_hour_without_a_zone_is_never_sent() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        mail(starts_at="2015-06-11T14:00:00")


def test_a_method_that_calendars_do_not_know_is_never_sent() -> None:
    with pytest.raises(ValueError, match="PUBLISH"):
        mail(method="PUBLISH")


def test_a_place_is_left_out_where_none_was_said() -> None:
    assert [line for line in lines_of(mail(place="")) if line.startswith("LOCATION")] == []


def test_letters_of_every_kind_arrive_and_no_line_is_too_long() -> None:
    place = "Ysgol Gyfun Gŵyr – ystafell 2; llawr 1, “y neuadd” " * 4
    event = event_of(mail(place=place, to="Siân Åström"))
    lines_of(mail(place=place, to="Siân Åström"))
    assert event["LOCATION"] == " ".join(place.split())
    assert event["ATTENDEE"].params["CN"] == "Siân Åström"


@given(NASTY)
def test_nobodys_words_can_pass_for_a_line_of_a_calendar_or_of_a_head(nasty: str) -> None:
    hostile = f"{nasty}\r\nATTENDEE:mailto:spy@evil.example\r\nEND:VEVENT"
    content = mail(title=hostile, place=hostile, organizer=hostile, uid=hostile, to=hostile)
    assert read(content).keys() == read(mail()).keys()
    starts = [re.split("[;:]", line)[0] for line in lines_of(content)]
    assert sorted(starts) == sorted(re.split("[;:]", line)[0] for line in lines_of(mail()))
    assert len(Calendar.from_ical(calendar_part(content).get_content()).walk("VEVENT")) == 1


@given(ANY_TEXT)
def test_any_title_is_one_line_of_the_calendar(text: str) -> None:
    content = mail(title=f"A {text}")
    assert len(lines_of(content)) == len(lines_of(mail()))
    assert event_of(content)["SUMMARY"] == " ".join(str(event_of(content)["SUMMARY"]).split())


def test_the_same_arguments_make_the_same_bytes() -> None:
    assert mail() == mail()
