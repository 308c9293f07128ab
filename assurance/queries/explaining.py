"""What one rule makes of one subject today: each comparison with its values, the verdict, and when it can change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from assurance.access import Viewer, require_sight
from assurance.adopted import newest
from assurance.deciders import WAITING
from assurance.facts import Known
from assurance.mail import called
from assurance.office import Tx
from assurance.past import pasts
from assurance.queries.preview import waiting_rules
from assurance.queries.who_decided import place_of
from assurance.reasons import THERE, day_in_words
from assurance.recipients import recipients
from assurance.records import Approval
from assurance.roster import roster
from engine.conditions import Comparison, Value
from engine.errors import Reason, Refused
from engine.moved import Ref
from engine.refusals import spoken
from engine.rule import FiredBefore, HoldKind, Opinion, Outcome, Past, Rule
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
    the next look at the subject; both None for never. `warned` are those to whom notice is given first.
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
    warned: tuple[tuple[str, str], ...]
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
    withheld = frozenset(waiting_rules(tx))
    past = pasts(tx.session, [ref], group_id=tx.actor.group_id, today=tx.today, withheld=withheld)[ref]
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
        comparisons=tuple(_compared(one) for one in comparisons),
        occasion=occasion,
        verdict=_verdict(rule, opinion, before, is_withheld=rule.id in withheld),
        first_said_on=None if before is None else before.first_on,
        times_said=0 if before is None else len(before.numbers),
        noticed_on=past.noticed.get((rule.id, occasion)),
        told=_told(tx, known, (*rule.tell, *rule.copy)),
        warned=() if rule.notice is None else _told(tx, known, (rule.notice.to,)),
        changes_on=rule.when.next_change(facts, today=tx.today, calendar=tx.calendar),
        looked_at_on=_looked_at(tx, known, past),
        in_force_since=_in_force_since(tx, rule),
        source=place_of(rule),
    )


def rule_named(tx: Tx, rule_id: str) -> Rule:
    """Find a rule by its id; raises Refused with the nearest known one."""
    rules = {rule.id: rule for rule in tx.playbook.book.rules}
    if rule_id not in rules:
        raise Refused(Reason("unknown_rule", unknown(rule_id, "the id of a rule", rules) + "."))
    return rules[rule_id]


def _compared(one: Comparison) -> Compared:
    """Show one comparison; of a text only whether there is one, since it may tell of a file."""
    left = THERE if one.right is None and isinstance(one.left, str) else one.left
    return Compared(one.text, left, one.right, one.holds)


def _verdict(rule: Rule, opinion: Opinion | None, before: FiredBefore | None, *, is_withheld: bool) -> str:
    """Say in a sentence what the rule does today."""
    if is_withheld:
        return _VERDICTS[Outcome.WITHHELD]
    if opinion is None:
        return "It says nothing: its condition is not true today."
    if opinion.outcome is Outcome.SAID and before is None:
        return "Notice was given; it waits until its time is over, and speaks then if its condition is true."
    if opinion.outcome is Outcome.SAID and before is not None and before.was_passed_over:
        return "It says nothing: this occasion belongs to a backlog that was passed over."
    return _VERDICTS[opinion.outcome].format(
        again=f"again (repeat {opinion.number})" if opinion.number else "for the first time on this occasion",
        to="" if rule.notice is None else spoken(rule.notice.to),
        until="" if opinion.until_on is None else day_in_words(opinion.until_on),
        hold="" if opinion.hold is None else _HELD_BY[opinion.hold.kind],
        louder=opinion.quieted_by,
    )


_VERDICTS = {
    Outcome.FIRES: "It speaks today, {again}.",
    Outcome.NOTICES: "It gives notice to the {to} today; it names nobody yet.",
    Outcome.WAITS: "Notice was given; it waits for an answer until {until}, and speaks then.",
    Outcome.HELD: "It is held by {hold}; from {until} on it may speak.",
    Outcome.QUIETED: "It keeps quiet, since ‘{louder}’ speaks louder about the same.",
    Outcome.WITHHELD: "It is not in force: somebody has to say first what becomes of its backlog (`auditloop adopt`).",
    Outcome.SAID: "It has said all that it has to say on this occasion so far.",
}
_HELD_BY = {
    HoldKind.REPLY: "a reply that is being looked at",
    HoldKind.ACKNOWLEDGEMENT: "somebody who has accepted that it takes longer",
    HoldKind.SILENCE: "a silence",
}


def _told(tx: Tx, known: Known, words: Sequence[str]) -> tuple[tuple[str, str], ...]:
    if known.ref.kind == Approval.noun and known.standing.state != WAITING:
        return ()  # nobody is asked any more
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    return tuple((one.seat.person, one.word) for one in recipients(tx, people, known, words))


def _looked_at(tx: Tx, known: Known, past: Past) -> date | None:
    rules = tx.playbook.book.about(known.ref.kind)
    return next_look(rules, known.facts, today=tx.today, calendar=tx.calendar, past=past)


def _in_force_since(tx: Tx, rule: Rule) -> date | None:
    """Give the day since which a rule counts in these words; None while it does not."""
    row = newest(tx.session, group_id=tx.actor.group_id).get(rule.id)
    return None if row is None or row.hash != rule.hash else tx.calendar.today(row.adopted_at)
