"""`auditloop migrate`: the database in the newest shape."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from assurance.migrate import migrate, newest_shape, shape_of
from cli.opening import (
    BadInput,
    DatabaseOption,
    QuietOption,
    answering,
    file_of,
    named,
    settings_for,
    shown,
)
from cli.shown import waiting
from engine.fences import Unfit, admit
from engine.store import Store, open_store


def migrate_(
    while_running: Annotated[
        bool,
        typer.Option(
            "--while-running",
            help="Also where programs that are running need what is taken away, and will fail.",
        ),
    ] = False,
    runtime_role: Annotated[
        str | None,
        typer.Option(
            "--runtime-role",
            metavar="ROLE",
            help="Let this role of PostgreSQL run the program; made where it is missing.",
            show_default=False,
        ),
    ] = None,
    quiet: QuietOption = False,
    database: DatabaseOption = None,
) -> None:
    """Make the database, or bring it to the newest shape; run it again at no cost.

    Everything happens in one transaction: it is done whole, or not at all. Make a copy of the file first all the
    same.

    Programs of the version before go on running meanwhile where nothing is taken away from them. Where something is,
    it ends with 3 and names those that run on this PostgreSQL, until they are stopped.

    With --runtime-role, name the tables' owner in --database and the role in AUDITLOOP_DATABASE: it may add to what is
    sealed and change nothing of it, and cannot take the fences between groups down. Say it again with every migration.

    Examples: auditloop migrate; auditloop migrate --database postgresql://owner@host/name --runtime-role auditloop
    """
    with answering():
        settings = settings_for(database)
        file, where = file_of(settings), shown(settings.database)
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
        with named(settings.database), closing(open_store(settings.database)) as store:
            before = shape_of(store)
            with waiting("The database is being changed ...", quiet=quiet):
                migrate(store, while_running=while_running)
            is_new = runtime_role is not None and _admit(store, runtime_role)
        if quiet:
            return
        if before is None:
            typer.echo(f"Made the database {where}: {newest_shape()}.")
        elif before == newest_shape():
            typer.echo(f"The database {where} has the newest shape already: {before}.")
        else:
            typer.echo(f"Brought the database {where} from {before} to {newest_shape()}.")
        if runtime_role is not None:
            password = f" Give it a password: ALTER ROLE {runtime_role} PASSWORD '...'." if is_new else ""
            typer.echo(f"{runtime_role} may run the program on it, and no more.{password}")


def _admit(store: Store, role: str) -> bool:
    """Let a role run the program; give whether it was made."""
    if store.db.dialect.name != "postgresql":
        raise BadInput("Only PostgreSQL has roles; leave out --runtime-role.")
    try:
        with store.db.connect() as connection, connection.begin():
            return admit(connection, role)
    except Unfit as error:
        raise BadInput(str(error)) from error
