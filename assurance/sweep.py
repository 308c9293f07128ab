"""The night watch: looks at every subject whose instant has come, and says each thing once.

What keeps a firing from happening twice is the ledger's unique key, not a lock: any number of sweeps may run.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from assurance.access import may_be_told
from assurance.commands.hearing import approval_row
from assurance.deciders import still_asked
from assurance.facts import Known
from assurance.mail import News, Told, item_of, tell, together
from assurance.matters import MatterNoun, plain
from assurance.office import Office, Tx, clock_of
from assurance.past import and_now, pasts
from assurance.reasons import because, day_in_words, reason_line
from assurance.records import Approval, Audit, Matter
from assurance.roster import Roster, Seat, roster
from assurance.standing import addressees
from engine import timers
from engine.errors import Stale
from engine.ledger import Line, append
from engine.moved import Ref
from engine.rules import Past, Rule, Severity, Verdict, judge, next_look
from notifications import outbox

BATCH = 200
PUSHED_AHEAD = timedelta(hours=1)

log = logging.getLogger("auditloop.sweep")


@dataclass(slots=True)
class SweepTally:
    """What a sweep did: subjects looked at, rules fired, of these escalations, and subjects that were parked."""

    looked: int = 0
    fired: int = 0
    escalations: int = 0
    parked: int = 0
    repaired: int = 0
    parked_refs: list[str] = field(default_factory=list)

    def add(self, other: SweepTally) -> None:
        """Add what another sweep did."""
        self.looked += other.looked
        self.fired += other.fired
        self.escalations += other.escalations
        self.parked += other.parked
        self.repaired += other.repaired
        self.parked_refs += other.parked_refs


@dataclass(frozen=True, slots=True)
class _Firing:
    """A rule that has fired for a subject, and the line that says so."""

    known: Known
    verdict: Verdict
    seq: int


def sweep(office: Office) -> SweepTally:
    """Look at every subject whose timer is due, in batches; one bad subject stops nobody else."""
    tally = SweepTally()
    seen: set[Ref] = set()
    while True:
        with office.store.reading() as session:
            due = timers.due(session, at=office.clock.now(), most=BATCH + len(seen))
        fresh = [one for one in due if one.ref not in seen][:BATCH]
        if not fresh:
            return tally
        seen.update(one.ref for one in fresh)
        groups: dict[int, list[Ref]] = defaultdict(list)
        for one in fresh:
            groups[one.group_id].append(one.ref)
        for group_id, refs in groups.items():
            tally.add(_look_at(office, group_id, refs))


def sweep_all(office: Office) -> SweepTally:
    """Look at every subject of every kind that has rules: the daily truth that repairs a lost timer."""
    now = office.clock.now()
    repaired = 0
    for group_id in office.groups():
        with office.begin(clock_of(group_id)) as tx:
            armed = {
                Ref(row.subject_kind, row.subject_id) for row in tx.session.scalars(sa.select(timers.Timer))
            }
            refs = sorted(_all_subjects(tx))
            repaired += _in_need_of_a_timer(tx, [ref for ref in refs if ref not in armed])
            for start in range(0, len(refs), BATCH):
                timers.arm(tx.session, refs[start : start + BATCH], group_id=group_id, due_at=now)
    tally = sweep(office)
    tally.repaired = repaired
    return tally


def _all_subjects(tx: Tx) -> list[Ref]:
    refs: list[Ref] = []
    for kind, noun in tx.playbook.nouns.items():
        if not tx.playbook.book.about(kind):
            continue
        query = sa.select(noun.table.id).where(noun.table.group_id == tx.actor.group_id)
        if isinstance(noun, MatterNoun):
            query = query.where(Matter.kind == kind)
        refs += [Ref(kind, number) for number in tx.session.scalars(query)]
    return refs


def _in_need_of_a_timer(tx: Tx, refs: Sequence[Ref]) -> int:
    knowns = _load(tx, refs)
    before = _pasts(tx, refs)
    looks = (_next_look(tx, known, before[known.ref]) for known in knowns)
    return sum(look is not None for look in looks)


def _look_at(office: Office, group_id: int, refs: Sequence[Ref]) -> SweepTally:
    """Look at a batch in one transaction; where that fails, at each subject in a transaction of its own."""
    try:
        with office.begin(clock_of(group_id)) as tx:
            return _judge_batch(tx, refs)
    except Exception:
        log.info("a batch of %d subjects goes one by one", len(refs), exc_info=True)
    tally = SweepTally()
    for ref in refs:
        tally.add(_look_at_one(office, group_id, ref))
    return tally


def _look_at_one(office: Office, group_id: int, ref: Ref) -> SweepTally:
    try:
        with office.begin(clock_of(group_id)) as tx:
            return _judge_batch(tx, [ref])
    except Stale:
        # Another sweep, or a person, was faster; its own timer brings this subject back.
        return SweepTally(looked=1)
    except Exception:
        log.exception("the sweep could not look at %s", ref)
        return _park(office, group_id, ref)


def _park(office: Office, group_id: int, ref: Ref) -> SweepTally:
    """Push one bad subject ahead, so that it stops nobody and is tried again."""
    with office.begin(clock_of(group_id)) as tx:
        timers.arm(tx.session, [ref], group_id=group_id, due_at=tx.now + PUSHED_AHEAD)
    return SweepTally(looked=1, parked=1, parked_refs=[str(ref)])


def _judge_batch(tx: Tx, refs: Sequence[Ref]) -> SweepTally:
    """Judge subjects and write what is new: first all rows, then all timers, in the order that people take them too."""
    _lock(tx, refs)
    knowns = _load(tx, refs)
    before = _pasts(tx, refs)
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    firings: list[_Firing] = []
    looks: dict[Ref, datetime | None] = dict.fromkeys(refs)
    for known in knowns:
        rules = tx.playbook.book.about(known.ref.kind)
        past = before[known.ref]
        verdicts = judge(rules, known.facts, today=tx.today, calendar=tx.calendar, past=past)
        firings += _fire(tx, known, verdicts)
        looks[known.ref] = _next_look(tx, known, and_now(past, verdicts, today=tx.today))
    _tell(tx, people, firings)
    for ref, due_at in sorted(looks.items()):
        _arm_next(tx, ref, due_at)
    loud = sum(one.verdict.rule.severity is Severity.ESCALATION for one in firings)
    return SweepTally(looked=len(refs), fired=len(firings), escalations=loud)


def _lock(tx: Tx, refs: Sequence[Ref]) -> None:
    """Lock every subject before it is read: whoever moves one meanwhile would be forgotten with the next timer."""
    # As people do: an audit before what belongs to it, and a decision after what it is about.
    by_kind = _by_kind(refs)
    for kind in sorted(by_kind, key=lambda kind: (kind == Approval.noun, kind != Audit.noun, kind)):
        tx.playbook.noun(kind).lock(tx.session, by_kind[kind])


def _load(tx: Tx, refs: Sequence[Ref]) -> list[Known]:
    return [
        known
        for kind, ids in _by_kind(refs).items()
        for known in tx.playbook.noun(kind).load_many(tx.session, ids)
    ]


def _by_kind(refs: Sequence[Ref]) -> dict[str, list[int]]:
    by_kind: dict[str, list[int]] = defaultdict(list)
    for ref in refs:
        by_kind[ref.kind].append(ref.id)
    return by_kind


def _fire(tx: Tx, known: Known, verdicts: Sequence[Verdict]) -> list[_Firing]:
    """Write a line for each firing, with its reasons, under the key that lets it happen once."""
    firings = []
    standing = known.standing
    noun = tx.playbook.noun(known.ref.kind)
    for verdict in verdicts:
        rule = verdict.rule
        line = Line(
            "fired",
            tx.now,
            tx.actor.signature,
            data={
                "rule": rule.id,
                "occasion": verdict.occasion,
                "number": verdict.number,
                "on": tx.today.isoformat(),
                "severity": str(rule.severity),
                "reasons": [reason_line(reason) for reason in verdict.reasons],
                **(
                    {"set": {name: plain(value) for name, value in verdict.sets.items()}}
                    if verdict.sets
                    else {}
                ),
            },
            changes=noun.changed_columns(known, verdict.sets),
            once=firing_key(rule, known.ref, verdict.occasion, verdict.number),
            material=False,
        )
        written = append(tx.session, noun.table, standing, line)
        standing = standing._replace(version=written.seq, head=written.seal)
        known = replace(known, facts={**known.facts, **verdict.sets})
        firings.append(_Firing(known, verdict, written.seq))
    return firings


def firing_key(rule: Rule, ref: Ref, occasion: str, number: int) -> str:
    """Give the ledger's key of a firing: once per rule, subject, occasion and repeat."""
    return f"rule:{rule.id}:{ref}:{occasion}:{number}"


