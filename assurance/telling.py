"""Tells people what the rules have said: reminders as items of each person's digest, all else as mails at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from assurance.facts import Known
from assurance.lateness import late_words, meant_at
from assurance.mail import News, Told, called, item_of, tell, together
from assurance.office import Tx
from assurance.reasons import because, day_in_words
from assurance.recipients import Audience, recipients
from assurance.records import DigestItem
from assurance.replies import Noticed, replies_about
from assurance.roster import Roster, roster
from engine.moved import Ref
from engine.prepared import Prepared
from engine.rules import Rule, Severity, Verdict
from notifications import outbox

_SEVERITY = {
    Severity.REMINDER: outbox.Severity.REMINDER,
    Severity.ESCALATION: outbox.Severity.ESCALATION,
    Severity.URGENT: outbox.Severity.URGENT,
}


@dataclass(frozen=True, slots=True)
class Spoken:
    """A rule that has fired or given notice, the line that says so, and the instant at which the timer was due."""

    known: Known
    verdict: Verdict
    seq: int
    due_at: datetime

    @property
    def is_for_digest(self) -> bool:
        """Say whether this can wait for the next digest, where there is one."""
        return self.verdict.rule.severity is Severity.REMINDER and not self.verdict.is_notice


def firing_key(rule: Rule, ref: Ref, occasion: str, number: int) -> str:
    """Give the ledger's key of a firing: once per rule, subject, occasion and repeat."""
    return f"rule:{rule.id}:{ref}:{occasion}:{number}"


def notice_key(rule: Rule, ref: Ref, occasion: str) -> str:
    """Give the ledger's key of a notice: once per rule, subject and occasion."""
    return f"notice:{rule.id}:{ref}:{occasion}"


def tell_of(tx: Tx, spoken: Sequence[Spoken]) -> None:
    """Tell everybody whom the rules name: in a digest what can wait for it, the rest at once."""
    if not spoken:
        return
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    has_digest = tx.playbook.book.clock.digest_at is not None
    audience = Audience(tx, people, [one.known for one in spoken])
    _keep_for_digest(tx, audience, [one for one in spoken if has_digest and one.is_for_digest])
    _mail(tx, people, audience, [one for one in spoken if not (has_digest and one.is_for_digest)])


def words_of(verdict: Verdict) -> tuple[str, ...]:
    """Give the words of the rule file for those who are told of a verdict."""
    rule = verdict.rule
    if verdict.is_notice and rule.notice is not None:
        return (rule.notice.to,)
    return (*rule.tell, *rule.copy)


def keep_items(tx: Tx, rows: Sequence[Mapping[str, object]]) -> None:
    """Keep items for digests, each a row with the columns of its table; one that is kept already stays as it is."""
    _KEEP[tx.session.info["dialect"].name].run_all(tx.session, rows)


def news_of(tx: Tx, people: Roster, spoken: Sequence[Spoken]) -> News:
    """Make one letter of what one rule has said of some subjects: firings, or notices."""
    return _notice_news(tx, people, spoken) if spoken[0].verdict.is_notice else _news(tx, spoken)


def _keep_for_digest(tx: Tx, audience: Audience, spoken: Sequence[Spoken]) -> None:
    """Keep one item for each firing and person, for the digest after the instant at which the timer was due."""
    clock = tx.playbook.book.clock
    digests: dict[datetime, datetime] = {}
    rows = []
    for one in spoken:
        known, verdict = one.known, one.verdict
        # What should have gone this morning goes late today rather than tomorrow.
        meant = meant_at(tx, known, verdict, one.due_at)
        if meant not in digests:
            digests[meant] = clock.digest_after(meant, tx.calendar)
        key = firing_key(verdict.rule, known.ref, verdict.occasion, verdict.number)
        rows += [
            {
                "key": f"{key}:{seat.person_id}",
                "group_id": known.standing.group_id,
                "person_id": seat.person_id,
                "told_as": word,
                "subject_kind": known.ref.kind,
                "subject_id": known.ref.id,
                "audit_id": known.belongs.audit_id,
                "rule": verdict.rule.id,
                "occasion": verdict.occasion,
                "number": verdict.number,
                "seq": one.seq,
                "made_at": tx.now,
                "due_at": digests[meant],
            }
            for seat, word in audience.of(known, words_of(verdict))
        ]
    keep_items(tx, rows)


_COLUMNS = [
    column
    for column in DigestItem.__table__.columns
    if column.name not in ("id", "told_in", "dropped_because")
]
_ITEM = {column.name: sa.bindparam(column.name, type_=column.type) for column in _COLUMNS}
_KEEP = {
    "sqlite": Prepared(
        sqlite_insert(DigestItem).values(_ITEM).on_conflict_do_nothing(index_elements=["key"])
    ),
    "postgresql": Prepared(
        postgresql_insert(DigestItem).values(_ITEM).on_conflict_do_nothing(index_elements=["key"])
    ),
}


