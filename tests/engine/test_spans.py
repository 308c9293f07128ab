"""Spans of time are read from YAML and shift days without ever turning their order round."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import BadDefinition
from engine.spans import Span, Unit, span_of
from engine.yamlfile import parse_yaml
from tests.engine.action_words import ENGLAND
from tests.engine.conditions_said_twice import days


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("10 working days", Span(10, Unit.WORKING_DAYS)),
        ("1 working day", Span(1, Unit.WORKING_DAYS)),
        ("1 week", Span(1, Unit.WEEKS)),
        ("2  weeks", Span(2, Unit.WEEKS)),
        ("6 months", Span(6, Unit.MONTHS)),
        ("1 year", Span(1, Unit.YEARS)),
        ("14 days", Span(14, Unit.DAYS)),
    ],
)
def test_a_span_is_a_number_and_a_unit(text: str, span: Span) -> None:
    assert span_of(parse_yaml(text, file="action.yaml")) == span
    assert str(span) == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("soon", "1:1: expected a span of time such as '10 working days' or '1 week', but found 'soon'"),
        ("10", "1:1: expected a span of time such as '10 working days' or '1 week', but found '10'"),
        (
            "2 fortnights",
            "1:3: 'fortnights' is not a unit of time. Known: days, working days, weeks, months, years",
        ),
        ("2 wokring days", "1:3: 'wokring days' is not a unit of time; did you mean 'working days'? Known: "),
        ("0 days", "1:1: '0' does not do here; write a number from 1 to 9999"),
        ("10000 days", "1:1: '10000' does not do here; write a number from 1 to 9999"),
    ],
)
def test_a_mistake_in_a_span_is_answered_at_its_place(text: str, complaint: str) -> None:
    with pytest.raises(BadDefinition) as refused:
        span_of(parse_yaml(text, file="action.yaml"))
    assert str(refused.value).startswith(f"action.yaml:{complaint}")


@pytest.mark.parametrize(
    ("span", "start", "end"),
    [
        (Span(1, Unit.MONTHS), "2024-01-31", "2024-02-29"),
        (Span(1, Unit.MONTHS), "2025-12-31", "2026-01-31"),
        (Span(-1, Unit.MONTHS), "2026-03-31", "2026-02-28"),
        (Span(-1, Unit.MONTHS), "2026-01-15", "2025-12-15"),
        (Span(12, Unit.MONTHS), "2024-02-29", "2025-02-28"),
        (Span(4, Unit.YEARS), "2024-02-29", "2028-02-29"),
        (Span(2, Unit.WEEKS), "2026-03-22", "2026-04-05"),
        (Span(-3, Unit.DAYS), "2024-03-01", "2024-02-27"),
        (Span(1, Unit.WORKING_DAYS), "2026-12-24", "2026-12-29"),
        (Span(-2, Unit.WORKING_DAYS), "2026-04-07", "2026-04-01"),
        (Span(9999, Unit.YEARS), "2026-01-01", "9999-12-31"),
        (Span(-9999, Unit.YEARS), "2026-01-01", "0001-01-01"),
    ],
)
def test_a_shift_ends_on_the_day_that_people_expect(span: Span, start: str, end: str) -> None:
    assert span.after(date.fromisoformat(start), ENGLAND) == date.fromisoformat(end)


@given(
    day=st.dates(date(2023, 12, 1), date(2026, 12, 31)),
    later=st.integers(0, 40),
    number=st.integers(-40, 40),
    unit=st.sampled_from(Unit),
)
def test_a_later_day_is_never_shifted_to_an_earlier_one(
    day: date, later: int, number: int, unit: Unit
) -> None:
    span = Span(number, unit)
    assert span.after(day, ENGLAND) <= span.after(day + timedelta(days=later), ENGLAND)


EDGES = st.integers(0, 800).flatmap(
    lambda away: st.sampled_from([date.min + timedelta(days=away), date.max - timedelta(days=away)])
)
SPANS = st.builds(Span, st.integers(-40, 40) | st.integers(-9999, 9999), st.sampled_from(Unit))


@settings(max_examples=600, deadline=None)
@given(span=SPANS, target=days() | days() | EDGES | st.dates())
def test_the_first_day_that_gets_to_a_target_and_the_last_that_stays_within_are_found_at_once(
    span: Span, target: date
) -> None:
    first, last = span.first_reaching(target, ENGLAND), span.last_within(target, ENGLAND)
    reaching = [day for day in around(first or date.max) if span.after(day, ENGLAND) >= target]
    assert reaching[:1] == ([] if first is None else [first])
    within = [day for day in around(last or date.min) if span.after(day, ENGLAND) <= target]
    assert within[-1:] == ([] if last is None else [last])


def around(day: date) -> list[date]:
    """Give a day and its two neighbours, as far as there are any; shifts keep their order, so these decide."""
    ordinals = range(day.toordinal() - 1, day.toordinal() + 2)
    return [date.fromordinal(one) for one in ordinals if 1 <= one <= date.max.toordinal()]


@pytest.mark.parametrize(
    ("span", "target", "first", "last"),
    [
        (Span(10, Unit.WORKING_DAYS), "2026-04-10", "2026-03-25", "2026-03-25"),  # over Easter
        (Span(1, Unit.WORKING_DAYS), "2026-12-29", "2026-12-24", "2026-12-28"),  # and over Christmas
        (Span(1, Unit.WORKING_DAYS), "2026-12-26", "2026-12-24", "2026-12-23"),  # a day on which nothing ends
        (Span(-1, Unit.WORKING_DAYS), "2026-04-02", "2026-04-03", "2026-04-07"),
        (Span(1, Unit.MONTHS), "2026-02-28", "2026-01-28", "2026-01-31"),
        (Span(1, Unit.MONTHS), "2026-03-31", "2026-03-01", "2026-02-28"),  # no day of February gets so far
        (Span(-1, Unit.MONTHS), "2024-02-29", "2024-03-29", "2024-03-31"),
        (Span(1, Unit.YEARS), "2025-02-28", "2024-02-28", "2024-02-29"),
        (Span(3, Unit.DAYS), "0001-01-02", "0001-01-01", None),
        (Span(-3, Unit.WEEKS), "9999-12-30", None, "9999-12-31"),
        (Span(9999, Unit.YEARS), "9999-12-31", "0001-01-01", "9999-12-31"),
    ],
)
def test_a_target_is_traced_back_to_the_days_that_people_expect(
    span: Span, target: str, first: str | None, last: str | None
) -> None:
    aim = date.fromisoformat(target)
    assert span.first_reaching(aim, ENGLAND) == (first and date.fromisoformat(first))
    assert span.last_within(aim, ENGLAND) == (last and date.fromisoformat(last))
