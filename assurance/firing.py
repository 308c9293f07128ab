"""Lets the rules judge a batch of subjects in one transaction, and writes what they say: lines, mails and timers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from assurance.facts import Known
from assurance.judging import Judged, judged, lock, lock_free
from assurance.matters import plain
from assurance.office import Tx
from assurance.past import FIRED, NOTICED
from assurance.reasons import reason_line
from assurance.replies import Noticed, Reply, replies_about
from assurance.tally import SweepTally
from assurance.telling import Spoken, firing_key, notice_key, tell_of
from assurance.truth import withdraw_stale
from engine import timers
from engine.ledger import Line, append_all
from engine.moved import Ref
from engine.rules import Severity, Verdict
from engine.timers import Appointment, Due

HASH_SHOWN = 12


def look(tx: Tx, due: Sequence[Due], *, withheld: frozenset[str]) -> SweepTally:
    """Judge subjects and write what is new: first all rows, then all timers, in the order that people take them too."""
    lock(tx, [one.ref for one in due])
    return _look(tx, due, withheld)


def look_at_free(tx: Tx, due: Sequence[Due], *, withheld: frozenset[str]) -> SweepTally:
    """Do the same with those subjects that nobody else holds, and at which nobody has looked meanwhile."""
    free = lock_free(tx, [one.ref for one in due])
    seen: dict[str, list[int]] = defaultdict(list)
    for ref in free:
        seen[ref.kind].append(ref.id)
    set_at = {
        Ref(kind, number): due_at
        for kind, numbers in seen.items()
        for number, due_at in timers.set_for(tx.session, kind, numbers).items()
    }
    left = [one for one in due if set_at.get(one.ref) == one.due_at]
    return _look(tx, left, withheld) if left else SweepTally()


def _look(tx: Tx, due: Sequence[Due], withheld: frozenset[str]) -> SweepTally:
    refs = [one.ref for one in due]
    found = list(judged(tx, refs, withheld=withheld))
    spoken = _write(tx, found, {one.ref: one.due_at for one in due})
    tell_of(tx, spoken)
    withdraw_stale(tx, refs)
    looks = {one.known.ref: tx.now if _has_followers(tx, one) else one.look_at for one in found}
    appointments = [Appointment(one.ref, one.due_at, looks.get(one.ref)) for one in due]
    timers.appoint(tx.session, appointments, group_id=tx.actor.group_id)
    return _tally(refs, spoken)


def _has_followers(tx: Tx, one: Judged) -> bool:
    """Say whether a rule has set what other facts follow: with them it is looked at once more."""
    noun = tx.playbook.noun(one.known.ref.kind)
    return any(noun.followers(verdict.sets) for verdict, _ in one.verdicts if verdict.sets)


def _write(tx: Tx, found: Iterable[Judged], due_at: Mapping[Ref, datetime]) -> list[Spoken]:
    """Write a line for each firing and each notice, with its reasons, under the key that lets it happen once."""
    speaking = [one for one in found if one.verdicts]
    replies = _replied(tx, speaking)
    scribe = _Scribe(tx)
    lines: dict[str, list[tuple[Known, Verdict, Line]]] = defaultdict(list)
    for one in speaking:
        before = one.known
        for verdict, known in one.verdicts:
            line = scribe.line(before, verdict, _notice_before(one, verdict, replies))
            lines[known.ref.kind].append((known, verdict, line))
            before = known
    spoken = []
    for kind, some in lines.items():
        table = tx.playbook.noun(kind).table
        written = append_all(tx.session, table, [(known.standing, line) for known, _, line in some])
        for (known, verdict, _), stands in zip(some, written, strict=True):
            spoken.append(Spoken(known, verdict, stands.seq, due_at[known.ref]))
    return spoken


class _Scribe:
    """Words lines; of subjects that are alike a rule says the same, which is put into words once."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._said: dict[tuple[str, str, int, bool, int], tuple[Verdict, Mapping[str, Any]]] = {}

    def line(self, known: Known, verdict: Verdict, notice: Mapping[str, Any] | None) -> Line:
        """Word one line; `notice` says when notice was given before, and what was replied."""
        tx, rule, ref = self._tx, verdict.rule, known.ref
        data = self._data(verdict)
        if notice is not None:
            data = {**data, "notice": notice}
        changes: Mapping[str, Any] = {}
        if verdict.sets:
            noun = tx.playbook.noun(ref.kind)
            following = noun.followers(verdict.sets)
            data = {**data, "set": {name: plain(value) for name, value in verdict.sets.items()}}
            if following:
                data = {**data, "row": {name: plain(value) for name, value in following.items()}}
            changes = {**noun.changed_columns(known, verdict.sets), **following}
        if verdict.is_notice:
            kind, once = NOTICED, notice_key(rule, ref, verdict.occasion)
        else:
            kind, once = FIRED, firing_key(rule, ref, verdict.occasion, verdict.number)
        return Line(kind, tx.now, tx.actor.signature, data=data, changes=changes, once=once, material=False)

    def _data(self, verdict: Verdict) -> Mapping[str, Any]:
        # Those who are alike share their reasons, down to the very same object.
        key = verdict.rule.id, verdict.occasion, verdict.number, verdict.is_notice, id(verdict.reasons)
        known = self._said.get(key)
        if known is None:
            known = self._said[key] = verdict, self._worded(verdict)
        return known[1]

    def _worded(self, verdict: Verdict) -> Mapping[str, Any]:
        rule = verdict.rule
        data = {
            "rule": rule.id,
            "rule_hash": rule.hash[:HASH_SHOWN],
            "occasion": verdict.occasion,
            "on": self._tx.today.isoformat(),
            "reasons": [reason_line(reason) for reason in verdict.reasons],
        }
        if verdict.is_notice:
            # Not “to”: that is the state to which a line brings its subject.
            return {**data, "heard": rule.notice.to if rule.notice else ""}
        return {**data, "number": verdict.number, "severity": str(rule.severity)}


def _notice_before(
    one: Judged, verdict: Verdict, replies: Mapping[Noticed, Reply]
) -> Mapping[str, Any] | None:
    """Say for the history when notice of a firing was given, and whether somebody has replied to it."""
    rule = verdict.rule
    noticed_on = one.past.noticed.get((rule.id, verdict.occasion))
    if rule.notice is None or noticed_on is None or verdict.number > 0:
        return None
    reply = replies.get(Noticed(one.known.ref, rule.id, verdict.occasion))
    notice = {"on": noticed_on.isoformat(), "replied": reply is not None}
    return notice if reply is None else {**notice, **reply.plain()}


def _replied(tx: Tx, found: Iterable[Judged]) -> Mapping[Noticed, Reply]:
    """Read the replies to the notices of those about whom a rule speaks now."""
    after_notice = [
        one.known.ref
        for one in found
        if any(verdict.rule.notice and not verdict.is_notice for verdict, _ in one.verdicts)
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
