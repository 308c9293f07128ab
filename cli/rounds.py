"""The rounds of the clock and the post, whoever wakes them: each looks once, does what is owed, and logs what came of it."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from assurance.config import Settings
from assurance.office import Office
from assurance.post import deliver, mailer_of
from assurance.returned import read_returned_mail
from assurance.sweep import watch
from cli.bounces import said_of_returned
from cli.opening import BadInput
from cli.shown import said_of_delivery, said_of_sweep, said_of_withheld
from cli.words import as_sentence
from notifications.delivery import Delivered
from notifications.mailer import Mailer

STOPPED_BY = (signal.SIGTERM, signal.SIGINT)

log = logging.getLogger("auditloop.rounds")


class Watch:
    """The clock's job: what is due each minute, and everything once a day; a rule that waits is named once."""

    def __init__(self, office: Office, *, beside_others: bool = False) -> None:
        self._office = office
        self._beside_others = beside_others
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
        self._office.catch_up()
        tally = watch(self._office, beside_others=self._beside_others)
        if tally.fired or tally.noticed or tally.moved or tally.parked or tally.repaired:
            log.info("%s", said_of_sweep(tally))
        waits = {said_of_withheld(one) for one in tally.withheld}
        for sentence in sorted(waits - self._named):
            log.warning("%s", sentence)
        self._named = waits


def deliver_owed(office: Office, mailer: Mailer, stopping: Callable[[], bool]) -> None:
    """Hand over everything that is owed now, and log what came of it."""
    tally = deliver_all(office, mailer, stopping=stopping)
    if tally.sent or tally.withdrawn or tally.failed or tally.uncertain or tally.trouble:
        log.info("%s", said_of_delivery(tally))


def read_returned(office: Office) -> None:
    """Read the mail that came back, and log what came of it."""
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


def mailer_for(settings: Settings) -> Mailer:
    """Give the way to send mail; raises BadInput for a mail server's URL that cannot be used."""
    try:
        return mailer_of(settings)
    except ValueError as error:
        raise BadInput(f"AUDITLOOP_SMTP_URL: {as_sentence(str(error))}") from error


def where_mail_goes(settings: Settings) -> str:
    """Say where mail goes, without a password in it."""
    if settings.smtp_url is None:
        return f"the folder {settings.maildir}"
    return f"the mail server {settings.smtp_url.rpartition('@')[2]}"


@contextmanager
def stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """Ask for a stop at SIGTERM and SIGINT, as long as the block lasts."""

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, ask_to_stop) for number in STOPPED_BY}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
