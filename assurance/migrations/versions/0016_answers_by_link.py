"""Lets the records of a school or a surgery be answered by links, which go with the requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016_answers_by_link"
down_revision = "0015_attendance"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    column: sa.Column[bool] = sa.Column(
        "answers_by_link", sa.Boolean(), server_default=sa.false(), nullable=False
    )
    op.add_column("record_set", column)


def downgrade() -> None:
    """Take the step back."""
    op.drop_column("record_set", "answers_by_link")
