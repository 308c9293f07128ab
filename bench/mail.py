"""Letters per second of the real delivery, against aiosmtplib alone with the same bytes on as many connections.

Ours leases what is owed, asks whether it is still true, makes the letters, stores their bytes, sends, and settles. The
raw run has the finished bytes in memory and sends them. The mail server is a bare one on this machine; in some runs
each of its answers takes 20 ms, as over a network.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import pstats
import sys
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from aiosmtplib import SMTP

from assurance.commands.moving import move
from assurance.reach import dead_addresses
from assurance.truth import reviewer
from bench._peers import Place, place, told_as_json
from bench._sink import open_sink
from bench._town import Town, found_town
from engine.fences import EVERY
from engine.moved import Ref
from notifications.compose import Sender
from notifications.delivery import DeliverySettings, deliver_due
from notifications.outbox import Message, State
from notifications.smtp import SmtpMailer
from notifications.smtp_settings import SmtpSettings
from tests.postgres import NoPostgres

DATABASES = ("sqlite", "postgresql")
SENDER = Sender("Auditloop", "auditloop@example.org")
NETWORK = 0.02
MOVES_AT_ONCE = 500
PROFILED_LINES = 45
Sent = TypeVar("Sent")
FRESH: dict[str, Any] = {
    "state": State.QUEUED,
    "attempts": 0,
    "sent_at": None,
    "first_try_at": None,
    "last_try_at": None,
    "message_id": None,
    "rendered": None,
}


class Way(NamedTuple):
    """How letters go: the time of each answer, on how many connections, and how many letters at most."""

    delay: float
    connections: int
    most: int

    @property
    def words(self) -> str:
        """Say it for people."""
        took = f"{self.delay * 1e3:.0f} ms a round trip" if self.delay else "a local server"
        return f"{took}, {self.connections} connection{'s' if self.connections > 1 else ''}"


WAYS = (Way(0, 1, 2_000), Way(0, 4, 2_000), Way(NETWORK, 8, 400), Way(NETWORK, 32, 2_000))


class Run(NamedTuple):
    """Letters per second of one run, and the microseconds that this process computed for each."""

    rate: float
    computed: float


@dataclass(frozen=True, slots=True)
class Round:
    """One round: the two raw runs around ours."""

    raw: tuple[Run, Run]
    ours: Run

    @property
    def ratio(self) -> float:
        """Give ours as a share of the raw runs around it."""
        return self.ours.rate / (sum(run.rate for run in self.raw) / 2)


@dataclass(frozen=True, slots=True)
class Bench:
    """A town that owes letters."""

    town: Town
    number: int

    def owe(self, number: int) -> None:
        """Owe so many of the letters afresh, as if nobody had ever made one of them."""
        with self.town.office.store.begin(group=EVERY) as session:
            done = {"state": State.SENT, "sent_at": self.town.office.clock.now()}
            session.execute(sa.update(Message).values(**done))
            some = sa.select(Message.id).order_by(Message.id).limit(number)
            session.execute(sa.update(Message).where(Message.id.in_(some)).values(**FRESH))

    def letters(self) -> list[tuple[str, bytes]]:
        """Give the addresses and bytes of all letters that were made."""
        with self.town.office.store.reading(group=EVERY) as session:
            query = sa.select(Message.to_address, Message.rendered).where(Message.rendered.is_not(None))
            return [(address, content or b"") for address, content in session.execute(query)]

    def ours(self, port: int, way: Way) -> Run:
        """Deliver all that is owed. Raises LookupError where one has not gone."""
        office = self.town.office
        number = min(self.number, way.most)
        self.owe(number)
        settings = DeliverySettings(SENDER, workers=way.connections, explained_at="https://example.org/why")
        mailer = SmtpMailer(SmtpSettings.from_url(f"smtp://127.0.0.1:{port}"))
        running = deliver_due(
            office.store,
            mailer,
            office.clock,
            settings=settings,
            review=reviewer(office),
            dead=dead_addresses,
        )
        delivered, run = _timed(running, number)
        if delivered.sent != number:
            raise LookupError(f"of {number} letters {delivered}")
        return run


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    asked = _asked(arguments)
    with told_as_json(wanted=asked.json) as figures:
        figures["mail"] = rows = list[dict[str, Any]]()
        for kind in asked.databases:
            try:
                with place(kind, asked.folder) as there:
                    rows += _measured(there, asked)
            except NoPostgres as reason:
                print(f"\n{kind}: not measured: {reason}")
    return 0


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.mail", description=__doc__)
    parser.add_argument("--letters", type=int, default=2_000, help="letters of a run (2,000)")
    parser.add_argument("--rounds", type=int, default=2, help="rounds of raw, ours, raw (2)")
    parser.add_argument("--databases", nargs="+", default=DATABASES, choices=DATABASES, help="which (both)")
    parser.add_argument("--folder", type=Path, help="where to put the file; /dev/shm leaves the disk out")
    parser.add_argument("--quick", action="store_true", help="200 letters, one round, to try it out")
    parser.add_argument("--profile", action="store_true", help="show where the time of a run goes")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    asked = parser.parse_args(arguments)
    if asked.quick:
        asked.letters, asked.rounds = 200, 1
    return asked


def _measured(there: Place, asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    url = there.database("mail")
    town = found_town(there.folder / "mail.sqlite" if there.server is None else url)
    with closing(town.office):
        bench = Bench(town, asked.letters)
        _cause_letters(town, asked.letters)
        print(f"\n{there.kind}, {asked.letters:,} letters", flush=True)
        with open_sink(0) as port:
            bench.ours(port, Way(0, 4, asked.letters))  # makes every letter once and warms up
            letters = bench.letters()
            if asked.profile:
                _profile(bench, port)
        for way in WAYS:
            yield _row(there.kind, way, _rounds(bench, way, letters, asked.rounds))


def _cause_letters(town: Town, number: int) -> None:
    """Move actions until so many letters are owed: each agreed action tells its owner and the lead."""
    while (left := number - _owed(town)) > 0:
        actions = town.plan(min(MOVES_AT_ONCE, left))
        with town.office.begin(town.actors["lead"]) as tx:
            for action in actions:
                move(tx, Ref("action", action), "agree", version=1)


def _owed(town: Town) -> int:
    with town.office.store.reading(group=EVERY) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Message)) or 0


def _rounds(bench: Bench, way: Way, letters: Sequence[tuple[str, bytes]], rounds: int) -> list[Round]:
    some = letters[: way.most]
    done = []
    with open_sink(way.delay) as port:
        for _ in range(rounds):
            before = _raw(port, way, some)
            ours = bench.ours(port, way)
            done.append(Round((before, _raw(port, way, some)), ours))
    return done


def _raw(port: int, way: Way, letters: Sequence[tuple[str, bytes]]) -> Run:
    """Send finished bytes with nothing but aiosmtplib."""
    _, run = _timed(_send_all(port, way.connections, letters), len(letters))
    return run


def _timed(sending: Coroutine[Any, Any, Sent], letters: int) -> tuple[Sent, Run]:
    gc.collect()
    began, computing = perf_counter(), process_time()
    sent = asyncio.run(sending)
    spent, computed = perf_counter() - began, process_time() - computing
    return sent, Run(letters / spent, computed * 1e6 / letters)


async def _send_all(port: int, connections: int, letters: Sequence[tuple[str, bytes]]) -> None:
    left = iter(letters)

    async def work() -> None:
        async with SMTP(hostname="127.0.0.1", port=port, start_tls=False, use_tls=False) as client:
            for address, content in left:
                await client.sendmail(SENDER.address, [address], content)

    await asyncio.gather(*(work() for _ in range(connections)))


def _row(kind: str, way: Way, rounds: Sequence[Round]) -> dict[str, Any]:
    ratios = sorted(one.ratio for one in rounds)
    raw = median(run.rate for one in rounds for run in one.raw)
    ours = median(one.ours.rate for one in rounds)
    computed = {
        "raw_us": median(run.computed for one in rounds for run in one.raw),
        "our_us": median(one.ours.computed for one in rounds),
    }
    print(
        f"  {way.words:<36} raw {raw:>7,.0f}/s   ours {ours:>7,.0f}/s   "
        f"{median(ratios):.2f} of raw ({ratios[0]:.2f} to {ratios[-1]:.2f})   "
        f"computing {computed['raw_us']:,.0f} and {computed['our_us']:,.0f} us a letter",
        flush=True,
    )
    return {
        "kind": kind,
        "way": way.words,
        "delay": way.delay,
        "connections": way.connections,
        "raw": raw,
        "ours": ours,
        "ratio": median(ratios),
        "lowest": ratios[0],
        "highest": ratios[-1],
        **computed,
    }


def _profile(bench: Bench, port: int) -> None:
    profile = cProfile.Profile()
    profile.enable()
    bench.ours(port, Way(0, 4, bench.number))
    profile.disable()
    stats = pstats.Stats(profile).strip_dirs()
    stats.sort_stats("tottime").print_stats(PROFILED_LINES)
    stats.sort_stats("cumulative").print_stats(PROFILED_LINES)


if __name__ == "__main__":
    sys.exit(main())
