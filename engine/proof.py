"""Does the history still say what was sealed, and does the present follow from it?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.definitions import MIGRATED, SHORT, published
from engine.errors import BadDefinition
from engine.ledger import ERASED, SEALED_COLUMNS, Event, EventText, canonical, commitment_of, seal_of
from engine.moved import Moved, Ref
from engine.store import reading_damage
from engine.workflow_file import content_hash
from engine.yamlfile import parse_yaml

CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One place where the history is not what was sealed: the subject, its line (0: the whole) and why."""

    subject: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return (
            f"{self.subject} line {self.line}: {self.sentence}"
            if self.line
            else f"{self.subject}: {self.sentence}"
        )


class _Text(NamedTuple):
    """What stands beside one line."""

    salt: str
    text: str | None
    is_erased: bool


_Place: TypeAlias = tuple[str, int, int, str]
_Texts: TypeAlias = Mapping[_Place, _Text]


@dataclass(frozen=True, slots=True)
class Proof:
    """What was checked, and every fault that was found."""

    subjects: int
    lines: int
    faults: tuple[Fault, ...]


def verify(session: Session, tables: Iterable[type[Moved]], *, group: int | None = None) -> Proof:
    """Check every seal, every text's commitment, and every subject's row against its replayed history.

    Reads the stored bytes as they are, so that a change of one byte in any column is found. `group` leaves the
    subjects of one group.
    """
    with reading_damage(session):
        kept = {row.id: row.hash for row in published(session)}
        standings = _standings(session, tables, group=group)
        proof = _verify(_stored_lines(session, group=group), standings, _texts(session, group=group), kept)
        return replace(proof, faults=(*proof.faults, *_definitions(session)))


def verify_one(session: Session, table: type[Moved], ref: Ref) -> Proof:
    """Check the seals, texts and row of one subject as `verify` does, without looking at any other."""
    with reading_damage(session):
        kept = {row.id: row.hash for row in published(session)}
        standings = _standings(session, [table], only=ref)
        return _verify(_stored_lines(session, only=ref), standings, _texts(session, only=ref), kept)


def _verify(
    stored: Iterable[tuple[Any, ...]],
    standings: Mapping[Ref, Mapping[str, Any]],
    told: _Texts,
    kept: Mapping[Any, str],
) -> Proof:
    faults: list[Fault] = []
    seen: set[Ref] = set()
    unsealed = set(told)
    lines = 0
    chain: _Chain | None = None
    for row in stored:
        lines += 1
        if chain is None or (chain.kind, chain.id) != row[1:3]:
            if chain is not None:
                faults += chain.finish(standings, kept)
            chain = _Chain(row[1], row[2], told, unsealed)
            seen.add(Ref(row[1], row[2]))
        faults += chain.follow(row)
    if chain is not None:
        faults += chain.finish(standings, kept)
    for ref, standing in standings.items():
        if ref not in seen:
            faults.append(Fault(str(ref), standing["version"], "every line of its history is missing"))
    faults += [
        Fault(f"{kind}/{subject}", line, f"the text {name!r} beside it was never sealed")
        for kind, subject, line, name in sorted(unsealed)
        if Ref(kind, subject) in seen or Ref(kind, subject) not in standings
    ]
    return Proof(subjects=len(standings), lines=lines, faults=tuple(faults))


def _definitions(session: Session) -> Iterator[Fault]:
    """Check that every published definition still says what its hash was taken of."""
    for row in published(session):
        try:
            is_sound = content_hash(parse_yaml(row.text, file=f"definition {row.id}")) == row.hash
        except BadDefinition:
            is_sound = False
        if not is_sound:
            yield Fault(f"definition/{row.id}", 0, "its text was changed after subjects were pinned to it")


