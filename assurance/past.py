"""What has happened between the rules and their subjects: read from the histories and from what holds rules now."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.records import RuleHold
from engine.ledger import Event
from engine.moved import Ref
from engine.rules import FiredBefore, Hold, HoldKind, Past, Verdict
from engine.store import Prepared, among

FIRED, NOTICED, PASSED_OVER = "fired", "noticed", "passed_over"
IN_FORCE = "in_force"


def pasts(
    session: Session,
    refs: Sequence[Ref],
    *,
    group_id: int,
    today: date,
    withheld: frozenset[str] = frozenset(),
) -> dict[Ref, Past]:
    """Read what the rules have said of these subjects, and what holds them today; one entry for each subject."""
    fired: dict[Ref, dict[tuple[str, str], FiredBefore]] = defaultdict(dict)
    noticed: dict[Ref, dict[tuple[str, str], date]] = defaultdict(dict)
    for ref, kind, said in _lines(session, refs):
        key, on = (said["rule"], said["occasion"]), date.fromisoformat(said["on"])
        if kind == NOTICED:
            noticed[ref][key] = on
        else:
            fired[ref][key] = _and(fired[ref].get(key), kind, on, said.get("number", 0))
    holds = holds_on(session, refs, group_id=group_id, today=today)
    return {ref: Past(fired.get(ref, {}), noticed.get(ref, {}), holds.get(ref, ()), withheld) for ref in refs}


def holds_on(
    session: Session, refs: Iterable[Ref], *, group_id: int, today: date
) -> dict[Ref, tuple[Hold, ...]]:
    """Read what holds rules about these subjects on a day; what names no subject holds for each of them.

    Acknowledgements that have ended are among it: what was accepted until then is said again.
    """
    was_in_force = sa.or_(RuleHold.state == IN_FORCE, RuleHold.state_since_on > today)
    counts = sa.or_(RuleHold.until_on >= today, RuleHold.kind == HoldKind.ACKNOWLEDGEMENT)
    rows = session.scalars(
        sa.select(RuleHold).where(
            RuleHold.group_id == group_id, RuleHold.placed_on <= today, was_in_force, counts
        )
    ).all()
    if not rows:
        return {}
    of_one: dict[Ref, list[Hold]] = defaultdict(list)
    of_all: list[Hold] = []
    for row in rows:
        hold = Hold(HoldKind(row.kind), row.rule, row.occasion, row.until_on)
        if row.subject_kind is None or row.subject_id is None:
            of_all.append(hold)
        else:
            of_one[Ref(row.subject_kind, row.subject_id)].append(hold)
    return {ref: (*of_one.get(ref, ()), *of_all) for ref in refs}


def and_now(past: Past, verdicts: Iterable[Verdict], *, today: date) -> Past:
    """Give the past as it is once these verdicts have been written today."""
    return past.after(verdicts, today=today)


def _and(earlier: FiredBefore | None, kind: str, on: date, number: int) -> FiredBefore:
    if earlier is None:
        return FiredBefore(on, frozenset({number}), kind == PASSED_OVER, on)
    return earlier._replace(numbers=earlier.numbers | {number}, last_on=on)


_SAID = Prepared(
    sa.select(Event.subject_id, Event.kind, Event.data)
    .where(
        Event.subject_kind == sa.bindparam("kind", required=False),
        among(Event.subject_id, "subjects"),
        Event.kind.in_((FIRED, NOTICED, PASSED_OVER)),
    )
    .order_by(Event.subject_id, Event.seq)
)


def _lines(session: Session, refs: Sequence[Ref]) -> Iterable[tuple[Ref, str, Mapping[str, Any]]]:
    by_kind: dict[str, list[int]] = defaultdict(list)
    for ref in refs:
        by_kind[ref.kind].append(ref.id)
    # Of subjects that are alike a rule has said the same, word for word.
    read: dict[str, Mapping[str, Any]] = {}
    for kind, ids in by_kind.items():
        for subject, said_as, data in _SAID.rows(session, {"kind": kind, "subjects": ids}):
            said = read.get(data)
            if said is None:
                said = read[data] = json.loads(data)
            yield Ref(kind, subject), said_as, said
