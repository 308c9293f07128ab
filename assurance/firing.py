"""Lets the rules judge a batch of subjects in one transaction, and writes what they say: lines, mails and timers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from assurance.facts import Known
from assurance.matters import plain
from assurance.office import Tx
from assurance.past import FIRED, NOTICED, pasts
from assurance.reasons import reason_line
from assurance.records import Approval, Audit, Meeting, RuleHold
from assurance.replies import Noticed, Reply, replies_about
from assurance.tally import SweepTally
from assurance.telling import Spoken, firing_key, notice_key, tell_of
from assurance.truth import withdraw_stale
from engine import timers
from engine.ledger import Line, append_all
from engine.moved import Ref
from engine.rules import Past, Severity, Verdict, judge, next_look
from engine.timers import Appointment, Due

HASH_SHOWN = 12


def look(tx: Tx, due: Sequence[Due], *, withheld: frozenset[str]) -> SweepTally:
    """Judge subjects and write what is new: first all rows, then all timers, in the order that people take them too."""
    refs = [one.ref for one in due]
    lock(tx, refs)
    before = pasts(tx.session, refs, group_id=tx.actor.group_id, today=tx.today, withheld=withheld)
    judged = [_judge(tx, known, before[known.ref]) for known in load(tx, refs)]
    spoken = _write(tx, judged, {one.ref: one.due_at for one in due})
    tell_of(tx, spoken)
    withdraw_stale(tx, refs)
    looks = {one.known.ref: one.look_at for one in judged}
    appointments = [Appointment(one.ref, one.due_at, looks.get(one.ref)) for one in due]
    timers.appoint(tx.session, appointments, group_id=tx.actor.group_id)
    return _tally(refs, spoken)


def lock(tx: Tx, refs: Sequence[Ref]) -> None:
    """Lock every subject before it is read: whoever moves one meanwhile would be forgotten with the next timer."""
    # As people do: a meeting before what hangs on it, an audit before what belongs to it, a decision or a hold after all.
    by_kind = _by_kind(refs)
    for kind in sorted(by_kind, key=_turn):
        tx.playbook.noun(kind).lock(tx.session, by_kind[kind])


def _turn(kind: str) -> tuple[bool, bool, bool, str]:
    return kind in (Approval.noun, RuleHold.noun), kind != Meeting.noun, kind != Audit.noun, kind


def load(tx: Tx, refs: Sequence[Ref]) -> list[Known]:
    """Read subjects with their facts; one that is not there is left out."""
    return [
        known
        for kind, ids in _by_kind(refs).items()
        for known in tx.playbook.noun(kind).load_many(tx.session, ids)
    ]


def next_look_at(tx: Tx, known: Known, past: Past) -> datetime | None:
    """Give the instant at which somebody must look at a subject again, once today's verdicts are in its past."""
    rules = tx.playbook.book.about(known.ref.kind)
    day = next_look(rules, known.facts, today=tx.today, calendar=tx.calendar, past=past)
    return None if day is None else tx.calendar.instant(day, tx.playbook.book.clock.look_at)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A subject with what the rules say of it today, and the instant of the next look."""

    known: Known
    past: Past
    verdicts: tuple[Verdict, ...]
    look_at: datetime | None


def _judge(tx: Tx, known: Known, past: Past) -> _Judged:
    rules = tx.playbook.book.about(known.ref.kind)
    verdicts = judge(rules, known.facts, today=tx.today, calendar=tx.calendar, past=past)
    after = past.after(verdicts, today=tx.today) if verdicts else past
    sets = {name: value for verdict in verdicts for name, value in verdict.sets.items()}
    if not sets:
        return _Judged(known, past, verdicts, next_look_at(tx, known, after))
    now = replace(known, facts={**known.facts, **sets})
    # What a rule has set can make another one speak; that one has its turn at the next sweep.
    follows = judge(rules, now.facts, today=tx.today, calendar=tx.calendar, past=after)
    return _Judged(known, past, verdicts, tx.now if follows else next_look_at(tx, now, after))


def _write(tx: Tx, judged: Iterable[_Judged], due_at: Mapping[Ref, datetime]) -> list[Spoken]:
    """Write a line for each firing and each notice, with its reasons, under the key that lets it happen once."""
    speaking = [one for one in judged if one.verdicts]
    replies = _replied(tx, speaking)
    lines: dict[str, list[tuple[Known, Verdict, Line]]] = defaultdict(list)
    for one in speaking:
        known = one.known
        for verdict in one.verdicts:
            if verdict.is_notice:
                line = _notice_line(tx, known, verdict)
            else:
                line = _line(tx, known, verdict, _notice_before(one, verdict, replies))
            if verdict.sets:
                known = replace(known, facts={**known.facts, **verdict.sets})
            lines[known.ref.kind].append((known, verdict, line))
    spoken = []
    for kind, some in lines.items():
        table = tx.playbook.noun(kind).table
        written = append_all(tx.session, table, [(known.standing, line) for known, _, line in some])
        for (known, verdict, _), stands in zip(some, written, strict=True):
            spoken.append(Spoken(known, verdict, stands.seq, due_at[known.ref]))
    return spoken


def _line(tx: Tx, known: Known, verdict: Verdict, notice: Mapping[str, Any] | None) -> Line:
    rule = verdict.rule
    data = {
        "rule": rule.id,
        "rule_hash": rule.hash[:HASH_SHOWN],
        "occasion": verdict.occasion,
        "number": verdict.number,
        "on": tx.today.isoformat(),
        "severity": str(rule.severity),
        "reasons": [reason_line(reason) for reason in verdict.reasons],
    }
    if notice is not None:
        data["notice"] = notice
    changes: Mapping[str, Any] = {}
    if verdict.sets:
        data["set"] = {name: plain(value) for name, value in verdict.sets.items()}
        changes = tx.playbook.noun(known.ref.kind).changed_columns(known, verdict.sets)
    once = firing_key(rule, known.ref, verdict.occasion, verdict.number)
    return Line(FIRED, tx.now, tx.actor.signature, data=data, changes=changes, once=once, material=False)


def _notice_line(tx: Tx, known: Known, verdict: Verdict) -> Line:
    rule = verdict.rule
    data = {
        "rule": rule.id,
        "rule_hash": rule.hash[:HASH_SHOWN],
        "occasion": verdict.occasion,
        "on": tx.today.isoformat(),
        # Not “to”: that is the state to which a line brings its subject.
        "heard": rule.notice.to if rule.notice else "",
        "reasons": [reason_line(reason) for reason in verdict.reasons],
    }
    once = notice_key(rule, known.ref, verdict.occasion)
    return Line(NOTICED, tx.now, tx.actor.signature, data=data, once=once, material=False)


def _notice_before(
    one: _Judged, verdict: Verdict, replies: Mapping[Noticed, Reply]
) -> Mapping[str, Any] | None:
    """Say for the history when notice of a firing was given, and whether somebody has replied to it."""
    rule = verdict.rule
    noticed_on = one.past.noticed.get((rule.id, verdict.occasion))
    if rule.notice is None or noticed_on is None or verdict.number > 0:
        return None
    reply = replies.get(Noticed(one.known.ref, rule.id, verdict.occasion))
    notice = {"on": noticed_on.isoformat(), "replied": reply is not None}
    return notice if reply is None else {**notice, **reply.plain()}


def _replied(tx: Tx, judged: Iterable[_Judged]) -> Mapping[Noticed, Reply]:
    """Read the replies to the notices of those about whom a rule speaks now."""
    after_notice = [
        one.known.ref
        for one in judged
        if any(verdict.rule.notice and not verdict.is_notice for verdict in one.verdicts)
    ]
    return replies_about(tx.session, after_notice)


def _tally(refs: Sequence[Ref], spoken: Sequence[Spoken]) -> SweepTally:
    fired = [one.verdict.rule for one in spoken if not one.verdict.is_notice]
    return SweepTally(
        looked=len(refs),
        fired=len(fired),
        escalations=sum(rule.severity is not Severity.REMINDER for rule in fired),
        noticed=len(spoken) - len(fired),
    )


def _by_kind(refs: Sequence[Ref]) -> dict[str, list[int]]:
    by_kind: dict[str, list[int]] = defaultdict(list)
    for ref in refs:
        by_kind[ref.kind].append(ref.id)
    return by_kind
