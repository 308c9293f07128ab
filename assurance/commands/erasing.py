"""Erasing what should never have been written: one asks, another agrees, and whoever wrote it is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa

from assurance.commands.checks import said
from assurance.commands.hearing import hear, require_role
from assurance.erasing import WORDS, Words, is_written, said_of_erasure, write_lines
from assurance.mail import name_of
from assurance.office import Tx
from assurance.reasons import day_in_words
from assurance.records import (
    AgencyReturn,
    Answer,
    Case,
    Evidence,
    Finding,
    Moderation,
    Person,
    ProgressNote,
)
from assurance.roster import roster
from engine.errors import Reason, Refused
from engine.ledger import Event, EventText, erase_texts, history
from engine.moved import Ref
from notifications.outbox import Notice, Severity, put

ASKS = ("coordinator", "administrator", "chair", "deputy_chair")
AGREES = ("chair", "deputy_chair", "coordinator")
TOLD = ("chair", "deputy_chair", "coordinator", "administrator")
FEWEST_LETTERS = 4


@dataclass(slots=True)
class Erased:
    """What was erased: texts beside the history by line and name, and how many that stood in rows; who had written it."""

    texts: list[tuple[int, str]] = field(default_factory=list)
    rows: int = 0
    authors: set[str] = field(default_factory=set)

    @property
    def number(self) -> int:
        """How many texts these are."""
        return len(self.texts) + self.rows


def erase_line(tx: Tx, ref: Ref, line: int, *, reason: str, agreed_by: int) -> Erased:
    """Erase what was written in one line of a subject's history, and wherever the same words stand about it.

    Raises Refused for whoever may not, where nobody else agrees, and where nothing is written in this line.
    """
    _refuse_who_may_not(tx, agreed_by)
    why = said(reason, "why it is erased")
    lines = _lines(tx, ref)
    texts = [one for one in _texts(tx, ref) if one.seq == line]
    own_words, entered = {one.text for one in texts}, lines[line].entered if line in lines else frozenset()
    rows = [one for one in _rows(tx, ref) if one.text in own_words or one.place in entered]
    if not texts and not rows:
        sentence = f"Nothing is written in line {line} of {ref}, or it was erased before."
        raise Refused(Reason("nothing_to_erase", sentence))
    return _erase(tx, ref, texts, rows, why, agreed_by, lines)


def erase_words(tx: Tx, ref: Ref, words: str, *, reason: str, agreed_by: int) -> Erased:
    """Erase every text about a subject in which some words stand, in small letters or capitals.

    Raises Refused for whoever may not, where nobody else agrees, for fewer than four letters, and where they stand nowhere.
    """
    _refuse_who_may_not(tx, agreed_by)
    why = said(reason, "why it is erased")
    wanted = words.strip().casefold()
    if len(wanted) < FEWEST_LETTERS:
        sentence = (
            f"Give at least {FEWEST_LETTERS} letters of what is to be erased; fewer stand in too many texts."
        )
        raise Refused(Reason("too_short", sentence))
    if wanted in why.casefold():
        raise Refused(Reason("said_again", "The reason repeats what is to be erased; say why without it."))
    texts = [one for one in _texts(tx, ref) if wanted in (one.text or "").casefold()]
    rows = [one for one in _rows(tx, ref) if wanted in one.text.casefold()]
    if not texts and not rows:
        sentence = f"These words stand in no text about {ref} that could be erased."
        raise Refused(Reason("nothing_to_erase", sentence))
    return _erase(tx, ref, texts, rows, why, agreed_by, _lines(tx, ref))


_Place: TypeAlias = tuple[str, int]
# The words by which a line names the row that was entered with it.
_ENTERED = {
    "note": ProgressNote,
    "evidence": Evidence,
    "finding": Finding,
    "moderation": Moderation,
    "case": Case,
}


@dataclass(frozen=True, slots=True)
class _InRow:
    """A text that stands in a column of a row."""

    words: Words
    column: str
    number: int
    text: str

    @property
    def place(self) -> _Place:
        """Name the row."""
        return self.words.table.__tablename__, self.number


class _Line(NamedTuple):
    """Who wrote a line, and the rows that were entered with it."""

    actor: str
    entered: frozenset[_Place]


def _refuse_who_may_not(tx: Tx, agreed_by: int) -> None:
    """Raise Refused unless one person asks and another agrees, each in a post for that."""
    require_role(tx, *ASKS)
    if agreed_by == tx.actor.person_id:
        sentence = (
            "Nobody erases alone: somebody else has to agree, the chair, the deputy chair or the coordinator."
        )
        raise Refused(Reason("alone", sentence))
    seats = roster(tx.session, group_id=tx.actor.group_id, today=tx.today).of(agreed_by)
    if not {seat.role for seat in seats} & set(AGREES):
        sentence = "Only the chair, the deputy chair or the coordinator can agree to an erasure."
        raise Refused(Reason("role", sentence))


def _texts(tx: Tx, ref: Ref) -> Sequence[EventText]:
    """Hold the subject, and give every text beside its history that still stands there."""
    hear(tx, ref)
    query = sa.select(EventText).where(
        EventText.subject_kind == ref.kind, EventText.subject_id == ref.id, EventText.text.is_not(None)
    )
    return tx.session.scalars(query.order_by(EventText.seq, EventText.name)).all()


def _lines(tx: Tx, ref: Ref) -> dict[int, _Line]:
    """Read by whom each line of a history was written, and what was entered with it."""
    answers: dict[str, int] = {}
    if ref.kind == AgencyReturn.noun:
        found = tx.session.execute(sa.select(Answer.aim_id, Answer.id).where(Answer.return_id == ref.id))
        answers = {str(aim): number for aim, number in found}
    return {line.seq: _Line(line.actor, _entered(line.data, answers)) for line in history(tx.session, ref)}


def _entered(data: Mapping[str, Any], answers: Mapping[str, int]) -> frozenset[_Place]:
    rows = {(table.__tablename__, data[name]) for name, table in _ENTERED.items() if name in data}
    told = data.get("answers", {})
    return frozenset(rows | {(Answer.__tablename__, answers[aim]) for aim in told if aim in answers})


def _rows(tx: Tx, ref: Ref) -> list[_InRow]:
    """Give the texts that stand in rows about a subject."""
    evidence = Words(Evidence, ("title", "text"), "subject_id", ref.kind)
    tables = [*(words for words in WORDS if words.kind == ref.kind), evidence]
    return [one for words in tables for one in _in_table(tx, words, ref)]


def _in_table(tx: Tx, words: Words, ref: Ref) -> Iterator[_InRow]:
    where = [getattr(words.table, words.owner) == ref.id]
    if words.table is Evidence:
        where.append(Evidence.subject_kind == ref.kind)
    for name in words.columns:
        column = getattr(words.table, name)
        query = sa.select(words.table.id, column).where(*where, is_written(column))
        for number, text in tx.session.execute(query.order_by(words.table.id)):
            yield _InRow(words, name, number, text)


def _erase(
    tx: Tx,
    ref: Ref,
    texts: Sequence[EventText],
    rows: Sequence[_InRow],
    why: str,
    agreed_by: int,
    lines: Mapping[int, _Line],
) -> Erased:
    done = Erased([(one.seq, one.name) for one in texts], len(rows))
    places, numbers = {one.place for one in rows}, {one.seq for one in texts}
    done.authors = {line.actor for seq, line in lines.items() if seq in numbers or line.entered & places}
    erase_texts(tx.session, ref, done.texts, at=tx.now)
    for one in rows:
        change = sa.update(one.words.table).where(one.words.table.id == one.number)
        tx.session.execute(change.values({one.column: said_of_erasure(tx.today, "request")}))
    told: dict[str, Any] = {"erased": [list(place) for place in done.texts], "ground": "request"}
    if rows:
        told["words"] = len(rows)
    told["agreed_by"] = f"person/{agreed_by}"
    write_lines(tx, {ref: told}, texts={"reason": why})
    _tell(tx, ref, done, agreed_by)
    return done


def _tell(tx: Tx, ref: Ref, done: Erased, agreed_by: int) -> None:
    """Owe whoever wrote it, and those who answer for the group, the word of it; nothing of what was erased is in it."""
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    wanted = {seat.person_id for role in TOLD for seat in people.holding(role)}
    wanted |= {int(author.removeprefix("person/")) for author in done.authors if author.startswith("person/")}
    wanted -= {tx.actor.person_id}
    agreed = tx.session.get_one(Person, agreed_by).name
    what = "1 text" if done.number == 1 else f"{done.number} texts"
    name, group = name_of(ref), tx.playbook.groups[tx.actor.group_id].name
    text = f"{tx.actor.name} erased {what} of {name} on {day_in_words(tx.today)}, and {agreed} agreed."
    notices = [
        Notice(
            key=f"erased:{ref}:{tx.now.isoformat()}:{person.id}",
            group_id=person.group_id,
            to_address=person.email,
            to_name=person.name,
            person_ref=f"person/{person.id}",
            template="text_erased",
            context={
                "name": person.name,
                "group": group,
                "said": text,
                "why": "You wrote something there, or answer for the group.",
                "items": [],
                "link": f"{tx.playbook.base_url}/{ref}/history",
            },
            thread=str(ref),
            subject=f"{group}: something was erased",
            cause=f"{ref} line {_newest_line(tx, ref)}",
            severity=Severity.URGENT,
        )
        for person in tx.session.scalars(sa.select(Person).where(Person.id.in_(wanted)).order_by(Person.id))
    ]
    put(tx.session, notices, at=tx.now)


def _newest_line(tx: Tx, ref: Ref) -> int:
    query = sa.select(sa.func.max(Event.seq)).where(
        Event.subject_kind == ref.kind, Event.subject_id == ref.id
    )
    return tx.session.scalar(query) or 0
