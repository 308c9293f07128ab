"""Which version of each rule a group has taken into force: a rule that is new or has changed since is withheld."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.records import AdoptedRule
from engine.rules import Rule


def newest(session: Session, *, group_id: int) -> dict[str, AdoptedRule]:
    """Give for each rule that a group has ever taken into force the row that counts."""
    query = sa.select(AdoptedRule).where(AdoptedRule.group_id == group_id).order_by(AdoptedRule.id)
    return {row.rule: row for row in session.scalars(query)}


def not_in_force(session: Session, rules: Iterable[Rule], *, group_id: int) -> tuple[Rule, ...]:
    """Give the rules that are new to a group, or have changed since it took them into force."""
    rows = newest(session, group_id=group_id)
    return tuple(rule for rule in rules if rule.id not in rows or rows[rule.id].hash != rule.hash)
