"""Judges a batch of subjects: reads what the rules ask of them, what was said before, and lets every rule have its say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from assurance.facts import Known
from assurance.mail import DUE_FIELDS
from assurance.matters import MatterNoun
from assurance.office import Tx
from assurance.past import pasts
from assurance.records import Approval, Audit, Meeting, RuleHold
from engine.condition_tree import fact_of, facts_in
from engine.moved import Ref
from engine.outlook import Day
from engine.rules import Past, Rule, Verdict

# Besides what rules ask: what a meeting is called, and whether a decision waits for the deputy too.
TOLD_BY = ("title", "deputy_called")


@dataclass(frozen=True, slots=True)
class Judged:
    """A subject, what the rules say of it today, and the instant at which somebody must look again.

    Each verdict stands beside the subject as whoever is told of it knows it: with what the rule has set.
    """

    known: Known
    past: Past
    verdicts: tuple[tuple[Verdict, Known], ...]
    look_at: datetime | None


def lock(tx: Tx, refs: Sequence[Ref]) -> None:
    """Lock every subject before it is read: whoever moves one meanwhile would be forgotten with the next timer."""
    # As people do: a meeting before what hangs on it, an audit before what belongs to it, a decision or a hold after all.
    by_kind = _by_kind(refs)
    for kind in sorted(by_kind, key=_turn):
        tx.playbook.noun(kind).lock(tx.session, by_kind[kind])


def lock_free(tx: Tx, refs: Sequence[Ref]) -> set[Ref]:
    """Lock those subjects that nobody else holds, and give them: whoever holds one looks at it, or has it looked at."""
    by_kind = _by_kind(refs)
    return {
        Ref(kind, number)
        for kind in sorted(by_kind, key=_turn)
        for number in tx.playbook.noun(kind).lock_free(tx.session, by_kind[kind])
    }


def judged(tx: Tx, refs: Sequence[Ref], *, withheld: frozenset[str]) -> Iterator[Judged]:
    """Judge subjects as they stand, the rules that are withheld left out; one that is not there is left out too."""
    calendar, look_at = tx.calendar, tx.playbook.book.clock.look_at
    before = pasts(tx.session, refs, group_id=tx.actor.group_id, today=tx.today, withheld=withheld)
    for kind, ids in _by_kind(refs).items():
        rules = tx.playbook.book.about(kind)
        day = Day(rules, today=tx.today, calendar=calendar)
        for known in known_to_rules(tx, kind, ids):
            past = before[known.ref]
            outlook = day.outlook(known.facts, past)
            verdicts = []
            for opinion in outlook.says():
                verdict = outlook.verdict(opinion)
                then = known if outlook.facts is known.facts else replace(known, facts=outlook.facts)
                verdicts.append((verdict, then))
            next_day = outlook.next_day()
            again_at = None if next_day is None else calendar.instant(next_day, look_at)
            yield Judged(known, past, tuple(verdicts), again_at)


def known_to_rules(tx: Tx, kind: str, ids: Sequence[int]) -> list[Known]:
    """Read subjects of one kind with the facts of which its rules and their letters speak."""
    noun, rules = tx.playbook.noun(kind), tx.playbook.book.about(kind)
    if isinstance(noun, MatterNoun):
        return noun.load_many(tx.session, ids)
    return noun.load_many(tx.session, ids, facts=_asked(rules))


@lru_cache(64)
def _asked(rules: tuple[Rule, ...]) -> frozenset[str]:
    """Name the facts that rules and their letters speak of: every further one could cost a look into another table."""
    asked = {*DUE_FIELDS, *TOLD_BY}
    for rule in rules:
        asked |= {*facts_in(rule.when.tree), rule.once_per}
        asked |= {fact.name for value in rule.sets.values() if (fact := fact_of(value.term)) is not None}
    return frozenset(asked)


def _turn(kind: str) -> tuple[bool, bool, bool, str]:
    return kind in (Approval.noun, RuleHold.noun), kind != Meeting.noun, kind != Audit.noun, kind


def _by_kind(refs: Sequence[Ref]) -> dict[str, list[int]]:
    by_kind: dict[str, list[int]] = defaultdict(list)
    for ref in refs:
        by_kind[ref.kind].append(ref.id)
    return by_kind
