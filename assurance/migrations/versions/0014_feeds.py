"""Adds the private addresses of calendars, and who has taken a mail back by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store import UtcDateTime

revision = "0014_feeds"
down_revision = "0013_accounts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "calendar_feed",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_calendar_feed_group_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_calendar_feed_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_feed"),
        sa.UniqueConstraint("token_hash", name="uq_calendar_feed_token_hash"),
    )
    op.create_index("ix_calendar_feed_group_id", "calendar_feed", ["group_id"], unique=False)
    op.create_index("ix_calendar_feed_person_id", "calendar_feed", ["person_id"], unique=False)
    op.add_column("message", sa.Column("withdrawn_by", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take the step back; every address is forgotten with it."""
    op.drop_column("message", "withdrawn_by")
    op.drop_index("ix_calendar_feed_person_id", table_name="calendar_feed")
    op.drop_index("ix_calendar_feed_group_id", table_name="calendar_feed")
    op.drop_table("calendar_feed")
