"""Procrastinate: a job for each action, each with its `schedule_at`; one worker runs those that are due."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.tasks import Task
from procrastinate.types import JSONDict

from bench.peers import three_tables
from bench.peers.contract import Database, NotTheSameWork

JOBS_AT_ONCE = 1_000
CONCURRENCY = 10
IDLE_LOOKS = 100
LONGEST = 300


async def _swept(database: Database, number: int, due: int) -> dict[str, float]:
    app = App(connector=PsycopgConnector(conninfo=database.plain_url))
    left, told = asyncio.Semaphore(0), set[int]()

    @app.task(name="fire", queue="actions")
    async def fire(action: int) -> None:
        told.add(action)
        left.release()

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        now, step = three_tables.CLOCK.now(), number // due
        began = perf_counter()
        for first in range(0, number, JOBS_AT_ONCE):
            some = range(first, min(number, first + JOBS_AT_ONCE))
            await _add(fire, [one for one in some if one % step == 0], now - timedelta(seconds=5))
            later = now + timedelta(days=1, seconds=first)
            await _add(fire, [one for one in some if one % step], later)
        added = number / (perf_counter() - began)
        three_tables.tell(database, [])
        began = perf_counter()
        worker = asyncio.create_task(
            app.run_worker_async(
                queues=["actions"],
                concurrency=CONCURRENCY,
                install_signal_handlers=False,
                delete_jobs="never",
            )
        )
        async with asyncio.timeout(LONGEST):
            for _ in range(due):
                await left.acquire()
        spent = perf_counter() - began
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
        if len(told) != due:
            raise NotTheSameWork(f"of {due} actions {len(told)} were told")
        looker = await app.job_manager.register_worker()
        idle = [await _look(app, looker) for _ in range(IDLE_LOOKS)]
    return {"due_ms": spent * 1e3, "idle_ms": median(idle), "added_per_second": added}


async def _add(fire: Task[..., Any, Any], actions: Sequence[int], at: datetime) -> None:
    if actions:
        jobs: list[JSONDict] = [{"action": action} for action in actions]
        await fire.configure(schedule_at=at).batch_defer_async(*jobs)


async def _look(app: App, looker: int) -> float:
    began = perf_counter()
    if await app.job_manager.fetch_job(queues=["actions"], worker_id=looker) is not None:
        raise NotTheSameWork("a job that has run is due again")
    return (perf_counter() - began) * 1e3


def main(arguments: Sequence[str] | None = None) -> int:
    """Add the jobs, let those that are due run, and print what it took as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--journal", default="")
    parser.add_argument("--number", type=int, default=10_000)
    parser.add_argument("--due", type=int, default=1_000)
    asked = parser.parse_args(arguments)
    database = Database(asked.database, asked.journal)
    print(json.dumps(asyncio.run(_swept(database, asked.number, asked.due))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
