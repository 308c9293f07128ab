"""How long one, two and four workers on one PostgreSQL take for many owed mails and many due timers; nothing lost, nothing twice.

And how soon one mail leaves after the commit that owes it, and what a NOTIFY in the transaction itself would cost.

The workers are `auditloop worker` in everything but their clock, which stands still. They are there and idle before the
work is; it is called for once, and they call each other. The mail server is a bare one on this machine, which counts.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import sqlalchemy as sa

from assurance.calling import CLOCK, DELIVER, POST, SWEEP, call, calling
from assurance.config import settings_from
from assurance.office import Office, clock_of, open_office
from assurance.sweep import watch
from bench._actions import TODAY, Actions, write_actions
from bench._counting_sink import Count, open_counting_sink
from bench._peers import ROOT, Place, place, told_as_json
from bench._town import NOW, Town, found_town
from bench.mail import FRESH
from cli.worker import jobs_of
from engine.clock import FrozenClock
from engine.fences import EVERY
from engine.jobs import work_until
from engine.ledger import Event
from engine.moved import Ref
from engine.store import Store
from engine.timers import Timer
from notifications.outbox import OWED, Message, Notice, State, put
from notifications.smtp import SmtpMailer
from notifications.smtp_settings import SmtpSettings
from tests.notifications.examples import context, notice

WORKERS = (1, 2, 4)
LOOK_AT = datetime(TODAY.year, TODAY.month, TODAY.day, 6, 30, tzinfo=ZoneInfo("Europe/London"))
AT_ONCE = 1_000
ROOMS_FOR_ONE_DUE = 5  # open actions for each that is due
READY = "ready"
SINGLE_MAILS = 20
_OWED_NOW = sa.select(Message.id).where(
    Message.sent_at.is_(None), Message.state.in_(OWED), Message.not_before <= NOW
)
NOTIFYING = (1, 4, 8)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; give 1 where anything was lost or came twice."""
    asked = _asked(arguments)
    if asked.work_on:
        asyncio.run(_work(asked.work_on, datetime.fromisoformat(asked.at), asked.port))
        return 0
    with told_as_json(wanted=asked.json) as figures, place("postgresql") as there:
        figures["workers"] = rows = [*_mails(there, asked, figures), *_timers(there, asked)]
        figures["notify"] = _notifying(there, asked)
    wrong = [row for row in rows if row["lost"] or row["twice"]]
    for row in wrong:
        print(
            f"{row['workers']} workers, {row['what']}: {row['lost']} lost, {row['twice']} twice",
            file=sys.stderr,
        )
    return 1 if wrong else 0


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.workers", description=__doc__)
    parser.add_argument("--mails", type=int, default=20_000, help="mails that are owed (20,000)")
    parser.add_argument("--timers", type=int, default=20_000, help="timers that are due (20,000)")
    parser.add_argument("--workers", type=int, nargs="+", default=WORKERS, help="how many (1 2 4)")
    parser.add_argument("--small", "--quick", action="store_true", help="2,000 of each, to try it out")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--work-on", help=argparse.SUPPRESS)
    parser.add_argument("--at", default="", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.small:
        asked.mails, asked.timers = 2_000, 2_000
    return asked


def _mails(there: Place, asked: argparse.Namespace, figures: dict[str, Any]) -> Iterator[dict[str, Any]]:
    town = found_town(there.database("mails"), clock=FrozenClock(NOW))
    with closing(town.office) as office:
        watch(office)
        figures["until_sent"] = _until_sent(town)
        _owe(town, asked.mails)
        print(f"\n{asked.mails:,} owed mails", flush=True)
        for number in asked.workers:
            count = Count()
            with open_counting_sink(count) as port, _working(office, number, port):
                with office.store.begin(group=EVERY) as session:
                    session.execute(sa.update(Message).values(**FRESH))
                began = time.perf_counter()
                call(office.store, POST, DELIVER)
                _wait_until_none(office.store, _OWED_NOW)
                spent = time.perf_counter() - began
            lost = asked.mails - (count.letters - count.copies)
            yield _told("mails", number, asked.mails, spent, lost=lost, twice=count.copies)


def _timers(there: Place, asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    clock = FrozenClock(LOOK_AT - timedelta(days=80))
    town = found_town(there.database("timers"), clock=clock)
    with closing(town.office) as office:
        watch(office)
        (pattern,) = town.plan(1)
        town.move(pattern, 0)
        actions = write_actions(office.store, pattern, asked.timers * ROOMS_FOR_ONE_DUE, look_at=LOOK_AT)
        clock.move_to(LOOK_AT)
        watch(office)
        print(f"\n{asked.timers:,} due timers among {actions.number:,} open actions", flush=True)
        late, _ = actions.two_sets(asked.timers)
        # The first turn only warms up the database.
        for turn, number in enumerate((asked.workers[0], *asked.workers)):
            with _working(office, number, port=0):
                # Another day is another occasion: the same actions are late anew.
                actions.fall_due(late, TODAY - timedelta(days=1 + turn))
                before = _fired(actions, late)
                began = time.perf_counter()
                call(office.store, CLOCK, SWEEP)
                _wait_until_none(office.store, sa.select(Timer.subject_id).where(Timer.due_at <= LOOK_AT))
                spent = time.perf_counter() - began
            said = _fired(actions, late) - before
            if turn:
                lost, twice = max(0, asked.timers - said), max(0, said - asked.timers)
                yield _told("timers", number, asked.timers, spent, lost=lost, twice=twice)


def _until_sent(town: Town) -> dict[str, float]:
    """Owe one mail after another, and measure from each commit until it is written down as sent."""
    office, spent, pause = town.office, list[float](), threading.Event()
    with open_counting_sink(Count()) as port, _working(office, 1, port), calling(office):
        for number in range(SINGLE_MAILS):
            with office.begin(clock_of(town.actors["lead"].group_id)) as tx:
                put(tx.session, [_notice(town, f"single:{number}")], at=NOW)
            began = time.perf_counter()
            waits = sa.select(Message.id).where(Message.key == f"single:{number}", Message.sent_at.is_(None))
            while _is_there(office.store, waits):
                pause.wait(0.005)
            spent.append(time.perf_counter() - began)
    print(
        f"\nOne mail at a time, from the commit until it is sent and written down: median {median(spent):.2f} s, at most {max(spent):.2f} s"
    )
    return {"median": median(spent), "most": max(spent)}


def _notice(town: Town, key: str) -> Notice:
    return notice(
        key,
        group_id=town.actors["lead"].group_id,
        to_address=f"{key.replace(':', '')}@trust.example.org",
        person_ref="person/1",
        context=context(items=[]),
        cause=f"{Ref('audit', town.audit_id)} line 1",
    )


def _is_there(store: Store, query: sa.Select[Any]) -> bool:
    with store.reading(group=EVERY) as session:
        return session.scalar(query.limit(1)) is not None


def _owe(town: Town, number: int) -> None:
    """Owe so many mails about the town's audit, each to another address."""
    with town.office.store.begin(group=EVERY) as session:
        for start in range(0, number, AT_ONCE):
            some = [_notice(town, f"bench:{one}") for one in range(start, min(number, start + AT_ONCE))]
            put(session, some, at=NOW)
        session.execute(
            sa.update(Message).where(Message.key.not_like("bench:%")).values(state=State.SENT, sent_at=NOW)
        )
        session.execute(sa.delete(Message).where(Message.key.not_like("bench:%")))


def _fired(actions: Actions, late: Sequence[int]) -> int:
    """Count how often rules have spoken of the late actions."""
    with actions.store.reading(group=EVERY) as session:
        query = sa.select(sa.func.count()).where(
            Event.subject_kind == "action", Event.kind == "fired", Event.subject_id >= late[0]
        )
        return session.scalar(query) or 0


def _wait_until_none(store: Store, query: sa.Select[Any]) -> None:
    # A look at an index twenty times a second.
    pause = threading.Event()
    while _is_there(store, query):
        pause.wait(0.05)


@contextmanager
def _working(office: Office, number: int, port: int) -> Iterator[None]:
    """Have so many workers stand ready in processes of their own."""
    words = [
        "--work-on",
        office.settings.database,
        "--at",
        office.clock.now().isoformat(),
        "--port",
        str(port),
    ]
    command = [sys.executable, "-m", "bench.workers", *words]
    with ExitStack() as started:
        workers = [
            started.enter_context(
                subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for _ in range(number)
        ]
        for worker in workers:
            if worker.stdout is None or worker.stdout.readline().strip() != READY:
                raise LookupError("a worker could not be started")
        yield
        for worker in workers:
            if worker.stdin is not None:
                worker.stdin.close()


async def _work(where: str, at: datetime, port: int) -> None:
    """Work as `auditloop worker` does, with a clock that stands still, until the input ends."""
    mailer = SmtpMailer(SmtpSettings.from_url(f"smtp://127.0.0.1:{port or 1}"))
    with closing(open_office(settings_from({}, database=where), clock=FrozenClock(at))) as office:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        jobs = jobs_of(office, mailer, stopping=stop.is_set)
        working = asyncio.create_task(work_until(stop, where, jobs))
        await asyncio.to_thread(_wait_until_listening, office.store)
        print(READY, flush=True)
        await loop.run_in_executor(None, sys.stdin.read)
        stop.set()
        await working


def _wait_until_listening(store: Store) -> None:
    # Of this process, or of another that was started with it: either hears the call.
    listening = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%#post%'"
    )
    pause = threading.Event()
    while True:
        with store.db.connect() as connection:
            if connection.scalar(sa.text(listening)):
                return
        pause.wait(0.1)


def _told(what: str, workers: int, number: int, spent: float, *, lost: int, twice: int) -> dict[str, Any]:
    named = f"{workers} worker{'s' if workers > 1 else ''}"
    print(
        f"  {named:<10} {spent:6.1f} s   {number / spent:>7,.0f}/s   {lost} lost, {twice} twice", flush=True
    )
    rate = number / spent
    return {
        "what": what,
        "workers": workers,
        "number": number,
        "seconds": spent,
        "rate": rate,
        "lost": lost,
        "twice": twice,
    }


def _notifying(there: Place, asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure commits that notify against commits that do not, one and several writers at once."""
    url = there.database("notify").replace("+psycopg", "")
    seconds = 0.5 if asked.small else 2.0
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE line (id bigserial PRIMARY KEY, text text)")
    rows = []
    print("\nCommits per second, plain and with a NOTIFY in the transaction", flush=True)
    for writers in NOTIFYING:
        plain, notifying = (_commits(url, writers, seconds, call=word) for word in ("", "NOTIFY somebody"))
        print(
            f"  {writers} at once   {plain:>7,.0f}   {notifying:>7,.0f}   {notifying / plain:.2f}", flush=True
        )
        rows.append({"writers": writers, "plain": plain, "notifying": notifying})
    return rows


def _commits(url: str, writers: int, seconds: float, *, call: str) -> float:
    command = [sys.executable, "-c", _WRITER, url, str(seconds), call]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(writers)]
    return sum(int(one.communicate()[0]) for one in running) / seconds


_WRITER = """
import sys, time, psycopg
url, seconds, call = sys.argv[1], float(sys.argv[2]), sys.argv[3]
with psycopg.connect(url) as connection:
    until, done = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        connection.execute("INSERT INTO line (text) VALUES ('" + "x" * 400 + "')")
        if call:
            connection.execute(call)
        connection.commit()
        done += 1
print(done)
"""


if __name__ == "__main__":
    sys.exit(main())
