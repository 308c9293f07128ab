"""Adds the day from which a decision waits no more for those who have not answered yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_late_answers"
down_revision = "0006_dead_addresses"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step; what waits already was asked without such a day."""
    op.add_column("approval", sa.Column("late_on", sa.Date(), nullable=True))


def downgrade() -> None:
    """Take the step back."""
    op.drop_column("approval", "late_on")
