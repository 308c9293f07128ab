"""Commands that let time pass: `sweep`, `deliver` and `serve`."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from assurance.config import Settings
from assurance.migrate import migrate
from assurance.office import open_office
from assurance.post import still_owed
from assurance.sweep import sweep, sweep_all
from cli.opening import (
    FOUND,
    DatabaseOption,
    JsonOption,
    QuietOption,
    answering,
    file_of,
    named,
    opened,
    opened_store,
    settings_for,
)
from cli.pages import USUAL_PORT, HostOption, PortOption, require_secret, take_address
from cli.rounds import deliver_all, mailer_for, where_mail_goes
from cli.serve import serve_office
from cli.shown import (
    plain,
    said_of_delivery,
    said_of_sweep,
    said_of_waiting,
    said_of_withheld,
    show_json,
    waiting,
)
from engine.store import open_store
from notifications.delivery import never


def sweep_(
    everything: Annotated[
        bool,
        typer.Option("--all", help="Ask every rule of every subject: finds what a lost timer has left out."),
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    database: DatabaseOption = None,
) -> None:
    """Let the rules look at everything whose time has come.

    Each rule speaks once for each occasion, however often you sweep; what it says goes into the history and the
    outbox. `auditloop serve` does this every minute by itself.

    Ends with 1 when a subject could not be looked at, which is tried again in an hour, and when a new or changed rule
    would owe too many mails: it waits until `auditloop adopt` says what becomes of them, and the others go on.

    Examples: auditloop sweep; auditloop sweep --all
    """
    with answering(as_json=as_json), opened(database) as office:
        with waiting("The rules are looking ...", quiet=quiet or as_json):
            tally = sweep_all(office) if everything else sweep(office)
        if as_json:
            show_json(tally)
        elif not quiet:
            typer.echo(said_of_sweep(tally))
        for one in tally.withheld:
            typer.echo(said_of_withheld(one), err=True)
        if tally.parked or tally.withheld:
            raise typer.Exit(FOUND)


def deliver(
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    database: DatabaseOption = None,
) -> None:
    """Hand over every mail that is owed, each exactly once.

    The mail server is the one of AUDITLOOP_SMTP_URL: smtp+starttls://user:password@mail.example.org, smtps://... or,
    on this machine only, smtp://127.0.0.1:2525. Without it the mails go into a folder `mail` beside the database,
    in the maildir form that mail programs read.

    In the quiet hours and on days without work everything but what is urgent is held; what is no longer true is
    withdrawn.

    Ends with 1 when the mail server does not take what is owed; that stays in the outbox. What a server
    wants to be asked for again later is said, and ends with 0.

    Examples: auditloop deliver; AUDITLOOP_SMTP_URL=smtp://127.0.0.1:2525 auditloop deliver
    """
    with answering(as_json=as_json), opened(database) as office:
        mailer = mailer_for(office.settings)
        with waiting("The mails are going out ...", quiet=quiet or as_json):
            tally = deliver_all(office, mailer, stopping=never)
        owed = still_owed(office)
        said = said_of_delivery(tally, said_of_waiting(owed, office.clock.now()))
        if as_json:
            waits = {"still_owed": owed.number, "next_at": owed.first_at}
            show_json({**plain(tally), **waits, "still_held": owed.held, "held_until": owed.held_from})
        elif not quiet:
            typer.echo(said)
            typer.echo(f"By way of {where_mail_goes(office.settings)}.")
        if tally.trouble or tally.failed or tally.uncertain:
            if quiet:
                typer.echo(said, err=True)
            raise typer.Exit(FOUND)


def serve(
    host: HostOption = "127.0.0.1",
    port: PortOption = USUAL_PORT,
    database: DatabaseOption = None,
) -> None:
    """Serve the pages, and keep the clock and the post running, until Ctrl-C or SIGTERM.

    Rules look every minute at what is due and once a day at everything; mails go out every quarter of a minute;
    returned mail is read every five minutes, where AUDITLOOP_BOUNCE_BOX is set. What is under way when you stop it is
    finished first. A missing database is made. AUDITLOOP_SECRET must be set: what proves people is kept under it.

    Examples: auditloop serve; auditloop serve --port 8080; AUDITLOOP_SMTP_URL=smtp://127.0.0.1:2525 auditloop serve
    """
    with answering():
        settings = settings_for(database)
        require_secret(settings)
        mailer = mailer_for(settings)
        with closing(take_address(settings, host, port)) as listening:
            _make_if_missing(settings)
            with opened_store(settings), closing(open_office(settings)) as office:
                serve_office(office, mailer, listening, where_mail_goes=where_mail_goes(settings))


def _make_if_missing(settings: Settings) -> None:
    file = file_of(settings)
    if file is None or file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with named(settings.database), closing(open_store(settings.database)) as store:
        migrate(store)
    typer.echo(f"Made an empty database at {settings.database}.")
