"""Gives links and steps of signing in the group of their account, so that every row of a group says whose it is.

On PostgreSQL each table with a group is fenced once all steps are taken (`engine/fences.py`).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.fences import take_down_fences

revision = "0024_fences"
down_revision = "0023_oldest_shape"
branch_labels = None
depends_on = None

additive = False


def upgrade() -> None:
    """Take the step; programs of the shape before name no group, and are shown nothing any more."""
    op.add_column("account_ticket", sa.Column("group_id", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE account_ticket SET group_id = (SELECT group_id FROM account WHERE account.id = account_ticket.account_id)"
    )
    with op.batch_alter_table("account_ticket") as table:
        table.alter_column("group_id", existing_type=sa.Integer(), nullable=False)
        table.create_foreign_key("fk_account_ticket_group_id", "tenant", ["group_id"], ["id"])
    op.create_index("ix_account_ticket_group_id", "account_ticket", ["group_id"])


def downgrade() -> None:
    """Take the step back, and every fence down."""
    if op.get_bind().dialect.name == "postgresql":
        take_down_fences(op.get_bind())
    op.drop_index("ix_account_ticket_group_id", table_name="account_ticket")
    with op.batch_alter_table("account_ticket") as table:
        table.drop_constraint("fk_account_ticket_group_id", type_="foreignkey")
        table.drop_column("group_id")
