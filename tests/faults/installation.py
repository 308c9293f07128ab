"""An installation after faults, with all that the outside world knows of it; and the time in which it has to recover."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import NamedTuple

from assurance.office import Office
from assurance.sweep import watch
from engine.clock import FrozenClock
from engine.moved import Ref
from notifications.delivery import DeliverySettings
from notifications.retries import WAITS
from tests.notifications.examples import SENDER, text_of

LEASE = DeliverySettings(SENDER).lease
LONGEST_WAIT = max(WAITS) * 1.1  # with what chance adds to it
OPENS = time(9, 0)  # early enough that the longest wait ends before the quiet hours begin


class Acknowledged(NamedTuple):
    """What somebody was told that they have done: the line, and the key in the ledger under which it was asked."""

    ref: Ref
    seq: int
    once: str | None = None


class Arrived(NamedTuple):
    """One copy of a letter that reached somebody."""

    message_id: str
    to_address: str
    text: str


@dataclass(frozen=True, slots=True)
class Installation:
    """An installation that has drained, and what people know of it.

    `ambiguities` counts what may have cost a letter a second copy beside the doubts that its row counts, such as a
    process that was killed. `readers` gives, for each word that one agency wrote, the addresses that may read it.
    """

    office: Office
    arrived: Sequence[Arrived] = ()
    acknowledged: Sequence[Acknowledged] = ()
    ambiguities: int = 0
    readers: Mapping[str, frozenset[str]] = field(default_factory=dict)


def drain(office: Office, clock: FrozenClock, deliver: Callable[[], object]) -> None:
    """Let two leases and the longest wait pass in the open hours of a working day; by then nothing may be left."""
    calendar = office.playbook.calendar(office.groups()[0])
    day = calendar.add_working_days(calendar.today(clock.now()), 1)
    begins: datetime = calendar.instant(day, OPENS)
    for after in (timedelta(), LEASE, 2 * LEASE, 2 * LEASE + LONGEST_WAIT):
        clock.move_to(begins + after)
        watch(office)
        deliver()


def letters_in(maildir: Path) -> list[Arrived]:
    """Read the letters of a maildir; one that was not made yet holds none."""
    return [as_arrived(file.read_bytes()) for file in sorted((maildir / "new").glob("*"))]


def as_arrived(content: bytes) -> Arrived:
    """Read one letter as it reached somebody."""
    head = BytesParser(policy=default).parsebytes(content, headersonly=True)
    return Arrived(str(head["Message-ID"]), str(head["To"].addresses[0].addr_spec), text_of(content))
