"""What stands against a move: who asks, what is not so yet, what has not been filled in. Pure, every reason at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from engine import refusals
from engine.errors import Reason
from engine.vocabulary import Field, Kind, Value
from engine.workflow_parts import Circumstances, Definition, Need, Way
from engine.workflow_words import STATE

_TYPES = {Kind.TEXT: str, Kind.DATE: date, Kind.WHOLE: int, Kind.YES_NO: bool}


def against_actor(definition: Definition, way: Way, circumstances: Circumstances) -> list[Reason]:
    """Return the reasons that lie in the person: the role, and every conflict that keeps them apart from the move.

    Where a move needs an approval, it is the approver who is kept apart, and whoever asks is not.
    """
    reasons: list[Reason] = []
    if circumstances.roles.isdisjoint(way.by):
        reasons.append(refusals.wrong_role(definition, way, circumstances.roles))
    conflicts = circumstances.conflicts
    if conflicts and way.approval is None:
        words = (word for word in way.apart if word in conflicts)
        reasons += [refusals.conflict(definition, way, word, conflicts[word]) for word in words]
    return reasons


def against_facts(
    way: Way, state: str, circumstances: Circumstances, values: Mapping[str, Value]
) -> list[Reason]:
    """Return the needs that are not met; one about an asked field waits until `values` holds that field."""
    reasons: list[Reason] = []
    facts, overlaid = circumstances.facts, False
    for need in way.needs:
        if need.asked and not need.asked <= values.keys():
            continue
        if not overlaid and (need.asked or need.about_state or need.quotes):
            facts, overlaid = {**circumstances.facts, STATE: state, **values}, True
        if not need.condition.holds(facts, today=circumstances.today, calendar=circumstances.calendar):
            reasons.append(_unmet(need, facts))
    return reasons


def _unmet(need: Need, facts: Mapping[str, Value]) -> Reason:
    return refusals.unmet(need.sentence, {name: facts[name] for name in need.quotes})


def filled_in(way: Way, given: Mapping[str, Value]) -> tuple[dict[str, Value], list[Reason]]:
    """Return the asked values that can be used (None for an optional one left out), and what is wrong with the rest."""
    values: dict[str, Value] = {}
    reasons: list[Reason] = []
    for ask in way.asks:
        value = given.get(ask.name)
        if value is None or (isinstance(value, str) and not value.strip()):
            if ask.optional:
                values[ask.name] = None
            else:
                reasons.append(refusals.missing(ask))
        elif not _fits(ask, value):
            reasons.append(refusals.wrong_value(ask, value))
        else:
            values[ask.name] = value
    # What nobody asked for would be lost without a word.
    asked = {ask.name for ask in way.asks}
    strange = [name for name, value in given.items() if name not in asked and value not in (None, "")]
    reasons += [refusals.not_asked(way, name) for name in strange]
    return values, reasons


def _fits(ask: Field, value: Value) -> bool:
    if ask.kind is Kind.CHOICE:
        return value in ask.choices
    if ask.kind is Kind.WHOLE and isinstance(value, bool):
        return False
    return isinstance(value, _TYPES[ask.kind]) and not isinstance(value, datetime)
