"""Erasing what is past its time: texts, files, letters, sessions. The lines stay, and each erasure writes one of its own.

Everything is done one audit to a transaction; what was erased is not there to be erased again, so that whoever is
stopped goes on by the same call. Copies that were made before are out of reach.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, NamedTuple

import sqlalchemy as sa

from assurance.accounts.chronicle import note_deed
from assurance.files.cabinet import cabinet_of
from assurance.office import Actor, Office, Tx
from assurance.reasons import day_in_words
from assurance.records import (
    AccountTicket,
    Action,
    AgencyAnswer,
    AgencyReturn,
    Answer,
    AnsweredRequest,
    Audit,
    Case,
    Dissemination,
    Evidence,
    Finding,
    Moderation,
    ProgressNote,
    Recommendation,
    SignedInSession,
    StoredFile,
)
from assurance.settled import Settled, settled
from engine.ledger import ERASED, EventText, Line, append_all, erase_texts
from engine.moved import Ref
from engine.spans import Span
from notifications.outbox import OWED, TROUBLED, Message, State

AT_ONCE = 500
ERASED_NAME = "(erased)"
BY_RULE, ON_REQUEST = "under the group's retention rule", "on request"


class Words(NamedTuple):
    """A table in whose columns people wrote something, and the column that says to which subject it belongs."""

    table: type[Any]
    columns: tuple[str, ...]
    owner: str
    kind: str


# Recommendations, actions, aims and themes are not among them: they are what the group has published and asks again.
WORDS = (
    Words(Case, ("criterion",), "audit_id", Audit.noun),
    Words(Moderation, ("note",), "audit_id", Audit.noun),
    Words(Finding, ("text", "none_needed"), "audit_id", Audit.noun),
    Words(Dissemination, ("how",), "audit_id", Audit.noun),
    Words(Answer, ("text",), "return_id", AgencyReturn.noun),
    Words(AgencyAnswer, ("reason",), "recommendation_id", Recommendation.noun),
    Words(ProgressNote, ("text",), "action_id", Action.noun),
)


@dataclass(frozen=True, slots=True)
class PastTime:
    """What is past its time: of which kind, of what, since when it was settled, until when it was kept, and how much."""

    kind: str
    what: str
    since_on: date
    until_on: date
    number: int


def past_time(tx: Tx) -> tuple[PastTime, ...]:
    """Say what is past its time under the group's rule; nothing is changed."""
    return tuple(_past(tx))


def erase_past(office: Office, actor: Actor) -> tuple[PastTime, ...]:
    """Erase what is past its time, and give what that was; each audit is one transaction."""
    with office.reading(actor) as tx:
        planned = past_time(tx)
    done = []
    for one in planned:
        with office.begin(actor) as tx:
            done += [_erase(tx, again) for again in _past(tx, only=one)]
    _remove_contents(office, actor)
    return tuple(done)


def said_of_erasure(on: date, ground: str) -> str:
    """Give the sentence that stands where a text stood: when it was erased, and why."""
    return f"Erased on {day_in_words(on)} {BY_RULE if ground == 'retention' else ON_REQUEST}."


def _past(tx: Tx, *, only: PastTime | None = None) -> Iterator[PastTime]:
    rule = tx.playbook.retention
    if rule.words is not None or rule.files is not None:
        for one in settled(tx):
            for kind, span, count in (("words", rule.words, _words_of), ("files", rule.files, _files_of)):
                if span is None or (only is not None and (only.kind, only.what) != (kind, str(one.ref))):
                    continue
                until_on = span.after(one.since_on, tx.calendar)
                number = count(tx, one) if until_on < tx.today else 0
                if number:
                    yield PastTime(kind, str(one.ref), one.since_on, until_on, number)
    for kind, span in (("letters", rule.letters), ("sessions", rule.sessions)):
        if span is None or (only is not None and only.kind != kind):
            continue
        before = _before(tx, span)
        number = _letters(tx, before) if kind == "letters" else _sessions(tx, before)
        if number:
            yield PastTime(kind, f"from before {day_in_words(before)}", before, tx.today, number)


def _before(tx: Tx, span: Span) -> date:
    """Give the first day of which something is still kept."""
    return Span(-span.number, span.unit).after(tx.today, tx.calendar)


