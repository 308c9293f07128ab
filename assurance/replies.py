"""What was replied to notices, and what became of it: for the lines and the mails of whatever speaks after them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.reasons import day_in_words
from assurance.records import Person, RuleHold
from engine.moved import Ref
from engine.rules import HoldKind


class Noticed(NamedTuple):
    """One notice: about which subject, of which rule, for which occasion."""

    ref: Ref
    rule: str
    occasion: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply: the hold that it placed, by whom and when, and on which day somebody looked at it, if ever."""

    hold: int
    by: str
    placed_on: date
    looked_at_on: date | None

    def plain(self) -> dict[str, object]:
        """Give it for the history."""
        looked = None if self.looked_at_on is None else self.looked_at_on.isoformat()
        return {"hold": self.hold, "replied_on": self.placed_on.isoformat(), "looked_at_on": looked}

    def in_words(self) -> str:
        """Say for people that a reply was made, and whether anybody has looked at it."""
        said = f"{self.by} has replied to the notice, on {day_in_words(self.placed_on)}"
        if self.looked_at_on is None:
            return f"{said}; nobody has looked at the reply."
        return f"{said}; it was looked at on {day_in_words(self.looked_at_on)}."


def replies_about(session: Session, refs: Iterable[Ref]) -> Mapping[Noticed, Reply]:
    """Read the replies to notices about these subjects."""
    by_kind: dict[str, list[int]] = defaultdict(list)
    for ref in refs:
        by_kind[ref.kind].append(ref.id)
    found = {}
    for kind, ids in by_kind.items():
        about = (RuleHold.subject_kind == kind, RuleHold.subject_id.in_(ids))
        said = (RuleHold.id, Person.name, RuleHold.placed_on, RuleHold.looked_at_on)
        query = (
            sa.select(RuleHold.subject_id, RuleHold.rule, RuleHold.occasion, *said)
            .join(Person, Person.id == RuleHold.placed_by_id)
            .where(RuleHold.kind == HoldKind.REPLY, *about)
        )
        for number, rule, occasion, hold, by, on, looked_at_on in session.execute(
            query.order_by(RuleHold.id)
        ):
            if number is not None and rule is not None and occasion is not None:
                found[Noticed(Ref(kind, number), rule, occasion)] = Reply(hold, by, on, looked_at_on)
    return found
