"""Adds since when an action waits for another agency, and from which day its owner is chased."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_two_clocks"
down_revision = "0008_rules_in_force"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step; nobody has waited yet, so that every owner is chased from the day now agreed."""
    op.add_column("action", sa.Column("waiting_since_on", sa.Date(), nullable=True))
    op.add_column("action", sa.Column("chased_from_on", sa.Date(), nullable=True))
    op.execute(sa.text("UPDATE action SET chased_from_on = current_due_on"))


def downgrade() -> None:
    """Take the step back."""
    op.drop_column("action", "chased_from_on")
    op.drop_column("action", "waiting_since_on")
