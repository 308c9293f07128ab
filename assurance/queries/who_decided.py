"""Who decided whom a mail tells: a rule of the group, a step of its workflow, the terms of a decision, or the program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from assurance.config import HOME
from assurance.office import Tx
from assurance.reasons import day_in_words
from assurance.records import AdoptedRule, Approval, Person
from engine.approval_words import who_decides
from engine.approvals import policy_of
from engine.ledger import Entry, Event
from engine.moved import Ref
from engine.refusals import all_of, spoken
from engine.rules import Rule
from engine.workflow import Workflow
from engine.workflow_parts import Way
from notifications.outbox import Message

# What the program tells by itself, whatever the group's files say.
_BY_PROGRAM = {
    "invitation": "Everybody who belongs to the group is invited to its meetings.",
    "invitation_moved": "Whoever was invited is told when a meeting moves.",
    "invitation_cancelled": "Whoever was invited is told when a meeting is cancelled, or no longer theirs to attend.",
    "returns_requested": "Whoever leads the records is asked for their returns.",
    "concern": "An immediate concern is told at once to those who can act on it.",
    "reply_to_check": "A reply is looked at by the coordinator or the deputy chair, whoever is free of a conflict.",
    "return_link": "Whoever leads the records is sent a link to their return, where somebody asks for that.",
    "confirm_link": "Whoever may confirm an action is sent a link to it, where somebody asks for that.",
    "account_invitation": "Whoever gets an account is sent the link with which to set it up.",
    "account_recovery": "Whoever asks for a new password is sent a link to their own address.",
    "account_changed": "Whoever has an account is told of every change of what proves them.",
    "account_kept": "Those who answer for the group are told when somebody's way in, or a post that decides, changes hands.",
    "text_erased": "Whoever wrote a text, and those who answer for the group, are told when it is erased on request.",
    "awaited": "The lead of the agency for which somebody waits is told that they do.",
}


_OF_SEVERAL = ("members", "agency_leads")


@dataclass(frozen=True, slots=True)
class RuleThen:
    """A rule in the words that it had when it spoke; `in_force` says since when and by whom.

    `written_at` is its place in a file, empty where no file has it in these words any more.
    """

    id: str
    title: str
    when: str
    once_per: str
    tells: tuple[str, ...]
    copies: tuple[str, ...]
    notice: str
    in_force: str
    written_at: str


def rule_then(tx: Tx, line: Entry) -> RuleThen | None:
    """Find a rule's text as it was when it wrote a line: by the fingerprint in the line, else as it stands now."""
    rule_id, begins = line.data["rule"], line.data.get("rule_hash", "")
    query = sa.select(AdoptedRule).where(
        AdoptedRule.group_id == tx.actor.group_id,
        AdoptedRule.rule == rule_id,
        AdoptedRule.adopted_at <= line.at,
    )
    newest_first = query.order_by(AdoptedRule.id.desc())
    row = tx.session.scalars(newest_first.where(AdoptedRule.hash.startswith(begins))).first()
    on_shelf = next((rule for rule in tx.playbook.book.rules if rule.id == rule_id), None)
    if row is not None and row.text:
        is_same = on_shelf is not None and on_shelf.hash == row.hash
        return _as_written(rule_id, json.loads(row.text), _in_force(tx, row), on_shelf if is_same else None)
    if on_shelf is None:
        return None
    words = "shown as it stands now; its text of that day was not kept"
    return _as_written(rule_id, json.loads(on_shelf.text), words, on_shelf)


def who_decided(tx: Tx, message: Message, line: Entry, rule: RuleThen | None, told_as: str) -> str:
    """Say who decided that somebody is told of a line, and as whom."""
    if rule is not None:
        return _by_rule(rule, line, message.to_name, told_as)
    if "asked" in line.data:
        return _by_terms(tx, line, message.to_name)
    step, by_itself = _step(tx, line), _BY_PROGRAM.get(message.template)
    # Mails of an older database do not say as whom somebody was told.
    if step is not None and (told_as in step.tell if told_as else step.tell and by_itself is None):
        sentence = f"The group's workflow tells {_listed(step.tell)} of the step ‘{step.title}’."
        return f"{sentence}{_as_whom(message.to_name, told_as)}"
    return f"{by_itself or 'The program tells this by itself.'}{_as_whom(message.to_name, told_as)}"


