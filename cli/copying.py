"""The command that moves an installation from one database to another: `copy`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from assurance.config import Settings
from assurance.copies.contents import Brought, cabinet_in, copy_contents
from assurance.copies.copying import Copied, TableCopied, copying
from cli.opening import (
    FOUND,
    BadInput,
    JsonOption,
    QuietOption,
    answering,
    file_of,
    named,
    opened_store,
    settings_for,
    shown,
)
from cli.progress import answering_copies, progress
from cli.shown import Column, say, several, show_json, show_table
from engine.clock import SystemClock
from engine.proof import Proof
from engine.store import Store, open_store

FilesFromOption = Annotated[
    Path | None,
    typer.Option(
        "--files-from",
        metavar="FOLDER",
        help="Where the files of FROM lie, if not in files/ beside it.",
        show_default=False,
    ),
]
FilesToOption = Annotated[
    Path | None,
    typer.Option(
        "--files-to",
        metavar="FOLDER",
        help="Where the files of TO are to lie, if not in files/ beside it.",
        show_default=False,
    ),
]


def copy_(
    original: Annotated[str, typer.Argument(metavar="FROM", help="The database to read: a file or a URL.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="An empty one, or one that is not there yet.")],
    files_from: FilesFromOption = None,
    files_to: FilesToOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Move an installation to another database: SQLite or PostgreSQL, in any direction, with its files.

    All is read at one instant and written in one transaction; it counts only once every row was read again out of the
    copy and is the same, every file has its SHA-256, and every seal holds. Files lie in files/ beside a database
    file, or in that of AUDITLOOP_VAR; a server's database needs AUDITLOOP_VAR, or --files-from and --files-to.

    Stop the program first: what is done in FROM after this has begun is not in TO, and both then owe the same mails.
    The role of a PostgreSQL database has to own its tables.

    Ends with 1 when the copy is not equal, and TO is empty then; also when a file or a seal was damaged in FROM already.

    Examples: auditloop copy var/auditloop.sqlite postgresql://auditloop@db.example/auditloop; auditloop copy postgresql://auditloop@db.example/auditloop /srv/small/auditloop.sqlite
    """
    with answering(as_json=as_json), answering_copies():
        reads, writes = settings_for(original), settings_for(target)
        source = cabinet_in(files_from or reads.var / "files")
        cabinet = cabinet_in(files_to or writes.var / "files")
        with opened_store(reads) as store, made(writes) as other, progress(quiet=quiet or as_json) as told:
            told.on_step(f"Everything is copied to {shown(target)} ...")
            with named(target), copying(store, other, on_rows=told.on_rows) as (_, copied):
                told.on_step("The files are copied ...")
                brought = copy_contents(copied.contents, source, cabinet, at=SystemClock().now())
                if copied.contents and not brought.number:
                    raise BadInput(
                        f"None of the {several(len(copied.contents), 'file')} of {shown(original)} lies in {source.folder}; "
                        "say with --files-from where they are. Nothing was copied."
                    )
        if as_json:
            show_json(_plain(copied, brought))
        elif not quiet:
            show_tables(copied.tables)
            say()
            say(said_of_rows(copied))
            say(said_of_files(brought, cabinet.folder))
            say(said_of_proof(copied.heads, copied.proof))
            say(
                f"Both owe the same mails now: go on with {shown(target)}, and do not start {shown(original)} again."
            )
        complain(brought.missing, copied.proof, where=shown(original))


@contextmanager
def made(settings: Settings) -> Iterator[Store]:
    """Open a database that need not be there yet, and close it again."""
    file = file_of(settings)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    with named(settings.database), closing(open_store(settings.database)) as store:
        yield store


def show_tables(tables: Sequence[TableCopied]) -> None:
    """Show each table that holds anything, as it was read on both sides."""
    columns: list[Column[TableCopied]] = [
        Column("Table", lambda one: one.table),
        Column("Rows", lambda one: one.original.rows, is_number=True),
        Column("In the copy", lambda one: one.copy.rows, is_number=True),
        Column("Over all rows", lambda one: one.original.over_all[-16:]),
        Column("In the copy", lambda one: one.copy.over_all[-16:]),
    ]
    show_table(columns, [one for one in tables if one.original.rows or one.copy.rows])


def said_of_rows(copied: Copied) -> str:
    """Say how much was copied."""
    empty = sum(not one.copy.rows for one in copied.tables)
    return (
        f"{several(copied.rows, 'row')} in {several(len(copied.tables) - empty, 'table')} are the same in both; "
        f"{several(empty, 'table')} hold none."
    )


def said_of_files(brought: Brought, folder: Path) -> str:
    """Say how many files came along, and where they lie."""
    if not brought.number:
        return "There are no files."
    many = f"{several(brought.number, 'file')} ({brought.size / 1e6:.1f} MB)"
    return f"{many}, each with its SHA-256, in {folder.resolve()}."


def said_of_proof(heads: str, proof: Proof) -> str:
    """Say what came of checking every seal."""
    checked = f"{several(proof.lines, 'line')} of {several(proof.subjects, 'subject')}"
    sound = "every seal holds" if not proof.faults else several(len(proof.faults), "fault")
    return f"The newest seals are the same in both ({heads[:32]}); {checked} were checked: {sound}."


def complain(missing: Sequence[str], proof: Proof, *, where: str) -> None:
    """Name what was missing or damaged before anything was copied, and end with 1 where there was such a thing."""
    for place in missing:
        typer.echo(f"A file was missing or damaged in {where} already: {place}", err=True)
    for fault in proof.faults:
        typer.echo(f"This was wrong in {where} already: {fault}", err=True)
    if missing or proof.faults:
        raise typer.Exit(FOUND)


def _plain(copied: Copied, brought: Brought) -> dict[str, object]:
    tables = {one.table: {"rows": one.copy.rows, "over_all": one.copy.over_all} for one in copied.tables}
    return {"tables": tables, "files": brought, "heads": copied.heads, "proof": copied.proof}
