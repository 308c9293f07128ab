"""What a new or changed rule would owe at its first look: counts it, and passes over what somebody chose not to send."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from assurance.batches import work_through
from assurance.finding import owed
from assurance.firing import HASH_SHOWN
from assurance.judging import judged, lock
from assurance.matters import MatterNoun
from assurance.office import Actor, Office, Tx
from assurance.past import PASSED_OVER
from assurance.reasons import day_in_words
from assurance.recipients import recipients
from assurance.records import Matter
from assurance.roster import roster
from assurance.tally import SweepTally
from assurance.telling import firing_key, words_of
from engine.ledger import Event, Line, append_all
from engine.moved import Ref
from engine.rules import Outcome, Rule, consider
from engine.timers import Due

log = logging.getLogger("auditloop.sweep")

# Nobody needs to know how many times over the cap a backlog is.
COUNTED_UP_TO = 20
_AT_ONCE = 500
_ONE_DAY = timedelta(days=1)


class Count(NamedTuple):
    """How many mails a rule would owe: one for each subject and person. `is_more`: counting has stopped there."""

    owed: int
    is_more: bool = False


def counted(tx: Tx, rule: Rule, *, withheld: frozenset[str]) -> Count:
    """Count what a rule would owe at its first look, all rules but the withheld ones being in force."""
    limit = COUNTED_UP_TO * tx.playbook.book.clock.cap
    mails = 0
    for refs in _in_portions(_may_owe(tx, rule, withheld)):
        try:
            mails += _mails(tx, rule, refs, withheld)
        except Exception:
            log.info("%d subjects are counted one by one", len(refs), exc_info=True)
            mails += sum(_mails_about(tx, rule, ref, withheld) for ref in refs)
        if mails > limit:
            return Count(limit, is_more=True)
    return Count(mails)


def settled(tx: Tx, waiting: Sequence[Rule]) -> tuple[dict[Rule, Count], dict[Rule, Count]]:
    """Part the rules that are not in force into those that may come into force by themselves, and those that wait.

    A rule that waits no longer quiets others, so that these are counted again without it.
    """
    cap = tx.playbook.book.clock.cap
    harmless: dict[Rule, Count] = {}
    too_many: dict[Rule, Count] = {}
    todo = list(waiting)
    while todo:
        withheld = frozenset(rule.id for rule in too_many)
        harmless |= {rule: counted(tx, rule, withheld=withheld) for rule in todo}
        loud = {rule: count for rule, count in harmless.items() if count.owed > cap}
        too_many |= loud
        harmless = {rule: count for rule, count in harmless.items() if rule not in loud}
        todo = [rule for rule in harmless if any(rule.id in other.quiets for other in loud)]
    return harmless, too_many


def pass_over(office: Office, actor: Actor, rule: Rule, *, only_from_on: date) -> SweepTally:
    """Write down for each occasion that was due before a day that it is never said; again is no more than once."""
    with office.reading(actor) as tx:
        refs = _may_owe(tx, rule, frozenset())
        due = [Due(ref, actor.group_id, tx.now) for ref in refs]

    def work(tx: Tx, some: Sequence[Due]) -> SweepTally:
        return _pass_over(tx, rule, [one.ref for one in some], only_from_on)

    return work_through(office, actor, due, work)


def passed_over(tx: Tx, rule: Rule) -> int:
    """Count the occasions that were passed over when this version of a rule came into force."""
    query = sa.select(sa.func.count()).where(
        Event.group_id == tx.actor.group_id,
        Event.kind == PASSED_OVER,
        Event.once.startswith(f"rule:{rule.id}:", autoescape=True),
        Event.data.contains(f'"rule_hash":"{rule.hash[:HASH_SHOWN]}"'),
    )
    return tx.session.scalar(query) or 0


def subjects(tx: Tx, kind: str) -> list[Ref]:
    """Name every subject of a kind."""
    noun = tx.playbook.noun(kind)
    query = sa.select(noun.table.id).where(noun.table.group_id == tx.actor.group_id)
    if isinstance(noun, MatterNoun):
        query = query.where(Matter.kind == kind)
    return [Ref(kind, number) for number in tx.session.scalars(query.order_by(noun.table.id))]


def _mails(tx: Tx, rule: Rule, refs: Sequence[Ref], withheld: frozenset[str]) -> int:
    """Count the mails that a rule would owe about some subjects."""
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    return sum(
        len(recipients(tx, people, known, words_of(verdict)))
        for one in judged(tx, refs, withheld=withheld)
        for verdict, known in one.verdicts
        if verdict.rule.id == rule.id
    )


def _mails_about(tx: Tx, rule: Rule, ref: Ref, withheld: frozenset[str]) -> int:
    """Count the mails about one subject; one that cannot be read owes none, and the sweep will say so."""
    try:
        return _mails(tx, rule, [ref], withheld)
    except Exception:
        log.exception("the sweep could not count what is owed about %s", ref)
        return 0


def _may_owe(tx: Tx, rule: Rule, withheld: Collection[str]) -> list[Ref]:
    """Find the subjects of which a rule may have to speak; facts of nouns in YAML are judged in Python only."""
    noun = tx.playbook.noun(rule.about)
    if isinstance(noun, MatterNoun):
        return subjects(tx, rule.about)
    others = [one for one in tx.playbook.book.about(rule.about) if one.id not in withheld]
    return owed(tx, noun, rule, others)


def _pass_over(tx: Tx, rule: Rule, refs: Sequence[Ref], only_from_on: date) -> SweepTally:
    lock(tx, refs)
    lines = []
    for one in judged(tx, refs, withheld=frozenset()):
        known, past = one.known, one.past
        was_true = rule.when.holds(known.facts, today=only_from_on - _ONE_DAY, calendar=tx.calendar)
        is_true = rule.when.holds(known.facts, today=tx.today, calendar=tx.calendar)
        if not (was_true and is_true):
            continue
        (opinion,) = consider([rule], known.facts, today=tx.today, calendar=tx.calendar, past=past)
        if opinion.outcome is not Outcome.SAID:
            data = {
                "rule": rule.id,
                "rule_hash": rule.hash[:HASH_SHOWN],
                "occasion": opinion.occasion,
                "number": opinion.number,
                "on": tx.today.isoformat(),
                "because": f"the rule counts only for what has become true since {day_in_words(only_from_on)}",
            }
            once = firing_key(rule, known.ref, opinion.occasion, opinion.number)
            line = Line(PASSED_OVER, tx.now, tx.actor.signature, data=data, once=once, material=False)
            lines.append((known.standing, line))
    append_all(tx.session, tx.playbook.noun(rule.about).table, lines)
    return SweepTally(looked=len(refs))


def _in_portions(refs: Sequence[Ref]) -> Iterator[Sequence[Ref]]:
    for start in range(0, len(refs), _AT_ONCE):
        yield refs[start : start + _AT_ONCE]
