"""Conditions for property tests: each as its text and as plain Python written a second time, the slow way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

from hypothesis import strategies as st

from engine.vocabulary import Kind, Value
from tests.engine.action_words import ACTION, ENGLAND

Meaning: TypeAlias = Callable[[Mapping[str, Value], date], bool]
Day: TypeAlias = Callable[[Mapping[str, Value], date], date | None]

# Days on which calendars go wrong: leap days, month ends, Christmas, Easter, the nights when clocks change.
SPECIAL_DAYS = [
    date.fromisoformat(day)
    for day in (
        *("2024-02-28", "2024-02-29", "2024-03-01", "2023-12-31", "2024-01-31", "2026-08-31", "2025-04-30"),
        *("2023-12-24", "2024-12-25", "2025-12-26", "2026-12-28", "2024-03-29", "2025-04-21", "2026-04-05"),
        *("2024-03-31", "2024-10-27", "2025-03-30", "2025-10-26", "2026-03-29", "2026-10-25"),
    )
]


@dataclass(frozen=True)
class Said:
    """A condition in our language, and the same in Python."""

    text: str
    meaning: Meaning


@dataclass(frozen=True)
class Situation:
    """A day and the facts of an action on it; optional ones are often empty."""

    today: date
    facts: dict[str, Value]


def days() -> st.SearchStrategy[date]:
    """Days of three years, the special ones and their neighbours more often than others."""
    near = st.builds(
        lambda day, by: day + timedelta(days=by), st.sampled_from(SPECIAL_DAYS), st.integers(-8, 8)
    )
    return near | st.dates(date(2023, 12, 1), date(2026, 12, 31))


def situations() -> st.SearchStrategy[Situation]:
    """A day with facts of an action, whose dates mostly lie in the half year that follows."""
    return days().flatmap(lambda today: st.builds(Situation, st.just(today), _facts(today)))


def _facts(today: date) -> st.SearchStrategy[dict[str, Value]]:
    ahead = st.integers(-30, 180).map(lambda number: today + timedelta(days=number))
    kinds: dict[Kind, st.SearchStrategy[Value]] = {
        Kind.DATE: ahead | ahead | days(),
        Kind.WHOLE: st.integers(0, 4),
        Kind.YES_NO: st.booleans(),
        Kind.TEXT: st.just("seen by the chair"),
    }
    return st.fixed_dictionaries(
        {
            name: (st.sampled_from(field.choices) if field.choices else kinds[field.kind])
            | (st.none() if field.optional else st.nothing())
            for name, field in ACTION.fields.items()
        }
    )


def conditions() -> st.SearchStrategy[Said]:
    """Whole conditions of some comparisons with and, or, not and brackets."""
    return st.recursive(comparisons(), _joined, max_leaves=5)


def comparisons() -> st.SearchStrategy[Said]:
    """Single comparisons of every form."""
    return st.one_of(
        comparisons_of_days(), _of_numbers(), _of_words(), _of_lists(), _of_emptiness(), _of_flags()
    )


def _joined(parts: st.SearchStrategy[Said]) -> st.SearchStrategy[Said]:
    several = st.lists(parts, min_size=2, max_size=3)
    return st.one_of(several.map(_every), several.map(_either), parts.map(_negated))


def _every(parts: list[Said]) -> Said:
    text = " and ".join(f"({part.text})" for part in parts)
    return Said(text, lambda facts, today: all(part.meaning(facts, today) for part in parts))


def _either(parts: list[Said]) -> Said:
    text = " or ".join(f"({part.text})" for part in parts)
    return Said(text, lambda facts, today: any(part.meaning(facts, today) for part in parts))


def _negated(part: Said) -> Said:
    return Said(f"not ({part.text})", lambda facts, today: not part.meaning(facts, today))


@st.composite
def comparisons_of_days(draw: st.DrawFn) -> Said:
    """Single comparisons of two days, most of them with today on one side."""
    constant = draw(days())
    fixed: list[tuple[str, Day]] = [
        ("due_on", lambda facts, _: _day(facts["due_on"])),
        ("agreed_on", lambda facts, _: _day(facts["agreed_on"])),
    ]
    moving: list[tuple[str, Day]] = [("today", lambda _, today: today)]
    other: list[tuple[str, Day]] = [(constant.isoformat(), lambda _facts, _today: constant)]
    one, two = draw(st.permutations([fixed, draw(st.sampled_from([moving, moving, moving, other, fixed]))]))
    left_text, left = draw(_perhaps_shifted(*draw(st.sampled_from(one))))
    right_text, right = draw(_perhaps_shifted(*draw(st.sampled_from(two))))
    sign = draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">="]))

    def meaning(facts: Mapping[str, Value], today: date) -> bool:
        first, second = left(facts, today), right(facts, today)
        return (
            first is not None and second is not None and _stands(first.toordinal(), sign, second.toordinal())
        )

    return Said(f"{left_text} {sign} {right_text}", meaning)


_MOST_UNITS = [("days", 40), ("working days", 25), ("weeks", 12), ("months", 7), ("years", 2)]


@st.composite
def _perhaps_shifted(draw: st.DrawFn, text: str, day: Day) -> tuple[str, Day]:
    if draw(st.booleans()):
        return text, day
    unit, most = draw(st.sampled_from(_MOST_UNITS))
    number = draw(st.integers(0, most))
    sign = draw(st.sampled_from([1, -1]))

    def shifted(facts: Mapping[str, Value], today: date) -> date | None:
        start = day(facts, today)
        return None if start is None else _shift(start, sign * number, unit)

    return f"{text} {'+' if sign > 0 else '-'} {number} {unit}", shifted


def _of_numbers() -> st.SearchStrategy[Said]:
    def said(name: str, sign: str, number: int) -> Said:
        def meaning(facts: Mapping[str, Value], _today: date) -> bool:
            value = facts[name]
            return isinstance(value, int) and _stands(value, sign, number)

        return Said(f"{name} {sign} {number}", meaning)

    signs = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
    return st.builds(said, st.sampled_from(["evidence_count", "times_moved"]), signs, st.integers(0, 4))


def _of_words() -> st.SearchStrategy[Said]:
    def said(name: str, sign: str, word: str) -> Said:
        return Said(
            f"{name} {sign} {word}",
            lambda facts, _: facts[name] is not None and (facts[name] == word) is (sign == "="),
        )

    signs = st.sampled_from(["=", "!="])
    return st.builds(
        said, st.just("state"), signs, st.sampled_from(ACTION.fields["state"].choices)
    ) | st.builds(said, st.just("outcome"), signs, st.sampled_from(ACTION.fields["outcome"].choices))


def _of_lists() -> st.SearchStrategy[Said]:
    def said(name: str, values: list[str | int], is_negated: bool) -> Said:
        words = ", ".join(str(value) for value in values)
        return Said(
            f"{name} {'not in' if is_negated else 'in'} ({words})",
            lambda facts, _: (facts[name] in values) is not is_negated,
        )

    words = st.lists(st.sampled_from(("kept", "dropped")), min_size=1, unique=True)
    numbers = st.lists(st.integers(0, 4), min_size=1, unique=True)
    return st.builds(said, st.just("outcome"), words, st.booleans()) | st.builds(
        said, st.just("times_moved"), numbers, st.booleans()
    )


def _of_emptiness() -> st.SearchStrategy[Said]:
    def said(name: str, is_negated: bool) -> Said:
        return Said(
            f"{name} is {'not ' if is_negated else ''}empty",
            lambda facts, _: (facts[name] is None) is not is_negated,
        )

    return st.builds(said, st.sampled_from(list(ACTION.fields)), st.booleans())


def _of_flags() -> st.SearchStrategy[Said]:
    def said(name: str, ending: str) -> Said:
        wanted = {"": True, " = true": True, " != true": False, " = false": False}[ending]
        return Said(name + ending, lambda facts, _: facts[name] is wanted)

    endings = st.sampled_from(["", " = true", " != true", " = false"])
    return st.builds(said, st.sampled_from(["is_late", "is_own_agency"]), endings)


def _stands(left: int, sign: str, right: int) -> bool:
    order = (left > right) - (left < right)
    return order in {"=": (0,), "!=": (-1, 1), "<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)}[sign]


def _day(value: Value) -> date | None:
    return value if isinstance(value, date) else None


def _shift(day: date, number: int, unit: str) -> date:
    if unit == "working days":
        return ENGLAND.add_working_days(day, number)
    if unit in ("days", "weeks"):
        return date.fromordinal(day.toordinal() + number * (7 if unit == "weeks" else 1))
    months = day.year * 12 + (day.month - 1) + number * (12 if unit == "years" else 1)
    first_of_next = date((months + 1) // 12, (months + 1) % 12 + 1, 1)
    last = first_of_next - timedelta(days=1)
    return min(last, date(last.year, last.month, 1) + timedelta(days=day.day - 1))