class _Chain:
    """Follows one subject from its first line to its head."""

    def __init__(self, kind: Any, subject: Any, told: _Texts, unsealed: set[_Place]) -> None:
        self.kind, self.id = kind, subject
        self._told, self._unsealed = told, unsealed
        self._is_whole = True
        self._previous, self._next = "", 1
        self._state: str | None = None
        self._definition: str | None = None
        self._group: Any = None
        self._material = 0
        self._set: dict[str, Any] = {}
        self._emptied: set[tuple[int, str]] = set()
        self._erased: set[tuple[int, str]] = set()

    def follow(self, row: tuple[Any, ...]) -> Iterator[Fault]:
        *columns, seal = row
        line = dict(zip(SEALED_COLUMNS, columns, strict=True))
        number = line["seq"] if isinstance(line["seq"], int) else self._next
        if line["seq"] != self._next:
            self._is_whole = False
            yield self._fault(self._next, f"this line is missing; the next one that stands is {line['seq']}")
        elif _has_bytes(columns) or seal_of(self._previous, columns) != seal:
            self._is_whole = False
            yield self._fault(number, "the line or its seal was changed after it was sealed")
        else:
            self._group = line["group_id"]
            yield from self._replay(number, line["kind"], json.loads(line["data"]))
        # Go on from what stands here, so that one change is reported once and not for every later line.
        self._previous, self._next = str(seal), number + 1

    def _replay(self, number: int, kind: str, said: Mapping[str, Any]) -> Iterator[Fault]:
        if kind == MIGRATED:
            yield from self._migrated(number, said)
        elif kind == ERASED:
            self._erased |= {(line, name) for line, name in said.get("erased", ())}
        self._definition = said.get("definition", self._definition)
        self._state = said.get("to", self._state)
        self._material = self._material if said.get("minor") else number
        self._set |= {**said.get("row", {}), **said.get("set", {})}
        for name, promised in said.get("texts", {}).items():
            place = self.kind, self.id, number, name
            self._unsealed.discard(place)
            text = self._told.get(place)
            if text is None:
                yield self._fault(number, f"the text {name!r} that belongs to it is missing")
            elif text.text is None and not text.is_erased:
                yield self._fault(number, f"the text {name!r} was emptied without an erasure")
            elif text.text is None:
                self._emptied.add((number, name))
            elif commitment_of(text.salt, text.text) != promised:
                yield self._fault(number, f"the text {name!r} was changed after it was sealed")

    def _migrated(self, number: int, said: Mapping[str, Any]) -> Iterator[Fault]:
        """Ask of the line that leads from one definition to another whether it leaves where the subject stood."""
        left, stood = str(said.get("from_definition"))[:SHORT], str(self._definition)[:SHORT]
        if self._definition is not None and left != stood:
            yield self._fault(number, f"it left the definition {left}, but went by {stood} until then")
        if said.get("from", self._state) != self._state:
            yield self._fault(number, f"it left the state {said['from']!r}, but stood at {self._state!r}")

    def finish(self, standings: Mapping[Ref, Mapping[str, Any]], kept: Mapping[Any, str]) -> Iterator[Fault]:
        last = self._next - 1
        standing = standings.get(Ref(self.kind, self.id))
        if standing is None:
            yield self._fault(last, "there is a history but no such subject")
            return
        if standing["version"] != last:
            self._is_whole = False
            yield self._fault(
                max(last, standing["version"]) if isinstance(standing["version"], int) else last,
                f"the subject stands at line {standing['version']}, its history ends at {last}",
            )
        elif standing["head"] != self._previous:
            yield self._fault(last, "the head kept with the subject is not the seal of its last line")
        if not self._is_whole:
            # Of a history with a gap nobody can say what it promised: neither the state nor the texts.
            self._unsealed -= {place for place in self._unsealed if place[:2] == (self.kind, self.id)}
            return
        yield from self._erasures()
        if self._state is not None and standing["state"] != self._state:
            yield self._fault(last, f"its state is {standing['state']!r}, its history says {self._state!r}")
        pinned = standing["definition_id"]
        if self._definition not in (None, kept.get(pinned)) and self._set.get("definition_id") == pinned:
            yield self._fault(last, f"definition/{pinned} is not the one that its history names")
        bound = {"group_id": self._group, "material_version": self._material, **self._set}
        for name, value in bound.items():
            if name in standing and canonical(_plain(standing[name])) != canonical(value):
                yield self._fault(
                    last, f"its {name} is {_plain(standing[name])!r}, its history says {value!r}"
                )

    def _erasures(self) -> Iterator[Fault]:
        """Ask whether the texts that are gone are those of which the history says so."""
        for line, name in sorted(self._emptied - self._erased):
            yield self._fault(line, f"the text {name!r} was erased, and no line says by whom and why")
        for line, name in sorted(self._erased - self._emptied):
            if (self.kind, self.id, line, name) in self._told:
                yield self._fault(line, f"the text {name!r} was erased, and stands there again")

    def _fault(self, line: int, sentence: str) -> Fault:
        return Fault(f"{self.kind}/{self.id}", line, sentence)


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _stored_lines(
    session: Session, *, only: Ref | None = None, group: int | None = None
) -> Iterator[tuple[Any, ...]]:
    """Read lines as the database keeps them, without the mapped types that could refuse a changed byte."""
    columns = Event.__table__.c
    raw = [
        sa.type_coerce(columns[name], sa.types.NullType()).label(name) for name in (*SEALED_COLUMNS, "seal")
    ]
    query = sa.select(*raw).where(*_about(Event, only, group))
    query = query.order_by(columns.subject_kind, columns.subject_id, columns.seq)
    for chunk in session.execute(query).partitions(CHUNK):
        yield from (tuple(row) for row in chunk)


