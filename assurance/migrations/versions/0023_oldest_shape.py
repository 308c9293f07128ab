"""Adds the oldest shape whose programs may still run on the database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023_oldest_shape"
down_revision = "0022_links_of_an_address"
branch_labels = None
depends_on = None

# Programs of the shape before may go on running: what they know is all still there, and nothing new is asked of them.
additive = True


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "oldest_shape",
        sa.Column("shape", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("shape", name="pk_oldest_shape"),
    )


def downgrade() -> None:
    """Take the step back."""
    op.drop_table("oldest_shape")
