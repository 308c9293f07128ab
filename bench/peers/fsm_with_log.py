"""django-fsm-2 with django-fsm-log: a model with a protected state, a line for each transition, one atomic block a request."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connections, transaction

from bench.peers import django_site, three_tables
from bench.peers.contract import MOVES, STATES, Counted, Database, Mover, Peer, in_processes, main

METHODS = tuple("look_through" if word == "check" else word for word in MOVES)
APPS = ("django_fsm_log", "bench.peers.fsm_app")


class WithFsm:
    """One request after the other."""

    def __init__(self, database: Database) -> None:
        configured(database)
        connections.close_all()  # after a fork each process has its own
        self._models, self._log = _models()
        self._user = get_user_model().objects.get()

    def create(self, number: int) -> int:
        """Enter a subject; its first line is written by hand, since only transitions are logged."""
        with transaction.atomic():
            row = self._models.Instance.objects.create(title=f"Recommendation {number}")
            self._log.StateLog.objects.create(
                source_state=None,
                state=STATES[0],
                transition="create",
                content_object=row,
                by=self._user,
            )
            self._owe(row)
            key: int = row.pk
            return key

    def advance(self, subject: int, step: int) -> None:
        """Load the row, call its transition, save."""
        with transaction.atomic():
            row = self._models.Instance.objects.get(pk=subject)
            getattr(row, METHODS[step])(by=self._user)
            row.save()
            self._owe(row)

    def close(self) -> None:
        """Close the connection."""
        connections.close_all()

    def _owe(self, row: Any) -> None:
        payload = three_tables.mail(row.state)
        self._models.Outbox.objects.create(instance=row, topic=three_tables.TOPIC, payload=payload)


def configured(database: Database) -> None:
    """Set Django up, once a process."""
    if not settings.configured:
        django_site.configure(database, APPS)


def set_up(database: Database) -> None:
    """Make the tables."""
    configured(database)
    django_site.make_tables()


def preload(database: Database, lines: int) -> None:
    """Write what subjects that are long closed have left behind."""
    configured(database)
    models, _ = _models()
    types = import_module("django.contrib.contenttypes.models")
    kind = types.ContentType.objects.get_for_model(models.Instance)
    subjects = three_tables.numbers(database, lines // len(STATES))
    statements: list[tuple[str, tuple[object, ...]]] = [
        (
            (
                "INSERT INTO fsm_app_instance (state, title, data, updated_at) "
                f"SELECT 'closed', 'Recommendation ' || i, '{{}}', CURRENT_TIMESTAMP FROM {subjects}"
            ),
            (),
        )
    ]
    came = zip(("create", *METHODS), (None, *STATES[:-1]), STATES, strict=True)
    for word, source, state in came:
        statements += [
            (
                (
                    "INSERT INTO django_fsm_log_statelog "
                    "(timestamp, source_state, state, transition, object_id, by_id, content_type_id) "
                    f"SELECT CURRENT_TIMESTAMP, %s, %s, %s, id, 1, {kind.pk} FROM fsm_app_instance"
                ),
                (source, state, word),
            ),
            (
                (
                    "INSERT INTO fsm_app_outbox (instance_id, topic, payload, sent_at) "
                    "SELECT id, %s, %s, CURRENT_TIMESTAMP FROM fsm_app_instance"
                ),
                (three_tables.TOPIC, three_tables.mail(state)),
            ),
        ]
    django_site.fill(database, statements)


def counted(database: Database) -> Counted:
    """Count what is finished, and the log."""
    configured(database)
    models, log = _models()
    found = Counted(models.Instance.objects.filter(state=STATES[-1]).count(), log.StateLog.objects.count())
    connections.close_all()
    return found


def opened(database: Database) -> Mover:
    """Open a connection."""
    return WithFsm(database)


def _models() -> tuple[Any, Any]:
    # Django's models can be imported only once Django has been set up.
    return import_module("bench.peers.fsm_app.models"), import_module("django_fsm_log.models")


if __name__ == "__main__":
    sys.exit(main(Peer(set_up, preload, counted, in_processes(opened))))
