"""Conditions of every form, the days on which calendars go wrong, and 2,000 actions with gaps, to ask them of."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from engine.conditions import Condition, parse
from engine.vocabulary import Field, Kind, Value
from engine.yamlfile import parse_yaml
from tests.engine.action_words import ACTION
from tests.engine.conditions_said_twice import SPECIAL_DAYS

CONDITIONS = (
    "state in (agreed, in_progress) and due_on is not empty and due_on + 10 working days <= today",
    "state in (agreed, in_progress) and due_on - 7 working days <= today and today <= due_on",
    "not (state = verified or due_on >= today)",
    "state != confirmed and not outcome = kept",
    "outcome != dropped",
    "outcome not in (kept, dropped) or times_moved in (2, 3)",
    "due_on in (2024-02-29, 2025-12-25, 2026-03-31)",
    "times_moved > evidence_count",
    "not times_moved <= 2",
    "3 > times_moved and evidence_count < 999999999999",
    "is_late = is_own_agency",
    "not is_own_agency and (is_late or remark is empty)",
    "remark is not empty and not (due_on is empty or is_late)",
    "due_on + 1 month <= today",
    "due_on - 1 month > today",
    "not due_on + 3 weeks < today",
    "today + 1 year >= due_on",
    "due_on - 14 days = today",
    "due_on + 1 working day != today",
    "due_on + 1 month = today or due_on - 1 month = today",
    "today - 3 working days > due_on",
    "today + 2 working days = due_on",
    "due_on + 2 weeks < today - 1 month",
    "agreed_on + 1 month >= 2025-02-28",
    "not 2026-01-01 - 6 months <= agreed_on",
    "today > 2025-06-30 and agreed_on = today",
    "due_on = agreed_on",
    "due_on + 9999 years > today",
    "not (due_on - 9999 days >= today and due_on + 9999 working days <= today)",
)

# Two dates of one row, with one of them moved: these say the same on every day.
BETWEEN_TWO_DATES = (
    "agreed_on + 6 months < due_on",
    "not (due_on <= agreed_on + 30 working days)",
    "due_on - 1 month = agreed_on + 2 weeks",
    "not (is_late or agreed_on - 1 working day != due_on)",
    "due_on + 1 month < due_on + 30 days",
    "due_on - 1 year >= agreed_on",
)

DAYS = tuple(
    sorted(
        {
            *SPECIAL_DAYS,
            *map(
                date.fromisoformat,
                (
                    *("2024-03-30", "2024-04-02", "2024-12-31", "2025-02-28", "2025-03-01", "2025-05-31"),
                    *("2026-01-01", "2026-03-31", "2026-04-07", "2026-11-30"),
                ),
            ),
        }
    )
)


def condition(text: str) -> Condition:
    """Read a condition about an action."""
    return parse(parse_yaml(f'"{text}"', file="action.yaml"), ACTION)


def actions(number: int) -> Sequence[Mapping[str, Value]]:
    """Make actions of the years around the days, always the same; of what may be empty about 12 % is."""
    dice = random.Random("actions")
    made = [{name: _value(field, dice) for name, field in ACTION.fields.items()} for _ in range(number - 4)]
    edges = (date.min, date.min + timedelta(days=40), date.max - timedelta(days=40), date.max)
    return [*made, *({**made[0], "due_on": edge, "agreed_on": edge} for edge in edges)]


def _value(field: Field, dice: random.Random) -> Value:
    if field.optional and dice.random() < 0.12:
        return None
    match field.kind:
        case Kind.DATE:
            return dice.choice(DAYS) + timedelta(days=round(dice.gauss(0, 60)))
        case Kind.WHOLE:
            return dice.randint(0, 4)
        case Kind.YES_NO:
            return dice.random() < 0.5
        case Kind.CHOICE:
            return dice.choice(field.choices)
    return "seen by the chair"
