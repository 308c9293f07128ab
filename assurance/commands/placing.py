"""Placing what keeps rules quiet: the row, the first line of its history, and what nobody may do to their own work."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import sqlalchemy as sa

from assurance.commands.moving import Entered, start
from assurance.facts import Known
from assurance.office import Tx
from assurance.past import pasts
from assurance.reasons import day_in_words
from assurance.recipients import meant
from assurance.records import Approval, RuleHold
from assurance.roster import Roster
from assurance.standing import roles_of
from engine.errors import Reason, Refused
from engine.moved import Ref
from engine.rules import HoldKind, Past, Rule
from engine.words import unknown


def place(
    tx: Tx,
    kind: HoldKind,
    known: Known | None,
    *,
    until_on: date,
    rule: str | None = None,
    occasion: str | None = None,
    agency_id: int | None = None,
    texts: dict[str, str] | None = None,
    key: str | None = None,
) -> Ref:
    """Write what keeps rules quiet, with the first line of its own history.

    Raises Refused for the clock, and where the workflow of holds is missing.
    """
    if RuleHold.noun not in tx.playbook.workflows:
        sentence = "There is no workflow of the kind ‘hold’ here; take hold.yaml from the house's own folder."
        raise Refused(Reason("no_workflow", sentence))
    if tx.actor.person_id is None:
        raise Refused(Reason("nobody", "Only a person can keep a rule quiet, and answers for it."))
    row = RuleHold(
        kind=str(kind),
        subject_kind=None if known is None else known.ref.kind,
        subject_id=None if known is None else known.ref.id,
        audit_id=None if known is None else known.belongs.audit_id,
        agency_id=None if known is None else agency_id or known.belongs.agency_id,
        rule=rule,
        occasion=occasion,
        placed_by_id=tx.actor.person_id,
        placed_on=tx.today,
        until_on=until_on,
    )
    about = {} if known is None else {"about": str(known.ref)}
    return start(tx, row, RuleHold.noun, entered=Entered({"what": str(kind), **about}, texts or {}), key=key)


def rule_about(tx: Tx, rule_id: str, kind: str | None) -> Rule:
    """Give a rule, of one kind of subject where one is named; raises Refused, with the nearest one, for any other."""
    rules = tx.playbook.book.rules if kind is None else tx.playbook.book.about(kind)
    found = next((rule for rule in rules if rule.id == rule_id), None)
    if found is None:
        what = "a rule here" if kind is None else f"a rule about {kind.replace('_', ' ')}"
        raise Refused(Reason("unknown_word", unknown(rule_id, what, [rule.id for rule in rules]) + "."))
    return found


def refuse_conflict(tx: Tx, people: Roster, known: Known) -> None:
    """Raise Refused where the work is the actor's own, or that of an agency in which they hold a post."""
    person, belongs = tx.actor.person_id, known.belongs
    own = []
    if people.agencies_of(person) & {belongs.agency_id, belongs.awaited_agency_id}:
        sentence = "You hold a post in the agency whose work this is; somebody else must decide."
        own.append(Reason("conflict", sentence))
    decides = known.ref.kind == Approval.noun and any(
        seat.person_id == person for seat in meant(tx, people, known, "approver")
    )
    if decides or roles_of(people, person, belongs) & {"owner", "awaited_lead"}:
        own.append(
            Reason("conflict", "This is about what you are to do yourself; somebody else must decide.")
        )
    if own:
        raise Refused(*own)


def refuse_day(tx: Tx, until_on: date, longest: timedelta, what: str, anew: str) -> None:
    """Raise Refused for a last day that is over, or further ahead than is allowed."""
    if until_on < tx.today:
        raise Refused(Reason("day_is_over", f"{day_in_words(until_on)} is over; name today or a later day."))
    if until_on > tx.today + longest:
        sentence = (
            f"{what} for {longest.days} days at most, until {day_in_words(tx.today + longest)}; "
            f"after that it can be {anew}."
        )
        raise Refused(Reason("too_long", sentence))


def past_of(tx: Tx, known: Known) -> Past:
    """Give what has happened between the rules and a subject."""
    return pasts(tx.session, [known.ref], group_id=tx.actor.group_id, today=tx.today)[known.ref]


def hold_on(tx: Tx, known: Known, *where: sa.ColumnElement[bool]) -> RuleHold | None:
    """Give the first hold of a subject of which something is true."""
    about = (RuleHold.subject_kind == known.ref.kind, RuleHold.subject_id == known.ref.id)
    return tx.session.scalar(sa.select(RuleHold).where(*about, *where).order_by(RuleHold.id).limit(1))


def either(names: Iterable[str]) -> str:
    """Write names as people do where one of them is meant."""
    *others, last = list(names) or ["nobody in post"]
    return f"{', '.join(others)} or {last}" if others else last
