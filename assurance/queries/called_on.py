"""Notices that somebody can still reply to and escalations that they can accept: judged for all of them at once."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from assurance.access import Viewer, seen
from assurance.facts import Known
from assurance.mail import called
from assurance.office import Tx
from assurance.past import pasts
from assurance.queries.duties import Duty, Me
from assurance.reasons import day_in_words
from assurance.records import RuleHold
from engine.moved import Ref, ref_of
from engine.rules import HoldKind, Past, Rule, Unless
from notifications.outbox import Message, Severity, State

NOTICE = "notice"
LOOKED_BACK = timedelta(days=400)  # whatever still stands has been said again within that time


@dataclass(frozen=True, slots=True)
class _Said:
    """What a mail to somebody has said: of which subject, by which rule, for which occasion, when, and to whom."""

    ref: Ref
    rule: Rule
    occasion: str
    is_notice: bool
    on: date
    person_id: int
    told_as: str


def called_on(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Duty]:
    """Give the notices that wait for somebody's reply, and the escalations that have come to them and nobody has accepted."""
    said = list(_said_to(tx, me))
    by_kind: dict[str, set[int]] = defaultdict(set)
    for one in said:
        by_kind[one.ref.kind].add(one.ref.id)
    knowns: dict[Ref, Known] = {}
    for kind, ids in by_kind.items():
        mine = sorted(seen(tx.session, viewer, kind, sorted(ids)))
        knowns |= {known.ref: known for known in tx.playbook.noun(kind).load_many(tx.session, mine)}
    still = [one for one in said if one.ref in knowns and _still_stands(tx, one, knowns[one.ref])]
    refs = sorted({one.ref for one in still})
    past = pasts(tx.session, refs, group_id=tx.actor.group_id, today=tx.today)
    replied = _replied(tx, refs)
    yield from _notices(tx, [one for one in still if one.is_notice], knowns, past, replied)
    yield from _escalations(tx, me, [one for one in still if not one.is_notice], knowns, past)


def _said_to(tx: Tx, me: Me) -> Iterator[_Said]:
    """Read what mails have said to somebody; to the deputy also what they have said to the chair."""
    people = {me.person_id}
    if "deputy_chair" in me.roles:
        people |= {seat.person_id for seat in me.people.holding("chair")}
    rules = {rule.id: rule for rule in tx.playbook.book.rules if rule.notice or rule.unless}
    query = sa.select(Message.created_at, Message.person_ref, Message.told_as, Message.rests_on).where(
        Message.group_id == tx.actor.group_id,
        Message.person_ref.in_([f"person/{person}" for person in sorted(people)]),
        sa.or_(Message.template == NOTICE, Message.severity == Severity.ESCALATION),
        Message.created_at >= tx.now - LOOKED_BACK,
        Message.state != State.WITHDRAWN,
    )
    for created_at, person_ref, told_as, rests_on in tx.session.execute(query.order_by(Message.id)):
        on, person = tx.calendar.today(created_at), int(person_ref.removeprefix("person/"))
        for ground in json.loads(rests_on):
            rule = rules.get(ground.get("rule", ""))
            if rule is not None:
                is_notice = bool(ground.get("notice"))
                ref = ref_of(ground["ref"])
                yield _Said(ref, rule, ground["occasion"], is_notice, on, person, told_as)


def _still_stands(tx: Tx, said: _Said, known: Known) -> bool:
    """Say whether what was said is so, or will be on the day of which notice was given."""
    day = tx.today
    if said.is_notice and said.rule.notice is not None:
        day = max(day, said.rule.notice.before.after(said.on, tx.calendar))
    return said.rule.occasion(known.facts) == said.occasion and said.rule.when.holds(
        known.facts, today=day, calendar=tx.calendar
    )


def _replied(tx: Tx, refs: Sequence[Ref]) -> set[tuple[Ref, str | None, str | None]]:
    """Give the notices that were replied to: by subject, rule and occasion."""
    ids: dict[str, list[int]] = defaultdict(list)
    for ref in refs:
        ids[ref.kind].append(ref.id)
    about = [
        sa.and_(RuleHold.subject_kind == kind, RuleHold.subject_id.in_(numbers))
        for kind, numbers in ids.items()
    ]
    rows = tx.session.execute(
        sa.select(RuleHold.subject_kind, RuleHold.subject_id, RuleHold.rule, RuleHold.occasion).where(
            RuleHold.kind == HoldKind.REPLY, sa.or_(sa.false(), *about)
        )
    )
    return {(Ref(kind or "", number or 0), rule, occasion) for kind, number, rule, occasion in rows}


def _notices(
    tx: Tx,
    said: Sequence[_Said],
    knowns: Mapping[Ref, Known],
    past: Mapping[Ref, Past],
    replied: set[tuple[Ref, str | None, str | None]],
) -> Iterator[Duty]:
    newest = {(one.ref, one.rule.id): one for one in said}
    for one in newest.values():
        key = one.rule.id, one.occasion
        noticed_on = past[one.ref].noticed.get(key)
        if noticed_on is None or key in past[one.ref].fired or (one.ref, *key) in replied:
            continue
        before = one.rule.notice
        until_on = None if before is None else before.before.after(noticed_on, tx.calendar)
        known = knowns[one.ref]
        why = f"You were given notice that “{one.rule.title}” will be told; you can reply before that."
        yield Duty(
            one.ref,
            f"Notice about {_lower(called(known))}",
            why,
            noticed_on,
            until_on,
            ("reply",),
            known.belongs.audit_reference,
            rule=one.rule.id,
        )


def _escalations(
    tx: Tx, me: Me, said: Sequence[_Said], knowns: Mapping[Ref, Known], past: Mapping[Ref, Past]
) -> Iterator[Duty]:
    """An escalation is for whom it has come to, unless the work is their own agency's: then for the deputy."""
    newest: dict[Ref, _Said] = {}
    for one in said:
        if one.rule.unless is Unless.ACCEPTED and one.told_as in one.rule.tell:
            known = knowns[one.ref]
            involved = {known.belongs.agency_id, known.belongs.awaited_agency_id}
            is_free = not me.agencies & involved
            stands_in = one.person_id != me.person_id and bool(
                me.people.agencies_of(one.person_id) & involved
            )
            if is_free and (one.person_id == me.person_id or stands_in):
                newest[one.ref] = one
    for ref, one in newest.items():
        if any(
            hold.kind is HoldKind.ACKNOWLEDGEMENT and hold.until_on >= tx.today
            for hold in past[ref].holds
            if hold.occasion in (None, one.occasion)
        ):
            continue
        known = knowns[ref]
        why = f"It has come to you on {day_in_words(one.on)}: “{one.rule.title}”. Accept it until a day, or act on it."
        yield Duty(
            ref,
            f"Escalation about {_lower(called(known))}",
            why,
            one.on,
            None,
            ("acknowledge",),
            known.belongs.audit_reference,
            rule=one.rule.id,
        )


def _lower(name: str) -> str:
    return f"{name[:1].lower()}{name[1:]}"
