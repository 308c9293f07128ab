"""Work that any number of processes share on PostgreSQL, carried by Procrastinate: the only place that knows it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DeleteJobCondition, Status
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from engine.job_tables import NAMESPACE
from engine.store import database_url

# A worker that was silent for so long is held for dead, and the jobs that it had taken are thrown away.
SILENT_S = 30
LOOKS_EVERY_S = 5
AGAIN_AFTER_S = 2
ANSWERS_WITHIN_S = 5
TIDYING = "tidy"

log = logging.getLogger("auditloop.worker")


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of work: what does it, in which line it waits, and when it comes round, once over all workers.

    `every` is written as cron writes it, with seconds last. Jobs of one line are done one after the other in each
    process. `run` answers its own failures: what it raises is only written down.
    """

    name: str
    line: str
    every: str
    run: Callable[[], None]


async def work_until(stop: asyncio.Event, where: str, jobs: Sequence[Job]) -> None:
    """Work with all others on a database until told to stop; what is under way is finished.

    No job is held for another process that may be dead: a job that is called while one of its kind runs is one more.
    While the database is away it is asked again every few seconds.
    """
    # Their own words speak of jobs and connections; people are told what the work did.
    for name in ("procrastinate", "psycopg.pool"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    while not stop.is_set():
        try:
            await _shift(stop, where, jobs)
            if not stop.is_set():
                log.warning(
                    "the work has stopped by itself, as where the database was away, and is taken up again"
                )
        except (ConnectorException, PoolTimeout) as error:
            cause = error.__cause__ or error
            log.warning("the database does not answer, and is asked again: %s", " ".join(str(cause).split()))
        if not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), AGAIN_AFTER_S)


async def _shift(stop: asyncio.Event, where: str, jobs: Sequence[Job]) -> None:
    """Work until told to stop, or until the database fails one of the lines."""
    app, lines = _app(jobs), {job.line for job in jobs} | {TIDYING}
    async with _pool(where) as pool:
        await pool.wait(ANSWERS_WITHIN_S)
        await app.open_async(pool)
        stopping = asyncio.create_task(stop.wait())
        workers = [asyncio.create_task(_serve(app, line)) for line in sorted(lines)]
        await asyncio.wait([stopping, *workers], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        for worker in workers:
            worker.cancel()  # takes nothing more, and finishes what it has
        ends = await asyncio.gather(*workers, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end


async def _serve(app: App, line: str) -> None:
    await app.run_worker_async(
        queues=[line],
        concurrency=1,
        install_signal_handlers=False,
        # Only who is called has to hear; the others come by the clock.
        listen_notify=line != TIDYING,
        fetch_job_polling_interval=LOOKS_EVERY_S,
        stalled_worker_timeout=SILENT_S,
        # What has been done stands in our own rows.
        delete_jobs=DeleteJobCondition.ALWAYS,
    )


def _pool(where: str) -> AsyncConnectionPool[AsyncConnection[Any]]:
    url = database_url(where).set(drivername="postgresql")
    return AsyncConnectionPool(
        url.render_as_string(hide_password=False),
        configure=_in_namespace,
        check=AsyncConnectionPool.check_connection,
        min_size=1,
        max_size=4,
        timeout=ANSWERS_WITHIN_S,
        reconnect_timeout=ANSWERS_WITHIN_S,
        open=False,
    )


def _app(jobs: Sequence[Job]) -> App:
    # Said once more for the connections on which calls are heard.
    connector = PsycopgConnector(configure=_in_namespace)
    app = App(connector=connector)
    for job in jobs:
        task = app.task(name=job.name, queue=job.line, queueing_lock=job.name)(_noted(job))
        app.periodic(cron=job.every)(task)
    app.periodic(cron="* * * * *")(
        app.task(name=TIDYING, queue=TIDYING, queueing_lock=TIDYING)(_tidying(app))
    )
    return app


async def _in_namespace(connection: AsyncConnection[Any]) -> None:
    await connection.execute(f"SET search_path TO {NAMESPACE}".encode())
    await connection.commit()


def _noted(job: Job) -> Callable[..., None]:
    # A job that comes round is told its instant, one that was called nothing.
    def run(**_when: int) -> None:
        job.run()

    return run


def _tidying(app: App) -> Callable[[int], Awaitable[None]]:
    async def tidy(timestamp: int) -> None:
        """Throw away the jobs of workers that are dead: what they were to do comes round by itself."""
        log.debug("tidying up at %d", timestamp)
        manager = app.job_manager
        await manager.prune_stalled_workers(SILENT_S)
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=SILENT_S):
            if job.id is not None:
                with suppress(ConnectorException):  # somebody else has thrown it away
                    await manager.finish_job_by_id_async(job.id, Status.FAILED, delete_job=True)

    return tidy
