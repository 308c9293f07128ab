"""A backup: one instant of an installation in one file, made while people work, and read back before it counts."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version as version_of
from pathlib import Path

from assurance.copies.archive import DATABASE, Manifest, prove, summed, write_archive
from assurance.copies.contents import Content, still_there
from assurance.copies.copying import CannotCopy, copying, take_stock
from assurance.copies.workshop import PART, clear_left_behind, workshop
from assurance.files.cabinet import Cabinet
from assurance.migrate import newest_shape
from engine.errors import Refused
from engine.fences import EVERY
from engine.store import Store, open_store
from engine.transport import OnRows, snapshot_into

ENDING = ".zip"
OnStep = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that is done: where it lies, how large it is (bytes), what it holds, and which older ones went."""

    file: Path
    size: int
    manifest: Manifest
    removed: tuple[Path, ...] = ()


def name_in(folder: Path, cabinet: Cabinet, at: datetime) -> Path:
    """Give the name of a backup of an instant: it tells one installation from another, and sorts by time."""
    return folder / f"auditloop-{cabinet.mark}-{at:%Y%m%dT%H%M%SZ}{ENDING}"


def back_up(
    store: Store, cabinet: Cabinet, file: Path, *, at: datetime, on_step: OnStep, on_rows: OnRows
) -> BackedUp:
    """Write everything that an installation holds at one instant, from `at` on, into a new file, and read it back.

    People go on working: on SQLite whoever writes waits while the pages are read, on PostgreSQL nobody waits. The file
    gets its name last, once all of it has proved to be there. Raises CannotCopy where a file of that name lies there.
    """
    if file.exists():
        raise CannotCopy(
            f"{file} is there already, and a backup never writes over another; choose another name."
        )
    with workshop(file.parent, file.name) as shop:
        on_step("The database is being read ...")
        copy = shop / DATABASE
        copied = _snapshot(store, copy, on_rows)
        on_step("The copy is being counted and every seal checked ...")
        with closing(open_store(copy)) as kept:
            stock = take_stock(kept, on_rows=on_rows)
        if copied is not None and copied != stock.heads:
            raise CannotCopy("The copy of the database changed while it was being read. Make another backup.")
        with copy.open("rb") as stored:
            database = summed(stored)
        on_step("The files are being read and everything is packed ...")

        def manifest_of(written: tuple[Content, ...]) -> Manifest:
            return Manifest(
                program=version_of("auditloop"),
                shape=newest_shape(),
                made_at=at,
                kept_on=store.db.dialect.name,
                database=database,
                tables=stock.tables,
                files=written,
                missing=_missing(store, set(stock.contents) - set(written)),
                heads=stock.heads,
                lines=stock.proof.lines,
                subjects=stock.proof.subjects,
                faults=len(stock.proof.faults),
            )

        packed = shop / file.name
        write_archive(packed, copy, _whole_ones(cabinet, stock.contents), manifest_of)
        packed.chmod(0o600)
        on_step("The backup is being read back ...")
        manifest = prove(packed)
        if file.exists():
            raise CannotCopy(f"{file} has come to be there meanwhile; choose another name.")
        packed.rename(file)
        _sync(file.parent)
    return BackedUp(file, file.stat().st_size, manifest)


def keep_newest(folder: Path, cabinet: Cabinet, most: int) -> tuple[Path, ...]:
    """Remove the oldest backups of this installation beyond so many, and what killed ones left; give what was removed."""
    pattern = f"auditloop-{cabinet.mark}-*{ENDING}"
    clear_left_behind(folder, pattern + PART)
    too_many = sorted(folder.glob(pattern), reverse=True)[most:]
    for old in too_many:
        old.unlink()
    return tuple(reversed(too_many))


def _snapshot(store: Store, copy: Path, on_rows: OnRows) -> str | None:
    """Take one instant of the database into a file of its own; give the heads that were read, where rows were copied."""
    if store.db.dialect.name == "sqlite":
        with store.reading(group=EVERY) as session:
            snapshot_into(session, copy)
        return None
    # What can be made again need not survive a power cut before it is packed.
    with (
        closing(open_store(copy, survives_power_cut=False)) as target,
        copying(store, target, on_rows=on_rows) as (_, copied),
    ):
        return copied.heads


def _whole_ones(cabinet: Cabinet, contents: Sequence[Content]) -> Iterator[tuple[Content, bytes]]:
    """Give the contents that are there and undamaged, one by one."""
    for content in contents:
        with suppress(Refused):
            yield content, cabinet.content(content.place, content.sha256)


def _missing(store: Store, gone: Collection[Content]) -> tuple[str, ...]:
    """Name what is missing or damaged; what somebody took back meanwhile is neither."""
    return tuple(sorted(content.place for content in still_there(store, gone))) if gone else ()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
