"""Why a rule spoke: its comparisons with the values of that day, for the history and for people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache

from engine.condition_tree import Atom, Compare, Fact, atoms, fact_of
from engine.conditions import Comparison, Kind, Value
from engine.rules import Verdict
from engine.vocabulary import Field
from engine.workflow import Workflow

THERE = "there is one"


def reason_line(reason: Comparison) -> str:
    """Write one comparison with that day's values for the history: `due_on < today: true (2014-09-02; 2014-09-09)`."""
    # A text is only ever asked whether it is there: what was written belongs neither in the history nor in a mail.
    is_text = reason.right is None and isinstance(reason.left, str)
    values = [THERE if is_text else _bare(reason.left)]
    if reason.right is not None and not isinstance(reason.right, tuple):
        values.append(_bare(reason.right))
    return f"{reason.text}: {'true' if reason.holds else 'false'} ({'; '.join(values)})"


def because(verdict: Verdict, workflow: Workflow, facts: Mapping[str, Value]) -> str:
    """Say for people on which facts a rule spoke: each fact once, in the words of the field, with its value."""
    said: dict[str, str] = {}
    for atom in atoms(verdict.rule.when.tree):
        for fact in facts_of(atom):
            said.setdefault(fact.name, _in_words(fact, workflow, facts.get(fact.name)))
    return "; ".join(said.values())


@lru_cache(64)
def day_in_words(day: date) -> str:
    """Write a day as `3 September 2014`."""
    return f"{day.day} {day:%B %Y}"


def moment_in_words(moment: datetime) -> str:
    """Write a civil day and hour as `Monday 3 November 2014 at 07:30`."""
    return f"{moment:%A} {day_in_words(moment.date())} at {moment:%H:%M}"


def facts_of(atom: Atom) -> tuple[Fact, ...]:
    """Give the facts of which one comparison speaks."""
    terms = (atom.left, atom.right) if isinstance(atom, Compare) else (atom.fact,)
    return tuple(fact for fact in map(fact_of, terms) if fact is not None)


def _in_words(fact: Fact, workflow: Workflow, value: Value) -> str:
    if fact.name == "state" and isinstance(value, str):
        return f"it stands at “{workflow.states[value].title}”"
    # A rule of today may speak of a field that the definition to which the subject is pinned does not have yet.
    field = workflow.vocabulary.fields.get(fact.name, Field(fact.name, Kind.TEXT))
    title = field.title or fact.name.replace("_", " ")
    if value is None:
        return f"{title}: none"
    if field.kind is Kind.TEXT and isinstance(value, str):
        return f"{title}: {THERE}"
    if isinstance(value, date):
        return f"{title}: {day_in_words(value)}"
    if isinstance(value, bool):
        return title if value else f"not: {title}"
    return f"{title}: {value}"


def _bare(value: Value) -> str:
    return "empty" if value is None else str(value)
