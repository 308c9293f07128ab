"""Lines that change nothing on which people decide: what was asked, answered, replied, silenced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assurance.facts import Known
from assurance.office import Tx
from engine import timers
from engine.ledger import Line, Written, append


def note(
    tx: Tx,
    known: Known,
    kind: str,
    data: Mapping[str, Any],
    *,
    texts: Mapping[str, str] | None = None,
    once: str | None = None,
) -> Written:
    """Write such a line, and have the rules look at its subject."""
    line = Line(kind, tx.now, tx.actor.signature, data=data, texts=texts or {}, once=once, material=False)
    written = append(tx.session, tx.playbook.noun(known.ref.kind).table, known.standing, line)
    timers.arm(tx.session, [known.ref], group_id=known.standing.group_id, due_at=tx.now)
    return written
