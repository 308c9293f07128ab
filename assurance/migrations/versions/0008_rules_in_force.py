"""Lets a version of a rule come back into force, and adds from what timers were reckoned and when all were looked at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store import UtcDateTime

revision = "0008_rules_in_force"
down_revision = "0007_late_answers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    with op.batch_alter_table("adopted_rule") as table:
        table.drop_constraint("uq_adopted_rule_group_id_rule_hash", type_="unique")
    op.create_index("ix_adopted_rule_rule", "adopted_rule", ["group_id", "rule"], unique=False)
    op.create_table(
        "rule_stamp",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("stamp", sa.String(length=64), nullable=False),
        sa.Column("reckoned_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_rule_stamp_group_id"),
        sa.PrimaryKeyConstraint("group_id", "kind", name="pk_rule_stamp"),
    )
    op.create_table(
        "daily_sweep",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_daily_sweep_group_id"),
        sa.PrimaryKeyConstraint("group_id", name="pk_daily_sweep"),
    )


def downgrade() -> None:
    """Take the step back; of several times that one version came into force, only the newest stays."""
    op.drop_table("daily_sweep")
    op.drop_table("rule_stamp")
    op.drop_index("ix_adopted_rule_rule", table_name="adopted_rule")
    op.execute(
        "DELETE FROM adopted_rule WHERE id NOT IN "
        "(SELECT max(id) FROM adopted_rule GROUP BY group_id, rule, hash)"
    )
    with op.batch_alter_table("adopted_rule") as table:
        table.create_unique_constraint("uq_adopted_rule_group_id_rule_hash", ["group_id", "rule", "hash"])
