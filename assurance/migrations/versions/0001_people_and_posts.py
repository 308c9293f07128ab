"""Makes the tables of people: groups, agencies, posts and who holds them, records; and of published workflows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store import UtcDateTime

revision = "0001_people_and_posts"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "definition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_definition"),
        sa.UniqueConstraint("hash", name="uq_definition_hash"),
    )
    op.create_table(
        "tenant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("board", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("functions", sa.Text(), nullable=False),
        sa.Column("frequency", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tenant"),
        sa.UniqueConstraint("key", name="uq_tenant_key"),
    )
    op.create_table(
        "agency",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_agency_group_id"),
        sa.PrimaryKeyConstraint("id", name="pk_agency"),
        sa.UniqueConstraint("group_id", "key", name="uq_agency_group_id_key"),
    )
    op.create_index("ix_agency_group_id", "agency", ["group_id"], unique=False)
    op.create_table(
        "closed_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_closed_day_group_id"),
        sa.PrimaryKeyConstraint("id", name="pk_closed_day"),
        sa.UniqueConstraint("group_id", "day", name="uq_closed_day_group_id_day"),
    )
    op.create_index("ix_closed_day_group_id", "closed_day", ["group_id"], unique=False)
    op.create_table(
        "person",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_person_group_id"),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("group_id", "key", name="uq_person_group_id_key"),
    )
    op.create_index("ix_person_group_id", "person", ["group_id"], unique=False)
    op.create_table(
        "absence",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_absence_group_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_absence_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_absence"),
    )
    op.create_index("ix_absence_group_id", "absence", ["group_id"], unique=False)
    op.create_index("ix_absence_person_id", "absence", ["person_id"], unique=False)
    op.create_table(
        "post",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=True),
        sa.Column("is_member", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name="fk_post_agency_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_post_group_id"),
        sa.PrimaryKeyConstraint("id", name="pk_post"),
        sa.UniqueConstraint("group_id", "key", name="uq_post_group_id_key"),
    )
    op.create_index("ix_post_group_id", "post", ["group_id"], unique=False)
    op.create_table(
        "post_holding",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_post_holding_group_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_post_holding_person_id"),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name="fk_post_holding_post_id"),
        sa.PrimaryKeyConstraint("id", name="pk_post_holding"),
    )
    op.create_index("ix_post_holding_group_id", "post_holding", ["group_id"], unique=False)
    op.create_index("ix_post_holding_person_id", "post_holding", ["person_id"], unique=False)
    op.create_index("ix_post_holding_post_id", "post_holding", ["post_id"], unique=False)
    op.create_table(
        "record_set",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("lead_post_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name="fk_record_set_agency_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_record_set_group_id"),
        sa.ForeignKeyConstraint(["lead_post_id"], ["post.id"], name="fk_record_set_lead_post_id"),
        sa.PrimaryKeyConstraint("id", name="pk_record_set"),
        sa.UniqueConstraint("group_id", "key", name="uq_record_set_group_id_key"),
    )
    op.create_index("ix_record_set_agency_id", "record_set", ["agency_id"], unique=False)
    op.create_index("ix_record_set_group_id", "record_set", ["group_id"], unique=False)


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_record_set_group_id", table_name="record_set")
    op.drop_index("ix_record_set_agency_id", table_name="record_set")
    op.drop_table("record_set")
    op.drop_index("ix_post_holding_post_id", table_name="post_holding")
    op.drop_index("ix_post_holding_person_id", table_name="post_holding")
    op.drop_index("ix_post_holding_group_id", table_name="post_holding")
    op.drop_table("post_holding")
    op.drop_index("ix_post_group_id", table_name="post")
    op.drop_table("post")
    op.drop_index("ix_absence_person_id", table_name="absence")
    op.drop_index("ix_absence_group_id", table_name="absence")
    op.drop_table("absence")
    op.drop_index("ix_person_group_id", table_name="person")
    op.drop_table("person")
    op.drop_index("ix_closed_day_group_id", table_name="closed_day")
    op.drop_table("closed_day")
    op.drop_index("ix_agency_group_id", table_name="agency")
    op.drop_table("agency")
    op.drop_table("tenant")
    op.drop_table("definition")
