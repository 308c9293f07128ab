"""Viewflow: six human tasks, each assigned and executed in one transaction, which is kinder than its two posts of a page.

Its history are its task rows. The guard is its own question whether this user may execute the task.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connections, transaction

from bench.peers import django_site, three_tables
from bench.peers.contract import (
    MOVES,
    STATES,
    Counted,
    Database,
    Mover,
    NotTheSameWork,
    Peer,
    in_processes,
    main,
)

APPS = ("viewflow", "viewflow.workflow", "bench.peers.viewflow_app")
TASKS = (("start", "START"), *((word, "HUMAN") for word in MOVES), ("end", "END"))


class WithViewflow:
    """One request after the other."""

    def __init__(self, database: Database) -> None:
        configured(database)
        connections.close_all()  # after a fork each process has its own
        self._flow, self._task, self._outbox = _life(), _workflow_models().Task, _outbox()
        self._user = get_user_model().objects.get()

    def create(self, number: int) -> int:
        """Start a process."""
        with transaction.atomic():
            process = self._flow.start.run(_process_data={"title": f"Recommendation {number}"})
            self._owe(process.pk, STATES[0])
            key: int = process.pk
            return key

    def advance(self, subject: int, step: int) -> None:
        """Lock the process, load its task, assign, start and execute it."""
        with self._flow.lock(subject), transaction.atomic():
            task = self._task.objects.get(process_id=subject, flow_task=getattr(self._flow, MOVES[step]))
            activation = task.flow_task.activation_class(task)
            activation.assign(self._user)
            if not activation.flow_task.can_execute(self._user, activation.task):
                raise NotTheSameWork(f"{subject} cannot {MOVES[step]}")
            activation.start(None)
            activation.execute()
            self._owe(subject, STATES[step + 1])

    def close(self) -> None:
        """Close the connection."""
        connections.close_all()

    def _owe(self, process: int, state: str) -> None:
        self._outbox.objects.create(
            process_id=process, topic=three_tables.TOPIC, payload=three_tables.mail(state)
        )


def configured(database: Database) -> None:
    """Set Django up, once a process."""
    if not settings.configured:
        django_site.configure(database, APPS)


def set_up(database: Database) -> None:
    """Make the tables."""
    configured(database)
    django_site.make_tables()


def preload(database: Database, lines: int) -> None:
    """Write the tasks of processes that are long done, eight to a process, linked as Viewflow links them."""
    configured(database)
    fields = import_module("viewflow.workflow.fields")
    flow, many = _life(), lines // len(TASKS)
    empty = "'{}'" if database.is_file else "'{}'::jsonb"
    statements: list[tuple[str, tuple[object, ...]]] = [
        (
            (
                "INSERT INTO viewflow_process (flow_class, status, created, finished, data) "
                f"SELECT %s, 'DONE', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, {empty} "
                f"FROM {three_tables.numbers(database, many)}"
            ),
            (fields.get_flow_ref(flow),),
        )
    ]
    for place, (word, kind) in enumerate(TASKS):
        ref = fields.get_task_ref(getattr(flow, word))
        statements.append(
            (
                (
                    "INSERT INTO viewflow_task (flow_task, flow_task_type, status, created, started, finished, "
                    "token, process_id, data, owner_id) SELECT %s, %s, 'DONE', CURRENT_TIMESTAMP, "
                    f"CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, 'start', id, {empty}, 1 FROM viewflow_process"
                ),
                (ref, kind),
            )
        )
        if place:
            statements.append(
                (
                    (
                        "INSERT INTO viewflow_task_previous (from_task_id, to_task_id) SELECT n.id, p.id "
                        f"FROM viewflow_task n JOIN viewflow_task p ON p.id = n.id - {many} WHERE n.flow_task = %s"
                    ),
                    (ref,),
                )
            )
        if kind != "END":
            statements.append(
                (
                    (
                        "INSERT INTO viewflow_app_outbox (process_id, topic, payload, sent_at) "
                        "SELECT id, %s, %s, CURRENT_TIMESTAMP FROM viewflow_process"
                    ),
                    (three_tables.TOPIC, three_tables.mail(STATES[place])),
                )
            )
    django_site.fill(database, statements)


def counted(database: Database) -> Counted:
    """Count the processes that are done, and all tasks."""
    configured(database)
    models = _workflow_models()
    found = Counted(models.Process.objects.filter(status="DONE").count(), models.Task.objects.count())
    connections.close_all()
    return found


def opened(database: Database) -> Mover:
    """Open a connection."""
    return WithViewflow(database)


# Django's models can be imported only once Django has been set up.


def _life() -> Any:
    return import_module("bench.peers.viewflow_app.flows").Life


def _workflow_models() -> Any:
    return import_module("viewflow.workflow.models")


def _outbox() -> Any:
    return import_module("bench.peers.viewflow_app.models").Outbox


if __name__ == "__main__":
    sys.exit(main(Peer(set_up, preload, counted, in_processes(opened))))
