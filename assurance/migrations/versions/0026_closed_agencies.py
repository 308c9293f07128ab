"""Adds the day on which an agency, a post or a collection of records was closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026_closed_agencies"
down_revision = "0025_removed_groups"
branch_labels = None
depends_on = None

additive = True

TABLES = ("agency", "post", "record_set")


def upgrade() -> None:
    """Take the step; none was closed so far."""
    for table in TABLES:
        op.add_column(table, sa.Column("closed_on", sa.Date(), nullable=True))


def downgrade() -> None:
    """Take the step back."""
    for table in TABLES:
        op.drop_column(table, "closed_on")
