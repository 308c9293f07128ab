"""The group's rules as people read them: each in words, in force since when or waiting, and what it has said so far."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.in_force import RuleInForce, standing_of
from assurance.office import Tx
from assurance.past import NOTICED, PASSED_OVER
from assurance.queries.rule_words import RuleInWords, clock_in_words, rule_as_yaml, rule_in_words
from engine.errors import Reason, Refused
from engine.ledger import Event
from engine.moved import Ref
from engine.rules import Rule
from engine.words import unknown

AT_ONCE = 50
FIRED = "fired"
_SAID = {FIRED: "Spoke", NOTICED: "Gave notice", PASSED_OVER: "Passed over"}


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule of the list: its sentence, and how it stands in the group."""

    rule: str
    title: str
    about: str
    about_title: str
    severity: str
    sentence: str
    standing: RuleInForce


@dataclass(frozen=True, slots=True)
class Spoken:
    """One time that a rule spoke: when, about what, for which occasion (`on`, where that is a day), and what it did."""

    ref: Ref
    at: datetime
    did: str
    occasion: str
    number: int

    @property
    def on(self) -> date | None:
        """The day that the occasion is, where it is one."""
        try:
            return date.fromisoformat(self.occasion)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules in the order of the files, and the sentences of the clock file."""

    rows: tuple[RuleRow, ...]
    clock: tuple[str, ...]

    @property
    def waiting(self) -> tuple[RuleRow, ...]:
        """The rules that somebody has to put in force."""
        return tuple(row for row in self.rows if not row.standing.is_in_force)


@dataclass(frozen=True, slots=True)
class RulePage:
    """One rule in full: in words, as it stands in its file, how it stands in the group, and what it has said.

    `said` is one page of that, the newest first, of what the viewer may see; `number` counts all of it.
    """

    row: RuleRow
    words: RuleInWords
    yaml: str
    said: tuple[Spoken, ...]
    number: int
    page: int
    pages: int


def rules_of(tx: Tx) -> Rules:
    """Give every rule of the group."""
    standing = {one.rule: one for one in standing_of(tx)}
    book = tx.playbook.book
    return Rules(tuple(_row(tx, rule, standing[rule.id]) for rule in book.rules), clock_in_words(book.clock))


def one_rule(tx: Tx, viewer: Viewer, name: str, *, page: int = 1) -> RulePage:
    """Give one rule; raises Refused for a name that no rule has."""
    rule = rule_called(tx, name)
    standing = next(one for one in standing_of(tx) if one.rule == name)
    where = _events(tx, viewer, rule)
    number = tx.session.scalar(sa.select(sa.func.count()).select_from(Event).where(*where)) or 0
    pages = max(-(-number // AT_ONCE), 1)
    page = min(max(page, 1), pages)
    query = (
        sa.select(Event.subject_kind, Event.subject_id, Event.at, Event.kind, Event.data)
        .where(*where)
        .order_by(Event.at.desc(), Event.subject_id, Event.seq.desc())
        .limit(AT_ONCE)
        .offset((page - 1) * AT_ONCE)
    )
    said = tuple(_spoken(tx, *row) for row in tx.session.execute(query))
    words = rule_in_words(rule, tx.playbook.newest(rule.about), tx.playbook.book.clock)
    return RulePage(_row(tx, rule, standing), words, rule_as_yaml(rule), said, number, page, pages)


def rule_called(tx: Tx, name: str) -> Rule:
    """Give the rule of a name; raises Refused where there is none."""
    rules = {rule.id: rule for rule in tx.playbook.book.rules}
    if name not in rules:
        raise Refused(Reason("unknown_subject", unknown(name, "a rule here", list(rules)) + "."))
    return rules[name]


def _row(tx: Tx, rule: Rule, standing: RuleInForce) -> RuleRow:
    workflow = tx.playbook.newest(rule.about)
    words = rule_in_words(rule, workflow, tx.playbook.book.clock)
    return RuleRow(
        rule.id, rule.title, rule.about, workflow.title, str(rule.severity), words.sentence, standing
    )


def _events(tx: Tx, viewer: Viewer, rule: Rule) -> Sequence[sa.ColumnElement[bool]]:
    """Leave the lines in which a rule spoke about what the viewer may see."""
    table = tx.playbook.noun(rule.about).table
    keys = (_begins(tx, f"rule:{rule.id}:"), _begins(tx, f"notice:{rule.id}:"))
    # With nothing added to them, the planner would walk all histories of the kind instead of the keys of the rule.
    kind, number = Event.subject_kind + "", Event.subject_id + 0
    return (
        Event.group_id == tx.actor.group_id,
        kind == rule.about,
        Event.kind.in_(_SAID),
        sa.or_(*keys),
        number.in_(sa.select(table.id).where(visible(viewer, table))),
    )


def _begins(tx: Tx, words: str) -> sa.ColumnElement[bool]:
    """Leave the lines whose key begins like this: on SQLite as a range, which its index serves."""
    if tx.session.info["dialect"].name != "sqlite":
        return Event.once.startswith(words, autoescape=True)
    # Byte by byte, as SQLite compares: behind a colon comes a semicolon.
    return sa.and_(Event.once >= words, Event.once < f"{words[:-1]};")


def _spoken(tx: Tx, kind: str, number: int, at: str, did: str, text: str) -> Spoken:
    data = json.loads(text)
    return Spoken(
        ref=Ref(kind, number),
        at=datetime.fromisoformat(at).astimezone(tx.calendar.zone),
        did=_SAID[did],
        occasion=str(data.get("occasion", "")),
        number=int(data.get("number") or 0),
    )
