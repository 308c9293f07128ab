"""Finds by SQL what the rules owe: the subjects for which a rule's condition is true, and of which it has not spoken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from assurance.facts import Noun
from assurance.office import Tx
from assurance.past import FIRED
from engine.condition_sql import to_sql
from engine.conditions import Kind
from engine.ledger import Event
from engine.moved import Ref
from engine.rules import Repeat, Rule
from engine.spans import Span
from engine.store import instant_text
from engine.timers import Timer

Column = sa.ColumnElement[Any]
_NOW, _LATER = 0, 1


def owed(tx: Tx, noun: Noun, rule: Rule, others: Iterable[Rule]) -> list[Ref]:
    """Find the subjects about which a rule has something to say today, as far as the database can tell.

    Its condition is true, or will be once its time of notice is over, and its first firing or the present repeat is
    not in the history. What a louder one of the `others` has quieted is left out; what is held is not.
    """
    question = _Question(tx, noun)
    return question.found(rule, question.is_unsaid(rule, others))


def not_accounted_for(tx: Tx, noun: Noun, rule: Rule, others: Iterable[Rule]) -> list[Ref]:
    """Find the subjects for which a rule's condition is true and of which no timer knows.

    There is none, or it is set for later although the rule has something to say today.
    """
    question = _Question(tx, noun)
    # One look-up: whoever is due now is looked at anyway.
    is_lost = sa.case(
        {_LATER: question.is_unsaid(rule, others), _NOW: sa.false()}, value=question.timer(), else_=sa.true()
    )
    return question.found(rule, is_lost)


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of one noun's table today."""

    tx: Tx
    noun: Noun

    def found(self, rule: Rule, *where: Column) -> list[Ref]:
        table = self.noun.table
        asked = (table.group_id == self.tx.actor.group_id, self.holds(rule), *where)
        if self.tx.session.info["dialect"].name == "postgresql":
            # Look-ups make a query look dear, and PostgreSQL would spend a second on compiling it.
            self.tx.session.execute(sa.text("SET LOCAL jit = off"))
        numbers = self.tx.session.scalars(sa.select(table.id).where(*asked).order_by(table.id))
        return [Ref(self.noun.kind, number) for number in numbers]

    def holds(self, rule: Rule) -> Column:
        """Say that the condition is true today, or will be true once the time of notice is over."""
        today = self._on(rule, self.tx.today)
        if rule.notice is None:
            return today
        return sa.or_(today, self._on(rule, rule.notice.before.after(self.tx.today, self.tx.calendar)))

    def is_unsaid(self, rule: Rule, others: Iterable[Rule]) -> Column:
        """Say that the first firing or the present repeat is not in the history, and nothing louder is."""
        # Look-ups and not EXISTS: a planner might join that with the whole history.
        newest = (
            self._line(self._key(rule, "0"), Event.seq)
            if rule.repeat is None
            else self._repeat(rule, rule.repeat)
        )
        loud = [other for other in others if rule.id in other.quiets]
        return sa.and_(newest.is_(None), *(self._has_spoken(other).is_not(sa.true()) for other in loud))

    def timer(self) -> Column:
        """Say whether a subject's timer is due now or later; empty where there is none."""
        is_due = sa.case((Timer.due_at > self.tx.now, _LATER), else_=_NOW)
        of_subject = (Timer.subject_kind == self.noun.kind, Timer.subject_id == self.noun.table.id)
        return sa.select(is_due).where(*of_subject).correlate_except(Timer).scalar_subquery()

    def _repeat(self, rule: Rule, repeat: Repeat) -> Column:
        """Look up the line of the repeat that is due by now; empty where there is none, or no first firing either."""
        first = aliased(Event)
        number = sa.case(
            (first.kind != FIRED, "0"),
            *((first.at < instant_text(until), str(number)) for number, until in self._last_firsts(repeat)),
            else_="0",
        )
        present = self._line(self._key(rule, number), Event.seq)
        asked = sa.select(present).where(first.once == self._key(rule, "0"))
        return asked.correlate_except(first).scalar_subquery()

    def _last_firsts(self, repeat: Repeat) -> Iterator[tuple[int, datetime]]:
        """Give each repeat, the last one first, with the end of the last day whose firing has it due by today."""
        calendar = self.tx.calendar
        for number in range(repeat.at_most - 1, 0, -1):
            span = Span(number * repeat.every.number, repeat.every.unit)
            day = span.last_within(self.tx.today, calendar)
            if day is not None:
                yield number, calendar.instant(day + timedelta(days=1), time.min)

    def _has_spoken(self, louder: Rule) -> Column:
        """Say that a louder rule has spoken for its own occasion, and its condition is still true."""
        said = self._line(self._key(louder, "0"), Event.seq, Event.kind == FIRED)
        return sa.and_(self._on(louder, self.tx.today), said.is_not(None))

    def _on(self, rule: Rule, day: date) -> Column:
        tx = self.tx
        return to_sql(rule.when.tree, self._columns(), today=day, calendar=tx.calendar, days_of=self._days_of)

    def _columns(self) -> dict[str, Column]:
        facts = {fact.field.name: fact.expression for fact in self.noun.facts}
        return {**facts, "state": self.noun.table.state}

    def _days_of(self, column: Column) -> list[date | None]:
        table = self.noun.table
        asked = sa.select(column).select_from(table).where(table.group_id == self.tx.actor.group_id)
        return list(self.tx.session.scalars(asked.distinct()))

    def _line(self, key: Column, wanted: Any, *where: Column) -> Column:
        # Whatever else the key speaks of stands in the statement around it.
        return sa.select(wanted).where(Event.once == key, *where).correlate_except(Event).scalar_subquery()

    def _key(self, rule: Rule, number: Column | str) -> Column:
        """Spell the ledger's key of a firing as `telling.firing_key` does."""
        stem = sa.literal(f"rule:{rule.id}:{self.noun.kind}/", sa.Text())
        subject = sa.cast(self.noun.table.id, sa.Text)
        return stem.concat(subject).concat(":").concat(self._occasion(rule)).concat(":").concat(number)

    def _occasion(self, rule: Rule) -> Column:
        """Spell the value of the fact to which a firing belongs as `Rule.occasion` does."""
        value = self._columns()[rule.once_per]
        kind = next(
            (one.field.kind for one in self.noun.facts if one.field.name == rule.once_per), Kind.CHOICE
        )
        if kind is Kind.YES_NO:
            return sa.case((value, "true"), else_="false")
        if kind is Kind.DATE and self.tx.session.info["dialect"].name == "postgresql":
            spelled: Column = sa.func.to_char(value, "YYYY-MM-DD")
        else:
            spelled = sa.cast(value, sa.Text)
        return sa.func.coalesce(spelled, "none")
