"""The words of the command line themselves: what nobody can read is refused before anything else is looked at."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import typer

from engine.errors import Reason
from engine.words import unreadable


def unreadable_words(parameters: Sequence[Any], given: dict[str, Any]) -> Iterator[Reason]:
    """Give a reason for every word with a control character or half a letter; a Path may hold any."""
    for parameter in parameters:
        value = given.get(parameter.name)
        words = value if isinstance(value, (list, tuple)) else [value]
        for word in words:
            letter = unreadable(word) if isinstance(word, str) else None
            if letter is not None:
                name = parameter.opts[0] if parameter.param_type_name == "option" else parameter.metavar
                yield Reason("unreadable", f"{name} holds {letter}, which nobody can read; write it without.")


def say_fault(kind: str, reasons: Sequence[Reason], *, as_json: bool) -> None:
    """Say every reason on standard error: a line each for a person, JSON for a program."""
    if as_json:
        told = [{"code": reason.code, "sentence": reason.sentence} for reason in reasons]
        typer.echo(json.dumps({"error": kind, "reasons": told}, ensure_ascii=False, indent=2), err=True)
        return
    for reason in reasons:
        typer.echo(reason.sentence, err=True)


def as_sentence(text: str) -> str:
    """End a text of somebody else's in one line and with one full stop, unless it ends itself."""
    line = " ".join(text.split())
    return line if line.endswith((".", "?", "!")) else f"{line}."
