"""Mail rests in quiet hours and on days without work, and is sent afterwards; reminders wait for the digest."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assurance.calendar import working_calendar
from engine.errors import BadDefinition
from engine.rule_clock import CAP, QuietHours, RuleClock, read_clock
from engine.yamlfile import parse_yaml

LONDON = working_calendar("england-and-wales", zone="Europe/London", closed=[date(2026, 12, 24)])
CLOCK = """\
calendar: england-and-wales
look_at: "06:30"
quiet_hours: {from: "18:00", to: "07:30", also: non-working days}
digest: {at: "07:45"}
cap: 20
"""


def at(text: str) -> datetime:
    """Read a civil day and hour of London."""
    moment = datetime.fromisoformat(text)
    return LONDON.instant(moment.date(), moment.time())


@pytest.fixture
def clock() -> RuleClock:
    return read_clock(parse_yaml(CLOCK, file="clock.yaml"))


def test_a_clock_says_when_to_look_when_to_rest_and_when_to_bundle(clock: RuleClock) -> None:
    quiet = QuietHours(time(18), time(7, 30), also_days_off=True)
    assert clock == RuleClock("england-and-wales", time(6, 30), quiet, time(7, 45), 20)


def test_a_clock_may_know_neither_rest_nor_digest() -> None:
    bare = read_clock(parse_yaml('calendar: weekdays\nlook_at: "07:45"\n', file="clock.yaml"))
    assert bare == RuleClock("weekdays", time(7, 45), None, None, CAP)
    assert bare.released_at(at("2026-11-28T23:00"), LONDON) == at("2026-11-28T23:00")
    with pytest.raises(ValueError, match="this clock knows no digest"):
        bare.digest_after(at("2026-11-28T23:00"), LONDON)


@pytest.mark.parametrize(
    ("owed", "goes"),
    [
        ("2026-11-26T12:00", "2026-11-26T12:00"),
        ("2026-11-26T07:30", "2026-11-26T07:30"),
        ("2026-11-26T07:29", "2026-11-26T07:30"),
        ("2026-11-26T17:59", "2026-11-26T17:59"),
        ("2026-11-26T18:00", "2026-11-27T07:30"),
        ("2026-11-27T18:00", "2026-11-30T07:30"),  # a Friday evening
        ("2026-11-28T12:00", "2026-11-30T07:30"),  # a Saturday noon
        ("2026-11-30T03:00", "2026-11-30T07:30"),
        ("2026-12-23T20:00", "2026-12-29T07:30"),  # Christmas, its holidays, and the group's own closed day
        ("2026-03-28T12:00", "2026-03-30T07:30"),  # clocks go forward in between
        ("2026-10-24T12:00", "2026-10-26T07:30"),  # and back
    ],
)
def test_what_is_owed_in_quiet_hours_is_held_and_goes_when_they_end(
    clock: RuleClock, owed: str, goes: str
) -> None:
    assert clock.released_at(at(owed), LONDON) == at(goes)


@pytest.mark.parametrize(
    ("due", "goes"),
    [
        ("2026-11-26T06:30", "2026-11-26T07:45"),
        ("2026-11-26T07:45", "2026-11-26T07:45"),
        ("2026-11-26T07:46", "2026-11-27T07:45"),
        ("2026-11-27T14:00", "2026-11-30T07:45"),
        ("2026-12-24T06:30", "2026-12-29T07:45"),
    ],
)
def test_a_reminder_waits_for_the_next_digest_on_a_working_day(clock: RuleClock, due: str, goes: str) -> None:
    assert clock.digest_after(at(due), LONDON) == at(goes)


def test_quiet_hours_within_one_day_hold_until_that_day_goes_on() -> None:
    noon = RuleClock("weekdays", time(6), QuietHours(time(12), time(13), also_days_off=False))
    assert noon.released_at(at("2026-11-28T12:30"), LONDON) == at("2026-11-28T13:00")
    assert noon.released_at(at("2026-11-28T23:30"), LONDON) == at("2026-11-28T23:30")


@given(
    st.integers(0, 15 * 365 * 24 * 60),
    st.times(),
    st.times(),
    st.booleans(),
)
def test_nothing_is_held_for_ever_and_what_is_released_is_free(
    minutes: int, begins: time, ends: time, also: bool
) -> None:
    quiet = QuietHours(begins.replace(second=0, microsecond=0), ends.replace(second=0, microsecond=0), also)
    if quiet.begins == quiet.ends:
        return
    clock, owed = (
        RuleClock("weekdays", time(6), quiet),
        datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes),
    )
    released = clock.released_at(owed, LONDON)
    assert owed <= released <= owed + timedelta(days=8)
    assert clock.released_at(released, LONDON) == released


@pytest.mark.parametrize(
    ("instead_of", "written", "complaint"),
    [
        ('"06:30"', '"08:00"', '2:10: rules look at 08:00, which is too late for the digest at 07:45; look earlier, or send the digest later'),
        ('at: "07:45"', 'at: "07:00"', "4:9: the digest at 07:00 lies in the quiet hours, 18:00 to 07:30"),
        ('to: "07:30"', 'to: "18:00"', "3:34: quiet hours from 18:00 to 18:00 are none; give two hours"),
        ('from: "18:00"', "from: 18", "3:21: expected a time of day such as '07:45', but found '18'"),
        ("non-working days", "weekends", "3:49: 'weekends' is not something that can be quiet too. Known: non-working days"),
        ('to: "07:30", ', "", "3:14: the key 'to' is missing here"),
        ("cap: 20", "cap: 0", "5:6: expected a whole number from 1 to 100000, but found 0"),
        ("cap: 20", "cap: many", "5:6: expected a whole number, such as 3, but found 'many'"),
        ("cap: 20", "caps: 20", "5:1: 'caps' is not a key that is known here; did you mean 'cap'? Known: calendar, look_at, quiet_hours, digest, cap"),
        ('{at: "07:45"}', '"07:45"', "4:9: expected a mapping, lines of 'key: value', but found '07:45'"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_clock_is_answered_at_its_place(
    instead_of: str, written: str, complaint: str
) -> None:
    assert CLOCK.count(instead_of) == 1
    with pytest.raises(BadDefinition) as refused:
        read_clock(parse_yaml(CLOCK.replace(instead_of, written), file="clock.yaml"))
    assert [str(problem) for problem in refused.value.problems] == [f"clock.yaml:{complaint}"]


def test_the_house_looks_before_it_sends_the_digest() -> None:
    house = Path(__file__).parents[2] / "rules" / "clock.yaml"
    found = read_clock(parse_yaml(house.read_text(encoding="utf-8"), file="clock.yaml"))
    assert found.digest_at is None or found.look_at < found.digest_at
