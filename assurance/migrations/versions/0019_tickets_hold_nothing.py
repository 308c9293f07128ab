"""Takes out what links and steps were to keep for the next step: the browser carries that, sealed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019_tickets_hold_nothing"
down_revision = "0018_files_taken_back"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step; every link and step belongs to an account."""
    op.execute("DELETE FROM account_ticket WHERE account_id IS NULL")
    with op.batch_alter_table("account_ticket") as table:
        table.drop_column("kept")
        table.alter_column("account_id", existing_type=sa.Integer(), nullable=False)


def downgrade() -> None:
    """Take the step back."""
    with op.batch_alter_table("account_ticket") as table:
        table.alter_column("account_id", existing_type=sa.Integer(), nullable=True)
        table.add_column(sa.Column("kept", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("account_ticket") as table:
        table.alter_column("kept", existing_type=sa.Text(), server_default=None)
