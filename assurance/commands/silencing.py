"""Silencing rules: noise is stopped until a day, with a reason, by somebody who has no part in it."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from assurance.commands.checks import said
from assurance.commands.hearing import hear, require_role
from assurance.commands.holds import SILENCED
from assurance.commands.noting import note
from assurance.commands.placing import either, place, refuse_conflict, refuse_day, rule_about
from assurance.facts import Known
from assurance.office import Tx
from assurance.records import Agency, Approval
from assurance.roster import Roster, roster
from engine.errors import Reason, Refused
from engine.moved import Ref
from engine.rules import HoldKind, Rule, Severity

LONGEST_SILENCE = timedelta(days=90)
WHO_SILENCES = ("coordinator", "chair", "deputy_chair")


def silence(
    tx: Tx,
    *,
    until_on: date,
    reason: str,
    rule_id: str | None = None,
    ref: Ref | None = None,
    key: str | None = None,
) -> Ref:
    """Stop a rule about one subject, every rule about it, or a rule about everything, ninety days at most.

    Raises Refused for anybody but the coordinator, the chair and the deputy, for urgent rules, and for whoever has a
    part in it: nobody silences what is said of their own agency's work, or to themselves alone.
    """
    require_role(tx, *WHO_SILENCES)
    if rule_id is None and ref is None:
        raise Refused(Reason("silences_nothing", "Name the rule, or the subject, or both."))
    known = None if ref is None else hear(tx, ref).known
    rule = None if rule_id is None else rule_about(tx, rule_id, None if ref is None else ref.kind)
    refuse_silence(tx, rule, known)
    refuse_day(tx, until_on, LONGEST_SILENCE, "Rules are silenced", "silenced anew")
    texts = {"reason": said(reason, "the reason")}
    if known is None:
        # There is no history but its own in which the reason could stand.
        return place(tx, HoldKind.SILENCE, None, rule=rule_id, until_on=until_on, texts=texts, key=key)
    hold = place(tx, HoldKind.SILENCE, known, rule=rule_id, until_on=until_on, key=key)
    line = {"hold": hold.id, "rule": rule_id, "until": until_on.isoformat()}
    note(tx, known, SILENCED, line, texts=texts)
    return hold


def refuse_silence(tx: Tx, rule: Rule | None, known: Known | None) -> None:
    """Raise Refused unless the actor can silence a rule, or all of them, about one subject or about everything."""
    require_role(tx, *WHO_SILENCES)
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    _refuse_urgent(tx, rule, known)
    _refuse_own(tx, people, rule, known)


def _refuse_urgent(tx: Tx, rule: Rule | None, known: Known | None) -> None:
    """Raise Refused for an urgent rule, and for a subject about which there are no others."""
    about = (rule,) if rule is not None else () if known is None else tx.playbook.book.about(known.ref.kind)
    if about and all(one.severity is Severity.URGENT for one in about):
        sentence = "What is urgent is silenced by nobody; see to it that somebody takes it up."
        raise Refused(Reason("urgent", sentence))


def _refuse_own(tx: Tx, people: Roster, rule: Rule | None, known: Known | None) -> None:
    """Raise Refused for whoever has a part in what would be silenced, or is the only one to whom it is said."""
    if known is not None:
        refuse_conflict(tx, people, known)
    elif rule is not None:
        _refuse_conflict_everywhere(tx, people, rule)
    if rule is None:
        return
    own = {seat.role for seat in people.of(tx.actor.person_id)}
    if rule.tell and own.issuperset({*rule.tell, *rule.copy}):
        sentence = f"The rule ‘{rule.id}’ speaks to nobody but you; do what it asks, or have somebody else silence it."
        raise Refused(Reason("conflict", sentence))


def _refuse_conflict_everywhere(tx: Tx, people: Roster, rule: Rule) -> None:
    """Raise Refused where a rule about everything speaks of the actor's own work too."""
    agencies = people.agencies_of(tx.actor.person_id)
    if agencies and tx.playbook.noun(rule.about).belongs_to_agencies:
        names = tx.session.scalars(
            sa.select(Agency.name).where(Agency.id.in_(agencies)).order_by(Agency.name)
        )
        sentence = (
            f"The rule ‘{rule.id}’ speaks of the work of {either(names)} too, where you hold a post; "
            "somebody who holds none must silence it."
        )
        raise Refused(Reason("conflict", sentence))
    roles = {seat.role for seat in people.of(tx.actor.person_id)}
    if rule.about == Approval.noun and roles & {"chair", "deputy_chair"}:
        sentence = (
            f"The rule ‘{rule.id}’ speaks of decisions that wait for you; somebody else must silence it."
        )
        raise Refused(Reason("conflict", sentence))
