"""A group's past, lived again: its rows as they were, in a database in memory that is moved through the history.

The first line of a subject brings its row back, each later line what it changed, and what was entered with a line
comes with it. What was taken over from a database that knew no history of it stands there from the beginning, as it was
taken over. What rules have set is left out: whoever lives the past under other rules sets it anew. What the history
does not date stands there from the beginning, as it is today: people, posts and who holds them, absences, agencies and
their records, and what people wrote. Mails are not there at all. Nothing here is ever written where the group lives.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.facts import NOUNS
from assurance.past import FIRED, NOTICED, PASSED_OVER
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
    RuleHold,
)
from assurance.records.rules import DailySweep, RuleStamp
from assurance.renamings import Called, called_later
from assurance.tables import METADATA, MOVED
from engine.bookmarks import Bookmark
from engine.definitions import published
from engine.ledger import Entry, Event, EventText, canonical, entry_of
from engine.moved import Moved, Ref
from engine.prepared import Prepared
from engine.store import Store, open_store
from engine.timers import Timer
from notifications.outbox import Message

Row = dict[str, Any]
_INTERNAL: tuple[type[object], ...] = (
    Event,
    EventText,
    Timer,
    Bookmark,
    RuleStamp,
    DailySweep,
    Message,
    DigestItem,
)
_BY_RULES = frozenset({FIRED, NOTICED, PASSED_OVER})
_ASKED = "asked"


class _Child(NamedTuple):
    """A table whose rows come with a line: under which word the line names them."""

    word: str
    table: type[object]


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
_ENTERED: tuple[type[object], ...] = (*(child.table for child in _NAMED), Answer, AgencyAnswer, Dissemination)
_BESIDE: tuple[type[object], ...] = (RecommendationAim, RecommendationFinding)


@dataclass(slots=True)
class PastWorld:
    """The database in memory, and the lines that have still to be lived, oldest first."""

    store: Store
    lines: list[Entry]
    _written: list[Event]
    _rows: dict[str, dict[int, Row]]
    _of: dict[str, dict[int, list[Row]]]
    _tables: Mapping[str, type[Moved]]
    _called: Mapping[tuple[str, str], Called]
    _definitions: Mapping[str, int]
    _dated: Mapping[str, frozenset[str]]
    _kept: dict[Ref, Row] = field(default_factory=dict)
    _pinned: dict[Ref, int] = field(default_factory=dict)
    _lived: int = 0

    @classmethod
    def of(cls, session: Session, group_id: int) -> PastWorld:
        """Read a group's history and rows, and make the world as it was before its first line."""
        store = open_store(":memory:", survives_power_cut=False)
        # Rows come in the order of their lives, not in that of their references.
        store.db.raw_connection().cursor().execute("PRAGMA foreign_keys = OFF")
        METADATA.create_all(store.db)
        rows = _copied(session, store, group_id)
        written = session.scalars(
            sa.select(Event)
            .where(Event.group_id == group_id)
            .order_by(Event.at, Event.subject_kind, Event.subject_id, Event.seq)
        ).all()
        lines = [entry_of(line) for line in written]
        return cls(
            store,
            lines,
            list(written),
            rows,
            {
                _name(Answer): _grouped(rows, Answer, "return_id"),
                _name(AgencyAnswer): _grouped(rows, AgencyAnswer, "recommendation_id"),
                _name(Dissemination): _grouped(rows, Dissemination, "audit_id"),
                _name(RecommendationAim): _grouped(rows, RecommendationAim, "recommendation_id"),
                _name(RecommendationFinding): _grouped(rows, RecommendationFinding, "recommendation_id"),
            },
            {table.noun: table for table in MOVED if table.noun},
            called_later(lines),
            {one.hash: one.id for one in published(session)},
            _fields_with_days(lines),
        )

    @property
    def knows_holds(self) -> bool:
        """Tell whether anything has ever held a rule."""
        return bool(self._rows[_name(RuleHold)])

    @property
    def taken_over(self) -> tuple[Entry, ...]:
        """The first lines of what was there before anybody wrote its history."""
        return tuple(line for line in self.lines if line.data.get("taken_over"))

    def held_by(self, hold: int) -> Ref | None:
        """Give the subject that a hold is about; None for one that is about every subject."""
        row = self._rows[_name(RuleHold)][hold]
        kind, number = row["subject_kind"], row["subject_id"]
        return None if kind is None or number is None else Ref(kind, number)

    def live_until(self, session: Session, end: datetime) -> list[Entry]:
        """Live every line before an instant; give them, oldest first."""
        if not self._lived:
            self._take_over(session)
        first = self._lived
        while self._lived < len(self.lines) and self.lines[self._lived].at < end:
            self._live(session, self.lines[self._lived])
            self._lived += 1
        lived = slice(first, self._lived)
        # Whoever asks later who has answered, and who has taken a step, reads it in the history.
        kept = [line for line in self._written[lived] if line.kind not in _BY_RULES]
        _insert(session, Event, [_columns_of(line) for line in kept])
        session.expire_all()
        return self.lines[lived]

    def close(self) -> None:
        """Forget the world."""
        self.store.close()

    def _take_over(self, session: Session) -> None:
        """Bring back what was there before anybody wrote its history."""
        for line in self.taken_over:
            self._open(session, self._tables.get(line.ref.kind, Matter), line)

    def _live(self, session: Session, line: Entry) -> None:
        if line.kind in _BY_RULES:
            return
        table = self._tables.get(line.ref.kind, Matter)
        if line.kind == "opened":
            self._open(session, table, line)
        else:
            changed = self._changed(table, line)
            if changed:
                _updating(_table(table), tuple(sorted(changed))).run(
                    session, {**changed, "the_row": line.ref.id}
                )
        for child in _NAMED:
            number = line.data.get(child.word)
            if isinstance(number, int):
                _insert(session, child.table, [self._rows[_name(child.table)].get(number)])
        self._live_answers(session, line)

    def _open(self, session: Session, table: type[Moved], line: Entry) -> None:
        """Bring a row back as its first line has it; what the line does not keep is as it is today."""
        final = self._rows[_name(table)].get(line.ref.id)
        if final is None:
            return
        if table.kept_in is not None:
            dated = self._dated.get(line.ref.kind, frozenset())
            kept = json.loads(final[table.kept_in])
            self._kept[line.ref] = {name: value for name, value in kept.items() if name not in dated}
        row = {**final, "version": 1, "material_version": 1, **self._changed(table, line)}
        _insert(session, table, [row])
        if line.ref.kind == Recommendation.noun:
            for beside in _BESIDE:
                _insert(session, beside, self._beside(beside, line.ref.id))
            asked = [{**row, "answer": _ASKED} for row in self._beside(AgencyAnswer, line.ref.id)]
            _insert(session, AgencyAnswer, asked)

    def _changed(self, table: type[Moved], line: Entry) -> Row:
        """Give the columns that a line changed, as values of their types."""
        columns = _table(table).c
        said = {**line.data.get("row", {}), **line.data.get("set", {})}
        if line.ref.kind in NOUNS:
            # Lines of an older database do not say what follows what they set.
            said |= NOUNS[line.ref.kind].followers(said)
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
                _insert(session, Answer, [{**row, "answer": given[row["aim_id"]]} for row in kept])
            case "answer_for_agency":
                _answer_for(session, line.ref.id, data["agency"], data["answer"])
            case "plan_action":
                action = self._rows["action"].get(data["action"])
                if action is not None:
                    _answer_for(session, line.ref.id, action["agency_id"], "accepted")
            case "record_dissemination":
                rows = self._beside(Dissemination, line.ref.id)
                _insert(session, Dissemination, [row for row in rows if row["agency_id"] == data["agency"]])

    def _beside(self, table: type[object], number: int) -> list[Row]:
        return self._of[_name(table)].get(number, [])


