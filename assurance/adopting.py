"""Somebody's word on rules that wait: all that they owe is said, or only what comes true from a day on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from assurance.adopted import newest, not_in_force
from assurance.backlog import pass_over, passed_over
from assurance.commands.hearing import require_role
from assurance.in_force import ACCEPTED, ONLY_FROM, Entry, count_of, put_in_force
from assurance.office import Actor, Office, Tx
from assurance.reasons import day_in_words
from engine.errors import Reason, Refused
from engine.rules import Rule
from engine.words import unknown

WHO_MAY = ("coordinator", "chair", "deputy_chair")


def accept_backlog(office: Office, actor: Actor, names: Sequence[str]) -> list[Entry]:
    """Put rules in force whatever they owe; the next sweep says all of it.

    Raises Refused for whoever may not, and for rules that are unknown or in force already.
    """
    with office.begin(actor) as tx:
        entries = [Entry(rule, ACCEPTED, count_of(tx, rule).owed) for rule in _waiting(tx, names)]
        put_in_force(tx, entries)
    return entries


def only_from(office: Office, actor: Actor, names: Sequence[str], day: date) -> list[Entry]:
    """Put rules in force for what comes true from a day on; what was due before is passed over, and never said.

    In batches: killed at any instant and called again, it goes on, and the rules come into force at its end.
    Raises Refused as `accept_backlog` does, and for a day that is too far ahead.
    """
    with office.reading(actor) as tx:
        rules = _waiting(tx, names)
        _refuse_later_than_tomorrow(tx, day)
        entries = [Entry(rule, ONLY_FROM, count_of(tx, rule).owed, day) for rule in rules]
    for rule in rules:
        pass_over(office, actor, rule, only_from_on=day)
    with office.begin(actor) as tx:
        entries = [entry._replace(passed_over=passed_over(tx, entry.rule)) for entry in entries]
        put_in_force(tx, entries)
    return entries


def _waiting(tx: Tx, names: Sequence[str]) -> list[Rule]:
    """Give the rules of these names that are not in force."""
    require_role(tx, *WHO_MAY)
    rules = {rule.id: rule for rule in tx.playbook.book.rules}
    reasons = [
        Reason("unknown_rule", unknown(name, "a rule here", list(rules)) + ".")
        for name in names
        if name not in rules
    ]
    waiting = not_in_force(tx.session, rules.values(), group_id=tx.actor.group_id)
    since = newest(tx.session, group_id=tx.actor.group_id)
    reasons += [
        Reason(
            "in_force",
            f"‘{name}’ has been in force since {day_in_words(tx.calendar.today(since[name].adopted_at))}.",
        )
        for name in names
        if name in rules and rules[name] not in waiting
    ]
    if reasons:
        raise Refused(*reasons)
    return [rules[name] for name in dict.fromkeys(names)]


def _refuse_later_than_tomorrow(tx: Tx, day: date) -> None:
    tomorrow = tx.today + timedelta(days=1)
    if day > tomorrow:
        sentence = (
            f"{day_in_words(day)} is too far ahead: say from which day on things count, at the latest from "
            f"{day_in_words(tomorrow)}."
        )
        raise Refused(Reason("still_to_come", sentence))
