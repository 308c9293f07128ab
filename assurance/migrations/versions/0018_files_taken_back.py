"""Adds when a file was taken back by whoever had handed it in, its content deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store import UtcDateTime

revision = "0018_files_taken_back"
down_revision = "0017_mails_by_state"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step; no file was taken back so far."""
    op.add_column("stored_file", sa.Column("taken_back_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    """Take the step back."""
    op.drop_column("stored_file", "taken_back_at")
