"""What a move writes into fields: a fixed value, what the actor gave, or a day reckoned from one of these."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from engine.condition_tree import fact_of
from engine.conditions import Expression, parse_value
from engine.spans import Calendar
from engine.vocabulary import Field, Kind, Value, Vocabulary
from engine.words import unknown
from engine.yamlfile import Node

EMPTY = "empty"
_WORD = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Assignment:
    """One field that a move writes: an expression about `today` and what was asked, or else a fixed word or nothing."""

    target: str
    expression: Expression | None = None
    fixed: str | None = None

    def value(self, given: Mapping[str, Value], *, today: date, calendar: Calendar) -> Value:
        """Return what the field becomes; a field asked for and left empty empties its target."""
        if self.expression is None:
            return self.fixed
        return self.expression.value(given, today=today, calendar=calendar)


def assignment_of(field: Field, node: Node, asks: tuple[Field, ...]) -> Assignment:
    """Read the right side of one line under `set`, for a field and the fields that the move asks for."""
    text, asked = node.text(), {ask.name: ask for ask in asks}
    if text == EMPTY:
        if not field.optional:
            raise node.bad(f"'{field.name}' can never be empty")
        return Assignment(field.name)
    if text in field.choices and text not in asked:
        return Assignment(field.name, fixed=text)
    word = _WORD.match(text)
    known = (*asked, *field.choices, "today", "true", "false", EMPTY)
    if word and word[0] not in known:
        raise node.bad(unknown(word[0], "anything that this move asks for, nor a fixed value", known))
    expression = parse_value(node, Vocabulary("the move", asked))
    if expression.kind is not field.kind:
        raise node.bad(
            f"'{field.name}' takes {_article(field.kind)}, and '{text}' is {_article(expression.kind)}"
        )
    fact = fact_of(expression.term)
    if fact is not None:
        _refuse_gaps(field, asked[fact.name], node)
    return Assignment(field.name, expression)


def _refuse_gaps(field: Field, ask: Field, node: Node) -> None:
    if ask.optional and not field.optional:
        raise node.bad(f"'{ask.name}' may be left empty, but '{field.name}' can never be empty")
    strange = [choice for choice in ask.choices if choice not in field.choices]
    if strange:
        raise node.bad(f"'{strange[0]}' can be given as '{ask.name}', but is no word of '{field.name}'")


def _article(kind: Kind) -> str:
    return kind if kind is Kind.YES_NO else f"a {kind}"
