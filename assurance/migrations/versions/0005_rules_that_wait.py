"""Adds what holds rules, what waits for a digest, which rules are in force, and what a mail rests on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store import UtcDateTime

revision = "0005_rules_that_wait"
down_revision = "0004_findings_and_actions"
branch_labels = None
depends_on = None

WAITING = sa.text("told_in IS NULL AND dropped_because IS NULL")


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "hold",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=True),
        sa.Column("subject_id", sa.Integer(), nullable=True),
        sa.Column("audit_id", sa.Integer(), nullable=True),
        sa.Column("agency_id", sa.Integer(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("occasion", sa.Text(), nullable=True),
        sa.Column("placed_by_id", sa.Integer(), nullable=False),
        sa.Column("placed_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("looked_at_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_since_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("material_version", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("definition_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name="fk_hold_agency_id"),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name="fk_hold_audit_id"),
        sa.ForeignKeyConstraint(["definition_id"], ["definition.id"], name="fk_hold_definition_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_hold_group_id"),
        sa.ForeignKeyConstraint(["placed_by_id"], ["person.id"], name="fk_hold_placed_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_hold"),
    )
    op.create_index("ix_hold_agency_id", "hold", ["agency_id"], unique=False)
    op.create_index("ix_hold_audit_id", "hold", ["audit_id"], unique=False)
    op.create_index("ix_hold_group_id", "hold", ["group_id"], unique=False)
    op.create_index("ix_hold_subject", "hold", ["subject_kind", "subject_id"], unique=False)
    op.create_table(
        "digest_item",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("told_as", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("audit_id", sa.Integer(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("told_in", sa.Text(), nullable=True),
        sa.Column("dropped_because", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name="fk_digest_item_audit_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_digest_item_group_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_digest_item_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_digest_item"),
        sa.UniqueConstraint("key", name="uq_digest_item_key"),
    )
    op.create_index("ix_digest_item_group_id", "digest_item", ["group_id"], unique=False)
    op.create_index("ix_digest_item_subject", "digest_item", ["subject_kind", "subject_id"], unique=False)
    op.create_index("ix_digest_item_told_in", "digest_item", ["told_in"], unique=False)
    op.create_index(
        "ix_digest_item_waiting",
        "digest_item",
        ["group_id", "person_id"],
        unique=False,
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_table(
        "adopted_rule",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("adopted_at", UtcDateTime(), nullable=False),
        sa.Column("adopted_by", sa.Text(), nullable=False),
        sa.Column("backlog", sa.Text(), nullable=False),
        sa.Column("only_from_on", sa.Date(), nullable=True),
        sa.Column("owed", sa.Integer(), nullable=False),
        sa.Column("passed_over", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_adopted_rule_group_id"),
        sa.PrimaryKeyConstraint("id", name="pk_adopted_rule"),
        sa.UniqueConstraint("group_id", "rule", "hash", name="uq_adopted_rule_group_id_rule_hash"),
    )
    op.create_index("ix_adopted_rule_group_id", "adopted_rule", ["group_id"], unique=False)
    op.add_column("message", sa.Column("told_as", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("message", sa.Column("rests_on", sa.Text(), server_default="[]", nullable=False))


def downgrade() -> None:
    """Take the step back."""
    op.drop_column("message", "rests_on")
    op.drop_column("message", "told_as")
    op.drop_index("ix_adopted_rule_group_id", table_name="adopted_rule")
    op.drop_table("adopted_rule")
    op.drop_index(
        "ix_digest_item_waiting",
        table_name="digest_item",
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.drop_index("ix_digest_item_told_in", table_name="digest_item")
    op.drop_index("ix_digest_item_subject", table_name="digest_item")
    op.drop_index("ix_digest_item_group_id", table_name="digest_item")
    op.drop_table("digest_item")
    op.drop_index("ix_hold_subject", table_name="hold")
    op.drop_index("ix_hold_group_id", table_name="hold")
    op.drop_index("ix_hold_audit_id", table_name="hold")
    op.drop_index("ix_hold_agency_id", table_name="hold")
    op.drop_table("hold")
