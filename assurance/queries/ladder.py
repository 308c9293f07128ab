"""How far a matter has been carried: each rung of the rules about it, what was said when, what holds it, what comes next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa

from assurance.access import Viewer, require_sight, visible
from assurance.facts import Known
from assurance.office import Tx
from assurance.past import IN_FORCE, pasts
from assurance.queries.ladder_words import Stage, Stands
from assurance.queries.lists import names
from assurance.queries.preview import waiting_rules
from assurance.recipients import recipients
from assurance.records import Person, RuleHold
from assurance.roster import roster
from engine.moved import Ref
from engine.opinions import day_after
from engine.refusals import spoken
from engine.rules import FiredBefore, Hold, HoldKind, Opinion, Outcome, Past, Rule, Severity, consider

LOUD = (Severity.ESCALATION, Severity.URGENT)
CHANGES_AT_MOST = 12  # of a condition that time alone turns round, so often is looked ahead


class Holding(NamedTuple):
    """A hold that is in force about a subject, and who placed it."""

    ref: Ref
    kind: str
    rule: str | None
    occasion: str | None
    until_on: date
    placed_by: str
    placed_on: date

    @property
    def plain(self) -> Hold:
        """Give it as the rules know it."""
        return Hold(HoldKind(self.kind), self.rule, self.occasion, self.until_on)


@dataclass(frozen=True, slots=True)
class Rung:
    """One rule about a subject: what it says to whom, and how it stands with it.

    `heard` names those who get notice first. `noticed_on` is the day of the notice, `speaks_on` the day on which the
    rule names somebody if nothing changes; `said_on` and `last_on` are the first and the newest day on which it has.
    """

    rule: str
    title: str
    severity: str
    tells: tuple[tuple[str, tuple[str, ...]], ...]
    heard: tuple[str, ...]
    stage: Stage
    sentence: str
    noticed_on: date | None
    speaks_on: date | None
    said_on: date | None
    last_on: date | None
    times: int
    hold: Holding | None


@dataclass(frozen=True, slots=True)
class Ladder:
    """All rungs of one subject, the lowest first; and what comes next if nobody does anything."""

    ref: Ref
    rungs: tuple[Rung, ...]
    next_on: date | None
    next_title: str


def ladder_of(tx: Tx, viewer: Viewer, ref: Ref) -> Ladder:
    """Give the ladder of the rules that escalate a subject, with the reminders below them.

    Raises Refused where there is no such subject, or none for this viewer.
    """
    require_sight(tx.session, viewer, ref)
    known = tx.playbook.noun(ref.kind).load_many(tx.session, [ref.id])[0]
    withheld = frozenset(waiting_rules(tx))
    past = pasts(tx.session, [ref], group_id=tx.actor.group_id, today=tx.today, withheld=withheld)[ref]
    opinions = {one.rule.id: one for one in opinions_of(tx, known, past)}
    holdings = holdings_on(tx, viewer, [ref]).get(ref, ())
    rungs = [
        rung
        for rule in _rules_of(tx, ref.kind)
        if (rung := _rung(tx, known, rule, opinions.get(rule.id), past, holdings)) is not None
    ]
    ahead = [rung for rung in rungs if rung.speaks_on is not None and rung.stage is not Stage.QUIETED]
    # Of several on one day the highest speaks, and quiets those below it.
    first = min(reversed(ahead), key=lambda rung: rung.speaks_on or date.max, default=None)
    return Ladder(
        ref, tuple(rungs), None if first is None else first.speaks_on, "" if first is None else first.title
    )


def opinions_of(tx: Tx, known: Known, past: Past) -> tuple[Opinion, ...]:
    """Give what each rule makes of a subject today."""
    rules = tx.playbook.book.about(known.ref.kind)
    return consider(rules, known.facts, today=tx.today, calendar=tx.calendar, past=past)


def holdings_on(tx: Tx, viewer: Viewer, refs: Iterable[Ref]) -> dict[Ref, tuple[Holding, ...]]:
    """Give what holds rules about some subjects today; what is held about everything is among each one's."""
    wanted = set(refs)
    people = names(tx, Person, Person.name)
    found: dict[Ref, list[Holding]] = {ref: [] for ref in wanted}
    for row in tx.session.scalars(holds_in_force(tx, viewer)):
        about = wanted if row.subject_kind is None else {Ref(row.subject_kind, row.subject_id or 0)} & wanted
        for ref in about:
            found[ref].append(holding(row, people))
    return {ref: tuple(some) for ref, some in found.items()}


def holds_in_force(tx: Tx, viewer: Viewer) -> sa.Select[RuleHold]:
    """Ask for what keeps rules quiet today, as far as the viewer may see it."""
    return (
        sa.select(RuleHold)
        .where(visible(viewer, RuleHold), RuleHold.state == IN_FORCE, RuleHold.until_on >= tx.today)
        .order_by(RuleHold.id)
    )


def holding(row: RuleHold, people: Mapping[int, str]) -> Holding:
    """Give a hold with the name of whoever placed it."""
    return Holding(
        Ref(RuleHold.noun, row.id),
        row.kind,
        row.rule,
        row.occasion,
        row.until_on,
        people[row.placed_by_id],
        row.placed_on,
    )


