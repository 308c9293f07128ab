"""How long what people wrote is kept: the group's own file, read strictly. Reading only; what erases stands in `erasing.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.faults import Faults
from engine.rule_file import RETENTION_FILE
from engine.spans import Span, Unit, span_of
from engine.yamlfile import Node, read_yaml

KINDS = ("words", "files", "letters", "sessions")


@dataclass(frozen=True, slots=True)
class Retention:
    """For each kind how long it is kept; None: for ever."""

    words: Span | None = None
    files: Span | None = None
    letters: Span | None = None
    sessions: Span | None = None


FOR_EVER = Retention()


def read_retention(folders: Sequence[Path]) -> Retention:
    """Read the file of the first folder of rules; without one everything is kept for ever.

    Raises BadDefinition with every fault.
    """
    files = [folder / RETENTION_FILE for folder in folders[:1]]
    return next((retention_in(read_yaml(file)) for file in files if file.is_file()), FOR_EVER)


def retention_in(node: Node) -> Retention:
    """Read what the file says; raises BadDefinition with every fault."""
    faults = Faults()
    keys = node.fields(optional=KINDS)
    read = {name: faults.reading(_span, keys[name]) for name in keys}
    faults.settle()
    return Retention(**read)


def _span(node: Node) -> Span:
    span = span_of(node)
    if span.unit is Unit.WORKING_DAYS:
        raise node.bad("working days do not do here; write days, weeks, months or years")
    return span
