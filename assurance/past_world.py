"""A group's past, lived again: its rows as they were, in a database in memory that is moved through the history.

The first line of a subject brings its row back, each later line what it changed, and what was entered with a line
comes with it. What the history does not date stands there from the beginning: people, posts, agencies, the texts of
a subject. Nothing here is ever written where the group lives.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.records import (
    AgencyAnswer,
    Aim,
    Answer,
    Approval,
    Case,
    DigestItem,
    Dissemination,
    Evidence,
    Finding,
    Matter,
    Moderation,
    ProgressNote,
    ReAudit,
    Recommendation,
    RecommendationAim,
    RecommendationFinding,
)
from assurance.renamings import Called, called_later
from assurance.tables import METADATA, MOVED
from engine.definitions import published
from engine.ledger import Entry, Event, canonical, entry_of
from engine.moved import Moved, Ref
from engine.store import Store, open_store
from notifications.outbox import Message

Row = dict[str, Any]
_INTERNAL = frozenset(
    {"event", "event_text", "timer", "bookmark", Message.__tablename__, DigestItem.__tablename__}
)
_ASKED = "asked"


class _Child(NamedTuple):
    """A table whose rows come with a line: under which word the line names them."""

    word: str
    table: type[Any]


_NAMED = (
    _Child("aim", Aim),
    _Child("case", Case),
    _Child("finding", Finding),
    _Child("moderation", Moderation),
    _Child("note", ProgressNote),
    _Child("evidence", Evidence),
    _Child("re_audit", ReAudit),
)
# Rows that stand beside a subject from its first line on, or that a line names by what they are about.
_ENTERED: tuple[type[Any], ...] = (*(child.table for child in _NAMED), Answer, AgencyAnswer, Dissemination)
_BESIDE: tuple[type[Any], ...] = (RecommendationAim, RecommendationFinding)


@dataclass(slots=True)
class PastWorld:
    """The database in memory, and the lines that have still to be lived, oldest first."""

    store: Store
    lines: list[Entry]
    _rows: dict[str, dict[int, Row]]
    _of: dict[str, dict[tuple[int, ...], list[Row]]]
    _tables: dict[str, type[Moved]]
    _kept: dict[Ref, Row] = field(default_factory=dict)
    _called: dict[tuple[str, str], Called] = field(default_factory=dict)
    _definitions: dict[str, int] = field(default_factory=dict)
    _pinned: dict[Ref, int] = field(default_factory=dict)
    _lived: int = 0

    @classmethod
    def of(cls, session: Session, group_id: int) -> PastWorld:
        """Read a group's history and rows, and make the world as it was before its first line."""
        store = open_store(":memory:", survives_power_cut=False)
        # Rows come in the order of their lives, not in that of their references.
        store.db.raw_connection().cursor().execute("PRAGMA foreign_keys = OFF")
        METADATA.create_all(store.db)
        lines = session.scalars(
            sa.select(Event)
            .where(Event.group_id == group_id)
            .order_by(Event.at, Event.subject_kind, Event.subject_id, Event.seq)
        )
        moving = {_name(table) for table in MOVED}
        late = {_name(table) for table in (*_ENTERED, *_BESIDE)}
        rows: dict[str, dict[int, Row]] = {}
        with store.begin() as past:
            for table in METADATA.sorted_tables:
                if table.name in _INTERNAL:
                    continue
                found = [dict(row._mapping) for row in session.execute(_all_of(table, group_id))]
                if table.name in moving | late:
                    rows[table.name] = {row.get("id", number): row for number, row in enumerate(found)}
                elif found:
                    past.execute(sa.insert(table), found)
        world = cls(store, [entry_of(line) for line in lines], rows, {}, _by_kind())
        world._called = called_later(world.lines)
        world._definitions = {one.hash: one.id for one in published(session)}
        world._of = {
            _name(Answer): world._grouped(Answer, "return_id"),
            _name(AgencyAnswer): world._grouped(AgencyAnswer, "recommendation_id"),
            _name(Dissemination): world._grouped(Dissemination, "audit_id"),
            _name(RecommendationAim): world._grouped(RecommendationAim, "recommendation_id"),
            _name(RecommendationFinding): world._grouped(RecommendationFinding, "recommendation_id"),
        }
        return world

    def live_until(self, session: Session, end: datetime) -> list[Entry]:
        """Live every line before an instant; give them, oldest first."""
        first = self._lived
        while self._lived < len(self.lines) and self.lines[self._lived].at < end:
            self._live(session, self.lines[self._lived])
            self._lived += 1
        return self.lines[first : self._lived]

    def close(self) -> None:
        """Forget the world."""
        self.store.close()

    def _live(self, session: Session, line: Entry) -> None:
        table = self._tables.get(line.ref.kind, Matter)
        if line.kind == "opened":
            self._open(session, table, line)
        else:
            changed = self._changed(table, line)
            if changed:
                session.execute(sa.update(table).where(table.id == line.ref.id).values(changed))
        for child in _NAMED:
            number = line.data.get(child.word)
            if isinstance(number, int):
                self._insert(session, child.table, [self._rows[_name(child.table)].get(number)])
        self._live_answers(session, line)

    def _open(self, session: Session, table: type[Moved], line: Entry) -> None:
        """Bring a row back as its first line has it; what the line does not keep is as it is today."""
        final = self._rows[_name(table)].get(line.ref.id)
        if final is None:
            return
        row = {**final, "version": 1, "material_version": 1, **self._changed(table, line)}
        session.execute(sa.insert(table).values(row))
        if line.ref.kind == Recommendation.noun:
            for beside in _BESIDE:
                self._insert(session, beside, self._beside(beside, line.ref.id))
            asked = [{**row, "answer": _ASKED} for row in self._beside(AgencyAnswer, line.ref.id)]
            self._insert(session, AgencyAnswer, asked)

    def _changed(self, table: type[Moved], line: Entry) -> Row:
        """Give the columns that a line changed, as values of their types."""
        columns = sa.inspect(table).local_table.c
        said = {**line.data.get("row", {}), **line.data.get("set", {})}
        if "definition_id" in said:
            self._pinned[line.ref] = said["definition_id"]
        if "to" in line.data:
            said |= self._stood(line)
        changed = {name: _typed(columns[name], value) for name, value in said.items() if name in columns}
        if table.kept_in is not None:
            own = {name: value for name, value in line.data.get("set", {}).items() if name not in columns}
            kept = self._kept[line.ref] = {**self._kept.get(line.ref, {}), **own}
            changed[table.kept_in] = canonical(
                {name: value for name, value in kept.items() if value is not None}
            )
        return changed

    def _stood(self, line: Entry) -> Row:
        """Give the state to which a line led, in the word of today and by the definition that knows it."""
        called = self._called.get((line.ref.kind, line.data["to"]))
        if called is not None:
            return {"state": called.state, "definition_id": self._definitions[called.definition]}
        return {"state": line.data["to"], "definition_id": self._pinned[line.ref]}

    def _live_answers(self, session: Session, line: Entry) -> None:
        """Live what agencies answered: returns aim by aim, recommendations, and how they spread the learning."""
        data = line.data
        match data.get("trigger"):
            case "answer":
                given = {int(aim): answer for aim, answer in data.get("answers", {}).items()}
                session.execute(
                    sa.delete(Answer).where(Answer.return_id == line.ref.id, Answer.aim_id.in_(given))
                )
                kept = [row for row in self._beside(Answer, line.ref.id) if row["aim_id"] in given]
                self._insert(session, Answer, [{**row, "answer": given[row["aim_id"]]} for row in kept])
            case "answer_for_agency":
                _answer_for(session, line.ref.id, data["agency"], data["answer"])
            case "plan_action":
                action = self._rows["action"].get(data["action"])
                if action is not None:
                    _answer_for(session, line.ref.id, action["agency_id"], "accepted")
            case "record_dissemination":
                rows = self._beside(Dissemination, line.ref.id)
                self._insert(
                    session, Dissemination, [row for row in rows if row["agency_id"] == data["agency"]]
                )

    def _grouped(self, table: type[Any], column: str) -> dict[tuple[int, ...], list[Row]]:
        grouped: dict[tuple[int, ...], list[Row]] = defaultdict(list)
        for row in self._rows[_name(table)].values():
            grouped[(row[column],)].append(row)
        return grouped

    def _beside(self, table: type[Any], number: int) -> list[Row]:
        return self._of[_name(table)].get((number,), [])

    def _insert(self, session: Session, table: type[Any], rows: Sequence[Row | None]) -> None:
        there = [row for row in rows if row is not None]
        if there:
            session.execute(sa.insert(table).prefix_with("OR IGNORE"), there)


