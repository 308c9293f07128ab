"""How subjects stood on a past day: folded from their histories, not read from the rows of today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.definitions import MIGRATED
from engine.ledger import Entry, Event, entry_of
from engine.rules import Severity
from engine.store import instant_text


@dataclass(frozen=True, slots=True)
class PastDay:
    """A civil day of a group: what had happened by its end is known, nothing later."""

    on: date
    zone: ZoneInfo

    @property
    def end(self) -> datetime:
        """Give the first instant that no longer belongs to the day."""
        return datetime.combine(self.on + timedelta(days=1), time.min, tzinfo=self.zone)

    def day_of(self, at: datetime) -> date:
        """Give the group's civil day of an instant."""
        return at.astimezone(self.zone).date()


class _Standing(NamedTuple):
    """A state, and the line of the move by which the subject came to it."""

    state: str
    by: Entry


@dataclass(frozen=True, slots=True)
class Stood:
    """One subject at the end of a day: its lines up to then, and what only later lines have set."""

    lines: tuple[Entry, ...]
    set_later: frozenset[str]
    past: PastDay

    @property
    def state(self) -> str:
        """Give the state in which the subject was, as the definition of that day called it."""
        return self._standings[-1].state

    @property
    def definition(self) -> str:
        """Give the hash of the definition by which the subject went; empty where nobody wrote it down."""
        told = [line.data["definition"] for line in self.lines if "definition" in line.data]
        return str(told[-1]) if told else ""

    @property
    def came_by(self) -> str:
        """Give the move by which it came to that state; empty for its first state."""
        return str(self._standings[-1].by.data.get("trigger", ""))

    @property
    def came_line(self) -> int:
        """Give the number of the line that brought it to that state."""
        return self._standings[-1].by.seq

    @property
    def came_on(self) -> date:
        """Give the day on which it came to that state."""
        return self.past.day_of(self._standings[-1].by.at)

    def last_in(self, state: str) -> date | None:
        """Give the last day on which the subject came to a state."""
        came = [one.by.at for one in self._standings if one.state == state]
        return self.past.day_of(came[-1]) if came else None

    def day(self, name: str, *, kept: date | None) -> date | None:
        """Give a date as it was; `kept` is what the row holds today, true if no line ever set it."""
        value = self._value(name, None if kept is None else kept.isoformat())
        return None if value is None else date.fromisoformat(value)

    def first_day(self, name: str) -> date | None:
        """Give the first date that was ever set under this name."""
        first = next((value for value in self._settings(name) if value is not None), None)
        return None if first is None else date.fromisoformat(first)

    def whole(self, name: str, *, kept: int) -> int:
        """Give a count as it was; a count that only later lines have set was nought."""
        return int(self._value(name, kept) or 0)

    def told(self, trigger: str, name: str) -> tuple[Any, ...]:
        """Give what each line of one move says under a name, oldest first."""
        lines = (line.data for line in self.lines if line.data.get("trigger") == trigger)
        return tuple(data[name] for data in lines if name in data)

    def escalated_on(self) -> date | None:
        """Give the day on which a rule first escalated the subject."""
        loud = (line.at for line in self.lines if line.data.get("severity") == Severity.ESCALATION)
        first = next(loud, None)
        return None if first is None else self.past.day_of(first)

    @property
    def _standings(self) -> list[_Standing]:
        """Give the states in order, each with the line of the move that led to it.

        Where a definition has called a state otherwise, the subject has stood there since it came to the old one.
        """
        found: list[_Standing] = []
        for line in self.lines:
            if "to" in line.data:
                by = found[-1].by if line.kind == MIGRATED and found else line
                found.append(_Standing(str(line.data["to"]), by))
        return found

    def _value(self, name: str, kept: Any) -> Any:
        settings = self._settings(name)
        if settings:
            return settings[-1]
        return None if name in self.set_later else kept

    def _settings(self, name: str) -> list[Any]:
        return [line.data["set"][name] for line in self.lines if name in line.data.get("set", {})]


def stood(session: Session, kind: str, subjects: sa.Select[int], *, past: PastDay) -> Mapping[int, Stood]:
    """Fold the histories of the subjects that a query names; one that did not exist by then is left out."""
    # Columns and no objects: of many subjects there are very many lines.
    rows = session.execute(
        sa.select(*Event.__table__.c)
        .where(Event.subject_kind == kind, Event.subject_id.in_(subjects))
        .order_by(Event.subject_id, Event.seq)
    )
    end = instant_text(past.end)
    until: dict[int, list[Entry]] = defaultdict(list)
    later: dict[int, set[str]] = defaultdict(set)
    for row in rows:
        entry = entry_of(row)
        if row.at < end:
            until[entry.ref.id].append(entry)
        else:
            later[entry.ref.id] |= set(entry.data.get("set", {}))
    return {subject: Stood(tuple(lines), frozenset(later[subject]), past) for subject, lines in until.items()}