def stands_of(
    tx: Tx, known: Known, rule: Rule, opinion: Opinion | None, past: Past, holdings: Sequence[Holding]
) -> Stands | None:
    """Say how a rule stands with a subject; None where it has said nothing and, by time alone, never will."""
    occasion = rule.occasion(known.facts)
    fired, noticed_on = past.fired.get((rule.id, occasion)), past.noticed.get((rule.id, occasion))
    speaks_on = _speaks_on(tx, known, rule, opinion, is_said=fired is not None)
    if opinion is None and speaks_on is None:
        return None
    stage = _stage(opinion, fired=fired)
    hold = None if stage in (Stage.QUIETED, Stage.NOT_IN_FORCE) else holding_of(rule, occasion, holdings)
    if hold is not None:
        # What lies behind the last day of a hold is not touched by it.
        after = day_after(hold.until_on)
        stage = stage if stage is Stage.AHEAD else Stage.HELD
        is_over = fired is not None and hold.kind != HoldKind.ACKNOWLEDGEMENT
        speaks_on = None if is_over else max(speaks_on or after, after)
    return Stands(
        rule=rule,
        stage=stage,
        fired=fired,
        noticed_on=noticed_on,
        speaks_on=speaks_on,
        notice_on=_notice_on(tx, rule, speaks_on),
        held_by="" if hold is None else hold.placed_by,
        held_as=None if hold is None else HoldKind(hold.kind),
        held_until=None if hold is None else hold.until_on,
    )


def holding_of(rule: Rule, occasion: str, holdings: Sequence[Holding]) -> Holding | None:
    """Give what holds a rule for an occasion, of several the one that lasts longest."""
    stopping = [one for one in holdings if one.plain.stops(rule, occasion)]
    return max(stopping, key=lambda one: one.until_on, default=None)


def _stage(opinion: Opinion | None, *, fired: FiredBefore | None) -> Stage:
    if opinion is None:
        return Stage.AHEAD
    if opinion.outcome is Outcome.SAID:
        return Stage.SAID if fired is not None else Stage.NOTICE
    return _STAGES[opinion.outcome]


def _notice_on(tx: Tx, rule: Rule, speaks_on: date | None) -> date | None:
    """Give the day on which notice is given of what is said on a day."""
    if rule.notice is None or speaks_on is None:
        return None
    on = rule.notice.before.first_reaching(speaks_on, tx.calendar)
    return None if on is None else max(on, tx.today)


_STAGES = {
    Outcome.FIRES: Stage.DUE,
    Outcome.NOTICES: Stage.NOTICE,
    Outcome.WAITS: Stage.NOTICE,
    Outcome.HELD: Stage.HELD,
    Outcome.QUIETED: Stage.QUIETED,
    Outcome.WITHHELD: Stage.NOT_IN_FORCE,
}


def _rules_of(tx: Tx, kind: str) -> Sequence[Rule]:
    """Give the rules that escalate, and those that they quiet, the lowest first."""
    rules = tx.playbook.book.about(kind)
    loud = [rule for rule in rules if rule.severity in LOUD]
    below = {name for rule in loud for name in rule.quiets}
    return sorted(
        (rule for rule in rules if rule in loud or rule.id in below), key=lambda rule: len(rule.quiets)
    )


def _rung(
    tx: Tx, known: Known, rule: Rule, opinion: Opinion | None, past: Past, holdings: Sequence[Holding]
) -> Rung | None:
    stands = stands_of(tx, known, rule, opinion, past, holdings)
    if stands is None:
        return None
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    told: dict[str, list[str]] = {}
    for seat, word in recipients(tx, people, known, (*rule.tell, *rule.copy)):
        told.setdefault(spoken(word), []).append(seat.person)
    heard = () if rule.notice is None else recipients(tx, people, known, (rule.notice.to,))
    spoke = None if stands.fired is None or stands.fired.was_passed_over else stands.fired
    return Rung(
        rule=rule.id,
        title=rule.title,
        severity=str(rule.severity),
        tells=tuple((word, tuple(some)) for word, some in told.items()),
        heard=tuple(seat.person for seat, _ in heard),
        stage=stands.stage,
        sentence=stands.in_words(),
        noticed_on=stands.noticed_on,
        speaks_on=stands.speaks_on,
        said_on=None if spoke is None else spoke.first_on,
        last_on=None if spoke is None else spoke.last_on,
        times=0 if spoke is None else len(spoke.numbers),
        hold=holding_of(rule, rule.occasion(known.facts), holdings) if stands.stage is Stage.HELD else None,
    )


def _speaks_on(tx: Tx, known: Known, rule: Rule, opinion: Opinion | None, *, is_said: bool) -> date | None:
    """Give the day on which a rule names somebody for the first time, if time alone goes on; None where it has, or never."""
    if is_said or (opinion is not None and opinion.outcome is Outcome.WITHHELD):
        return None
    if opinion is not None and opinion.until_on is not None:
        return opinion.until_on
    facts, calendar = known.facts, tx.calendar
    day: date | None = tx.today
    for _ in range(CHANGES_AT_MOST):
        if day is None or rule.when.holds(facts, today=day, calendar=calendar):
            break
        day = rule.when.next_change(facts, today=day, calendar=calendar)
    if day is None or not rule.when.holds(facts, today=day, calendar=calendar):
        return None
    if rule.notice is None:
        return day
    # Notice is given on the first day after which its time is over by then, and today at the earliest.
    noticed_on = rule.notice.before.first_reaching(day, calendar)
    return max(day, rule.notice.before.after(max(noticed_on or tx.today, tx.today), calendar))
