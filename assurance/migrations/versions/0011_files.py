"""Adds what is known of the files that people hand in; their content lies beside the database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store import UtcDateTime

revision = "0011_files"
down_revision = "0010_meetings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "stored_file",
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=True),
        sa.Column("evidence_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("stored_at", UtcDateTime(), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("is_scanned", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name="fk_stored_file_agency_id"),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name="fk_stored_file_evidence_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_stored_file_group_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_stored_file_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_stored_file"),
        sa.UniqueConstraint("place", name="uq_stored_file_place"),
    )
    op.create_index("ix_stored_file_evidence_id", "stored_file", ["evidence_id"], unique=False)
    op.create_index("ix_stored_file_group_id", "stored_file", ["group_id"], unique=False)
    op.create_index("ix_stored_file_subject", "stored_file", ["subject_kind", "subject_id"], unique=False)


def downgrade() -> None:
    """Take the step back; what was handed in stays in its folder."""
    op.drop_index("ix_stored_file_subject", table_name="stored_file")
    op.drop_index("ix_stored_file_group_id", table_name="stored_file")
    op.drop_index("ix_stored_file_evidence_id", table_name="stored_file")
    op.drop_table("stored_file")
