"""Whole installations for copies and backups: files beside the rows, somebody signed in, and every table with a row."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from assurance.accounts.tokens import fingerprint
from assurance.copies.contents import cabinet_in
from assurance.copies.copying import TABLES
from assurance.records import Account, AccountTicket, ApiToken, Group, Person, SignedInSession, StoredFile
from engine.fences import EVERY
from engine.store import Base, Store, UtcDateTime, open_store

AT = datetime(2026, 11, 20, 9, 30, 15, 120_304, UTC)
LATER = datetime(2030, 1, 1, tzinfo=UTC)
EVERY_BYTE = bytes(range(256)) * 40
# What a copy could trip over: quotation marks, backslashes, tabs, lines, other scripts, a letter outside of the plane.
AWKWARD = 'It\'s "quoted" \\N \\\\ \t one\nline \r\n é ŵ 名 \U0001f642 \x7f %s {x} :y $1'
SESSION = "the token of somebody who is signed in"


@dataclass(frozen=True, slots=True)
class House:
    """One installation: its database and the folder in which its files lie."""

    database: str
    files: Path


_VALUES: tuple[tuple[Any, Any], ...] = (
    (UtcDateTime, AT),
    (sa.Date, date(2016, 2, 29)),
    (sa.Boolean, True),
    (sa.LargeBinary, EVERY_BYTE),
)


def furnished(database: Path, files: Path) -> House:
    """Add to a database two files with their contents, and what lets people and programs in."""
    with closing(open_store(database)) as store, store.begin(group=EVERY) as session:
        group_id, person_id = session.scalar(sa.select(Group.id)), session.scalar(sa.select(Person.id))
        for number, whole in enumerate((b"Audit tool", EVERY_BYTE)):
            place = f"{number:064x}"
            cabinet_in(files).bring(place, whole, at=AT)
            session.add(
                StoredFile(
                    group_id=group_id,
                    subject_kind="action",
                    subject_id=1,
                    person_id=person_id,
                    stored_at=AT,
                    place=place,
                    name=f"tool-{number}.pdf",
                    media_type="application/pdf",
                    size=len(whole),
                    sha256=hashlib.sha256(whole).hexdigest(),
                    is_scanned=False,
                )
            )
        account = Account(group_id=group_id, person_id=person_id, made_at=AT)
        session.add(account)
        session.flush()
        whose: dict[str, Any] = {"group_id": group_id, "account_id": account.id, "made_at": AT}
        session.add(
            SignedInSession(
                **whose, token_hash=fingerprint(SESSION), csrf="", device="", is_demo=False, seen_at=AT
            )
        )
        session.add(AccountTicket(**whose, purpose="recovery", token_hash="1" * 64, expires_at=LATER))
        session.add(
            ApiToken(
                group_id=group_id,
                person_id=person_id,
                name="tracker",
                prefix="al_",
                fingerprint="2" * 64,
                scopes="read",
                made_at=AT,
                expires_at=LATER,
            )
        )
    return House(str(database), files)


def fill_every_table(store: Store) -> None:
    """Put a row with awkward values into every table that has none."""
    with store.begin(group=EVERY) as session:
        for table in TABLES:
            if not session.scalar(sa.select(sa.func.count()).select_from(table)):
                session.execute(sa.insert(table).values({one.name: _value(session, one) for one in table.c}))


def _value(session: Any, column: sa.Column[Any]) -> Any:
    for key in column.foreign_keys:
        there = session.scalar(sa.select(sa.func.min(key.column)))
        return 1 if there is None and not column.nullable else there
    if isinstance(column.type, sa.String) and column.type.length is not None:
        return "é" * column.type.length
    if isinstance(column.type, sa.Integer):
        return 41 if column.name == "id" else 2_147_483_647
    return next((value for kind, value in _VALUES if isinstance(column.type, kind)), AWKWARD)


def stored_in(database: str) -> dict[str, list[dict[str, Any]]]:
    """Give every row of every table as the program reads it, in the order of the keys."""
    with closing(open_store(database)) as store, store.reading(group=EVERY) as session:
        return {
            table.name: [
                dict(row) for row in session.execute(sa.select(table).order_by(*table.primary_key)).mappings()
            ]
            for table in Base.metadata.sorted_tables
        }


@contextmanager
def changed(file: Path, place: int, byte: int | None) -> Iterator[Path]:
    """Give a copy of a file in which one byte is another, or which ends there."""
    whole = file.read_bytes()
    damaged = Path.cwd() / f"damaged-{place}.zip"
    place %= len(whole)
    damaged.write_bytes(
        whole[:place] if byte is None else whole[:place] + bytes([whole[place] ^ byte]) + whole[place + 1 :]
    )
    yield damaged
    damaged.unlink()
