"""What has happened between the rules and their subjects: read from the histories and from what holds rules now."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.records import RuleHold
from engine.ledger import Event
from engine.moved import Ref
from engine.prepared import Prepared
from engine.rules import FiredBefore, Hold, HoldKind, Past
from engine.store import among

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
    for ref, said in _lines(session, refs):
        if said.as_first is None:
            noticed[ref][said.key] = said.on
        else:
            earlier = fired[ref].get(said.key)
            fired[ref][said.key] = said.as_first if earlier is None else _and(earlier, said)
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


class _Said(NamedTuple):
    """What one line of a history says: which rule for which occasion, when, and which repeat.

    `as_first` is what that is where nothing was said before; empty for a notice.
    """

    key: tuple[str, str]
    on: date
    number: int
    as_first: FiredBefore | None

    @classmethod
    def of(cls, kind: str, data: str) -> _Said:
        said = json.loads(data)
        on, number = date.fromisoformat(said["on"]), said.get("number", 0)
        first = None if kind == NOTICED else FiredBefore(on, frozenset({number}), kind == PASSED_OVER, on)
        return cls((said["rule"], said["occasion"]), on, number, first)


def _and(earlier: FiredBefore, said: _Said) -> FiredBefore:
    return earlier._replace(numbers=earlier.numbers | {said.number}, last_on=said.on)


_SAID = Prepared(
    sa.select(Event.subject_id, Event.kind, Event.data)
    .where(
        Event.subject_kind == sa.bindparam("kind", required=False),
        among(Event.subject_id, "subjects"),
        Event.kind.in_((FIRED, NOTICED, PASSED_OVER)),
    )
    .order_by(Event.subject_id, Event.seq)
)


def _lines(session: Session, refs: Sequence[Ref]) -> Iterator[tuple[Ref, _Said]]:
    by_kind: dict[str, dict[int, Ref]] = defaultdict(dict)
    for ref in refs:
        by_kind[ref.kind][ref.id] = ref
    # Of subjects that are alike a rule has said the same, word for word.
    read: dict[tuple[str, str], _Said] = {}
    for kind, subjects in by_kind.items():
        for subject, said_as, data in _SAID.rows(session, {"kind": kind, "subjects": list(subjects)}):
            said = read.get((said_as, data))
            if said is None:
                said = read[said_as, data] = _Said.of(said_as, data)
            yield subjects[subject], said
