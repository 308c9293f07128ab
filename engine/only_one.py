"""What only one process at a time does, of all that have a database open; one that dies lets go of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from engine.store import Store

_TAKE = sa.text("SELECT pg_try_advisory_lock(hashtext(:what))")
_LET_GO = sa.text("SELECT pg_advisory_unlock(hashtext(:what))")


@contextmanager
def only_one(store: Store, what: str) -> Iterator[bool]:
    """Say whether nobody else is at something, and keep others from it until the block is left.

    A database in a file has one process that serves it: there it is always so.
    """
    if store.db.dialect.name == "sqlite":
        yield True
        return
    with store.db.connect() as connection:
        is_mine = bool(connection.scalar(_TAKE, {"what": what}))
        connection.commit()
        try:
            yield is_mine
        finally:
            if is_mine:
                connection.execute(_LET_GO, {"what": what})
                connection.commit()
