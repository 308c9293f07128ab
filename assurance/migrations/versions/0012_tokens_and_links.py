"""Adds the tokens of programs, the answers that they were given, and links in mails with their uses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store import UtcDateTime

revision = "0012_tokens_and_links"
down_revision = "0011_files"
branch_labels = None
depends_on = None

TABLES = ("api_token", "answered_request", "mail_link", "link_use")


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "api_token",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_api_token_group_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_api_token_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_api_token"),
        sa.UniqueConstraint("fingerprint", name="uq_api_token_fingerprint"),
    )
    op.create_index("ix_api_token_person_id", "api_token", ["person_id"], unique=False)
    op.create_table(
        "answered_request",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_answered_request_group_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_answered_request_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_answered_request"),
        sa.UniqueConstraint("person_id", "key", name="uq_answered_request_person_id_key"),
    )
    op.create_index("ix_answered_request_at", "answered_request", ["at"], unique=False)
    op.create_table(
        "mail_link",
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("spent_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_by_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_mail_link_group_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_mail_link_person_id"),
        sa.ForeignKeyConstraint(["made_by_id"], ["person.id"], name="fk_mail_link_made_by_id"),
        sa.ForeignKeyConstraint(["withdrawn_by_id"], ["person.id"], name="fk_mail_link_withdrawn_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_mail_link"),
        sa.UniqueConstraint("fingerprint", name="uq_mail_link_fingerprint"),
    )
    op.create_index("ix_mail_link_subject", "mail_link", ["subject_kind", "subject_id"], unique=False)
    op.create_table(
        "link_use",
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_link_use_group_id"),
        sa.ForeignKeyConstraint(["link_id"], ["mail_link.id"], name="fk_link_use_link_id"),
        sa.PrimaryKeyConstraint("id", name="pk_link_use"),
    )
    op.create_index("ix_link_use_link_id", "link_use", ["link_id"], unique=False)
    for table in TABLES:
        op.create_index(f"ix_{table}_group_id", table, ["group_id"], unique=False)


def downgrade() -> None:
    """Take the step back."""
    for table in reversed(TABLES):
        op.drop_table(table)
