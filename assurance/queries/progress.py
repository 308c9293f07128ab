"""How it goes and what proves it: progress notes and evidence of one subject, with its files, for whoever may read them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from assurance.access import Viewer, reads_texts_of, require_sight
from assurance.office import Tx
from assurance.queries.files import FileRow, files_of
from assurance.records import Evidence, Person, ProgressNote
from engine.moved import Ref


@dataclass(frozen=True, slots=True)
class Noted:
    """One progress note; `text` is empty for whoever may know the rating only."""

    on: date
    by: str
    rating: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Proven:
    """One piece of evidence; title and text are empty for whoever may only know that there is one."""

    on: date
    by: str
    title: str | None
    text: str | None
    files: tuple[FileRow, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """Notes and evidence, the newest first; `reads` says whether the viewer may read what was written."""

    reads: bool
    notes: tuple[Noted, ...]
    evidence: tuple[Proven, ...]


def progress_of(tx: Tx, viewer: Viewer, ref: Ref) -> Progress:
    """Give how a subject goes and what proves it.

    Raises Refused where there is no such subject for this viewer.
    """
    require_sight(tx.session, viewer, ref)
    (known,) = tx.playbook.noun(ref.kind).load_many(tx.session, [ref.id])
    reads = reads_texts_of(viewer, known.belongs.agency_id)
    return Progress(reads, _notes(tx, ref, reads=reads), _evidence(tx, viewer, ref, reads=reads))


def _notes(tx: Tx, ref: Ref, *, reads: bool) -> tuple[Noted, ...]:
    if ref.kind != "action":
        return ()
    rows = tx.session.execute(
        sa.select(ProgressNote.on, Person.name, ProgressNote.rating, ProgressNote.text)
        .join(Person, Person.id == ProgressNote.person_id)
        .where(ProgressNote.action_id == ref.id)
        .order_by(ProgressNote.id.desc())
    )
    return tuple(Noted(on, by, rating, text if reads else None) for on, by, rating, text in rows)


def _evidence(tx: Tx, viewer: Viewer, ref: Ref, *, reads: bool) -> tuple[Proven, ...]:
    files: dict[int | None, list[FileRow]] = defaultdict(list)
    for file in files_of(tx, viewer, ref):
        files[file.evidence_id].append(file)
    rows = tx.session.execute(
        sa.select(Evidence.id, Evidence.on, Person.name, Evidence.title, Evidence.text)
        .join(Person, Person.id == Evidence.person_id)
        .where(Evidence.subject_kind == ref.kind, Evidence.subject_id == ref.id)
        .order_by(Evidence.id.desc())
    )
    return tuple(
        Proven(on, by, title if reads else None, text if reads else None, tuple(files[number]))
        for number, on, by, title, text in rows
    )