def _erase(tx: Tx, one: PastTime) -> PastTime:
    if one.kind in ("words", "files"):
        whole = next(found for found in settled(tx) if str(found.ref) == one.what)
        span = tx.playbook.retention.words if one.kind == "words" else tx.playbook.retention.files
        told = {"ground": "retention", "kept_for": str(span), "settled_on": one.since_on.isoformat()}
        if one.kind == "words":
            _erase_words(tx, whole, told)
        else:
            _erase_files(tx, whole, told)
    elif one.kind == "letters":
        _erase_letters(tx, one.since_on)
        note_deed(tx, "letters_erased", None, f"{one.number} {one.what}")
    else:
        _erase_sessions(tx, one.since_on)
        note_deed(tx, "sessions_erased", None, f"{one.number} {one.what}")
    return one


# -- what people wrote -------------------------------------------------------------------------------------


def _words_of(tx: Tx, whole: Settled) -> int:
    texts = sum(len(places) for places in _texts_of(tx, whole.subjects).values())
    return texts + sum(_count(tx, words, where) for words, where in _rows_of(whole.subjects))


def _erase_words(tx: Tx, whole: Settled, told: Mapping[str, Any]) -> None:
    texts = _texts_of(tx, whole.subjects)
    rows = sum(_count(tx, words, where) for words, where in _rows_of(whole.subjects))
    sentence = said_of_erasure(tx.today, "retention")
    for words, where in _rows_of(whole.subjects):
        for name in words.columns:
            column = getattr(words.table, name)
            tx.session.execute(
                sa.update(words.table).where(where, is_written(column)).values({name: sentence})
            )
    own: dict[Ref, dict[str, Any]] = {
        ref: {"erased": [list(place) for place in places]} for ref, places in texts.items()
    }
    if rows:
        own[whole.ref] = {"erased": [], **own.get(whole.ref, {}), "words": rows}
    for ref, places in texts.items():
        erase_texts(tx.session, ref, places, at=tx.now)
    write_lines(tx, {ref: {**data, **told} for ref, data in own.items()})


def _texts_of(tx: Tx, subjects: Collection[Ref]) -> dict[Ref, list[tuple[int, str]]]:
    """Give the texts that stand beside the histories of subjects, by line and name."""
    found: dict[Ref, list[tuple[int, str]]] = {}
    for kind, numbers in _by_kind(subjects):
        query = sa.select(EventText.subject_id, EventText.seq, EventText.name).where(
            EventText.subject_kind == kind, EventText.subject_id.in_(numbers), EventText.text.is_not(None)
        )
        for number, line, name in tx.session.execute(query.order_by(EventText.seq, EventText.name)):
            found.setdefault(Ref(kind, number), []).append((line, name))
    return found


def _rows_of(subjects: Collection[Ref]) -> Iterator[tuple[Words, sa.ColumnElement[bool]]]:
    """Give the tables in whose rows people wrote about subjects, each with the condition for these rows."""
    for kind, numbers in _by_kind(subjects):
        for words in WORDS:
            if words.kind == kind:
                yield words, getattr(words.table, words.owner).in_(numbers)
        about = sa.and_(Evidence.subject_kind == kind, Evidence.subject_id.in_(numbers))
        yield Words(Evidence, ("title", "text"), "subject_id", kind), about


def _count(tx: Tx, words: Words, where: sa.ColumnElement[bool]) -> int:
    counted = sa.select(sa.func.count()).select_from(words.table).where(where)
    columns = [getattr(words.table, name) for name in words.columns]
    return sum(tx.session.scalar(counted.where(is_written(one))) or 0 for one in columns)


