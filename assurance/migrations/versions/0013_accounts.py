"""Adds accounts, what proves them, sessions, and what was done to accounts, which the database refuses to change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store import UtcDateTime

revision = "0013_accounts"
down_revision = "0012_tokens_and_links"
branch_labels = None
depends_on = None

SENTENCE = "what was done to accounts is never changed"


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "tries",
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("since_at", UtcDateTime(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("place", name="pk_tries"),
    )
    op.create_table(
        "account",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("password_set_at", UtcDateTime(), nullable=True),
        sa.Column("totp_secret", sa.Text(), nullable=True),
        sa.Column("totp_step", sa.Integer(), nullable=True),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_account_group_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_account_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("person_id", name="uq_account_person_id"),
    )
    op.create_index("ix_account_group_id", "account", ["group_id"], unique=False)
    op.create_table(
        "account_event",
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_account_event_by_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_account_event_group_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_account_event_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_account_event"),
    )
    op.create_index("ix_account_event_group_id", "account_event", ["group_id"], unique=False)
    op.create_index("ix_account_event_person_id", "account_event", ["person_id"], unique=False)
    op.create_table(
        "account_identity",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("linked_at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_account_identity_account_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_account_identity_group_id"),
        sa.PrimaryKeyConstraint("id", name="pk_account_identity"),
        sa.UniqueConstraint("issuer", "subject", name="uq_account_identity_issuer_subject"),
    )
    op.create_index("ix_account_identity_account_id", "account_identity", ["account_id"], unique=False)
    op.create_index("ix_account_identity_group_id", "account_identity", ["group_id"], unique=False)
    op.create_table(
        "account_ticket",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("kept", sa.Text(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_account_ticket_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_account_ticket"),
        sa.UniqueConstraint("token_hash", name="uq_account_ticket_token_hash"),
    )
    op.create_index("ix_account_ticket_account_id", "account_ticket", ["account_id"], unique=False)
    op.create_table(
        "recovery_code",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_recovery_code_account_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_recovery_code_group_id"),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_code"),
    )
    op.create_index("ix_recovery_code_account_id", "recovery_code", ["account_id"], unique=False)
    op.create_index("ix_recovery_code_group_id", "recovery_code", ["group_id"], unique=False)
    op.create_table(
        "signed_in_session",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_signed_in_session_account_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_signed_in_session_group_id"),
        sa.PrimaryKeyConstraint("id", name="pk_signed_in_session"),
        sa.UniqueConstraint("token_hash", name="uq_signed_in_session_token_hash"),
    )
    op.create_index("ix_signed_in_session_account_id", "signed_in_session", ["account_id"], unique=False)
    op.create_index("ix_signed_in_session_group_id", "signed_in_session", ["group_id"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        for what in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER account_event_refuses_{what} BEFORE {what.upper()} ON account_event "
                f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION account_event_refuses_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{SENTENCE}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER account_event_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON account_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION account_event_refuses_change()"
    )


def downgrade() -> None:
    """Take the step back; nobody can sign in any more."""
    op.drop_index("ix_signed_in_session_group_id", table_name="signed_in_session")
    op.drop_index("ix_signed_in_session_account_id", table_name="signed_in_session")
    op.drop_table("signed_in_session")
    op.drop_index("ix_recovery_code_group_id", table_name="recovery_code")
    op.drop_index("ix_recovery_code_account_id", table_name="recovery_code")
    op.drop_table("recovery_code")
    op.drop_index("ix_account_ticket_account_id", table_name="account_ticket")
    op.drop_table("account_ticket")
    op.drop_index("ix_account_identity_group_id", table_name="account_identity")
    op.drop_index("ix_account_identity_account_id", table_name="account_identity")
    op.drop_table("account_identity")
    op.drop_index("ix_account_event_person_id", table_name="account_event")
    op.drop_index("ix_account_event_group_id", table_name="account_event")
    op.drop_table("account_event")
    op.drop_index("ix_account_group_id", table_name="account")
    op.drop_table("account")
    op.drop_table("tries")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION account_event_refuses_change()")
