"""Runs migrations on the connection that it is given; Alembic calls this file."""

from __future__ import annotations

from alembic import context

from assurance.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    compare_type=True,
    compare_server_default=True,
)
# The caller holds the transaction: all migrations stand or fall together.
context.run_migrations()
