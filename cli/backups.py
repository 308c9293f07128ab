"""The commands that keep an installation in one file and bring it back: `backup` and `restore`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from assurance.copies.archive import Manifest
from assurance.copies.backup import ENDING, BackedUp, back_up, keep_newest, name_in
from assurance.copies.contents import Brought, cabinet_in
from assurance.copies.restore import Restored, restore
from assurance.files.cabinet import cabinet_of
from cli.copying import (
    FilesFromOption,
    FilesToOption,
    complain,
    made,
    said_of_files,
    said_of_proof,
    said_of_rows,
    show_tables,
)
from cli.opening import (
    FOUND,
    BadInput,
    DatabaseOption,
    JsonOption,
    QuietOption,
    answering,
    named,
    opened_store,
    settings_for,
    shown,
)
from cli.progress import answering_copies, progress
from cli.shown import in_words, say, several, show_json
from engine.clock import SystemClock


def backup_(
    where: Annotated[
        Path, typer.Argument(metavar="FOLDER|FILE", help="A folder, or a new file that ends in .zip.")
    ],
    keep: Annotated[
        int | None,
        typer.Option(
            "--keep",
            metavar="N",
            min=1,
            help="Keep the newest N in the folder, remove older ones.",
            show_default=False,
        ),
    ] = None,
    files_from: FilesFromOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    database: DatabaseOption = None,
) -> None:
    """Keep everything in one file: the database as it is at one instant, its files, and what proves both.

    People go on working meanwhile. The file is a ZIP with a SQLite database, whichever database this is, so that a
    backup can be restored into either. It gets its name only once all of it was read back; it is never written over
    another one. Nobody but its owner can read it: it holds everything, unencrypted, but not AUDITLOOP_SECRET.

    Ends with 1 when a file or a seal was damaged already: the backup is made all the same, and says so.

    Examples: auditloop backup /srv/backups --keep 14; auditloop backup before-the-move.zip
    """
    with answering(as_json=as_json), answering_copies():
        settings = settings_for(database)
        cabinet = cabinet_of(settings)
        kept = cabinet if files_from is None else cabinet_in(files_from)
        is_file = where.suffix == ENDING and not where.is_dir()
        if is_file and keep is not None:
            raise BadInput("--keep goes with a folder, in which each backup gets a name of its own.")
        with opened_store(settings) as store, progress(quiet=quiet or as_json) as told:
            # Asked before anything is read: whatever was done before this instant is in it.
            at = SystemClock().now()
            file = where if is_file else name_in(where, cabinet, at)
            done = back_up(store, kept, file, at=at, on_step=told.on_step, on_rows=told.on_rows)
        removed = keep_newest(where, cabinet, keep) if keep is not None else ()
        if as_json:
            show_json(
                {
                    "file": str(done.file),
                    "size": done.size,
                    "removed": [str(one) for one in removed],
                    **_plain(done.manifest),
                }
            )
        elif not quiet:
            _say_backed_up(done, removed)
        _complain(done.manifest, shown(settings.database))


def restore_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.", exists=True, dir_okay=False)],
    target: Annotated[
        str, typer.Argument(metavar="TO", help="An empty database, or one that is not there yet.")
    ],
    files_to: FilesToOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Bring an installation back out of a backup, as it was at that instant, and hold all of its mail.

    Every byte of the backup is checked first; every row is read again out of the database that is written, and every
    seal checked, before it counts. Until somebody calls `auditloop release`, no mail goes: what was owed then may have
    been sent since. Whoever was signed in signs in again, and programs need new tokens.

    Ends with 1 when what was written is not equal, and TO is empty then; also when a file or a seal was damaged in the
    backup already.

    Example: auditloop restore /srv/backups/auditloop-5f0c1d2e-20261126T020000Z.zip /srv/auditloop/auditloop.sqlite
    """
    with answering(as_json=as_json), answering_copies():
        settings = settings_for(target)
        cabinet = cabinet_in(files_to or settings.var / "files")
        with made(settings) as store, progress(quiet=quiet or as_json) as told, named(target):
            done = restore(
                file,
                store,
                cabinet,
                at=SystemClock().now(),
                work_in=settings.var,
                on_step=told.on_step,
                on_rows=told.on_rows,
            )
        if as_json:
            show_json({**_plain(done.manifest), "ended": done.ended, "owed": done.owed})
        elif not quiet:
            _say_restored(done, target, cabinet.folder)
        complain(done.manifest.missing, done.copied.proof, where="the backup")


def _say_backed_up(done: BackedUp, removed: tuple[Path, ...]) -> None:
    manifest = done.manifest
    rows = sum(one.rows for one in manifest.tables.values())
    say(f"Backup of {_moment(manifest.made_at)}: {done.file} ({done.size / 1e6:.1f} MB).")
    say(
        f"It holds {several(rows, 'row')} in {several(len(manifest.tables), 'table')}, "
        f"{several(len(manifest.files), 'file')}, and {several(manifest.lines, 'line')} of history with the newest seals "
        f"{manifest.heads[:32]}; every byte of it was read back."
    )
    for old in removed:
        say(f"Removed {old}.")


def _say_restored(done: Restored, target: str, folder: Path) -> None:
    manifest, ended = done.manifest, done.ended
    show_tables(done.copied.tables)
    say()
    say(said_of_rows(done.copied))
    size = sum(content.size for content in manifest.files)
    say(said_of_files(Brought(len(manifest.files), size), folder))
    say(said_of_proof(done.copied.heads, done.copied.proof))
    say()
    say(f"{shown(target)} is as it was on {_moment(manifest.made_at)}.")
    owed = (
        f"{several(done.owed, 'mail')} owed then may have been sent since by the installation of the backup"
    )
    say(f"All mail is held until you say `auditloop release`{f': {owed}' if done.owed else ''}.")
    say(
        f"Ended: {several(ended.sessions, 'session')}, {several(ended.tickets, 'link')} to set up or recover an account, "
        f"{several(ended.tokens, 'token')} of programs."
    )
    say(
        "Good again are passwords, accounts, posts, links in mails and calendar addresses as they were then, and back are "
        "texts and groups that were erased since: change, withdraw and erase again what has to be."
    )


def _complain(manifest: Manifest, where: str) -> None:
    for place in manifest.missing:
        typer.echo(
            f"A file is missing or damaged in {where}, and so it is not in the backup: {place}", err=True
        )
    if manifest.faults:
        told = f"{several(manifest.faults, 'fault')} in the history of {where}; run `auditloop verify`."
        typer.echo(f"The backup is as the database is, with {told}", err=True)
    if manifest.missing or manifest.faults:
        raise typer.Exit(FOUND)


def _moment(at: datetime) -> str:
    return f"{in_words(at)}:{at:%S} UTC"


def _plain(manifest: Manifest) -> dict[str, object]:
    return {
        "made_at": manifest.made_at,
        "program": manifest.program,
        "shape": manifest.shape,
        "tables": dict(manifest.tables),
        "files": len(manifest.files),
        "missing": manifest.missing,
        "heads": manifest.heads,
        "lines": manifest.lines,
        "subjects": manifest.subjects,
        "faults": manifest.faults,
    }
