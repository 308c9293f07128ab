"""Commands that keep the records sound: `verify` and `migrate`."""

from __future__ import annotations

from contextlib import closing

import typer

from assurance.migrate import migrate, newest_shape, shape_of
from assurance.tables import MOVED
from cli.opening import (
    FOUND,
    DatabaseOption,
    JsonOption,
    QuietOption,
    answering,
    file_of,
    named,
    opened_store,
    settings_for,
    shown,
)
from cli.shown import several, show_json, waiting
from engine.proof import verify
from engine.store import open_store


def verify_(as_json: JsonOption = False, quiet: QuietOption = False, database: DatabaseOption = None) -> None:
    """Prove that no line of the history was changed, and that everything stands where its history says.

    Every line is sealed with the line before it; every text that somebody wrote is bound to its line; every
    subject's state is played again from its history. A change of one byte is found and named.

    Ends with 1 when something does not fit, with one sentence for each place.

    Example: auditloop verify --database var/auditloop.sqlite
    """
    with answering(as_json=as_json), opened_store(settings_for(database)) as store:
        with waiting("Every seal is being checked ...", quiet=quiet or as_json), store.reading() as session:
            proof = verify(session, MOVED)
        if as_json:
            show_json(proof)
        else:
            for fault in proof.faults:
                typer.echo(str(fault))
            checked = f"{several(proof.lines, 'line')} of {several(proof.subjects, 'subject')}"
            if proof.faults:
                typer.echo(f"{several(len(proof.faults), 'fault')} found in {checked}.", err=True)
            elif not quiet:
                typer.echo(f"Sound: {checked} were checked, every seal holds and every state follows.")
        if proof.faults:
            raise typer.Exit(FOUND)


def migrate_(quiet: QuietOption = False, database: DatabaseOption = None) -> None:
    """Make the database, or bring it to the newest shape; run it again at no cost.

    Everything happens in one transaction: it is done whole, or not at all. Make a copy of the file first all the
    same.

    Examples: auditloop migrate; auditloop migrate --database postgresql://user@host/name
    """
    with answering():
        settings = settings_for(database)
        file, where = file_of(settings), shown(settings.database)
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
        with named(settings.database), closing(open_store(settings.database)) as store:
            before = shape_of(store)
            with waiting("The database is being changed ...", quiet=quiet):
                migrate(store)
        if quiet:
            return
        if before is None:
            typer.echo(f"Made the database {where}: {newest_shape()}.")
        elif before == newest_shape():
            typer.echo(f"The database {where} has the newest shape already: {before}.")
        else:
            typer.echo(f"Brought the database {where} from {before} to {newest_shape()}.")
