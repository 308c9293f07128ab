"""Adds checkpoints: signed statements over all newest seals, which the database refuses to change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store import UtcDateTime

revision = "0020_checkpoints"
down_revision = "0019_tickets_hold_nothing"
branch_labels = None
depends_on = None

SENTENCE = "a checkpoint is never changed"


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "checkpoint",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("heads", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_checkpoint_group_id"),
        sa.PrimaryKeyConstraint("group_id", "number", name="pk_checkpoint"),
        sa.UniqueConstraint("fingerprint", name="uq_checkpoint_fingerprint"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for what in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER checkpoint_refuses_{what} BEFORE {what.upper()} ON checkpoint "
                f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION checkpoint_refuses_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{SENTENCE}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER checkpoint_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint "
        "FOR EACH STATEMENT EXECUTE FUNCTION checkpoint_refuses_change()"
    )


def downgrade() -> None:
    """Take the step back; what stands printed or kept elsewhere can be compared with nothing any more."""
    op.drop_table("checkpoint")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION checkpoint_refuses_change()")
