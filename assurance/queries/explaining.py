"""What one rule makes of one subject today: each comparison with its values, the verdict, and when it can change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from assurance.access import Viewer, require_sight
from assurance.facts import Known
from assurance.mail import called
from assurance.office import Tx
from assurance.past import pasts
from assurance.reasons import day_in_words
from assurance.recipients import recipients
from assurance.records import AdoptedRule
from assurance.roster import roster
from engine.conditions import Value
from engine.errors import Reason, Refused
from engine.moved import Ref
from engine.rule import FiredBefore, Opinion, Outcome, Past, Rule
from engine.rules import consider, next_look
from engine.words import unknown


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison with the values of today."""

    text: str
    left: Value
    right: Value | tuple[Value, ...]
    holds: bool


@dataclass(frozen=True, slots=True)
class Explained:
    """One rule and one subject, today. `told` are names with the word by which each is meant.

    `changes_on` is the first day on which time alone can change the condition's answer; `looked_at_on` the day of
    the next look at the subject; both None for never.
    """

    rule: str
    title: str
    condition: str
    severity: str
    ref: Ref
    subject: str
    state_title: str
    on: date
    holds: bool
    comparisons: tuple[Compared, ...]
    occasion: str
    verdict: str
    first_said_on: date | None
    times_said: int
    noticed_on: date | None
    told: tuple[tuple[str, str], ...]
    changes_on: date | None
    looked_at_on: date | None
    in_force_since: date | None
    source: str


def explain(tx: Tx, viewer: Viewer, rule_id: str, ref: Ref) -> Explained:
    """Say what a rule makes of a subject today, and why.

    Raises Refused for a rule that nobody knows or that is about another noun, and for what the viewer may not see.
    """
    require_sight(tx.session, viewer, ref)
    rule = rule_named(tx, rule_id)
    if rule.about != ref.kind:
        sentence = f"The rule ‘{rule.id}’ is about {rule.about}, and {ref} is none."
        raise Refused(Reason("other_kind", sentence))
    known = tx.playbook.noun(ref.kind).load_many(tx.session, [ref.id])[0]
    past = pasts(tx.session, [ref], group_id=tx.actor.group_id, today=tx.today)[ref]
    rules, facts = tx.playbook.book.about(ref.kind), known.facts
    opinions = consider(rules, facts, today=tx.today, calendar=tx.calendar, past=past)
    opinion = next((one for one in opinions if one.rule.id == rule.id), None)
    occasion = rule.occasion(facts)
    before = past.fired.get((rule.id, occasion))
    comparisons = rule.when.comparisons(facts, today=tx.today, calendar=tx.calendar)
    stands_at = tx.playbook.definition(known.standing.definition_id).states[known.standing.state]
    return Explained(
        rule=rule.id,
        title=rule.title,
        condition=rule.when.text,
        severity=str(rule.severity),
        ref=ref,
        subject=called(known),
        state_title=stands_at.title,
        on=tx.today,
        holds=rule.when.holds(facts, today=tx.today, calendar=tx.calendar),
        comparisons=tuple(Compared(one.text, one.left, one.right, one.holds) for one in comparisons),
        occasion=occasion,
        verdict=_verdict(rule, opinion, before),
        first_said_on=None if before is None else before.first_on,
        times_said=0 if before is None else len(before.numbers),
        noticed_on=past.noticed.get((rule.id, occasion)),
        told=_told(tx, known, rule),
        changes_on=rule.when.next_change(facts, today=tx.today, calendar=tx.calendar),
        looked_at_on=_looked_at(tx, known, past),
        in_force_since=_in_force_since(tx, rule),
        source=f"{rule.place.file}:{rule.place.line}",
    )


def rule_named(tx: Tx, rule_id: str) -> Rule:
    """Find a rule by its id; raises Refused with the nearest known one."""
    rules = {rule.id: rule for rule in tx.playbook.book.rules}
    if rule_id not in rules:
        raise Refused(Reason("unknown_rule", unknown(rule_id, "the id of a rule", rules) + "."))
    return rules[rule_id]


def _verdict(rule: Rule, opinion: Opinion | None, before: FiredBefore | None) -> str:
    """Say in a sentence what the rule does today."""
    if opinion is None:
        return "It says nothing: its condition is not true today."
    if opinion.outcome is Outcome.SAID and before is not None and before.was_passed_over:
        return "It says nothing: this occasion belongs to a backlog that was passed over."
    return _VERDICTS[opinion.outcome].format(
        again=f"repeat {opinion.number}" if opinion.number else "for the first time on this occasion",
        to="" if rule.notice is None else rule.notice.to.replace("_", " "),
        until="" if opinion.until_on is None else day_in_words(opinion.until_on),
        hold="" if opinion.hold is None else str(opinion.hold.kind),
        louder=opinion.quieted_by,
    )


_VERDICTS = {
    Outcome.FIRES: "It speaks today, {again}.",
    Outcome.NOTICES: "It gives notice to the {to} today; it names nobody yet.",
    Outcome.WAITS: "Notice was given; it waits for an answer and speaks on {until}.",
    Outcome.HELD: "It is held by a {hold}, and may speak on {until}.",
    Outcome.QUIETED: "It keeps quiet, since ‘{louder}’ speaks louder about the same.",
    Outcome.WITHHELD: "It is not in force yet: somebody has to say what becomes of its backlog.",
    Outcome.SAID: "It has said all that it has to say on this occasion so far.",
}


def _told(tx: Tx, known: Known, rule: Rule) -> tuple[tuple[str, str], ...]:
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    found = recipients(tx, people, known, (*rule.tell, *rule.copy))
    return tuple((one.seat.person, one.word) for one in found)


def _looked_at(tx: Tx, known: Known, past: Past) -> date | None:
    rules = tx.playbook.book.about(known.ref.kind)
    return next_look(rules, known.facts, today=tx.today, calendar=tx.calendar, past=past)


def _in_force_since(tx: Tx, rule: Rule) -> date | None:
    adopted = tx.session.scalar(
        sa.select(AdoptedRule.adopted_at).where(
            AdoptedRule.group_id == tx.actor.group_id,
            AdoptedRule.rule == rule.id,
            AdoptedRule.hash == rule.hash,
        )
    )
    return None if adopted is None else tx.calendar.today(adopted)
