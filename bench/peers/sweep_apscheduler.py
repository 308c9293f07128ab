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
    if database.is_file:
        with_pragmas(db, database)
    store = SQLAlchemyJobStore(engine=db)
    scheduler = BackgroundScheduler(
        jobstores={"default": store},
        executors={"default": ThreadPoolExecutor(10)},
        job_defaults={"misfire_grace_time": None, "max_instances": 1},
        timezone="UTC",
    )
    scheduler.start(paused=True)
    step, now = asked.number // asked.due, CLOCK.now()
    began = perf_counter()
    for number in range(asked.number):
        wait = -5 if number % step == 0 else 86_400 + number
        run_at = now + timedelta(seconds=wait)
        scheduler.add_job(
            "bench.peers.sweep_apscheduler:fire", "date", run_date=run_at, args=[number], id=str(number)
        )
    added = asked.number / (perf_counter() - began)
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
    print(json.dumps({"due_ms": spent * 1e3, "idle_ms": median(idle), "added_per_second": added}))
    return 0


def _look(store: SQLAlchemyJobStore) -> float:
    began = perf_counter()
    if store.get_due_jobs(CLOCK.now()):
        raise NotTheSameWork("a job that has run is due again")
    return (perf_counter() - began) * 1e3


if __name__ == "__main__":
    # The store finds the job again by its module's name, and both must be one.
    sys.modules["bench.peers.sweep_apscheduler"] = sys.modules["__main__"]
    sys.exit(main())
