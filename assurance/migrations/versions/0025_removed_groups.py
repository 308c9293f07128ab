"""Adds the log of removed groups. Only of a group that stands there does the database let go of sealed lines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store import UtcDateTime

revision = "0025_removed_groups"
down_revision = "0024_fences"
branch_labels = None
depends_on = None

additive = True

SENTENCES = {
    "event": "the history is never changed",
    "account_event": "what was done to accounts is never changed",
    "checkpoint": "a checkpoint is never changed",
}
LOGGED = "the log of removed groups is never changed"


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "removed_group",
        sa.Column("group_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=False),
        sa.Column("removed_by", sa.Text(), nullable=False),
        sa.Column("manifest", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.Text(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("heads", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("group_id", name="pk_removed_group"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for table, sentence in SENTENCES.items():
            op.execute(f"DROP TRIGGER {table}_refuses_delete")
            _refuse_on_sqlite(table, "delete", sentence, unless_removed=True)
        for what in ("update", "delete"):
            _refuse_on_sqlite("removed_group", what, LOGGED, unless_removed=False)
        return
    for table, sentence in SENTENCES.items():
        op.execute(f"DROP TRIGGER {table}_refuses_change ON {table}")
        op.execute(
            f"CREATE OR REPLACE FUNCTION {table}_refuses_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF TG_OP = 'DELETE' AND EXISTS (SELECT FROM removed_group WHERE group_id = OLD.group_id) "
            f"THEN RETURN OLD; END IF; RAISE EXCEPTION '{sentence}'; END $$"
        )
        _refuse_on_postgresql(table, f"{table}_refuses_change")
    op.execute(
        "CREATE FUNCTION removed_group_refuses_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{LOGGED}'; END $$"
    )
    _refuse_on_postgresql("removed_group", "removed_group_refuses_change")


def downgrade() -> None:
    """Take the step back: nothing sealed is let go of any more, and what was removed is not known any more."""
    op.drop_table("removed_group")
    if op.get_bind().dialect.name == "sqlite":
        for table, sentence in SENTENCES.items():
            op.execute(f"DROP TRIGGER {table}_refuses_delete")
            _refuse_on_sqlite(table, "delete", sentence, unless_removed=False)
        return
    op.execute("DROP FUNCTION removed_group_refuses_change()")
    for table, sentence in SENTENCES.items():
        for name in (f"{table}_refuses_change", f"{table}_refuses_truncate"):
            op.execute(f"DROP TRIGGER {name} ON {table}")
        op.execute(
            f"CREATE OR REPLACE FUNCTION {table}_refuses_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{sentence}'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuses_change()"
        )


def _refuse_on_sqlite(table: str, what: str, sentence: str, *, unless_removed: bool) -> None:
    when = (
        "WHEN NOT EXISTS (SELECT 1 FROM removed_group WHERE group_id = OLD.group_id) "
        if unless_removed
        else ""
    )
    op.execute(
        f"CREATE TRIGGER {table}_refuses_{what} BEFORE {what.upper()} ON {table} {when}"
        f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
    )


def _refuse_on_postgresql(table: str, function: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {function}()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
    )
