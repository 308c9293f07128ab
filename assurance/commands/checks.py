"""Small questions that every command asks of what it is given."""

from __future__ import annotations

import re
from typing import TypeVar

import sqlalchemy as sa

from assurance.commands.hearing import hear, require_readable
from assurance.facts import Known
from assurance.office import Tx
from assurance.reasons import day_in_words
from assurance.records import Agency, Aim, Finding, Meeting, Person, Post, Recommendation, RecordSet
from assurance.records.rows import OfGroup
from engine.errors import Reason, Refused
from engine.moved import Moved, Ref
from engine.words import unknown

Row = TypeVar("Row", bound=OfGroup | Moved)


def said(text: str, what: str) -> str:
    """Give the text without surrounding space; raises Refused where nothing was written that people can read."""
    if not text.strip():
        raise Refused(Reason("empty", f"Write down {what}; it is empty."))
    require_readable(text, what)
    return text.strip()


def one_of(word: str, known: tuple[str, ...], what: str) -> str:
    """Give the word; raises Refused, with the nearest known one, where it is not known."""
    if word not in known:
        raise Refused(Reason("unknown_word", unknown(word, what, known) + "."))
    return word


def own(tx: Tx, table: type[Row], number: int, what: str) -> Row:
    """Give a row of the actor's own group; raises Refused where there is none, and for one that is closed."""
    row = tx.session.get(table, number)
    if row is None or row.group_id != tx.actor.group_id:
        raise Refused(Reason("unknown_row", f"There is no such {what} in this group."))
    if isinstance(row, Agency | Post | RecordSet) and row.closed_on is not None:
        since = day_in_words(row.closed_on)
        raise Refused(Reason("closed", f"This {what} is closed since {since}; name another."))
    return row


def refuse_cancelled(meeting: Meeting) -> None:
    """Raise Refused for a meeting that did not take place: nobody can have looked at anything there."""
    if meeting.state == "cancelled":
        sentence = f"The meeting on {day_in_words(meeting.on)} was cancelled; name one that took place."
        raise Refused(Reason("was_cancelled", sentence))


def held(tx: Tx, ref: Ref, kind: str) -> Known:
    """Give a subject of a kind and hold its row, before anything is entered for it; raises Refused where there is none.

    Held first, so that of two who enter something at once the second waits, and each gets a number of its own.
    """
    if ref.kind != kind:
        raise Refused(Reason("unknown_subject", f"There is no {kind} called {ref}."))
    return hear(tx, ref).known


def next_number(tx: Tx, table: type[Aim] | type[Finding], audit_id: int) -> int:
    """Give the next number within one audit."""
    highest = tx.session.scalar(sa.select(sa.func.max(table.number)).where(table.audit_id == audit_id))
    return (highest or 0) + 1


def next_recommendation(tx: Tx, audit_id: int, kind: str) -> int:
    """Give the next number of one kind of recommendation within one audit, so that neither kind has gaps."""
    query = sa.select(sa.func.max(Recommendation.number)).where(
        Recommendation.audit_id == audit_id, Recommendation.type == kind
    )
    return (tx.session.scalar(query) or 0) + 1


def free_key(tx: Tx, table: type[Agency] | type[Person] | type[Post] | type[RecordSet], name: str) -> str:
    """Make a key of a name that no row of a table has yet: ada_ashdown, ada_ashdown_2."""
    plain = re.sub(r"\W+", "_", name.casefold()).strip("_") or table.__tablename__
    query = sa.select(table.key).where(table.group_id == tx.actor.group_id, table.key.startswith(plain))
    taken = set(tx.session.scalars(query))
    number = 1
    while (key := plain if number == 1 else f"{plain}_{number}") in taken:
        number += 1
    return key
