"""Pages, clock and post of an installation, until somebody stops them. It waits, wakes and counts; it decides nothing."""

from __future__ import annotations

import gc
import logging
import socket
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, timedelta
from typing import Any

import typer
from apscheduler.events import EVENT_JOB_ERROR
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from assurance.accounts.sessions import end_demo_sessions
from assurance.office import Office
from assurance.post import is_owed, why_held
from cli.logs import logging_as
from cli.opening import shown
from cli.rounds import Watch, deliver_owed, read_returned, stopped_by_signals
from engine.clock import SystemClock
from notifications.mailer import Mailer
from web.app import create_app
from web.server import served

SWEEP_EVERY = timedelta(minutes=1)
DELIVER_EVERY = timedelta(seconds=15)
READ_RETURNED_EVERY = timedelta(minutes=5)

log = logging.getLogger("auditloop.serve")


def serve_office(
    office: Office,
    mailer: Mailer,
    listening: socket.socket,
    *,
    where_mail_goes: str = "",
    who_may_sign_in: Sequence[str] = (),
) -> None:
    """Serve the pages and keep the clock and the post running until SIGTERM or SIGINT; what is under way is finished.

    `who_may_sign_in` are the lines about the people of an example; without them everybody needs an account.
    """
    stop = threading.Event()
    if not who_may_sign_in:
        end_demo_sessions(office)
    app = create_app(office, is_demo=bool(who_may_sign_in))
    with logging_as(office.settings.log), stopped_by_signals(stop), served(app, listening) as address:
        typer.echo(f"The pages are at {address}")
        for line in who_may_sign_in:
            typer.echo(line)
        typer.echo(f"The clock and the post are running on {shown(office.settings.database)}.")
        if where_mail_goes:
            typer.echo(f"Mail goes to {where_mail_goes}.")
        held = why_held(office)
        if held:
            typer.echo(held)
        typer.echo("Stop with Ctrl-C.")
        scheduler = _scheduler(office, mailer, stop)
        # What was loaded until now is never garbage: looking through all of it, time and again, would take a sweep
        # longer than its own work.
        gc.collect()
        gc.freeze()
        scheduler.start()
        stop.wait()
        scheduler.shutdown(wait=True)
        typer.echo("Stopped; nothing was left half done.")


def _scheduler(office: Office, mailer: Mailer, stop: threading.Event) -> Any:
    """Make the clock: all state is in our own tables, so that its own memory may be lost at any instant."""
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={name: ThreadPoolExecutor(1) for name in ("clock", "post", "returned")},
        # Measured: the usual grace of one second drops late runs without a word.
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    scheduler.add_listener(log_failure, EVENT_JOB_ERROR)
    at_once = SystemClock().now()
    night_watch = Watch(office)
    jobs: tuple[tuple[str, Callable[[], None], str, timedelta], ...] = (
        ("the sweep", night_watch.look, "clock", SWEEP_EVERY),
        ("the post", lambda: _deliver(office, mailer, stop, night_watch), "post", DELIVER_EVERY),
        ("the returned mail", lambda: read_returned(office), "returned", READ_RETURNED_EVERY),
    )
    for name, job, executor, every in jobs:
        scheduler.add_job(
            job,
            "interval",
            seconds=every.total_seconds(),
            id=name,
            executor=executor,
            next_run_time=at_once,
        )
    return scheduler


def _deliver(office: Office, mailer: Mailer, stop: threading.Event, night_watch: Watch) -> None:
    # After a standstill the rules look first: so that one digest says all, and no lower level goes before a higher one.
    if night_watch.has_looked and is_owed(office):
        deliver_owed(office, mailer, stop.is_set)


def log_failure(event: Any) -> None:
    """Say in one line what failed; the job comes round again."""
    log.error(
        "%s failed and is tried again at its next turn: %s: %s",
        event.job_id,
        type(event.exception).__name__,
        " ".join(str(event.exception).split()),
    )