def _mail(tx: Tx, people: Roster, audience: Audience, spoken: Sequence[Spoken]) -> None:
    """Mail each person once per rule and audit, with one line for each subject."""
    letters: dict[tuple[str, bool, int | None, int], list[tuple[Spoken, Told]]] = defaultdict(list)
    for one in spoken:
        verdict, audit_id = one.verdict, one.known.belongs.audit_id
        for told in audience.of(one.known, words_of(verdict)):
            letters[verdict.rule.id, verdict.is_notice, audit_id, told.seat.person_id].append((one, told))
    for letter in letters.values():
        first, told = letter[0]
        tell(tx, first.known, news_of(tx, people, [one for one, _ in letter]), [told])


def _news(tx: Tx, firings: Sequence[Spoken]) -> News:
    """Make one letter of the firings of one rule: what, how many, and on which facts of the first."""
    first = firings[0]
    known, rule = first.known, first.verdict.rule
    is_loud = rule.severity is not Severity.REMINDER
    title = f"{rule.title}." if len(firings) == 1 else f"{rule.title} ({len(firings)} of them)."
    return News(
        template="escalation" if is_loud else "reminder",
        said=" ".join([title, *_replies(tx, firings)]),
        why=f"The group's rule “{rule.id}” spoke on {day_in_words(tx.today)}: {_grounds(tx, first)}.",
        about=_about(firings),
        key=firing_key(rule, known.ref, first.verdict.occasion, first.verdict.number),
        cause=f"{known.ref} line {first.seq}",
        items=together([item_of(tx.playbook, firing.known) for firing in firings]),
        severity=_SEVERITY[rule.severity],
        rests_on=[_rests_on(firing) for firing in firings],
        meant_at=_meant_at(tx, firings),
    )


def _replies(tx: Tx, firings: Sequence[Spoken]) -> list[str]:
    """Say who has replied before: whoever is told is told that too, and whether anybody has looked at it."""
    if firings[0].verdict.rule.notice is None:
        return []
    found = replies_about(tx.session, [one.known.ref for one in firings])
    said = []
    for one in firings:
        reply = found.get(Noticed(one.known.ref, one.verdict.rule.id, one.verdict.occasion))
        if reply is not None:
            about = f"{called(one.known)}: " if len(firings) > 1 else ""
            said.append(f"{about}{reply.in_words()}")
    return said


def _notice_news(tx: Tx, people: Roster, notices: Sequence[Spoken]) -> News:
    """Make one letter of the notices of one rule: who will be told what, and on which day."""
    first = notices[0]
    known, rule = first.known, first.verdict.rule
    day = day_in_words(_fires_on(tx, rule))
    named = _named([told.seat.person for told in recipients(tx, people, known, rule.tell)])
    many = f" ({len(notices)} of them)" if len(notices) > 1 else ""
    return News(
        template="notice",
        said=f"On {day} {named} will be told: “{rule.title}”{many}, unless it has changed by then.",
        why=f"The group's rule “{rule.id}” gives notice before it names anybody: {_grounds(tx, first)}.",
        about=_about(notices),
        key=notice_key(rule, known.ref, first.verdict.occasion),
        cause=f"{known.ref} line {first.seq}",
        items=together([item_of(tx.playbook, notice.known) for notice in notices]),
        severity=_SEVERITY[rule.severity],
        rests_on=[_rests_on(notice) for notice in notices],
        meant_at=_meant_at(tx, notices),
    )


def _meant_at(tx: Tx, spoken: Sequence[Spoken]) -> datetime | None:
    """Give the instant at which a letter should have gone; None where it is not late."""
    meant = min(meant_at(tx, one.known, one.verdict, one.due_at) for one in spoken)
    goes_at = tx.playbook.book.clock.released_at(meant, tx.calendar)
    return goes_at if late_words(tx, goes_at) else None


def _fires_on(tx: Tx, rule: Rule) -> date:
    return tx.today if rule.notice is None else rule.notice.before.after(tx.today, tx.calendar)


def _named(people: Sequence[str]) -> str:
    *others, last = people or ["nobody"]
    return f"{', '.join(others)} and {last}" if others else last


def _grounds(tx: Tx, one: Spoken) -> str:
    workflow = tx.playbook.definition(one.known.standing.definition_id)
    return because(one.verdict, workflow, one.known.facts)


def _about(spoken: Sequence[Spoken]) -> Ref:
    known = spoken[0].known
    if len(spoken) > 1 and known.belongs.audit_id is not None:
        return Ref("audit", known.belongs.audit_id)
    return known.ref


def _rests_on(one: Spoken) -> Mapping[str, object]:
    grounds: dict[str, object] = {"ref": str(one.known.ref), "rule": one.verdict.rule.id}
    grounds["occasion"] = one.verdict.occasion
    return grounds | ({"notice": True} if one.verdict.is_notice else {"number": one.verdict.number})
