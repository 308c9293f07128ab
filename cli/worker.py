"""`auditloop worker`: rules, mail and returned mail, done by any number of processes together on one PostgreSQL."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable

import typer

from assurance.calling import CLOCK, DELIVER, POST, SWEEP, call, calling
from assurance.office import Office
from assurance.post import is_owed, many_are_owed, owed_soon
from assurance.sweep import many_are_due, stands_still
from cli.logs import logging_as
from cli.machines import opened_beside_others, settings_beside_others
from cli.opening import DatabaseOption, answering, shown
from cli.rounds import STOPPED_BY, Watch, deliver_owed, mailer_for, read_returned, where_mail_goes
from engine.jobs import Job, work_until
from notifications.mailer import Mailer

log = logging.getLogger("auditloop.worker")


def worker(database: DatabaseOption = None) -> None:
    """Let rules look and deliver mail, beside any number of others on one PostgreSQL, until Ctrl-C or SIGTERM.

    Rules look every minute at what is due and once a day at everything; mail goes out within a second of what caused it;
    returned mail is read every five minutes, where AUDITLOOP_BOUNCE_BOX is set. Each is done once, by whichever worker
    is free. What is under way when you stop it is finished first; what a worker leaves that is killed, others do.

    Examples: auditloop worker --database postgresql://user@host/name; auditloop worker
    """
    with answering():
        settings = settings_beside_others(database, "worker")
        mailer = mailer_for(settings)
        with opened_beside_others(settings) as office:
            work_office(office, mailer, mail_goes=where_mail_goes(settings))


def work_office(office: Office, mailer: Mailer, *, mail_goes: str) -> None:
    """Keep the clock and the post running, with all other workers, until SIGTERM or SIGINT; what is under way is finished."""
    stop = threading.Event()
    with logging_as(office.settings.log), calling(office):
        typer.echo(f"Working on {shown(office.settings.database)}, with all other workers there.")
        typer.echo("Rules look every minute and once a day at everything; mail goes out within a second.")
        if office.settings.bounce_box is not None:
            typer.echo("Returned mail is read every five minutes.")
        typer.echo(f"Mail goes to {mail_goes}.")
        typer.echo("Stop with Ctrl-C.")
        asyncio.run(_work(office, mailer, stop))
        typer.echo("Stopped; nothing was left half done.")


async def _work(office: Office, mailer: Mailer, stop: threading.Event) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask_to_stop() -> None:
        stop.set()
        told.set()

    for number in STOPPED_BY:
        loop.add_signal_handler(number, ask_to_stop)
    try:
        await work_until(told, office.settings.database, jobs_of(office, mailer, stopping=stop.is_set))
    finally:
        for number in STOPPED_BY:
            loop.remove_signal_handler(number)


def jobs_of(office: Office, mailer: Mailer, *, stopping: Callable[[], bool]) -> tuple[Job, ...]:
    """Give all kinds of work of one office."""
    night_watch, clocks_apart = Watch(office, beside_others=True), threading.Event()

    def clock() -> None:
        if many_are_due(office):
            # More than one should carry alone; whoever comes calls the next.
            call(office.store, CLOCK, SWEEP)
        night_watch.look()

    def post() -> None:
        # After a standstill the rules look first: so that one digest says all, and no lower level goes before a higher.
        if not night_watch.has_looked and stands_still(office):
            night_watch.look()
        # Who called may live by a clock that is a little ahead of ours.
        clocks_apart.wait(owed_soon(office))
        if not is_owed(office):
            return
        if many_are_owed(office):
            call(office.store, POST, DELIVER)
        deliver_owed(office, mailer, stopping)

    return (
        Job(SWEEP, CLOCK, "* * * * *", _answered("the sweep", clock)),
        Job(DELIVER, POST, "* * * * * */15", _answered("the post", post)),
        Job(
            "read_returned",
            "returned",
            "*/5 * * * *",
            _answered("the returned mail", lambda: read_returned(office)),
        ),
    )


def _answered(name: str, work: Callable[[], None]) -> Callable[[], None]:
    """Say what failed; it comes round again."""

    def run() -> None:
        try:
            work()
        except Exception:
            log.exception("%s failed and is tried again at its next turn", name)

    return run
