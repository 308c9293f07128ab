"""Everything of one group in one ZIP that can be read without us: JSON lines for each table, the files, and a manifest.

What proves people (passwords, codes, tokens, and links by their fingerprints) is no use to anybody else and stays here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.files.cabinet import cabinet_of
from assurance.migrate import newest_shape
from assurance.office import Office
from assurance.records import Group, RemovedGroup, StoredFile
from assurance.tables import METADATA, MOVED
from engine.checkpoints import heads_of
from engine.definitions import Definition
from engine.errors import Refused
from engine.fences import EVERY
from engine.ledger import canonical
from engine.store import instant_text
from engine.words import unknown

FORMAT = 1
MANIFEST, TABLES, FILES = "manifest.json", "tables/", "files/"
LEFT_OUT: Mapping[str, frozenset[str]] = {
    "account": frozenset({"password_hash", "totp_secret"}),
    "account_ticket": frozenset({"token_hash"}),
    "api_token": frozenset({"fingerprint"}),
    "calendar_feed": frozenset({"token_hash"}),
    "mail_link": frozenset({"fingerprint"}),
    "recovery_code": frozenset({"code_hash"}),
    "signed_in_session": frozenset({"token_hash", "csrf"}),
}
_AT_ONCE = 2_000
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """One entry of the ZIP: how many rows it has (of a file: bytes), and the SHA-256 of its bytes."""

    number: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an export holds. `heads` is the root over the newest seals of all subjects of the group.

    `missing` names files that were missing or damaged where they were stored.
    """

    program: str
    shape: str
    group: int
    key: str
    exported_at: str
    tables: Mapping[str, Part]
    files: Mapping[str, Part]
    missing: tuple[str, ...]
    heads: str

    def text(self) -> str:
        """Write it as it stands in the ZIP."""
        return json.dumps(asdict(self) | {"format": FORMAT}, indent=1, sort_keys=True)

    @property
    def fingerprint(self) -> str:
        """Give the SHA-256 of what stands in the ZIP."""
        return hashlib.sha256(self.text().encode()).hexdigest()

    @property
    def rows(self) -> int:
        """Count the rows of all tables."""
        return sum(part.number for part in self.tables.values())


def tables_of_groups() -> tuple[sa.Table, ...]:
    """Give the tables that hold rows of groups, those first at which others point; the group's own row is in the first."""
    return tuple(
        table
        for table in METADATA.sorted_tables
        if (table.name == Group.__tablename__ or "group_id" in table.c)
        and table.name != RemovedGroup.__tablename__
    )


def is_of(table: sa.Table, group_id: int) -> sa.ColumnElement[bool]:
    """Leave the rows of one group."""
    own: sa.ColumnElement[bool] = (
        table.c.id if table.name == Group.__tablename__ else table.c.group_id
    ) == group_id
    return own


def group_called(office: Office, key: str) -> int:
    """Give a group's number; raises Refused, with the nearest known key, where there is none."""
    with office.store.reading(group=EVERY) as session:
        numbers = dict(session.execute(sa.select(Group.key, Group.id)).all())
    if key not in numbers:
        raise Refused.because("unknown_group", unknown(key, "a group here", numbers) + ".")
    return numbers[key]


