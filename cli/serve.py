"""Pages, clock and post of an installation, until somebody stops them. It waits, wakes and counts; it decides nothing."""

from __future__ import annotations

import gc
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, timedelta
from types import FrameType
from typing import Any

import typer
from apscheduler.events import EVENT_JOB_ERROR
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from assurance.accounts.sessions import end_demo_sessions
from assurance.office import Office
from assurance.post import deliver, is_owed
from assurance.returned import read_returned_mail
from assurance.sweep import watch
from cli.bounces import said_of_returned
from cli.logs import logging_as
from cli.opening import shown
from cli.shown import said_of_delivery, said_of_sweep, said_of_withheld
from engine.clock import SystemClock
from notifications.delivery import Delivered
from notifications.mailer import Mailer
from web.app import create_app
from web.server import served

SWEEP_EVERY = timedelta(minutes=1)
DELIVER_EVERY = timedelta(seconds=15)
READ_RETURNED_EVERY = timedelta(minutes=5)
STOPPED_BY = (signal.SIGTERM, signal.SIGINT)

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
    with logging_as(office.settings.log), _stopped_by_signals(stop), served(app, listening) as address:
        typer.echo(f"The pages are at {address}")
        for line in who_may_sign_in:
            typer.echo(line)
        typer.echo(f"The clock and the post are running on {shown(office.settings.database)}.")
        if where_mail_goes:
            typer.echo(f"Mail goes to {where_mail_goes}.")
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
        ("the returned mail", lambda: _read_returned(office), "returned", READ_RETURNED_EVERY),
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


class Watch:
    """The clock's job: what is due each minute, and everything once a day; a rule that waits is named once."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._named: set[str] = set()
        self.has_looked = False

    def look(self) -> None:
        """Look once, and log what came of it."""
        try:
            self._look()
        finally:
            self.has_looked = True

    def _look(self) -> None:
        # Groups, closed days and definitions may have come since the last look.
        self._office.read_playbook()
        tally = watch(self._office)
        if tally.fired or tally.noticed or tally.moved or tally.parked or tally.repaired:
            log.info("%s", said_of_sweep(tally))
        waits = {said_of_withheld(one) for one in tally.withheld}
        for sentence in sorted(waits - self._named):
            log.warning("%s", sentence)
        self._named = waits


def _deliver(office: Office, mailer: Mailer, stop: threading.Event, night_watch: Watch) -> None:
    # After a standstill the rules look first: so that one digest says all, and no lower level goes before a higher one.
    if not night_watch.has_looked or not is_owed(office):
        return
    tally = deliver_all(office, mailer, stopping=stop.is_set)
    if tally.sent or tally.withdrawn or tally.failed or tally.uncertain or tally.trouble:
        log.info("%s", said_of_delivery(tally))


def _read_returned(office: Office) -> None:
    tally = read_returned_mail(office)
    if tally.read or tally.refused or tally.trouble:
        log.info("%s", said_of_returned(tally))


def deliver_all(office: Office, mailer: Mailer, *, stopping: Callable[[], bool]) -> Delivered:
    """Hand over everything that is owed now, in as many runs as it takes, and add up what became of it."""
    total = Delivered()
    while True:
        run = deliver(office, mailer, stopping=stopping)
        total.sent += run.sent
        total.later += run.later
        total.failed += run.failed
        total.uncertain += run.uncertain
        total.withdrawn += run.withdrawn
        total.held += run.held
        total.put_back = run.put_back
        total.healed += run.healed
        total.trouble = run.trouble
        went = run.sent + run.later + run.failed + run.uncertain + run.withdrawn + run.held
        if not went or run.trouble or run.put_back or stopping():
            return total


def log_failure(event: Any) -> None:
    """Say in one line what failed; the job comes round again."""
    log.error(
        "%s failed and is tried again at its next turn: %s: %s",
        event.job_id,
        type(event.exception).__name__,
        " ".join(str(event.exception).split()),
    )


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, ask_to_stop) for number in STOPPED_BY}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
