"""Requests of programs under a key of their own: made again, each gets the same answer and does nothing twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from assurance.office import Tx
from assurance.records import AnsweredRequest
from engine.errors import Reason, Refused

KEPT_FOR = timedelta(days=30)
_UNDER_WAY = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer that a request was given: its status, its body as JSON, and the version that came of it."""

    status: int
    answer: str
    version: int | None


def begin_request(tx: Tx, key: str, fingerprint: str) -> Kept | None:
    """Take a key for a request, before anything is done for it; gives the answer where it was carried out already.

    Of two that are made at once the second waits here for the first. Raises Refused where the key was used for another
    request: its answer would be taken for this one's.
    """
    mine = AnsweredRequest.person_id == tx.actor.person_id
    tx.session.execute(sa.delete(AnsweredRequest).where(mine, AnsweredRequest.at < tx.now - KEPT_FOR))
    insert = sqlite_insert if tx.session.info["dialect"].name == "sqlite" else postgresql_insert
    taken = (
        insert(AnsweredRequest)
        .values(
            group_id=tx.actor.group_id,
            person_id=tx.actor.person_id,
            key=key,
            fingerprint=fingerprint,
            status=_UNDER_WAY,
            answer="",
            at=tx.now,
        )
        .on_conflict_do_nothing(index_elements=["person_id", "key"])
        .returning(AnsweredRequest.id)
    )
    if tx.session.execute(taken).first() is not None:
        return None
    row = tx.session.scalars(sa.select(AnsweredRequest).where(mine, AnsweredRequest.key == key)).one()
    if row.fingerprint != fingerprint:
        sentence = f"The key {key!r} was used for another request; choose a new one."
        raise Refused(Reason("other_request", sentence))
    return Kept(row.status, row.answer, row.version)


def keep_answer(tx: Tx, key: str, kept: Kept) -> None:
    """Keep the answer of a request that has just been carried out, in the transaction that did it."""
    mine = (AnsweredRequest.person_id == tx.actor.person_id, AnsweredRequest.key == key)
    values = {"status": kept.status, "answer": kept.answer, "version": kept.version}
    tx.session.execute(sa.update(AnsweredRequest).where(*mine).values(values))
