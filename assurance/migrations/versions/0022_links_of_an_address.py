"""Adds to which address a link went, and the blank that stands in its place wherever its letter is kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022_links_of_an_address"
down_revision = "0021_restorations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step; of links that were sent before it neither is known."""
    for name in ("to_address", "blank"):
        op.add_column("mail_link", sa.Column(name, sa.Text(), nullable=True))


def downgrade() -> None:
    """Take the step back."""
    for name in ("blank", "to_address"):
        op.drop_column("mail_link", name)
