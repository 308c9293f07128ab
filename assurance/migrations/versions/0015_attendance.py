"""Adds who was at a meeting, post by post."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015_attendance"
down_revision = "0014_feeds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "attendance",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("presence", sa.Text(), nullable=False),
        sa.Column("deputy", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_attendance_group_id"),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name="fk_attendance_meeting_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_attendance_person_id"),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name="fk_attendance_post_id"),
        sa.PrimaryKeyConstraint("id", name="pk_attendance"),
        sa.UniqueConstraint(
            "meeting_id", "post_id", "person_id", name="uq_attendance_meeting_id_post_id_person_id"
        ),
    )
    op.create_index("ix_attendance_group_id", "attendance", ["group_id"], unique=False)


def downgrade() -> None:
    """Take the step back; who was at which meeting is forgotten with it."""
    op.drop_index("ix_attendance_group_id", table_name="attendance")
    op.drop_table("attendance")
