"""What becomes of the values of a subject when the fields of its definition change. Pure.

For nouns that stand in YAML only; their values are kept as JSON does, a day as 2014-09-01.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import Reason
from engine.vocabulary import Field, Kind
from engine.words import listed
from engine.workflow_parts import Definition

Kept = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Carried:
    """The values under the new words, what the history has to seal of the change, and every reason against it."""

    kept: dict[str, Any]
    sealed: dict[str, Any]
    reasons: tuple[Reason, ...]


def sealed_before(definitions: Iterable[Definition], new: Definition) -> frozenset[str]:
    """Give the texts of a definition whose words once were of another kind: histories have sealed what stood there.

    What people write is never sealed, so that it can be erased; the two cannot share a word.
    """
    own = {} if new.own is None else new.own.fields
    texts = {name for name, field in own.items() if field.kind is Kind.TEXT}
    once = {
        name
        for one in definitions
        if one.own is not None
        for name, field in one.own.fields.items()
        if field.kind is not Kind.TEXT
    }
    return frozenset(texts & once)


def carried(
    kept: Kept,
    old: Mapping[str, Field],
    new: Mapping[str, Field],
    renamed: Mapping[str, str],
    sealed_once: Collection[str] = (),
) -> Carried:
    """Carry the values of a subject over to other fields; one whose new word is empty is given up."""
    values: dict[str, Any] = {}
    sealed: dict[str, Any] = {}
    reasons: list[Reason] = []
    refused: set[str] = set()
    for name, value in kept.items():
        target = renamed.get(name, name)
        against = [] if not target else list(_against(name, value, old.get(name), new.get(target)))
        if target in values or (target != name and target in kept and renamed.get(target, target) == target):
            against.append(Reason("field_is_taken", f"In {_called(target, new)} something stands already."))
        if against:
            reasons += against
            refused.add(target)
            continue
        if target:
            values[target] = value
        if target != name:
            sealed |= _sealed(name, None, old) | (_sealed(target, value, new) if target else {})
    reasons += _missing({*values, *refused}, old, new)
    reasons += [
        Reason("sealed_before", f"{_called(name, new)} was no text before; choose another word for the text.")
        for name in sorted(sealed_once)
    ]
    return Carried(values, sealed, tuple(reasons))


def _against(name: str, value: Any, before: Field | None, after: Field | None) -> Iterator[Reason]:
    shown = _called(name, {} if before is None else {name: before})
    if after is None:
        yield Reason(
            "field_is_gone", f"{shown} holds something, and no field of the new definition takes it."
        )
    elif before is not None and before.kind is not after.kind:
        yield Reason("other_kind", f"{shown} holds {before.kind.spoken}, and is to be {after.kind.spoken}.")
    elif after.kind is Kind.CHOICE and value not in after.choices:
        yield Reason("other_choice", f"{shown} is ‘{value}’, which is none of: {listed(after.choices)}.")


def _missing(there: Collection[str], old: Mapping[str, Field], new: Mapping[str, Field]) -> Iterator[Reason]:
    """Name what may not be empty and is; what is yes or no is no until somebody says otherwise."""
    for name, field in new.items():
        was_empty_before = name in old and not old[name].optional
        if field.optional or field.kind is Kind.YES_NO or name in there or was_empty_before:
            continue
        sentence = f"{_called(name, new)} may not be empty, and nothing stands there; make it optional."
        yield Reason("field_is_empty", sentence)


def _sealed(name: str, value: Any, fields: Mapping[str, Field]) -> dict[str, Any]:
    is_text = name in fields and fields[name].kind is Kind.TEXT
    return {} if is_text else {name: value}


def _called(name: str, fields: Mapping[str, Field]) -> str:
    title = fields[name].title if name in fields else ""
    return f"‘{title}’ ({name})" if title else f"‘{name}’"
