"""Removing one group for good: only what was exported as it stands now, in one transaction, with a line that stays.

Sealed lines go by this way alone: the database lets go of those of a group that stands in the log of removed groups.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.exporting import Manifest, Part, group_called, is_of, read_export, stock_of, tables_of_groups
from assurance.files.cabinet import Cabinet, cabinet_of
from assurance.office import Office
from assurance.records import RemovedGroup, StoredFile
from engine.errors import Reason, Refused
from engine.ledger import canonical

NO_ROWS = Part(0, "")
NOT_THE_OWNER = (
    "As whoever runs the program nobody can remove what is sealed. Name the owner of the tables: "
    "--database postgresql://owner@host/name."
)


def remove_group(office: Office, key: str, export: Path, *, by: str) -> RemovedGroup:
    """Remove a group with all its rows and files, and give the line that stays: who, when, how many, under which seals.

    `by` is whoever runs the installation. Raises Refused where the export is of another group, is damaged, or is not
    what stands there now; then nothing is removed.
    """
    group_id, manifest = group_called(office, key), read_export(export)
    if (manifest.group, manifest.key) != (group_id, key):
        raise Refused.because(
            "other_group", f"{export} is an export of the group {manifest.key!r}, not of {key!r}."
        )
    tables, cabinet = tables_of_groups(), cabinet_of(office.settings)
    with office.store.begin(group=group_id) as session:
        _hold(session, tables)
        _refuse_changed(manifest, *stock_of(session, group_id))
        _refuse_left_out(session, cabinet, manifest)
        line = RemovedGroup(
            group_id=group_id,
            key=key,
            removed_at=office.clock.now(),
            removed_by=by,
            manifest=manifest.fingerprint,
            rows=canonical({name: part.number for name, part in manifest.tables.items() if part.number}),
            files=len(manifest.files),
            heads=manifest.heads,
        )
        session.add(line)
        session.flush()
        for table in reversed(tables):
            session.execute(sa.delete(table).where(is_of(table, group_id)))
        session.expunge(line)
    office.read_playbook()
    # Only now: a content without a row harms nobody, and the daily broom would clear it away too.
    for place in manifest.files:
        cabinet.remove(place)
    return line


def _hold(session: Session, tables: tuple[sa.Table, ...]) -> None:
    """Keep everybody from writing until the end; SQLite's one writer holds the whole file already."""
    if session.info["dialect"].name == "postgresql":
        if not session.scalar(sa.text("SELECT has_table_privilege('event', 'DELETE')")):
            raise Refused.because("not_the_owner", NOT_THE_OWNER)
        names = ", ".join(table.name for table in tables)
        session.execute(sa.text(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE"))


def _refuse_changed(manifest: Manifest, there: dict[str, Part], heads: str) -> None:
    """Raise Refused, naming every table, where something is there now that the export does not hold, or the reverse."""
    reasons = [
        Reason("changed", _told(name, manifest.tables.get(name, NO_ROWS), part))
        for name, part in there.items()
        if manifest.tables.get(name) != part
    ]
    if heads != manifest.heads and not reasons:
        reasons.append(Reason("changed", "The newest seals are others than those of the export."))
    if reasons:
        again = "The group has changed since it was exported. Export it again, then remove it."
        raise Refused(Reason("changed", again), *reasons)


def _refuse_left_out(session: Session, cabinet: Cabinet, manifest: Manifest) -> None:
    """Raise Refused where the export was made without files that are not lost: nothing would bring them back."""
    if not manifest.missing:
        return
    left_out = f"The export was made without {_files(len(manifest.missing))}"
    if not cabinet.folder.is_dir():
        sentence = (
            f"{left_out}, and there is no folder of files at {cabinet.folder}. Work where the files lie."
        )
        raise Refused.because("no_files", sentence)
    kept = sa.select(StoredFile.place, StoredFile.sha256).where(StoredFile.group_id == manifest.group)
    missing = frozenset(manifest.missing)
    here = sum(place in missing and _lies(cabinet, place, sha256) for place, sha256 in session.execute(kept))
    if here:
        lie = "lies" if here == 1 else "lie"
        sentence = f"{_files(here)} {lie} here that the export was made without. Export the group again."
        raise Refused.because("files_left_out", sentence)


def _lies(cabinet: Cabinet, place: str, sha256: str) -> bool:
    try:
        cabinet.content(place, sha256)
    except Refused:
        return False
    return True


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"


def _told(name: str, exported: Part, there: Part) -> str:
    if exported.number == there.number:
        return f"Of {name}, a row is not what it was when it was exported."
    return f"Of {name}, {exported.number} rows were exported, and {there.number} are there now."
