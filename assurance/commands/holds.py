"""What a step on a hold does beside it: a line in the history of what was held, and another look of the rules."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from assurance.commands.hearing import held_subject, hold_row, load
from assurance.commands.noting import note
from assurance.facts import Known
from assurance.office import Tx
from assurance.reasons import day_in_words
from assurance.records import DigestItem, RuleHold
from engine import timers
from engine.moved import Ref, ref_of
from engine.rules import HoldKind, Rule
from engine.workflow import Move
from notifications.outbox import Message, State

REPLIED, REPLY_SEEN = "replied", "reply_seen"
ACKNOWLEDGED, SILENCED, LIFTED = "acknowledged", "silenced", "lifted"
ESCALATE, HOLD = "escalate", "hold"


def follow(tx: Tx, hold: Known, step: Move) -> tuple[Ref, ...]:
    """Say of what was held what became of its hold.

    Gives what the rules have to look at again: of a rule that was held about everything, all that waits for its end.
    """
    row = hold_row(tx, hold.ref)
    subject = held_subject(row)
    if subject is None:
        return () if step.target == step.source else _waiting_for(tx, row)
    kind, said = _line(hold, step)
    note(tx, load(tx, subject), kind, {"hold": hold.ref.id, "rule": row.rule, **said})
    return (subject,)


def said_of(tx: Tx, hold: Known, step: Move) -> str:
    """Tell whoever has placed a hold what became of it."""
    row = hold_row(tx, hold.ref)
    rule = rule_called(tx, row.rule)
    title = "what the rule says" if rule is None else f"“{rule.title}”"
    until = step.sets.get("until_on")
    if hold.facts["kind"] != HoldKind.REPLY:
        return f"{_spoken(hold)} was taken back by {tx.actor.name}; the rules may speak again."
    if isinstance(until, date):
        return f"Your reply was read: until {day_in_words(until)} nobody is told {title}."
    return f"Your reply was read: {title} is told now, and with it that you have replied."


def rule_called(tx: Tx, name: str | None) -> Rule | None:
    """Give a rule by its id; None where no file has it any more."""
    return next((rule for rule in tx.playbook.book.rules if rule.id == name), None)


def _line(hold: Known, step: Move) -> tuple[str, Mapping[str, Any]]:
    """Give the line that a subject's history gets for a step on its hold."""
    until = step.sets.get("until_on")
    said = {"until": until.isoformat()} if isinstance(until, date) else {}
    if hold.facts["kind"] == HoldKind.REPLY:
        return REPLY_SEEN, {"answer": HOLD if said else ESCALATE, **said}
    return (ACKNOWLEDGED, said) if said else (LIFTED, {"what": hold.facts["kind"]})


def _waiting_for(tx: Tx, row: RuleHold) -> tuple[Ref, ...]:
    """Give everything that the rules look at by the day after the last one of a hold, or that it held."""
    rule = rule_called(tx, row.rule)
    if rule is None:
        return ()
    last = tx.calendar.instant(row.until_on + timedelta(days=1), tx.playbook.book.clock.look_at)
    # Whose instant has come too: at this moment somebody may look at it who knows of the hold, and not of its end.
    looked_at = timers.waiting(tx.session, rule.about, group_id=tx.actor.group_id, until=last)
    return tuple(sorted({*looked_at, *_untold(tx, rule)}))


def _untold(tx: Tx, rule: Rule) -> set[Ref]:
    """Give what a rule has spoken of and somebody is still to be told: silenced since, it was held as mail went."""
    mine = (DigestItem.group_id == tx.actor.group_id, DigestItem.rule == rule.id)
    waits = (DigestItem.told_in.is_(None), DigestItem.dropped_because.is_(None))
    items = sa.select(DigestItem.subject_kind, DigestItem.subject_id).where(*mine, *waits).distinct()
    letters = sa.select(Message.rests_on).where(
        Message.group_id == tx.actor.group_id,
        Message.sent_at.is_(None),
        Message.state == State.QUEUED,
        Message.rests_on.contains(f'"rule":"{rule.id}"', autoescape=True),
    )
    grounds = (ground for rests_on in tx.session.scalars(letters) for ground in json.loads(rests_on))
    spoken_of = {ref_of(ground["ref"]) for ground in grounds if ground.get("rule") == rule.id}
    return spoken_of | {Ref(kind, number) for kind, number in tx.session.execute(items)}


def _spoken(hold: Known) -> str:
    return "Your acknowledgement" if hold.facts["kind"] == HoldKind.ACKNOWLEDGEMENT else "Your silence"
