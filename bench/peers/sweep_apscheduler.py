"""APScheduler: a job for each action in its SQLAlchemy store; of the jobs that are due each runs once and is taken out."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections.abc import Sequence
from datetime import timedelta
from statistics import median
from time import perf_counter
from typing import Any

import sqlalchemy as sa
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from bench.peers.contract import Database, NotTheSameWork
from bench.peers.rows import with_pragmas
from bench.peers.three_tables import CLOCK

IDLE_LOOKS = 100
LONGEST = 300
FIRED = threading.Semaphore(0)


def fire(_action: int) -> None:
    """Be a job."""
    FIRED.release()


def main(arguments: Sequence[str] | None = None) -> int:
    """Add the jobs, let those that are due run, and print what it took as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--journal", default="TRUNCATE")
    parser.add_argument("--number", type=int, default=10_000)
    parser.add_argument("--due", type=int, default=1_000)
    asked = parser.parse_args(arguments)
    database = Database(asked.database, asked.journal)
    db = sa.create_engine(database.url)
    store = SQLAlchemyJobStore(engine=db)
    scheduler = BackgroundScheduler(
        jobstores={"default": store},
        executors={"default": ThreadPoolExecutor(10)},
        job_defaults={"misfire_grace_time": None, "max_instances": 1},
        timezone="UTC",
    )
    scheduler.start(paused=True)
    _add_all(scheduler, db, asked.number, asked.due)
    if database.is_file:
        with_pragmas(db, database)
    began = perf_counter()
    scheduler.resume()
    for _ in range(asked.due):
        if not FIRED.acquire(timeout=LONGEST):
            raise NotTheSameWork("not all jobs that were due have run")
    spent = perf_counter() - began
    scheduler.shutdown()  # waits for the jobs, and takes the last of them out
    with db.begin() as connection:
        left = connection.execute(sa.select(sa.func.count()).select_from(store.jobs_t)).scalar_one()
    if left != asked.number - asked.due:
        raise NotTheSameWork(f"{left} jobs are left")
    idle = [_look(store) for _ in range(IDLE_LOOKS)]
    print(json.dumps({"due_ms": spent * 1e3, "idle_ms": median(idle)}))
    return 0


def _add_all(scheduler: BackgroundScheduler, db: sa.Engine, number: int, due: int) -> None:
    """Add the jobs, every so many of them due; until they are there, nothing has to survive a power cut."""
    is_file = db.dialect.name == "sqlite"
    hasty = "PRAGMA synchronous=OFF" if is_file else "SET synchronous_commit = off"

    def hurry(connection: Any, _record: object) -> None:
        connection.execute(hasty)

    sa.event.listen(db, "connect", hurry)
    db.dispose()
    step, now = number // due, CLOCK.now()
    for one in range(number):
        run_at = now + timedelta(seconds=-5 if one % step == 0 else 86_400 + one)
        scheduler.add_job(
            "bench.peers.sweep_apscheduler:fire", "date", run_date=run_at, args=[one], id=str(one)
        )
    sa.event.remove(db, "connect", hurry)
    db.dispose()


def _look(store: SQLAlchemyJobStore) -> float:
    began = perf_counter()
    if store.get_due_jobs(CLOCK.now()):
        raise NotTheSameWork("a job that has run is due again")
    return (perf_counter() - began) * 1e3


if __name__ == "__main__":
    # The store finds the job again by its module's name, and both must be one.
    sys.modules["bench.peers.sweep_apscheduler"] = sys.modules["__main__"]
    sys.exit(main())