def _tell(tx: Tx, people: Roster, firings: Sequence[_Firing]) -> None:
    """Tell each person once per rule and audit, with one line for each subject."""
    letters: dict[tuple[str, int | None, int], list[tuple[_Firing, Told]]] = defaultdict(list)
    for firing in firings:
        rule = firing.verdict.rule
        told: dict[int, Told] = {}
        for word in (*rule.tell, *rule.copy):
            for seat in _meant(tx, people, firing.known, word):
                if may_be_told(tx.session, people, firing.known, seat):
                    told.setdefault(seat.person_id, Told(seat, word))
        for one in told.values():
            letters[rule.id, firing.known.belongs.audit_id, one.seat.person_id].append((firing, one))
    for letter in letters.values():
        firing, one = letter[0]
        tell(tx, firing.known, _news(tx, [some for some, _ in letter]), [one])


def _news(tx: Tx, firings: Sequence[_Firing]) -> News:
    """Make one letter of the firings of one rule: what, how many, and on which facts of the first."""
    first = firings[0]
    known, rule = first.known, first.verdict.rule
    workflow = tx.playbook.definition(known.standing.definition_id)
    is_loud = rule.severity is Severity.ESCALATION
    about = known.ref
    if len(firings) > 1 and known.belongs.audit_id is not None:
        about = Ref("audit", known.belongs.audit_id)
    grounds = because(first.verdict, workflow, known.facts)
    return News(
        template="escalation" if is_loud else "reminder",
        said=f"{rule.title}." if len(firings) == 1 else f"{rule.title} ({len(firings)} of them).",
        why=f"The group's rule “{rule.id}” spoke on {day_in_words(tx.today)}: {grounds}.",
        about=about,
        key=firing_key(rule, known.ref, first.verdict.occasion, first.verdict.number),
        cause=f"{known.ref} line {first.seq}",
        items=together([item_of(tx.playbook, firing.known) for firing in firings]),
        severity=outbox.Severity.ESCALATION if is_loud else outbox.Severity.REMINDER,
    )


def _meant(tx: Tx, people: Roster, known: Known, word: str) -> tuple[Seat, ...]:
    if known.ref.kind != Approval.noun:
        return addressees(word, people, known.belongs)
    row = approval_row(tx, known.ref)
    able = still_asked(tx, known) if word == "approver" else ()
    return addressees(word, people, known.belongs, approval=able, requester=row.requested_by_id)


def _pasts(tx: Tx, refs: Sequence[Ref]) -> dict[Ref, Past]:
    return pasts(tx.session, refs, group_id=tx.actor.group_id, today=tx.today)


def _next_look(tx: Tx, known: Known, past: Past) -> datetime | None:
    rules = tx.playbook.book.about(known.ref.kind)
    day = next_look(rules, known.facts, today=tx.today, calendar=tx.calendar, past=past)
    return None if day is None else tx.calendar.instant(day, tx.playbook.book.clock.look_at)


def _arm_next(tx: Tx, ref: Ref, due_at: datetime | None) -> None:
    if due_at is None:
        timers.cancel(tx.session, ref)
    else:
        timers.arm(tx.session, [ref], group_id=tx.actor.group_id, due_at=due_at)
