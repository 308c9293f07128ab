"""Many new rows at once: each as it would be written alone, or none at all."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
import sqlalchemy as sa

from engine.bulk import FEW, Insertion
from engine.ledger import EventText
from engine.store import Store
from tests.engine.leaves import SPRING

_TEXTS = Insertion(EventText, [column.name for column in EventText.__table__.columns])
WORDS = ("plain", "with\ttab, \n line and \\ stroke", "ünïcödé \u2028 “quoted”", "", None)


def row(number: int, text: str | None = "plain") -> dict[str, object]:
    erased_at = None if number % 2 else SPRING
    place = {"subject_kind": "leaf", "subject_id": number, "seq": 1, "name": "remark", "group_id": 1}
    return {**place, "salt": "s", "text": text, "erased_at": erased_at, "of_no_column": "left out"}


@pytest.mark.parametrize("number", [0, 1, FEW - 1, FEW, 10 * FEW])
def test_however_many_rows_are_written_as_they_are(any_store: Store, number: int) -> None:
    rows = [row(place, WORDS[place % len(WORDS)]) for place in range(number)]
    with any_store.begin() as session:
        _TEXTS.write(session, rows)
    with any_store.reading() as session:
        query = sa.select(EventText).order_by(EventText.subject_id)
        found = [(one.subject_id, one.text, one.erased_at) for one in session.scalars(query)]
    assert found == [(one["subject_id"], one["text"], one["erased_at"]) for one in rows]


def test_of_many_rows_none_is_written_where_one_is_there_already(any_store: Store) -> None:
    with any_store.begin() as session:
        _TEXTS.write(session, [row(7)])
    there_already = (sqlite3.IntegrityError, psycopg.IntegrityError)
    with pytest.raises(there_already), any_store.begin() as session:
        _TEXTS.write(session, [row(place) for place in range(2 * FEW)])
    with any_store.reading() as session:
        assert session.scalars(sa.select(EventText.subject_id)).all() == [7]
