"""Adds the addresses to which mail comes back, and the mark of a message whose address was refused for good."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_dead_addresses"
down_revision = "0005_rules_that_wait"
branch_labels = None
depends_on = None

NOW = sa.text("mended_on IS NULL")


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "dead_address",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("since_on", sa.Date(), nullable=False),
        sa.Column("mended_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_since_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("material_version", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("definition_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["definition_id"], ["definition.id"], name="fk_dead_address_definition_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_dead_address_group_id"),
        sa.PrimaryKeyConstraint("id", name="pk_dead_address"),
    )
    op.create_index("ix_dead_address_group_id", "dead_address", ["group_id"], unique=False)
    op.create_index(
        "ix_dead_address_now",
        "dead_address",
        ["group_id", "address"],
        unique=True,
        sqlite_where=NOW,
        postgresql_where=NOW,
    )
    op.add_column(
        "message", sa.Column("address_refused", sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    """Take the step back."""
    op.drop_column("message", "address_refused")
    op.drop_index("ix_dead_address_now", table_name="dead_address", sqlite_where=NOW, postgresql_where=NOW)
    op.drop_index("ix_dead_address_group_id", table_name="dead_address")
    op.drop_table("dead_address")
