"""Everything that one database holds, copied into an empty one, and proved equal before it counts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.copies.contents import Content, contents_of
from assurance.migrate import migrate, newest_shape, shape_of
from assurance.records import Group, OldestShape
from assurance.tables import METADATA, MOVED
from engine.checkpoints import heads_of
from engine.fences import EVERY, role_of
from engine.proof import Proof, verify
from engine.store import Store
from engine.transport import (
    NotAsDeclared,
    OnRows,
    Sum,
    Summing,
    has_rows,
    loading,
    past_the_fences,
    put_rows,
    stored_rows,
    sum_of,
)

# All but what a database says of itself, which is made with its tables.
TABLES = tuple(table for table in METADATA.sorted_tables if table.name != OldestShape.__tablename__)

# What stands in a database on which a program was started, and nobody has done anything yet.
LEFT_BY_STARTING = tuple(METADATA.tables[name] for name in ("definition", "tries"))


class CannotCopy(Exception):
    """Says, in a sentence for whoever runs the installation, why nothing can be copied, and what would be right."""


class Unequal(Exception):
    """Names every difference between a copy and its original; the copy was taken back."""

    def __init__(self, differences: list[str]) -> None:
        super().__init__("\n".join(differences))
        self.differences = tuple(differences)


@dataclass(frozen=True, slots=True)
class TableCopied:
    """One table, as it stands in the original and as it was read again out of the copy."""

    table: str
    original: Sum
    copy: Sum


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied and proved equal; `heads` is one SHA-256 over the newest seals, `proof` that of the copy."""

    tables: tuple[TableCopied, ...]
    contents: tuple[Content, ...]
    heads: str
    proof: Proof

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(one.copy.rows for one in self.tables)


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a database holds, counted and summed up."""

    tables: dict[str, Sum]
    contents: tuple[Content, ...]
    heads: str
    proof: Proof


@contextmanager
def copying(source: Store, target: Store, *, on_rows: OnRows) -> Iterator[tuple[Session, Copied]]:
    """Copy every row of one instant into an empty database and prove both equal; it counts when the block has ended.

    A database without tables gets them first. The block is given the transaction in which all of it was written.
    Raises CannotCopy for a target that holds something or has another shape, and for a value that no other database
    could keep; Unequal where the copy is not what was read. Whatever is raised, and whenever it is killed, the target
    stays empty.
    """
    make_ready(target)
    with (
        source.reading(group=EVERY) as reading,
        target.begin(group=EVERY) as writing,
        past_the_fences(writing, TABLES),
    ):
        require_empty(writing)
        for table in LEFT_BY_STARTING:
            writing.execute(sa.delete(table))
        read = _carry(reading, writing, on_rows)
        tables = tuple(
            TableCopied(table.name, read[table.name], sum_of(writing, table, on_rows)) for table in TABLES
        )
        heads = heads_in(reading), heads_in(writing)
        differences = _differences(tables, *heads)
        if differences:
            raise Unequal(differences)
        yield writing, Copied(tables, contents_of(writing), heads[1], verify(writing, MOVED))


def make_ready(target: Store) -> None:
    """Make the tables of a database that has none; raises CannotCopy for one of another shape or of another role.

    Raises NotOurs for a database of another program.
    """
    shape = shape_of(target)
    if shape is None:
        migrate(target)
    elif shape != newest_shape():
        raise CannotCopy(
            f"The target has an older shape ({shape} instead of {newest_shape()}); a copy goes into an empty database "
            "of the same shape, such as one that is not there yet."
        )
    if target.db.dialect.name == "postgresql":
        with target.reading(group=EVERY) as session:
            role = role_of(session)
        if not role.owns and not role.passes:
            raise CannotCopy(
                f"The role {role.name} does not own the tables of the target, so that it cannot fill them; name the one that "
                "does, as whom `auditloop migrate` is run."
            )


def require_empty(session: Session) -> None:
    """Raise CannotCopy, naming the tables, for a database that holds more than the start of a program leaves there."""
    filled = [table.name for table in TABLES if table not in LEFT_BY_STARTING and has_rows(session, table)]
    if filled:
        some = ", ".join(filled[:5]) + (" ..." if len(filled) > 5 else "")
        raise CannotCopy(
            f"The target is not empty: there are rows in {some}. Name a database that is not there yet, or an empty one."
        )


def take_stock(store: Store, *, on_rows: OnRows) -> Inventory:
    """Count, sum up and verify everything that a database holds, at one instant."""
    with store.reading(group=EVERY) as session:
        return Inventory(
            {table.name: sum_of(session, table, on_rows) for table in TABLES},
            contents_of(session),
            heads_in(session),
            verify(session, MOVED),
        )


def heads_in(session: Session) -> str:
    """Give one SHA-256 over the newest seals of all histories, those of one group after those of another."""
    groups = session.scalars(sa.select(Group.id).order_by(Group.id)).all()
    roots = [f"{group} {heads_of(session, MOVED, group_id=group).root}" for group in groups]
    return hashlib.sha256("\n".join(roots).encode()).hexdigest()


def _carry(reading: Session, writing: Session, on_rows: OnRows) -> dict[str, Sum]:
    """Copy table after table, and give what each held when it was read."""
    read: dict[str, Sum] = {}
    try:
        with loading(writing, TABLES):
            for table in TABLES:
                summing = Summing()
                with closing(stored_rows(reading, table)) as stored:
                    put_rows(writing, table, summing.passing(stored))
                read[table.name] = summing.sum
                on_rows(table.name, summing.sum.rows)
    except NotAsDeclared as error:
        raise CannotCopy(
            f"The original holds what it should not: {error}. Look at that row before anything else."
        ) from error
    return read


def _differences(tables: tuple[TableCopied, ...], original: str, copy: str) -> list[str]:
    found = []
    for one in tables:
        if one.original.rows != one.copy.rows:
            found.append(
                f"{one.table} has {one.original.rows} rows in the original and {one.copy.rows} in the copy."
            )
        elif one.original != one.copy:
            found.append(f"{one.table} has as many rows in the copy, but they do not say the same.")
    if original != copy:
        found.append("The newest seals of the histories are not the same.")
    return found
