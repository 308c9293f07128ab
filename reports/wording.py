"""How numbers, days and lists read in a sentence of a report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

WORDS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
PLURALS = {
    "agency": "agencies",
    "area for development": "areas for development",
    "child": "children",
    "family": "families",
    "person": "people",
    "piece of evidence": "pieces of evidence",
}
VERBS = {"is": "are", "was": "were", "has": "have", "stays": "stay"}
NOTHING = "–"


def number(value: int) -> str:
    """Write a number as a sentence has it: in words up to ten."""
    return WORDS[value] if 0 <= value < len(WORDS) else f"{value:,}"


def several(value: int, noun: str) -> str:
    """Write `four families`, `one case`, `no returns`."""
    return f"{number(value) if value else 'no'} {noun if value == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """Give the plural of a noun of the trade."""
    return PLURALS.get(noun, f"{noun}s")


def verb(value: int, singular: str) -> str:
    """Give `is` or `are`, `was` or `were`, to go with a number; none takes the singular."""
    return singular if value < 2 else VERBS[singular]


def begun(text: str) -> str:
    """Give text with a capital at its beginning, and nothing else changed."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """Give text from a person as a sentence: trimmed, begun with a capital, ended with a full stop."""
    trimmed = begun(" ".join(text.split()))
    return trimmed if not trimmed or trimmed[-1] in ".!?" else f"{trimmed}."


def listed(items: Sequence[str]) -> str:
    """Write `a`, `a and b`, `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def day(on: date) -> str:
    """Write a day in full: 4 September 2014."""
    return f"{on.day} {on:%B %Y}"


def short_day(on: date | None) -> str:
    """Write a day for a table: 4 Sep 2014; a dash where there is none."""
    return NOTHING if on is None else f"{on.day} {on:%b %Y}"


def month(on: date) -> str:
    """Write a month: September 2014."""
    return f"{on:%B %Y}"


def instant(at: datetime) -> str:
    """Write an instant in the zone that it carries: 4 September 2014 at 09:05 (BST)."""
    return f"{day(at.date())} at {at:%H:%M} ({at.tzname()})"


def years(year: str) -> str:
    """Write a programme year with the dash that print uses: 2014–15."""
    return year.replace("-", "–")