def _answer_for(session: Session, recommendation: int, agency: int, answer: str) -> None:
    session.execute(
        sa.update(AgencyAnswer)
        .where(AgencyAnswer.recommendation_id == recommendation, AgencyAnswer.agency_id == agency)
        .values(answer=answer)
    )


def _all_of(table: sa.Table, group_id: int) -> sa.Select[Any]:
    query = sa.select(table)
    if table.name == "tenant":
        return query.where(table.c.id == group_id)
    return query.where(table.c.group_id == group_id) if "group_id" in table.c else query


def _name(table: type[Any]) -> str:
    name: str = sa.inspect(table).local_table.name
    return name


def _by_kind() -> dict[str, type[Moved]]:
    return {table.noun: table for table in MOVED if table.noun}


def _typed(column: sa.Column[Any], value: Any) -> Any:
    if not isinstance(value, str):
        return value
    readers: Iterable[tuple[type[Any], Callable[[str], Any]]] = (
        (sa.Date, date.fromisoformat),
        (sa.DateTime, datetime.fromisoformat),
    )
    kind = getattr(column.type, "impl", column.type)
    return next((read(value) for of, read in readers if isinstance(kind, of)), value)


def about(line: Entry) -> set[Ref]:
    """Give the subjects that a line touches: its own, and the one that a decision is about."""
    refs = {line.ref}
    if line.ref.kind == Approval.noun and "about" in line.data:
        kind, _, number = str(line.data["about"]).partition("/")
        refs.add(Ref(kind, int(number)))
    return refs
