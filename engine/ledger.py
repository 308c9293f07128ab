"""The one memory: an append-only table of events, sealed in a chain for each subject.

The number of a line is the version of its subject (no lost update), its `once` key stops repeats,
and its seal makes it evidence. What people wrote stands beside the chain as a salted commitment,
so that it can be erased without breaking the chain.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.errors import Refused, Stale
from engine.moved import Moved, Ref, Standing
from engine.prepared import Prepared
from engine.store import Base, instant_text
from engine.wire import Promise


class Event(Base):
    """One line of one subject's history. The database itself refuses to change or delete it.

    Every column is text or a number exactly as it was sealed: `at` is an instant in 27 characters,
    `data` is canonical JSON.
    """

    __tablename__ = "event"
    __table_args__ = (sa.Index("ix_event_at", "at"), {"sqlite_with_rowid": False})

    subject_kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(sa.ForeignKey("tenant.id"))
    kind: Mapped[str]
    at: Mapped[str] = mapped_column(sa.String(27))
    actor: Mapped[str]
    once: Mapped[str | None] = mapped_column(unique=True)
    data: Mapped[str]
    seal: Mapped[str] = mapped_column(sa.String(64))


class EventText(Base):
    """What a person wrote in one line of a history; `text` is empty once it has been erased."""

    __tablename__ = "event_text"

    subject_kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(sa.ForeignKey("tenant.id"))
    salt: Mapped[str] = mapped_column(sa.String(32))
    text: Mapped[str | None]
    erased_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Line:
    """What is to be written: by whom, when, and what changes on the subject's row with it."""

    kind: str
    at: datetime
    actor: str
    data: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    once: str | None = None
    material: bool = True


class Written(NamedTuple):
    """A line that stands in the history."""

    ref: Ref
    seq: int
    seal: str


class Entry(NamedTuple):
    """A line as it is read back."""

    ref: Ref
    seq: int
    kind: str
    at: datetime
    actor: str
    once: str | None
    data: dict[str, Any]


# The kind of a line that says which texts were erased: its data have `erased`, a list of line and name of each.
ERASED = "erased"
SEALED_COLUMNS = ("group_id", "subject_kind", "subject_id", "seq", "kind", "at", "actor", "once", "data")


# Made once: json.dumps would make one for each call.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(value: object) -> str:
    """Write a value as JSON in the one form that is sealed: sorted keys, no spaces, no escapes."""
    return _CANONICAL.encode(value)


def seal_of(previous: str, line: Sequence[object]) -> str:
    """Seal one line: SHA-256 over the previous seal and every stored column of the line."""
    return hashlib.sha256(f"{previous}\n{canonical(line)}".encode()).hexdigest()


def commitment_of(salt: str, text: str) -> str:
    """Commit to a text without telling it: SHA-256 over a random salt and the text."""
    return hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest()


_INSERT = Prepared(
    sa.insert(Event).values({column.name: sa.bindparam(column.name) for column in Event.__table__.c})
)
_INSERT_TEXT = Prepared(
    sa.insert(EventText).values(
        {
            name: sa.bindparam(name)
            for name in ("subject_kind", "subject_id", "seq", "name", "group_id", "salt", "text")
        }
    )
)
_ANSWERED = Prepared(
    sa.select(Event.subject_kind, Event.subject_id, Event.seq, Event.seal).where(
        Event.once == sa.bindparam("key")
    )
)


def append(session: Session, table: type[Moved], standing: Standing, line: Line) -> Written:
    """Write the next line of a subject and change its row, if nobody else was faster.

    A new subject stands at version 0 with an empty head; its first line is number 1.
    Raises Stale where another transaction has written a line since `standing` was read: at once, with the next
    question to a server, or when the transaction ends.
    """
    told = _sealed(standing, line)
    advancing = _advancing(table, frozenset(line.changes))
    advancing.tell(session, _advanced(_Step(standing, told.after, line.changes)), Promise(1, _faster()))
    _INSERT.tell(session, told.line)
    for text in told.texts:
        _INSERT_TEXT.tell(session, text)
    return told.written


def append_all(session: Session, table: type[Moved], lines: Sequence[tuple[Standing, Line]]) -> list[Written]:
    """Write the next lines of many subjects of one table, and change their rows, each as `append` would.

    Several for one subject stand in order, all with the standing that it has before the first of them.
    Raises Stale where another transaction has written a line for one of them since the standings were read.
    """
    steps: dict[Ref, _Step] = {}
    sealed: list[_Sealed] = []
    # Lines that share their data, down to the very same object, are spelled once.
    spelled: dict[tuple[int, bool], str] = {}
    for standing, line in lines:
        before = steps.get(standing.ref) or _Step(standing, standing, {})
        key = id(line.data), line.material
        told = _sealed(before.after, line, data=None if line.texts else spelled.get(key))
        if not line.texts:
            spelled[key] = told.line["data"]
        changes = {**before.changes, **line.changes} if line.changes else before.changes
        steps[standing.ref] = _Step(standing, told.after, changes)
        sealed.append(told)
    _advance(session, table, steps.values())
    _INSERT.run_all(session, [told.line for told in sealed])
    _INSERT_TEXT.run_all(session, [text for told in sealed for text in told.texts])
    return [told.written for told in sealed]


def answered(session: Session, once: str) -> Written | None:
    """Give the line that was written under this key, if there is one."""
    row = _ANSWERED.first(session, {"key": once})
    return None if row is None else Written(Ref(row[0], row[1]), row[2], row[3])


def history(session: Session, ref: Ref) -> tuple[Entry, ...]:
    """Give every line of one subject, oldest first."""
    rows = session.scalars(
        sa.select(Event).where(Event.subject_kind == ref.kind, Event.subject_id == ref.id).order_by(Event.seq)
    )
    return tuple(entry_of(row) for row in rows)