def _by_rule(rule: RuleThen, line: Entry, name: str, told_as: str) -> str:
    if line.kind == "noticed":
        heard = rule.notice.partition(",")[0]
        tells = f"gives notice to the {spoken(heard)} first"
    else:
        tells = f"tells {_listed(rule.tells)}"
        tells += f", and {_listed(rule.copies)} besides" if rule.copies else ""
    return f"The group's rule ‘{rule.id}’ {tells}.{_as_whom(name, told_as)}"


def _by_terms(tx: Tx, line: Entry, name: str) -> str:
    """Say of a decision that was asked for who may take it, as its terms were at that time."""
    row = tx.session.get_one(Approval, line.data["approval"])
    policy = policy_of(json.loads(row.policy))
    instead = [f"the {spoken(deputy)} for the {spoken(role)}" for role, deputy in policy.deputies.items()]
    deputies = f"; {all_of(instead)} where that is called for" if instead else ""
    return (
        f"The group's workflow says who decides on the step ‘{row.title}’: {who_decides(policy)}{deputies}. "
        f"{name} is one of those who may answer, or looks after it where nobody may."
    )


def _step(tx: Tx, line: Entry) -> Way | None:
    """Find the step that a line tells of, as the definition of that day has it."""
    trigger = line.data.get("trigger")
    workflow = _workflow(tx, line.ref, line.seq)
    if trigger is None or workflow is None:
        return None
    ways = [way for way in workflow.moves if way.trigger == trigger]
    source = line.data.get("from")
    return next((way for way in ways if source in way.sources), ways[0] if ways else None)


def _workflow(tx: Tx, ref: Ref, seq: int) -> Workflow | None:
    """Find the definition by which a subject went when a line was written."""
    query = sa.select(Event.data).where(
        Event.subject_kind == ref.kind,
        Event.subject_id == ref.id,
        Event.seq <= seq,
        Event.data.contains('"definition":'),
    )
    data = tx.session.scalar(query.order_by(Event.seq.desc()).limit(1))
    own = "" if data is None else json.loads(data)["definition"]
    return next((one for one in tx.playbook.pinned.values() if one.hash == own), None)


def _as_written(rule_id: str, entry: Mapping[str, Any], in_force: str, on_shelf: Rule | None) -> RuleThen:
    notice = entry.get("notice")
    return RuleThen(
        id=rule_id,
        title=entry["title"],
        when=" ".join(str(entry["when"]).split()),
        once_per=entry["once_per"],
        tells=_words(entry.get("tell")),
        copies=_words(entry.get("copy")),
        notice="" if notice is None else f"{notice['to']}, {notice['before']} before",
        in_force=in_force,
        written_at="" if on_shelf is None else place_of(on_shelf),
    )


def place_of(rule: Rule) -> str:
    """Say in which file and line a rule stands; the house's own files without the folder in which the house lies."""
    file = Path(rule.place.file)
    shown = file.relative_to(HOME) if file.is_relative_to(HOME) else file
    return f"{shown}:{rule.place.line}"


def _in_force(tx: Tx, row: AdoptedRule) -> str:
    since = f"in force since {day_in_words(tx.calendar.today(row.adopted_at))}"
    if not row.adopted_by.startswith("person/"):
        return since
    person = tx.session.get(Person, int(row.adopted_by.removeprefix("person/")))
    by = row.adopted_by if person is None else person.name
    if row.only_from_on is not None:
        return f"{since} by the word of {by}, for what became true from {day_in_words(row.only_from_on)} on"
    return f"{since} by the word of {by}, with all that it owed then"


def _words(value: str | list[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _listed(words: tuple[str, ...]) -> str:
    """Name those whom words of the YAML mean: the owner and the agency lead."""
    return all_of(f"the {spoken(word)}" for word in words) if words else "nobody"


def _as_whom(name: str, told_as: str) -> str:
    if not told_as:
        return ""
    as_whom = f"one of the {spoken(told_as)}" if told_as in _OF_SEVERAL else spoken(told_as)
    return f" {name} is told as {as_whom}."
