"""The facts of what keeps rules quiet: a reply, an acknowledgement, a silence."""

from __future__ import annotations

from assurance.facts.noun import Fact, date, text
from assurance.records import RuleHold
from engine.conditions import Field, Kind
from engine.rules import HoldKind


def hold_facts() -> tuple[Fact, ...]:
    """Give the facts of a hold."""
    return (
        Fact(
            Field("kind", Kind.CHOICE, choices=tuple(kind.value for kind in HoldKind), title="what holds"),
            RuleHold.kind,
        ),
        text("rule", "the rule that it holds", RuleHold.rule),
        date("placed_on", "the day on which it was placed", RuleHold.placed_on, optional=False),
        date("until_on", "its last day", RuleHold.until_on, optional=False),
        date("looked_at_on", "the day on which somebody looked at the reply", RuleHold.looked_at_on),
    )
