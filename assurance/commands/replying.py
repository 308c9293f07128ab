"""Replying to a notice: before somebody is named they are heard, and somebody else looks at what they say."""

from __future__ import annotations

from datetime import date

from assurance.commands.checks import said
from assurance.commands.hearing import hear
from assurance.commands.holds import REPLIED
from assurance.commands.noting import note
from assurance.commands.placing import either, hold_on, past_of, place, rule_about
from assurance.facts import Known
from assurance.heard import Hearings
from assurance.mail import News, Told, called, item_of, tell
from assurance.office import Tx
from assurance.past import IN_FORCE
from assurance.reasons import day_in_words
from assurance.recipients import meant
from assurance.records import RuleHold
from assurance.roster import Roster, roster
from assurance.standing import who_looks
from engine.errors import Reason, Refused
from engine.moved import Ref
from engine.rules import HoldKind, Rule
from notifications.outbox import Severity

REPLY_HOLDS = 5  # working days in which somebody is to look at a reply


def reply(tx: Tx, ref: Ref, rule_id: str, text: str, *, key: str | None = None) -> Ref:
    """Answer a notice: the rule waits until somebody has looked at the reply, for five working days at most.

    Raises Refused where no notice of the rule is open, for whoever was not given it, and for a second reply.
    """
    known = hear(tx, ref).known
    rule = rule_about(tx, rule_id, ref.kind)
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    occasion = rule.occasion(known.facts)
    refuse_reply(tx, known, rule)
    text = said(text, "your reply")
    until_on = tx.calendar.add_working_days(tx.today, REPLY_HOLDS)
    hold = place(
        tx,
        HoldKind.REPLY,
        known,
        rule=rule.id,
        occasion=occasion,
        agency_id=_agency_named(known, rule),
        until_on=until_on,
        key=key,
    )
    line = {"hold": hold.id, "rule": rule.id, "occasion": occasion, "until": until_on.isoformat()}
    note(tx, known, REPLIED, line, texts={"reply": text})
    _ask_somebody_to_look(tx, people, known, rule, hold, until_on)
    return hold


def refuse_reply(tx: Tx, known: Known, rule: Rule) -> None:
    """Raise Refused unless the actor can reply to a notice of a rule now."""
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    _refuse_who_was_not_heard(tx, people, known, rule)
    _refuse_closed_notice(tx, known, rule, rule.occasion(known.facts))


def _refuse_who_was_not_heard(tx: Tx, people: Roster, known: Known, rule: Rule) -> None:
    """Raise Refused unless the actor is given notice by a rule, or leads the agency of whoever is."""
    if rule.notice is None:
        sentence = f"The rule ‘{rule.id}’ gives no notice, so that there is nothing to reply to."
        raise Refused(Reason("no_notice", sentence))
    given = meant(tx, people, known, rule.notice.to)
    agencies = {seat.agency_id for seat in given if seat.agency_id is not None}
    heard = (
        *given,
        *(seat for agency in sorted(agencies) for seat in people.holding("agency_lead", agency_id=agency)),
    )
    if all(seat.person_id != tx.actor.person_id for seat in heard):
        who = either(dict.fromkeys(seat.person for seat in heard))
        sentence = f"The notice about {called(known)} is for {who}; only they can reply to it."
        raise Refused(Reason("not_given_notice", sentence))


def _refuse_closed_notice(tx: Tx, known: Known, rule: Rule, occasion: str) -> None:
    """Raise Refused unless notice was given for this occasion, nobody has replied, and the rule has not spoken."""
    past = past_of(tx, known)
    fired = past.fired.get((rule.id, occasion))
    # Where the notice left late, nobody was told of what it gives notice of before the time to reply is over.
    if fired is not None and Hearings(tx).over_on(known.ref, rule, occasion) is None:
        sentence = (
            f"The rule ‘{rule.id}’ has spoken already, on {day_in_words(fired.first_on)}; "
            "say in a progress note how things stand."
        )
        raise Refused(Reason("has_spoken", sentence))
    if (rule.id, occasion) not in past.noticed:
        sentence = f"No notice of the rule ‘{rule.id}’ is open about {called(known)}."
        raise Refused(Reason("no_notice", sentence))
    replied = (RuleHold.kind == HoldKind.REPLY, RuleHold.rule == rule.id, RuleHold.occasion == occasion)
    earlier = hold_on(tx, known, *replied)
    if earlier is not None:
        sentence = (
            f"A reply was made on {day_in_words(earlier.placed_on)} (hold/{earlier.id}); one is enough."
        )
        raise Refused(Reason("replied", sentence))


def _ask_somebody_to_look(
    tx: Tx, people: Roster, known: Known, rule: Rule, hold: Ref, until_on: date
) -> None:
    """Ask whoever is free of a conflict to look at a reply: the coordinator, else the deputy, else the chair."""
    named = _agency_named(known, rule)
    free = who_looks(people, agency_id=named, written_by=tx.actor.person_id)
    news = News(
        template="reply_to_check",
        said=f"{tx.actor.name} has replied to the notice that “{rule.title}” will be told.",
        why=f"Until {day_in_words(until_on)} the rule “{rule.id}” waits for somebody who looks at the reply.",
        about=hold,
        key=f"{hold}:1",
        cause=f"{hold} line 1",
        items=[item_of(tx.playbook, known)],
        severity=Severity.DECISION,
        rests_on=[{"ref": str(hold), "state": IN_FORCE}],
    )
    tell(tx, known, news, [Told(seat, seat.role) for seat in free])


def _agency_named(known: Known, rule: Rule) -> int | None:
    """Give the agency that a rule is about to name: mostly the subject's own, else the one for which it waits."""
    is_awaited = rule.notice is not None and rule.notice.to == "awaited_lead"
    return known.belongs.awaited_agency_id if is_awaited else known.belongs.agency_id
