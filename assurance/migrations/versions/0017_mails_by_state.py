"""Adds an index over mails by state, so that a long queue is counted and leafed through without reading every letter."""

from __future__ import annotations

from alembic import op

revision = "0017_mails_by_state"
down_revision = "0016_answers_by_link"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.create_index("ix_message_state", "message", ["group_id", "state", "id"], unique=False)


def downgrade() -> None:
    """Take the step back."""
    op.drop_index("ix_message_state", table_name="message")
