"""Lets the database itself refuse to change or delete a line of the history."""

from __future__ import annotations

from alembic import op

revision = "0002_history_is_append_only"
down_revision = "0001_first_tables"
branch_labels = None
depends_on = None

SENTENCE = "the history is never changed"


def upgrade() -> None:
    """Take the step."""
    if op.get_bind().dialect.name == "sqlite":
        for what in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER event_refuses_{what} BEFORE {what.upper()} ON event "
                f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION event_refuses_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{SENTENCE}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER event_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON event "
        "FOR EACH STATEMENT EXECUTE FUNCTION event_refuses_change()"
    )


def downgrade() -> None:
    """Take it back."""
    if op.get_bind().dialect.name == "sqlite":
        for what in ("update", "delete"):
            op.execute(f"DROP TRIGGER event_refuses_{what}")
        return
    op.execute("DROP TRIGGER event_refuses_change ON event")
    op.execute("DROP FUNCTION event_refuses_change")