def about(line: Entry) -> set[Ref]:
    """Give the subjects that a line touches: its own, and the one that a decision is about."""
    refs = {line.ref}
    if line.ref.kind == Approval.noun and "about" in line.data:
        kind, _, number = str(line.data["about"]).partition("/")
        refs.add(Ref(kind, int(number)))
    return refs


def _copied(session: Session, store: Store, group_id: int) -> dict[str, dict[int, Row]]:
    """Copy what the history does not date; give the rows of all that it does, as they are today, by their numbers."""
    dated = {_name(table) for table in (*MOVED, *_ENTERED, *_BESIDE)}
    internal = {_name(table) for table in _INTERNAL}
    rows: dict[str, dict[int, Row]] = {}
    with store.begin() as past:
        for table in METADATA.sorted_tables:
            if table.name in internal:
                continue
            found = [dict(row._mapping) for row in session.execute(_all_of(table, group_id))]
            if table.name in dated:
                rows[table.name] = {row.get("id", number): row for number, row in enumerate(found)}
            elif found:
                past.execute(sa.insert(table), found)
    return rows


def _fields_with_days(lines: Iterable[Entry]) -> dict[str, frozenset[str]]:
    """Name for each kind the facts that its histories set: of any other it is not known when it became what it is."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        found[line.ref.kind].update(line.data.get("set", ()))
    return {kind: frozenset(names) for kind, names in found.items()}


def _grouped(rows: Mapping[str, Mapping[int, Row]], table: type[object], column: str) -> dict[int, list[Row]]:
    grouped: dict[int, list[Row]] = defaultdict(list)
    for row in rows[_name(table)].values():
        grouped[row[column]].append(row)
    return grouped


def _insert(session: Session, table: type[object], rows: Sequence[Row | None]) -> None:
    _inserting(_table(table)).run_all(session, [row for row in rows if row is not None])


@cache
def _inserting(table: sa.Table) -> Prepared:
    """Prepare to write rows; one that is there already stays as it is."""
    columns: Row = {column.name: sa.bindparam(column.name) for column in table.c}
    return Prepared(sa.insert(table).prefix_with("OR IGNORE").values(columns))


@cache
def _updating(table: sa.Table, names: tuple[str, ...]) -> Prepared:
    """Prepare to change some columns of one row."""
    columns: Row = {name: sa.bindparam(name) for name in names}
    return Prepared(sa.update(table).where(table.c.id == sa.bindparam("the_row")).values(columns))


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


def _columns_of(line: Event) -> Row:
    return {column.name: getattr(line, column.name) for column in _table(Event).c}


def _table(table: type[object]) -> sa.Table:
    found = sa.inspect(table).local_table
    if not isinstance(found, sa.Table):
        raise TypeError(f"{table} is kept in no table of its own")
    return found


def _name(table: type[object]) -> str:
    return _table(table).name


def _typed(column: sa.Column[Any], value: Any) -> Any:
    if not isinstance(value, str):
        return value
    readers: Iterable[tuple[type[object], Callable[[str], Any]]] = (
        (sa.Date, date.fromisoformat),
        (sa.DateTime, datetime.fromisoformat),
    )
    kind = getattr(column.type, "impl", column.type)
    return next((read(value) for of, read in readers if isinstance(kind, of)), value)
