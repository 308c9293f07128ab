"""Adds when the installation was brought back from a backup, and when its mail was released."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store import UtcDateTime

revision = "0021_restorations"
down_revision = "0020_checkpoints"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "restoration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("backup_at", UtcDateTime(), nullable=False),
        sa.Column("restored_at", UtcDateTime(), nullable=False),
        sa.Column("last_message", sa.Integer(), nullable=False),
        sa.Column("last_reminder", sa.Integer(), nullable=False),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.Column("sends_owed", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_restoration"),
    )


def downgrade() -> None:
    """Take the step back."""
    op.drop_table("restoration")