def export_group(office: Office, key: str, file: Path) -> Manifest:
    """Write everything of one group, as it stands at one instant, into a new file that only its owner can read.

    Raises Refused for a group that is not there, and for a file that is there already.
    """
    group_id = group_called(office, key)
    if file.exists():
        raise Refused.because("file_there", f"{file} is there already; name a new file.")
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            with zipfile.ZipFile(opened, "w", zipfile.ZIP_DEFLATED) as archive:
                manifest = _write(office, archive, key, group_id)
            opened.flush()
            os.fsync(opened.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return manifest


def read_export(file: Path) -> Manifest:
    """Read what an export holds, and check every byte of it against its manifest.

    Raises Refused for a file that is none, and for one whose entries are not those of its manifest.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _read(json.loads(archive.read(MANIFEST)))
            parts = {f"{TABLES}{name}.jsonl": part for name, part in manifest.tables.items()}
            parts |= {f"{FILES}{place}": part for place, part in manifest.files.items()}
            wrong = [name for name, part in parts.items() if _sum_of(archive, name) != part.sha256]
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise Refused.because("no_export", f"{file} is no export of a group that can be read.") from error
    if wrong:
        sentence = (
            f"{file} is not what its manifest says: {', '.join(wrong)} was changed. Export the group again."
        )
        raise Refused.because("export_damaged", sentence)
    return manifest


def stock_of(session: Session, group_id: int) -> tuple[dict[str, Part], str]:
    """Sum up what stands in each table of a group now, as an export would, and give the root over its newest seals."""
    tables = {}
    for table in _exported():
        digest, rows = hashlib.sha256(), 0
        for line in _lines(session, table, group_id):
            digest.update(line)
            rows += 1
        tables[table.name] = Part(rows, digest.hexdigest())
    return tables, heads_of(session, MOVED, group_id=group_id).root


def _write(office: Office, archive: zipfile.ZipFile, key: str, group_id: int) -> Manifest:
    tables, files, missing = {}, {}, []
    cabinet = cabinet_of(office.settings)
    with office.store.reading(group=group_id) as session:
        for table in _exported():
            digest, rows = hashlib.sha256(), 0
            with archive.open(f"{TABLES}{table.name}.jsonl", "w") as entry:
                for line in _lines(session, table, group_id):
                    entry.write(line)
                    digest.update(line)
                    rows += 1
            tables[table.name] = Part(rows, digest.hexdigest())
        heads = heads_of(session, MOVED, group_id=group_id).root
        kept = (StoredFile.group_id == group_id, StoredFile.taken_back_at.is_(None))
        stored = session.execute(
            sa.select(StoredFile.place, StoredFile.sha256).where(*kept).order_by(StoredFile.id)
        ).all()
    for place, sha256 in stored:
        try:
            whole = cabinet.content(place, sha256)
        except Refused:
            missing.append(place)
        else:
            archive.writestr(f"{FILES}{place}", whole)
            files[place] = Part(len(whole), sha256)
    manifest = Manifest(
        version("auditloop"),
        newest_shape(),
        group_id,
        key,
        instant_text(office.clock.now()),
        tables,
        files,
        tuple(missing),
        heads,
    )
    archive.writestr(MANIFEST, manifest.text())
    return manifest


def _exported() -> tuple[sa.Table, ...]:
    """Give the tables of groups, and the definitions, without which their histories cannot be read."""
    return (*tables_of_groups(), METADATA.tables[Definition.__tablename__])


def _lines(session: Session, table: sa.Table, group_id: int) -> Iterator[bytes]:
    """Give a group's rows of one table, each as one line of JSON with sorted keys, by their primary key."""
    where = _is_pinned(table, group_id) if table.name == Definition.__tablename__ else is_of(table, group_id)
    left_out = LEFT_OUT.get(table.name, frozenset())
    columns = [column for column in table.c if column.name not in left_out]
    query = sa.select(*columns).where(where).order_by(*table.primary_key.columns)
    for row in session.execute(query.execution_options(yield_per=_AT_ONCE)):
        plain = {column.name: _plain(value) for column, value in zip(columns, row, strict=True)}
        yield f"{canonical(plain)}\n".encode()


def _is_pinned(table: sa.Table, group_id: int) -> sa.ColumnElement[bool]:
    """Leave the definitions to which a subject of the group is pinned."""
    pinned = sa.union(*(sa.select(one.definition_id).where(one.group_id == group_id) for one in MOVED))
    return table.c.id.in_(pinned)


def _plain(value: Any) -> Any:
    """Write instants in UTC with 27 characters, days with 10, and bytes in base 64."""
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value


def _read(plain: dict[str, Any]) -> Manifest:
    if plain.pop("format") != FORMAT:
        raise ValueError("a format of another version")
    parts = {name: {key: Part(**one) for key, one in plain[name].items()} for name in ("tables", "files")}
    return Manifest(**plain | parts | {"missing": tuple(plain["missing"])})


def _sum_of(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as entry:
        digest = hashlib.sha256()
        while piece := entry.read(_PIECE):
            digest.update(piece)
        return digest.hexdigest()
