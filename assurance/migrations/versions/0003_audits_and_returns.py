"""Makes the tables of the year: programme, meetings, audits with aims and cases, and the agencies' returns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store import UtcDateTime

revision = "0003_audits_and_returns"
down_revision = "0002_history_and_mail"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "meeting",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_meeting_group_id"),
        sa.PrimaryKeyConstraint("id", name="pk_meeting"),
        sa.UniqueConstraint("group_id", "key", name="uq_meeting_group_id_key"),
    )
    op.create_index("ix_meeting_group_id", "meeting", ["group_id"], unique=False)
    op.create_table(
        "programme",
        sa.Column("year", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_programme_group_id"),
        sa.PrimaryKeyConstraint("id", name="pk_programme"),
        sa.UniqueConstraint("group_id", "year", name="uq_programme_group_id_year"),
    )
    op.create_index("ix_programme_group_id", "programme", ["group_id"], unique=False)
    op.create_table(
        "audit",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("theme", sa.Text(), nullable=False),
        sa.Column("source_kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("look_back_months", sa.Integer(), nullable=False),
        sa.Column("case_target", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=True),
        sa.Column("returns_due_on", sa.Date(), nullable=True),
        sa.Column("held_on", sa.Date(), nullable=True),
        sa.Column("signed_off_on", sa.Date(), nullable=True),
        sa.Column("re_audit_due_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_since_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("material_version", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("definition_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["definition_id"], ["definition.id"], name="fk_audit_definition_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_audit_group_id"),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name="fk_audit_meeting_id"),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name="fk_audit_programme_id"),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sa.UniqueConstraint("group_id", "reference", name="uq_audit_group_id_reference"),
    )
    op.create_index("ix_audit_group_id", "audit", ["group_id"], unique=False)
    op.create_index("ix_audit_programme_id", "audit", ["programme_id"], unique=False)
    op.create_table(
        "aim",
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asks_again_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["asks_again_id"], ["aim.id"], name="fk_aim_asks_again_id"),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name="fk_aim_audit_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_aim_group_id"),
        sa.PrimaryKeyConstraint("id", name="pk_aim"),
        sa.UniqueConstraint("audit_id", "number", name="uq_aim_audit_id_number"),
    )
    op.create_index("ix_aim_group_id", "aim", ["group_id"], unique=False)
    op.create_table(
        "case_file",
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("case_ref", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("criterion", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name="fk_case_file_audit_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_case_file_group_id"),
        sa.PrimaryKeyConstraint("id", name="pk_case_file"),
        sa.UniqueConstraint("group_id", "case_ref", name="uq_case_file_group_id_case_ref"),
    )
    op.create_index("ix_case_file_audit_id", "case_file", ["audit_id"], unique=False)
    op.create_index("ix_case_file_group_id", "case_file", ["group_id"], unique=False)
    op.create_table(
        "planned_audit",
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("theme", sa.Text(), nullable=False),
        sa.Column("audit_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name="fk_planned_audit_audit_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_planned_audit_group_id"),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name="fk_planned_audit_programme_id"),
        sa.PrimaryKeyConstraint("id", name="pk_planned_audit"),
    )
    op.create_index("ix_planned_audit_group_id", "planned_audit", ["group_id"], unique=False)
    op.create_index("ix_planned_audit_programme_id", "planned_audit", ["programme_id"], unique=False)
    op.create_table(
        "agency_return",
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("record_set_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("original_due_on", sa.Date(), nullable=False),
        sa.Column("submitted_on", sa.Date(), nullable=True),
        sa.Column("tool", sa.Text(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_since_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("material_version", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("definition_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name="fk_agency_return_agency_id"),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name="fk_agency_return_audit_id"),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name="fk_agency_return_case_id"),
        sa.ForeignKeyConstraint(["definition_id"], ["definition.id"], name="fk_agency_return_definition_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_agency_return_group_id"),
        sa.ForeignKeyConstraint(["record_set_id"], ["record_set.id"], name="fk_agency_return_record_set_id"),
        sa.PrimaryKeyConstraint("id", name="pk_agency_return"),
        sa.UniqueConstraint("case_id", "record_set_id", name="uq_agency_return_case_id_record_set_id"),
    )
    op.create_index("ix_agency_return_agency_id", "agency_return", ["agency_id"], unique=False)
    op.create_index("ix_agency_return_audit_id", "agency_return", ["audit_id"], unique=False)
    op.create_index("ix_agency_return_group_id", "agency_return", ["group_id"], unique=False)
    op.create_table(
        "answer",
        sa.Column("return_id", sa.Integer(), nullable=False),
        sa.Column("aim_id", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["aim_id"], ["aim.id"], name="fk_answer_aim_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_answer_group_id"),
        sa.ForeignKeyConstraint(["return_id"], ["agency_return.id"], name="fk_answer_return_id"),
        sa.PrimaryKeyConstraint("id", name="pk_answer"),
        sa.UniqueConstraint("return_id", "aim_id", name="uq_answer_return_id_aim_id"),
    )
    op.create_index("ix_answer_aim_id", "answer", ["aim_id"], unique=False)
    op.create_index("ix_answer_group_id", "answer", ["group_id"], unique=False)


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_answer_group_id", table_name="answer")
    op.drop_index("ix_answer_aim_id", table_name="answer")
    op.drop_table("answer")
    op.drop_index("ix_agency_return_group_id", table_name="agency_return")
    op.drop_index("ix_agency_return_audit_id", table_name="agency_return")
    op.drop_index("ix_agency_return_agency_id", table_name="agency_return")
    op.drop_table("agency_return")
    op.drop_index("ix_planned_audit_programme_id", table_name="planned_audit")
    op.drop_index("ix_planned_audit_group_id", table_name="planned_audit")
    op.drop_table("planned_audit")
    op.drop_index("ix_case_file_group_id", table_name="case_file")
    op.drop_index("ix_case_file_audit_id", table_name="case_file")
    op.drop_table("case_file")
    op.drop_index("ix_aim_group_id", table_name="aim")
    op.drop_table("aim")
    op.drop_index("ix_audit_programme_id", table_name="audit")
    op.drop_index("ix_audit_group_id", table_name="audit")
    op.drop_table("audit")
    op.drop_index("ix_programme_group_id", table_name="programme")
    op.drop_table("programme")
    op.drop_index("ix_meeting_group_id", table_name="meeting")
    op.drop_table("meeting")
