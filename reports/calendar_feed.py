"""A person's calendar feed as iCalendar (RFC 5545): instants in UTC, due days as whole days. It asks no database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event

from assurance.queries.feeds import Entry, Feed

PRODUCT = "-//auditloop//calendar feed//EN"
READ_AGAIN = "PT6H"


def calendar_feed(feed: Feed, *, base_url: str) -> bytes:
    """Write a feed; each entry links to its subject under `base_url`. Lines end with CRLF and are folded at 75 octets."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", feed.group)
    calendar.add("x-wr-calname", feed.group)
    calendar.add("refresh-interval", timedelta(hours=6), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", READ_AGAIN)
    for entry in feed.entries:
        calendar.add_component(_event(entry, feed.now, base_url))
    written: bytes = calendar.to_ical()
    return written


def _event(entry: Entry, now: datetime, base_url: str) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", _instant(now))
    if entry.starts_at is None or entry.ends_at is None:
        event.add("dtstart", entry.on)
        event.add("dtend", entry.on + timedelta(days=1))
        event.add("transp", "TRANSPARENT")
    else:
        event.add("dtstart", _instant(entry.starts_at))
        event.add("dtend", _instant(entry.ends_at))
        event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    event.add("summary", " ".join(entry.title.split()))
    if entry.place:
        event.add("location", " ".join(entry.place.split()))
    event.add("url", f"{base_url}/{entry.ref}")
    return event


def _instant(at: datetime) -> datetime:
    """Give an instant in UTC, which every calendar understands without a description of a time zone."""
    return at.astimezone(UTC).replace(microsecond=0)
