"""Which rules are in force for a group: a new or changed one that owes few mails at once, any other by a person's word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

import sqlalchemy as sa

from assurance.adopted import newest, not_in_force
from assurance.backlog import Count, counted, settled
from assurance.office import Office, Tx, clock_of
from assurance.records import AdoptedRule, Group, Person
from assurance.tally import Withheld
from engine.prepared import RowLock
from engine.rules import Rule

CLOCK = "clock"
NONE, ACCEPTED, ONLY_FROM, GONE = "none", "accepted", "only_from", "gone"
_GROUP = RowLock(Group.id)


class Entry(NamedTuple):
    """How a rule comes into force: what becomes of its backlog, how many mails that owes, and how many it never will."""

    rule: Rule
    backlog: str
    owed: int
    only_from_on: date | None = None
    passed_over: int = 0


@dataclass(frozen=True, slots=True)
class RuleInForce:
    """One rule of a group as it stands: in force since when and by whom, or else how many mails it would owe.

    `adopted_by` is a person's name, or the clock's; `owed` is what its first look owed.
    """

    rule: str
    title: str
    is_in_force: bool
    adopted_at: datetime | None
    adopted_by: str | None
    backlog: str | None
    only_from_on: date | None
    owed: int
    owes_more: bool
    passed_over: int


def take_in(office: Office, group_id: int) -> tuple[Withheld, ...]:
    """Take into force what owes few mails, and out of it what stands in no file any more; give what has to wait."""
    rules, cap = office.playbook.book.rules, office.playbook.book.clock.cap
    with office.reading(clock_of(group_id)) as tx:
        waiting = not_in_force(tx.session, rules, group_id=group_id)
        gone = _gone(tx, rules)
        harmless, too_many = settled(tx, waiting) if waiting else ({}, {})
    if harmless or gone:
        entries = [Entry(rule, NONE, count.owed) for rule, count in harmless.items()]
        with office.begin(clock_of(group_id)) as tx:
            put_in_force(tx, entries)
            _take_out(tx, _gone(tx, rules))
    return tuple(Withheld(rule.id, *count, cap) for rule, count in too_many.items())


def put_in_force(tx: Tx, entries: Sequence[Entry]) -> list[Rule]:
    """Write down that rules are in force from now on; one that somebody else has put in force meanwhile is left."""
    # One after the other: of two who count at once, the second finds what the first has written.
    _GROUP.take(tx.session, [tx.actor.group_id])
    missing = not_in_force(tx.session, [entry.rule for entry in entries], group_id=tx.actor.group_id)
    for entry in entries:
        if entry.rule in missing:
            tx.session.add(_row(tx, entry))
    return list(missing)


def standing_of(tx: Tx) -> list[RuleInForce]:
    """Give every rule of the files in their order, as it stands for the actor's group."""
    rows = newest(tx.session, group_id=tx.actor.group_id)
    rules = tx.playbook.book.rules
    waiting = not_in_force(tx.session, rules, group_id=tx.actor.group_id)
    harmless, too_many = settled(tx, waiting)
    counts, people = {**harmless, **too_many}, _names(tx)
    return [
        _waits(rule, counts[rule]) if rule in counts else _stands(tx, rule, rows[rule.id], people)
        for rule in rules
    ]


def count_of(tx: Tx, rule: Rule) -> Count:
    """Count what one rule that is not in force would owe, all others of the group being as they are."""
    others = not_in_force(tx.session, tx.playbook.book.rules, group_id=tx.actor.group_id)
    return counted(tx, rule, withheld=frozenset(one.id for one in others if one.id != rule.id))


def _row(tx: Tx, entry: Entry) -> AdoptedRule:
    return AdoptedRule(
        group_id=tx.actor.group_id,
        rule=entry.rule.id,
        hash=entry.rule.hash,
        text=entry.rule.text,
        adopted_at=tx.now,
        adopted_by=tx.actor.signature,
        backlog=entry.backlog,
        only_from_on=entry.only_from_on,
        owed=entry.owed,
        passed_over=entry.passed_over,
    )


def _gone(tx: Tx, rules: Sequence[Rule]) -> list[str]:
    """Give the rules that were in force and stand in no file any more: if they come back, they count afresh."""
    there = {rule.id for rule in rules}
    rows: Mapping[str, AdoptedRule] = newest(tx.session, group_id=tx.actor.group_id)
    return [name for name, row in rows.items() if name not in there and row.backlog != GONE]


def _take_out(tx: Tx, gone: Iterable[str]) -> None:
    tx.session.add_all(
        AdoptedRule(
            group_id=tx.actor.group_id,
            rule=name,
            hash="",
            text="",
            adopted_at=tx.now,
            adopted_by=tx.actor.signature,
            backlog=GONE,
            only_from_on=None,
            owed=0,
            passed_over=0,
        )
        for name in gone
    )


def _names(tx: Tx) -> dict[str, str]:
    """Name everybody whom the history may name as the one who put a rule in force."""
    people = tx.session.execute(sa.select(Person.id, Person.name).where(Person.group_id == tx.actor.group_id))
    return {CLOCK: "the clock"} | {f"person/{number}": name for number, name in people}


def _stands(tx: Tx, rule: Rule, row: AdoptedRule, people: Mapping[str, str]) -> RuleInForce:
    return RuleInForce(
        rule=rule.id,
        title=rule.title,
        is_in_force=True,
        adopted_at=row.adopted_at.astimezone(tx.calendar.zone),
        adopted_by=people.get(row.adopted_by, row.adopted_by),
        backlog=row.backlog,
        only_from_on=row.only_from_on,
        owed=row.owed,
        owes_more=False,
        passed_over=row.passed_over,
    )


def _waits(rule: Rule, count: Count) -> RuleInForce:
    return RuleInForce(
        rule=rule.id,
        title=rule.title,
        is_in_force=False,
        adopted_at=None,
        adopted_by=None,
        backlog=None,
        only_from_on=None,
        owed=count.owed,
        owes_more=count.is_more,
        passed_over=0,
    )
