"""Whether what every command knows of an installation has changed: asked by processes that share a database."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.records import ClosedDay, Group
from engine.definitions import Definition


def edition_of(session: Session) -> tuple[int | None, ...]:
    """Give what changes whenever a definition or a group comes or goes, or a day is closed or opened again."""
    tables = (Definition, Group, ClosedDay)
    newest = (sa.select(sa.func.max(table.id)).scalar_subquery() for table in tables)
    # Whoever has drawn a lower number may be the last to commit.
    number = (sa.select(sa.func.count(table.id)).scalar_subquery() for table in tables)
    return tuple(session.execute(sa.select(*newest, *number)).one())
