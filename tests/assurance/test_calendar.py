"""Working days: weekends, bank holidays, the group's own closed days, and the hour that the clock shows here."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assurance.calendar import WorkingCalendar, working_calendar

CALENDAR = working_calendar("england-and-wales", zone="Europe/London", closed=[date(2014, 12, 29)])
DAYS = st.dates(date(2014, 1, 1), date(2035, 12, 31))
STEPS = st.integers(-30, 30)


@pytest.mark.parametrize(
    ("day", "what"),
    [
        (date(2014, 12, 25), "Christmas Day"),
        (date(2014, 12, 26), "Boxing Day"),
        (date(2015, 12, 28), "Boxing Day, which was a Saturday, given back on Monday"),
        (date(2015, 1, 1), "New Year's Day"),
        (date(2015, 4, 3), "Good Friday"),
        (date(2015, 4, 6), "Easter Monday"),
        (date(2015, 5, 4), "the early May bank holiday"),
        (date(2020, 5, 8), "the May bank holiday, moved to VE day"),
        (date(2022, 6, 3), "the Platinum Jubilee"),
        (date(2015, 8, 31), "the summer bank holiday"),
        (date(2014, 12, 29), "the group's own closed day"),
        (date(2014, 12, 27), "a Saturday"),
        (date(2014, 12, 28), "a Sunday"),
    ],
)
def test_nobody_works(day: date, what: str) -> None:
    assert not CALENDAR.is_working(day), what


@pytest.mark.parametrize("day", [date(2014, 12, 24), date(2014, 12, 30), date(2015, 3, 17), date(2015, 8, 3)])
def test_everybody_works_on_other_days_of_the_week_and_on_the_holidays_of_other_nations(day: date) -> None:
    assert CALENDAR.is_working(day)


@pytest.mark.parametrize(
    ("day", "number", "expected"),
    [
        (date(2014, 12, 24), 1, date(2014, 12, 30)),  # over Christmas and the closed day
        (date(2014, 12, 24), 3, date(2015, 1, 2)),
        (date(2015, 4, 2), 1, date(2015, 4, 7)),  # over Easter
        (date(2015, 4, 7), -1, date(2015, 4, 2)),
        (date(2015, 1, 2), -3, date(2014, 12, 24)),
        (date(2014, 12, 25), 0, date(2014, 12, 25)),  # nought is the day itself
        (date(2014, 9, 5), 10, date(2014, 9, 19)),
        (date(2014, 9, 6), 1, date(2014, 9, 8)),  # from a Saturday
    ],
)
def test_working_days_are_counted_over_what_lies_between(day: date, number: int, expected: date) -> None:
    assert CALENDAR.add_working_days(day, number) == expected


@given(DAYS, DAYS, STEPS)
def test_a_later_start_never_ends_earlier(one: date, other: date, number: int) -> None:
    first, last = sorted((one, other))
    assert CALENDAR.add_working_days(first, number) <= CALENDAR.add_working_days(last, number)


@given(DAYS, st.integers(1, 30))
def test_exactly_so_many_working_days_lie_between(day: date, number: int) -> None:
    end = CALENDAR.add_working_days(day, number)
    between = [day + timedelta(days=n) for n in range(1, (end - day).days + 1)]
    assert sum(map(CALENDAR.is_working, between)) == number
    assert CALENDAR.is_working(end)


@given(DAYS, st.integers(-30, 800))
def test_working_days_between_two_days_are_those_behind_the_first_and_the_last_itself(
    day: date, number: int
) -> None:
    between = [day + timedelta(days=n) for n in range(1, number + 1)]
    end = day + timedelta(days=number)
    assert CALENDAR.working_days_between(day, end) == sum(map(CALENDAR.is_working, between))


def stepped(day: date, number: int) -> date:
    """Count on foot: one day after the other."""
    step = timedelta(days=1 if number > 0 else -1)
    left = abs(number)
    while left:
        day += step
        left -= CALENDAR.is_working(day)
    return day


@given(DAYS, st.integers(-300, 300))
def test_looking_up_gives_the_day_that_counting_on_foot_does(day: date, number: int) -> None:
    assert CALENDAR.add_working_days(day, number) == stepped(day, number)


@given(st.integers(0, 400), st.integers(-300, 300))
def test_looking_up_ends_where_counting_on_foot_does_at_both_ends_of_the_calendar(
    away: int, number: int
) -> None:
    for day in (date.min + timedelta(days=away), date.max - timedelta(days=away)):
        try:
            expected = stepped(day, number)
        except OverflowError:
            with pytest.raises(OverflowError):
                CALENDAR.add_working_days(day, number)
        else:
            assert CALENDAR.add_working_days(day, number) == expected


def test_a_calendar_of_weekdays_knows_no_holidays() -> None:
    weekdays = working_calendar("weekdays", zone="Europe/London")
    assert weekdays.is_working(date(2014, 12, 25))
    assert not weekdays.is_working(date(2014, 12, 27))


def test_a_calendar_that_nobody_knows_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ValueError, match="'scotland' is not a calendar; known: england-and-wales, weekdays"):
        working_calendar("scotland", zone="Europe/London")


@pytest.mark.parametrize(
    ("at", "today"),
    [
        (datetime(2015, 6, 30, 23, 30, tzinfo=UTC), date(2015, 7, 1)),  # summer: London is an hour ahead
        (datetime(2015, 1, 31, 23, 30, tzinfo=UTC), date(2015, 1, 31)),
        (datetime(2015, 3, 29, 0, 59, tzinfo=UTC), date(2015, 3, 29)),
        (datetime(2015, 10, 25, 23, 59, tzinfo=UTC), date(2015, 10, 25)),
    ],
)
def test_today_is_the_day_on_the_groups_own_clock(at: datetime, today: date) -> None:
    assert CALENDAR.today(at) == today


@pytest.mark.parametrize(
    ("day", "hour", "instant"),
    [
        (date(2015, 1, 5), time(7, 45), datetime(2015, 1, 5, 7, 45, tzinfo=UTC)),
        (date(2015, 7, 6), time(7, 45), datetime(2015, 7, 6, 6, 45, tzinfo=UTC)),
        (date(2015, 10, 25), time(1, 30), datetime(2015, 10, 25, 0, 30, tzinfo=UTC)),  # the first of two
        (
            date(2015, 3, 29),
            time(1, 30),
            datetime(2015, 3, 29, 1, 30, tzinfo=UTC),
        ),  # an hour that is left out
    ],
)
def test_an_hour_of_a_day_is_one_instant(day: date, hour: time, instant: datetime) -> None:
    assert CALENDAR.instant(day, hour).astimezone(UTC) == instant


@given(DAYS)
def test_the_hour_at_which_rules_look_lies_in_its_own_day(day: date) -> None:
    assert CALENDAR.today(CALENDAR.instant(day, time(7, 45))) == day


def test_two_calendars_that_were_made_alike_are_equal_whatever_they_were_asked() -> None:
    one, other = (
        working_calendar("england-and-wales", zone="Europe/London", closed=[date(2014, 12, 29)])
        for _ in range(2)
    )
    one.add_working_days(date(2014, 12, 24), 300)
    assert one == other
    assert hash(one) == hash(other)
    assert one != working_calendar("england-and-wales", zone="Europe/London")
    assert one != working_calendar("weekdays", zone="Europe/London", closed=[date(2014, 12, 29)])


def test_two_groups_have_closed_days_of_their_own() -> None:
    other: WorkingCalendar = working_calendar("england-and-wales", zone="Europe/London")
    assert other.is_working(date(2014, 12, 29))
    assert not other.is_working(date(2014, 12, 26))
