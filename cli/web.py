"""`auditloop web`: the pages, served by any number of processes on one PostgreSQL, and nothing else."""

from __future__ import annotations

import gc
import socket
import threading
from contextlib import closing

import typer

from assurance.calling import calling
from assurance.office import Office
from cli.logs import logging_as
from cli.machines import opened_beside_others, settings_beside_others
from cli.opening import DatabaseOption, answering, shown
from cli.pages import USUAL_PORT, HostOption, PortOption, require_secret, take_address
from cli.rounds import stopped_by_signals
from web.app import create_app
from web.server import served


def web(
    host: HostOption = "127.0.0.1",
    port: PortOption = USUAL_PORT,
    database: DatabaseOption = None,
) -> None:
    """Serve pages only, beside any number of others on one PostgreSQL, until Ctrl-C or SIGTERM.

    Rules and mail are left to `auditloop worker`, which is called as soon as somebody is to be told something. Answers
    under way are finished first. On a database in a file use `auditloop serve`, which does everything.

    Examples: auditloop web --database postgresql://user@host/name; auditloop web --port 8001
    """
    with answering():
        settings = settings_beside_others(database, "web")
        require_secret(settings)
        with (
            closing(take_address(settings, host, port)) as listening,
            opened_beside_others(settings) as office,
        ):
            show_pages(office, listening)


def show_pages(office: Office, listening: socket.socket) -> None:
    """Serve the pages, and nothing else, until SIGTERM or SIGINT; workers are called as soon as mail is owed."""
    stop = threading.Event()
    app = create_app(office)
    with (
        logging_as(office.settings.log),
        stopped_by_signals(stop),
        calling(office),
        served(app, listening) as address,
    ):
        typer.echo(f"The pages are at {address}, on {shown(office.settings.database)}.")
        typer.echo("Rules and mail are left to `auditloop worker`.")
        typer.echo("Stop with Ctrl-C.")
        gc.collect()
        gc.freeze()
        stop.wait()
    typer.echo("Stopped; nothing was left half done.")
