"""Django's settings for its two peers and its mailer: persistent connections, and the durability that is asked for."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection, connections, transaction

from bench.peers import three_tables
from bench.peers.contract import ACTOR, Database

OF_DJANGO = ("django.contrib.contenttypes", "django.contrib.auth")


def configure(database: Database, apps: Sequence[str], **more: Any) -> None:
    """Set Django up for a database."""
    settings.configure(
        DATABASES={"default": _entry(database)},
        INSTALLED_APPS=[*OF_DJANGO, *apps],
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        SECRET_KEY=secrets.token_hex(32),
        LOGGING_CONFIG=None,
        **more,
    )
    django.setup()


def make_tables() -> None:
    """Make all tables and one user, who makes every move."""
    call_command("migrate", verbosity=0)
    call_command(
        "migrate", verbosity=0, run_syncdb=True
    )  # applications without migrations point at those with
    get_user_model().objects.create(username=ACTOR)
    connections.close_all()


def fill(database: Database, statements: Sequence[tuple[str, Sequence[object]]]) -> None:
    """Run statements in one transaction and have the database look at what there is now."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement, values in statements:
            cursor.execute(statement, values)
    connections.close_all()
    three_tables.tell(database, [])


def _entry(database: Database) -> dict[str, Any]:
    if database.is_file:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(database.path),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": ";".join(database.pragmas),
            },
        }
    parts = database.parts
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts["name"],
        "HOST": parts["host"],
        "USER": parts["user"],
        "CONN_MAX_AGE": None,
    }
