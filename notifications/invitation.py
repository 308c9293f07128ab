"""The part of a mail that calendars read: one meeting, asked for, changed or called off (RFC 5545, 5546, 6047). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from icalendar import Calendar, Event, vCalAddress, vText

from notifications.headers import envelope_address, one_line

PRODUCT = "-//auditloop//meetings//EN"


class Method(StrEnum):
    """What a calendar is asked to do: enter the meeting as it is told now, or take it out."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


def calendar_text(
    told: Mapping[str, Any],
    *,
    sender_address: str,
    to_name: str,
    to_address: str,
    said: str,
    link: str,
    at: datetime,
) -> str:
    """Write an iCalendar object with lines ended by CRLF and folded at 75 octets.

    `told` holds `method`, `status`, `uid`, `sequence`, `starts_at` and `ends_at` (ISO 8601 with an offset),
    `title`, `place` and `organizer` (a name; the address is the sender's). Of those who are invited only the
    addressee is named: who else comes is told at the meeting, and addresses are told to nobody.
    Raises ValueError for a method that is not known, for an instant without a zone and for an address that cannot be
    written to; KeyError for what is missing.
    """
    event = Event()
    event.add("uid", one_line(told["uid"]))
    event.add("sequence", int(told["sequence"]))
    event.add("dtstamp", _instant(at))
    event.add("dtstart", _instant(datetime.fromisoformat(told["starts_at"])))
    event.add("dtend", _instant(datetime.fromisoformat(told["ends_at"])))
    event.add("summary", one_line(told["title"]))
    event.add("description", f"{one_line(said)}\n{one_line(link)}")
    if one_line(told["place"]):
        event.add("location", one_line(told["place"]))
    event.add("organizer", _person(told["organizer"], sender_address))
    attendee = _person(to_name, to_address)
    # Nobody reads answers here: whoever cannot come tells the coordinator.
    attendee.params["RSVP"] = vText("FALSE")
    event.add("attendee", attendee)
    if told["status"]:
        event.add("status", one_line(told["status"]))
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", Method(told["method"]))
    calendar.add_component(event)
    written: str = calendar.to_ical().decode()
    return written


def _instant(at: datetime) -> datetime:
    """Give an instant in UTC, which every calendar understands without a description of a time zone."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; a calendar would show another hour")
    return at.astimezone(UTC).replace(microsecond=0)


def _person(name: str, address: str) -> vCalAddress:
    person = vCalAddress(f"mailto:{envelope_address(address)}")
    # RFC 6868 writes quotation marks as ^', which not every calendar reads; no name needs them.
    person.params["CN"] = vText(one_line(name).replace('"', "'"))
    return person