def is_written(column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Ask of a column whether somebody's words stand there, and not what was put in their place."""
    put_there = [column.not_like(f"Erased on % {why}.") for why in (BY_RULE, ON_REQUEST)]
    return sa.and_(column.is_not(None), column != "", *put_there)


def write_lines(
    tx: Tx, told: Mapping[Ref, Mapping[str, Any]], *, texts: Mapping[str, str] | None = None
) -> None:
    """Write the line of an erasure into the history of each subject; nothing that is decided rests on it."""
    for kind, numbers in _by_kind(told):
        noun = tx.playbook.noun(kind)
        known = noun.load_many(tx.session, numbers)
        lines = [
            (
                one.standing,
                Line(
                    ERASED, tx.now, tx.actor.signature, data=told[one.ref], texts=texts or {}, material=False
                ),
            )
            for one in known
        ]
        append_all(tx.session, noun.table, lines)


def _by_kind(subjects: Iterable[Ref]) -> Iterator[tuple[str, list[int]]]:
    kinds: dict[str, list[int]] = defaultdict(list)
    for ref in sorted(subjects):
        kinds[ref.kind].append(ref.id)
    for kind, numbers in kinds.items():
        for start in range(0, len(numbers), AT_ONCE):
            yield kind, numbers[start : start + AT_ONCE]


# -- files, letters, sessions ------------------------------------------------------------------------------


def _files(whole: Settled) -> Iterator[sa.ColumnElement[bool]]:
    for kind, numbers in _by_kind(whole.subjects):
        here = sa.and_(StoredFile.subject_kind == kind, StoredFile.subject_id.in_(numbers))
        yield sa.and_(here, StoredFile.taken_back_at.is_(None))


def _files_of(tx: Tx, whole: Settled) -> int:
    counted = sa.select(sa.func.count()).select_from(StoredFile)
    return sum(tx.session.scalar(counted.where(where)) or 0 for where in _files(whole))


def _erase_files(tx: Tx, whole: Settled, told: Mapping[str, Any]) -> None:
    """Take the names out, and the rows from what is kept: the contents are removed once that is committed."""
    files: dict[Ref, list[int]] = {}
    for where in _files(whole):
        for row in tx.session.scalars(sa.select(StoredFile).where(where).order_by(StoredFile.id)).all():
            row.taken_back_at, row.name = tx.now, ERASED_NAME
            files.setdefault(Ref(row.subject_kind, row.subject_id), []).append(row.id)
    tx.session.flush()
    write_lines(tx, {ref: {"erased": [], "files": numbers, **told} for ref, numbers in files.items()})


def _remove_contents(office: Office, actor: Actor) -> None:
    """Remove the contents of all files that were ever erased, also those that were left by whoever was killed here.

    The broom would leave those alone that have the mark of another database, as after a copy or a restore.
    """
    erased = sa.select(StoredFile.place).where(
        StoredFile.group_id == actor.group_id,
        StoredFile.taken_back_at.is_not(None),
        StoredFile.name == ERASED_NAME,
    )
    cabinet = cabinet_of(office.settings)
    with office.store.reading(group=actor.group_id) as session:
        places = session.scalars(erased).all()
    for place in places:
        cabinet.remove(place)


_NOTHING_LEFT = json.dumps(
    {"name": "", "said": "Erased under the group's retention rule.", "why": "", "items": [], "link": ""},
    separators=(",", ":"),
)


def _old_letters(tx: Tx, before: date) -> sa.ColumnElement[bool]:
    instant = _instant(tx, before)
    last = sa.func.coalesce(
        Message.sent_at, Message.last_try_at, Message.created_at, type_=Message.created_at.type
    )
    return sa.and_(
        Message.group_id == tx.actor.group_id,
        Message.state.not_in(OWED),
        last < instant,
        Message.context != _NOTHING_LEFT,
    )


def _letters(tx: Tx, before: date) -> int:
    counted = sa.select(sa.func.count()).select_from(Message)
    return tx.session.scalar(counted.where(_old_letters(tx, before))) or 0


def _erase_letters(tx: Tx, before: date) -> None:
    """Empty old letters; one that never arrived can never go again."""
    old = _old_letters(tx, before)
    troubled = sa.update(Message).where(old, Message.state.in_(TROUBLED))
    given_up = {"state": State.WITHDRAWN, "withdrawn_by": tx.actor.signature, "last_text": "erased"}
    tx.session.execute(troubled.values(**given_up), execution_options={"synchronize_session": False})
    tx.session.execute(
        sa.update(Message).where(old).values(rendered=None, context=_NOTHING_LEFT),
        execution_options={"synchronize_session": False},
    )


def _old_sessions(tx: Tx, before: date) -> Sequence[tuple[type[Any], sa.ColumnElement[bool]]]:
    instant, group = _instant(tx, before), tx.actor.group_id
    return (
        (SignedInSession, sa.and_(SignedInSession.group_id == group, SignedInSession.seen_at < instant)),
        (AccountTicket, sa.and_(AccountTicket.group_id == group, AccountTicket.expires_at < instant)),
        (AnsweredRequest, sa.and_(AnsweredRequest.group_id == group, AnsweredRequest.at < instant)),
    )


def _sessions(tx: Tx, before: date) -> int:
    return sum(
        tx.session.scalar(sa.select(sa.func.count()).select_from(table).where(where)) or 0
        for table, where in _old_sessions(tx, before)
    )


def _erase_sessions(tx: Tx, before: date) -> None:
    for table, where in _old_sessions(tx, before):
        tx.session.execute(sa.delete(table).where(where), execution_options={"synchronize_session": False})


def _instant(tx: Tx, day: date) -> datetime:
    return tx.calendar.instant(day, time.min)
