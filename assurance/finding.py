"""Finds by SQL what the rules owe: the subjects for which a rule's condition is true, and of which it has not spoken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
    question = _Question(tx, noun, rule, others)
    return question.found(question.is_unsaid())


def not_accounted_for(tx: Tx, noun: Noun, rule: Rule, others: Iterable[Rule]) -> list[Ref]:
    """Find the subjects for which a rule's condition is true and of which no timer knows.

    There is none, or it is set for later although the rule has something to say today.
    """
    question = _Question(tx, noun, rule, others)
    # One look-up: whoever is due now is looked at anyway.
    is_lost = {_LATER: question.is_unsaid(), _NOW: sa.false()}
    return question.found(sa.case(is_lost, value=question.timer(), else_=sa.true()))


def fulfils(tx: Tx, noun: Noun, rule: Rule, day: date) -> Column:
    """Say of the rows of a noun's table that a rule's condition is true of them on a day."""
    table = noun.table

    def days_of(column: Column) -> list[date | None]:
        asked = sa.select(column).select_from(table).where(table.group_id == tx.actor.group_id)
        return list(tx.session.scalars(asked.distinct()))

    return to_sql(rule.when.tree, columns_of(noun), today=day, calendar=tx.calendar, days_of=days_of)


def columns_of(noun: Noun) -> dict[str, Column]:
    """Give the column, or what is looked up or counted, for each fact of a noun."""
    return {**{fact.field.name: fact.expression for fact in noun.facts}, "state": noun.table.state}


class _Question:
    """What is asked of one noun's table for one rule today: first its condition, then look-ups for whoever fulfils it.

    The condition stands in a query of its own, which PostgreSQL can share out among several workers; with look-ups in
    it, it could not. And look-ups they are, not EXISTS: a planner might join that with the whole history.
    """

    def __init__(self, tx: Tx, noun: Noun, rule: Rule, others: Iterable[Rule]) -> None:
        self._tx, self._noun, self._rule = tx, noun, rule
        self._louder = [other for other in others if rule.id in other.quiets]
        self._facts = columns_of(noun)
        self._rows = self._fulfilling()

    def found(self, where: Column) -> list[Ref]:
        """Give the subjects that fulfil the condition and this."""
        session = self._tx.session
        if session.info["dialect"].name == "postgresql":
            # Look-ups make a query look dear, and PostgreSQL would spend a second on compiling it.
            session.execute(sa.text("SET LOCAL jit = off"))
        numbers = session.scalars(sa.select(self._rows.c.subject).where(where))
        return [Ref(self._noun.kind, number) for number in sorted(numbers)]

    def is_unsaid(self) -> Column:
        """Say that the first firing or the present repeat is not in the history, and nothing louder is."""
        repeat = self._rule.repeat
        newest = self._said(self._key("0")) if repeat is None else self._repeat(repeat)
        loud = (self._has_spoken(place).is_not(sa.true()) for place in range(len(self._louder)))
        return sa.and_(newest.is_(None), *loud)

    def timer(self) -> Column:
        """Say whether a subject's timer is due now or later; empty where there is none."""
        is_due = sa.case((Timer.due_at > self._tx.now, _LATER), else_=_NOW)
        of_subject = (Timer.subject_kind == self._noun.kind, Timer.subject_id == self._rows.c.subject)
        return sa.select(is_due).where(*of_subject).correlate_except(Timer).scalar_subquery()

    def _fulfilling(self) -> sa.Subquery:
        """Give whoever fulfils the condition, the occasion, and for each louder rule whether it is true, for which."""
        tx, table = self._tx, self._noun.table
        columns = [table.id.label("subject"), self._occasion(self._rule).label("occasion")]
        for place, louder in enumerate(self._louder):
            columns.append(self._holds(louder, tx.today).label(f"holds_{place}"))
            columns.append(self._occasion(louder).label(f"occasion_{place}"))
        holds = self._holds(self._rule, tx.today)
        if self._rule.notice is not None:
            holds = sa.or_(
                holds, self._holds(self._rule, self._rule.notice.before.after(tx.today, tx.calendar))
            )
        query = sa.select(*columns).where(table.group_id == tx.actor.group_id, holds)
        # The offset of nought keeps the planner from making one query of the two.
        return query.offset(0).subquery("fulfilling")

    def _repeat(self, repeat: Repeat) -> Column:
        """Look up the line of the repeat that is due by now; empty where there is none, or no first firing either."""
        first = aliased(Event)
        number = sa.case(
            (first.kind != FIRED, "0"),
            *((first.at < instant_text(until), str(number)) for number, until in self._last_firsts(repeat)),
            else_="0",
        )
        asked = sa.select(self._said(self._key(number))).where(first.once == self._key("0"))
        return asked.correlate_except(first).scalar_subquery()

    def _last_firsts(self, repeat: Repeat) -> Iterator[tuple[int, datetime]]:
        """Give each repeat, the last one first, with the end of the last day whose firing has it due by today."""
        calendar = self._tx.calendar
        for number in range(repeat.at_most - 1, 0, -1):
            span = Span(number * repeat.every.number, repeat.every.unit)
            day = span.last_within(self._tx.today, calendar)
            if day is not None:
                yield number, calendar.instant(day + timedelta(days=1), time.min)

    def _has_spoken(self, place: int) -> Column:
        """Say that a louder rule has spoken for its own occasion, and its condition is still true."""
        key = self._spelled(self._louder[place], self._rows.c[f"occasion_{place}"], "0")
        said = self._said(key, Event.kind == FIRED)
        return sa.and_(self._rows.c[f"holds_{place}"], said.is_not(None))

    def _said(self, key: Column, *where: Column) -> Column:
        # Whatever else the key speaks of stands in the statement around it.
        return sa.select(Event.seq).where(Event.once == key, *where).correlate_except(Event).scalar_subquery()

    def _key(self, number: Column | str) -> Column:
        return self._spelled(self._rule, self._rows.c.occasion, number)

    def _spelled(self, rule: Rule, occasion: Column, number: Column | str) -> Column:
        """Spell the ledger's key of a firing as `telling.firing_key` does."""
        stem = sa.literal(f"rule:{rule.id}:{self._noun.kind}/", sa.Text())
        subject = sa.cast(self._rows.c.subject, sa.Text)
        return stem.concat(subject).concat(":").concat(occasion).concat(":").concat(number)

    def _holds(self, rule: Rule, day: date) -> Column:
        return fulfils(self._tx, self._noun, rule, day)

    def _occasion(self, rule: Rule) -> Column:
        """Spell the value of the fact to which a firing belongs as `Rule.occasion` does."""
        value, name = self._facts[rule.once_per], rule.once_per
        kind = next((one.field.kind for one in self._noun.facts if one.field.name == name), Kind.CHOICE)
        if kind is Kind.YES_NO:
            return sa.case((value, "true"), else_="false")
        if kind is Kind.DATE and self._tx.session.info["dialect"].name == "postgresql":
            spelled: Column = sa.func.to_char(value, "YYYY-MM-DD")
        else:
            spelled = sa.cast(value, sa.Text)
        return sa.func.coalesce(spelled, "none")
