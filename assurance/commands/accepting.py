"""Accepting an escalation: whoever it has come to takes it on until a day, says why, and is asked again then."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from assurance.commands.checks import said
from assurance.commands.hearing import hear
from assurance.commands.holds import ACKNOWLEDGED
from assurance.commands.noting import note
from assurance.commands.placing import either, hold_on, past_of, place, refuse_conflict, refuse_day
from assurance.facts import Known
from assurance.mail import called
from assurance.office import Tx
from assurance.past import IN_FORCE
from assurance.reasons import day_in_words
from assurance.recipients import meant
from assurance.records import RuleHold
from assurance.roster import Roster, roster
from engine.errors import Reason, Refused
from engine.moved import Ref
from engine.rules import HoldKind, Rule, Unless

LONGEST_ACKNOWLEDGEMENT = timedelta(days=60)


def acknowledge(tx: Tx, ref: Ref, *, until_on: date, reason: str, key: str | None = None) -> Ref:
    """Take on an escalation that has come to the actor: it speaks again after a day, sixty days ahead at most.

    Raises Refused where no escalation that can be accepted stands, for whoever it has not come to, for a conflict
    of interest, and for a day that is over or too far ahead.
    """
    known = hear(tx, ref).known
    rule, occasion = to_accept(tx, known)
    refuse_day(tx, until_on, LONGEST_ACKNOWLEDGEMENT, "An escalation is accepted", "accepted anew")
    reason = said(reason, "the reason")
    hold = place(tx, HoldKind.ACKNOWLEDGEMENT, known, occasion=occasion, until_on=until_on, key=key)
    line = {"hold": hold.id, "rule": rule.id, "occasion": occasion, "until": until_on.isoformat()}
    note(tx, known, ACKNOWLEDGED, line, texts={"reason": reason})
    return hold


def to_accept(tx: Tx, known: Known) -> tuple[Rule, str]:
    """Give the escalation about a subject that the actor can accept, and its occasion.

    Raises Refused where none stands, for whoever it has not come to, and for a conflict of interest.
    """
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    spoken = _escalations(tx, known)
    if not spoken:
        sentence = f"No escalation stands about {called(known)} that somebody could accept."
        raise Refused(Reason("no_escalation", sentence))
    _refuse_who_was_not_told(tx, people, known, [rule for rule, _ in spoken])
    refuse_conflict(tx, people, known)
    rule, occasion = spoken[-1]
    _refuse_accepted(tx, known, occasion)
    return rule, occasion


def _escalations(tx: Tx, known: Known) -> list[tuple[Rule, str]]:
    """Give what has been escalated about a subject, is still so and can be accepted; the newest last."""
    past = past_of(tx, known)
    spoken = []
    for rule in tx.playbook.book.about(known.ref.kind):
        occasion = rule.occasion(known.facts)
        fired = past.fired.get((rule.id, occasion))
        if rule.unless is not Unless.ACCEPTED or fired is None or fired.was_passed_over:
            continue
        if rule.when.holds(known.facts, today=tx.today, calendar=tx.calendar):
            spoken.append((fired.last_on or fired.first_on, rule, occasion))
    return [(rule, occasion) for _, rule, occasion in sorted(spoken, key=lambda one: one[0])]


def _refuse_who_was_not_told(tx: Tx, people: Roster, known: Known, rules: Iterable[Rule]) -> None:
    """Raise Refused unless an escalation has come to the actor; the deputy may stand in for the chair."""
    words = dict.fromkeys(word for rule in rules for word in rule.tell)
    if "chair" in words:
        words["deputy_chair"] = None
    told = [seat for word in words for seat in meant(tx, people, known, word)]
    if all(seat.person_id != tx.actor.person_id for seat in told):
        who = either(dict.fromkeys(seat.person for seat in told))
        sentence = f"The escalation about {called(known)} has come to {who}; only they can accept it."
        raise Refused(Reason("not_told", sentence))


def _refuse_accepted(tx: Tx, known: Known, occasion: str) -> None:
    """Raise Refused where the escalation is accepted already: then it is renewed by whoever has accepted it."""
    accepted = (RuleHold.kind == HoldKind.ACKNOWLEDGEMENT, RuleHold.occasion == occasion)
    earlier = hold_on(tx, known, *accepted, RuleHold.state == IN_FORCE, RuleHold.until_on >= tx.today)
    if earlier is not None:
        sentence = (
            f"The escalation is accepted until {day_in_words(earlier.until_on)} already (hold/{earlier.id}); "
            "whoever has accepted it can renew that."
        )
        raise Refused(Reason("accepted", sentence))
