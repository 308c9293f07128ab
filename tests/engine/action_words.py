"""The words of an action and the working days of England, for the tests of conditions and rules."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from engine.vocabulary import Field, Kind, Vocabulary

ACTION = Vocabulary(
    "action",
    {
        field.name: field
        for field in (
            Field("state", Kind.CHOICE, choices=("agreed", "in_progress", "confirmed", "verified")),
            Field("outcome", Kind.CHOICE, optional=True, choices=("kept", "dropped")),
            Field("agreed_on", Kind.DATE),
            Field("due_on", Kind.DATE, optional=True),
            Field("evidence_count", Kind.WHOLE),
            Field("times_moved", Kind.WHOLE, optional=True),
            Field("is_late", Kind.YES_NO),
            Field("is_own_agency", Kind.YES_NO, optional=True),
            Field("remark", Kind.TEXT, optional=True),
        )
    },
    roles=("owner", "chair"),
    addressees=("owner", "chair", "agency.lead"),
)

AUDIT = Vocabulary(
    "audit", {"state": Field("state", Kind.CHOICE, choices=("open", "closed"))}, addressees=("chair",)
)

# Good Friday, Easter Monday and the bank holidays of England and Wales around the days that the tests visit.
_BANK_HOLIDAYS = """
    2023-12-25 2023-12-26 2024-01-01 2024-03-29 2024-04-01 2024-05-06 2024-05-27 2024-08-26 2024-12-25
    2024-12-26 2025-01-01 2025-04-18 2025-04-21 2025-05-05 2025-05-26 2025-08-25 2025-12-25 2025-12-26
    2026-01-01 2026-04-03 2026-04-06 2026-05-04 2026-05-25 2026-08-31 2026-12-25 2026-12-28 2027-01-01
    2027-03-26 2027-03-29 2027-05-03 2027-05-31 2027-08-30 2027-12-27 2027-12-28
"""
BANK_HOLIDAYS = frozenset(map(date.fromisoformat, _BANK_HOLIDAYS.split()))


class England:
    """Mondays to Fridays without the bank holidays."""

    def is_working(self, day: date) -> bool:
        return day.weekday() < 5 and day not in BANK_HOLIDAYS

    def add_working_days(self, day: date, number: int) -> date:
        return _counted(day, number)


@lru_cache(100_000)
def _counted(day: date, number: int) -> date:
    """Count on foot, one day after the other; the same is asked again and again by properties."""
    step = timedelta(days=1 if number > 0 else -1)
    left = abs(number)
    while left:
        day += step
        left -= ENGLAND.is_working(day)
    return day


ENGLAND = England()