def texts(session: Session, ref: Ref) -> dict[tuple[int, str], str | None]:
    """Give what people wrote in one subject's history, by line number and name; None where erased."""
    rows = session.scalars(
        sa.select(EventText).where(EventText.subject_kind == ref.kind, EventText.subject_id == ref.id)
    )
    return {(row.seq, row.name): row.text for row in rows}


def erase_texts(session: Session, ref: Ref, places: Iterable[tuple[int, str]], *, at: datetime) -> None:
    """Empty texts beside a subject's history, by line and name, and forget their salts: nobody can try words on them.

    The caller writes the line that says so; without an `ERASED` line that names them, `verify` finds them missing.
    """
    for line, name in places:
        session.execute(
            sa.update(EventText)
            .where(EventText.subject_kind == ref.kind, EventText.subject_id == ref.id)
            .where(EventText.seq == line, EventText.name == name, EventText.text.is_not(None))
            .values(text=None, salt="", erased_at=at)
        )


def entry_of(row: Event | sa.Row[*tuple[Any, ...]]) -> Entry:
    """Read one stored line, from its object or from its columns."""
    return Entry(
        Ref(row.subject_kind, row.subject_id),
        row.seq,
        row.kind,
        datetime.fromisoformat(row.at),
        row.actor,
        row.once,
        json.loads(row.data),
    )


class _Sealed(NamedTuple):
    """A line ready to be stored: its columns, the texts beside it, and where its subject stands after it."""

    line: Mapping[str, Any]
    texts: Sequence[Mapping[str, Any]]
    after: Standing

    @property
    def written(self) -> Written:
        return Written(self.after.ref, self.after.version, self.after.head)


class _Step(NamedTuple):
    """One subject's way from one standing to another, with the columns that change on it."""

    before: Standing
    after: Standing
    changes: Mapping[str, Any]


def _sealed(standing: Standing, line: Line, *, data: str | None = None) -> _Sealed:
    """Make the next line of a subject, sealed with the line before it; `data` is what it says, spelled already."""
    seq = standing.version + 1
    promised: Mapping[str, str] = {}
    texts: Sequence[Mapping[str, Any]] = ()
    if line.texts:
        promised, texts = _promised(standing, seq, line)
    if data is None:
        data = _spelled(line, promised)
    kind, subject = standing.ref
    group_id, at = standing.group_id, instant_text(line.at)
    columns = (group_id, kind, subject, seq, line.kind, at, line.actor, line.once, data)
    seal = seal_of(standing.head, columns)
    stored = dict(zip(SEALED_COLUMNS, columns, strict=True))
    stored["seal"] = seal
    material = seq if line.material else standing.material_version
    after = Standing(standing.ref, group_id, standing.state, seq, material, seal, standing.definition_id)
    return _Sealed(stored, texts, after)


def _promised(
    standing: Standing, seq: int, line: Line
) -> tuple[Mapping[str, str], Sequence[Mapping[str, Any]]]:
    """Commit to what people wrote in a line: the commitments by name, and the rows that keep the texts beside it."""
    kind, subject = standing.ref
    place = {"subject_kind": kind, "subject_id": subject, "seq": seq, "group_id": standing.group_id}
    salts = {name: secrets.token_hex(16) for name in line.texts}
    rows = [{**place, "name": name, "salt": salts[name], "text": text} for name, text in line.texts.items()]
    return {name: commitment_of(salts[name], text) for name, text in line.texts.items()}, rows


def _spelled(line: Line, promised: Mapping[str, str]) -> str:
    """Spell what a line says, with the commitments to what people wrote."""
    told = {
        **line.data,
        **({"texts": promised} if promised else {}),
        **({} if line.material else {"minor": True}),
    }
    return canonical(told)


_ADVANCES: dict[tuple[type[Moved], frozenset[str]], Prepared] = {}


def _advance(session: Session, table: type[Moved], steps: Iterable[_Step]) -> None:
    """Change the rows of subjects, unless somebody has written to one of them since.

    Compare-and-set: the same line, written by two at once, finds the version moved for the second.
    """
    rows: dict[frozenset[str], list[Mapping[str, Any]]] = {}
    for step in steps:
        rows.setdefault(frozenset(step.changes), []).append(_advanced(step))
    for names, alike in rows.items():
        if _advancing(table, names).run_all(session, alike) != len(alike):
            raise _faster()


def _advanced(step: _Step) -> dict[str, Any]:
    """Give the values of one subject's compare-and-set."""
    before, after, changes = step
    values: dict[str, Any] = {f"new_{name}": value for name, value in changes.items()}
    values |= {"subject": before.ref.id, "seen": before.version}
    values |= {"new_version": after.version, "new_material_version": after.material_version}
    values["new_head"] = after.head
    return values


def _faster() -> Refused:
    return Stale.because("stale", "Somebody else has changed this in the meantime; look again.")


def _advancing(table: type[Moved], changes: frozenset[str]) -> Prepared:
    """Give the compare-and-set for one table and one set of changed columns, compiled once."""
    prepared = _ADVANCES.get((table, changes))
    if prepared is None:
        prepared = _ADVANCES[table, changes] = _compare_and_set(table, changes)
    return prepared


def _compare_and_set(table: type[Moved], changes: frozenset[str]) -> Prepared:
    columns = sa.inspect(table).local_table.c
    names = [*sorted(changes), "version", "material_version", "head"]
    return Prepared(
        sa.update(sa.inspect(table).local_table)
        .where(columns.id == sa.bindparam("subject"), columns.version == sa.bindparam("seen"))
        .values({name: sa.bindparam(f"new_{name}", type_=columns[name].type) for name in names})
    )