class _Kept(dict[str, Any]):
    """A row that keeps further facts in one column; a fact that it does not keep is empty."""

    def __init__(self, row: dict[str, Any], column: str) -> None:
        super().__init__()
        with suppress(ValueError, TypeError):
            self.update(json.loads(row[column]))
        self.update(row)

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> None:
        return None


def _has_bytes(columns: Iterable[Any]) -> bool:
    """Nothing that was sealed is binary; SQLite keeps it in any column all the same."""
    return any(isinstance(value, bytes) for value in columns)


def _about(
    table: type[Event] | type[EventText], only: Ref | None, group: int | None
) -> tuple[sa.ColumnElement[bool], ...]:
    own = () if group is None else (table.group_id == group,)
    return own if only is None else (*own, table.subject_kind == only.kind, table.subject_id == only.id)


def _texts(session: Session, *, only: Ref | None = None, group: int | None = None) -> dict[_Place, _Text]:
    rows = session.execute(
        sa.select(
            EventText.subject_kind,
            EventText.subject_id,
            EventText.seq,
            EventText.name,
            EventText.salt,
            EventText.text,
            EventText.erased_at.is_not(None),
        ).where(*_about(EventText, only, group))
    )
    return {
        (kind, subject, seq, name): _Text(salt, text, is_erased)
        for kind, subject, seq, name, salt, text, is_erased in rows
    }


def _standings(
    session: Session, tables: Iterable[type[Moved]], *, only: Ref | None = None, group: int | None = None
) -> dict[Ref, dict[str, Any]]:
    standings: dict[Ref, dict[str, Any]] = {}
    for table in tables:
        columns = [
            sa.type_coerce(column, sa.types.NullType()).label(column.name)
            if isinstance(column.type, sa.Date)
            else column
            for column in sa.inspect(table).local_table.c
        ]
        own = () if group is None else (table.group_id == group,)
        where = own if only is None else (*own, table.id == only.id)
        for row in session.execute(sa.select(*columns).where(*where)).mappings():
            kind = table.noun or row["kind"]
            standings[Ref(kind, row["id"])] = (
                dict(row) if table.kept_in is None else _Kept(dict(row), table.kept_in)
            )
    return standings
