"""The files about a subject, and one of them with its content, for whoever may read what was written about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from assurance.access import Viewer, may_see, nothing_like, visible
from assurance.files.cabinet import Cabinet
from assurance.office import Tx
from assurance.records import Person, StoredFile
from engine.moved import Ref

FILE = "file"


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file; `size` is in bytes, `stored_at` in the group's own time, `evidence_id` the evidence that it proves."""

    number: int
    name: str
    media_type: str
    size: int
    sha256: str
    handed_in_by: str
    stored_at: datetime
    is_scanned: bool
    evidence_id: int | None


@dataclass(frozen=True, slots=True)
class Content:
    """A file to be handed out: what is in it, of which type, under which name."""

    name: str
    media_type: str
    content: bytes


def files_of(tx: Tx, viewer: Viewer, ref: Ref) -> tuple[FileRow, ...]:
    """Give the files about a subject that the viewer may read, the newest first."""
    found = tx.session.execute(
        sa.select(StoredFile, Person.name)
        .join(Person, Person.id == StoredFile.person_id)
        .where(
            StoredFile.subject_kind == ref.kind,
            StoredFile.subject_id == ref.id,
            StoredFile.taken_back_at.is_(None),
            visible(viewer, StoredFile),
        )
        .order_by(StoredFile.id.desc())
    )
    return tuple(
        FileRow(
            row.id,
            row.name,
            row.media_type,
            row.size,
            row.sha256,
            person,
            row.stored_at.astimezone(tx.calendar.zone),
            row.is_scanned,
            row.evidence_id,
        )
        for row, person in found
    )


def name_of_file(tx: Tx, viewer: Viewer, number: int) -> tuple[Ref, str]:
    """Give the subject and the name of a file; raises Refused where there is none for this viewer."""
    row = _row(tx, viewer, number)
    return Ref(row.subject_kind, row.subject_id), row.name


def content_of(tx: Tx, viewer: Viewer, cabinet: Cabinet, number: int) -> Content:
    """Give one file with its content.

    Raises Refused where there is none for this viewer, and where the content is no longer what was handed in.
    """
    row = _row(tx, viewer, number)
    return Content(row.name, row.media_type, cabinet.content(row.place, row.sha256))


def _row(tx: Tx, viewer: Viewer, number: int) -> StoredFile:
    is_there = (StoredFile.id == number, StoredFile.taken_back_at.is_(None))
    row = tx.session.scalar(sa.select(StoredFile).where(*is_there, visible(viewer, StoredFile)))
    if row is None or not may_see(tx.session, viewer, Ref(row.subject_kind, row.subject_id)):
        raise nothing_like(viewer, f"{FILE}/{number}")
    return row
