"""Makes the tables of what follows: findings, recommendations, actions, approvals, concerns, matters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_findings_and_actions"
down_revision = "0003_audits_and_returns"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "evidence",
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_evidence_group_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_evidence_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_evidence"),
    )
    op.create_index("ix_evidence_group_id", "evidence", ["group_id"], unique=False)
    op.create_index("ix_evidence_subject", "evidence", ["subject_kind", "subject_id"], unique=False)
    op.create_table(
        "approval",
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("subject_version", sa.Integer(), nullable=False),
        sa.Column("audit_id", sa.Integer(), nullable=True),
        sa.Column("agency_id", sa.Integer(), nullable=True),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("given", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("requested_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("deputy_called", sa.Boolean(), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("meeting_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_since_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("material_version", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("definition_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name="fk_approval_agency_id"),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name="fk_approval_audit_id"),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name="fk_approval_decided_by_id"),
        sa.ForeignKeyConstraint(["definition_id"], ["definition.id"], name="fk_approval_definition_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_approval_group_id"),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name="fk_approval_meeting_id"),
        sa.ForeignKeyConstraint(["requested_by_id"], ["person.id"], name="fk_approval_requested_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_approval"),
    )
    op.create_index("ix_approval_audit_id", "approval", ["audit_id"], unique=False)
    op.create_index("ix_approval_group_id", "approval", ["group_id"], unique=False)
    op.create_index("ix_approval_subject", "approval", ["subject_kind", "subject_id"], unique=False)
    op.create_table(
        "dissemination",
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name="fk_dissemination_agency_id"),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name="fk_dissemination_audit_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_dissemination_group_id"),
        sa.PrimaryKeyConstraint("id", name="pk_dissemination"),
        sa.UniqueConstraint("audit_id", "agency_id", name="uq_dissemination_audit_id_agency_id"),
    )
    op.create_index("ix_dissemination_group_id", "dissemination", ["group_id"], unique=False)
    op.create_table(
        "matter",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("parent_kind", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("agency_id", sa.Integer(), nullable=True),
        sa.Column("owner_post_id", sa.Integer(), nullable=True),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_since_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("material_version", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("definition_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name="fk_matter_agency_id"),
        sa.ForeignKeyConstraint(["definition_id"], ["definition.id"], name="fk_matter_definition_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_matter_group_id"),
        sa.ForeignKeyConstraint(["owner_post_id"], ["post.id"], name="fk_matter_owner_post_id"),
        sa.PrimaryKeyConstraint("id", name="pk_matter"),
    )
    op.create_index("ix_matter_group_id", "matter", ["group_id"], unique=False)
    op.create_index("ix_matter_kind", "matter", ["kind"], unique=False)
    op.create_index("ix_matter_parent", "matter", ["parent_kind", "parent_id"], unique=False)
    op.create_table(
        "moderation",
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=True),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name="fk_moderation_audit_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_moderation_group_id"),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name="fk_moderation_meeting_id"),
        sa.PrimaryKeyConstraint("id", name="pk_moderation"),
    )
    op.create_index("ix_moderation_audit_id", "moderation", ["audit_id"], unique=False)
    op.create_index("ix_moderation_group_id", "moderation", ["group_id"], unique=False)
    op.create_table(
        "recommendation",
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=True),
        sa.Column("implemented_on", sa.Date(), nullable=True),
        sa.Column("embedded_check_on", sa.Date(), nullable=True),
        sa.Column("embedded_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_since_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("material_version", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("definition_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name="fk_recommendation_agency_id"),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name="fk_recommendation_audit_id"),
        sa.ForeignKeyConstraint(["definition_id"], ["definition.id"], name="fk_recommendation_definition_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_recommendation_group_id"),
        sa.PrimaryKeyConstraint("id", name="pk_recommendation"),
        sa.UniqueConstraint("audit_id", "type", "number", name="uq_recommendation_audit_id_type_number"),
    )
    op.create_index("ix_recommendation_audit_id", "recommendation", ["audit_id"], unique=False)
    op.create_index("ix_recommendation_group_id", "recommendation", ["group_id"], unique=False)
    op.create_table(
        "action",
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("recommendation_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("owner_post_id", sa.Integer(), nullable=True),
        sa.Column("waiting_on_agency_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=True),
        sa.Column("original_due_on", sa.Date(), nullable=True),
        sa.Column("current_due_on", sa.Date(), nullable=True),
        sa.Column("times_moved", sa.Integer(), nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=True),
        sa.Column("last_note_on", sa.Date(), nullable=True),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_since_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("material_version", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("definition_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name="fk_action_agency_id"),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name="fk_action_audit_id"),
        sa.ForeignKeyConstraint(["definition_id"], ["definition.id"], name="fk_action_definition_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_action_group_id"),
        sa.ForeignKeyConstraint(["owner_post_id"], ["post.id"], name="fk_action_owner_post_id"),
        sa.ForeignKeyConstraint(
            ["recommendation_id"], ["recommendation.id"], name="fk_action_recommendation_id"
        ),
        sa.ForeignKeyConstraint(
            ["waiting_on_agency_id"], ["agency.id"], name="fk_action_waiting_on_agency_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_action"),
        sa.UniqueConstraint("recommendation_id", "number", name="uq_action_recommendation_id_number"),
    )
    op.create_index("ix_action_agency_id", "action", ["agency_id"], unique=False)
    op.create_index("ix_action_audit_id", "action", ["audit_id"], unique=False)
    op.create_index("ix_action_group_id", "action", ["group_id"], unique=False)
    op.create_table(
        "agency_answer",
        sa.Column("recommendation_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name="fk_agency_answer_agency_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_agency_answer_group_id"),
        sa.ForeignKeyConstraint(
            ["recommendation_id"], ["recommendation.id"], name="fk_agency_answer_recommendation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_agency_answer"),
        sa.UniqueConstraint(
            "recommendation_id", "agency_id", name="uq_agency_answer_recommendation_id_agency_id"
        ),
    )
    op.create_index("ix_agency_answer_agency_id", "agency_answer", ["agency_id"], unique=False)
    op.create_index("ix_agency_answer_group_id", "agency_answer", ["group_id"], unique=False)
    op.create_table(
        "finding",
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("aim_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("none_needed", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["aim_id"], ["aim.id"], name="fk_finding_aim_id"),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name="fk_finding_audit_id"),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name="fk_finding_case_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_finding_group_id"),
        sa.PrimaryKeyConstraint("id", name="pk_finding"),
        sa.UniqueConstraint("audit_id", "number", name="uq_finding_audit_id_number"),
    )
    op.create_index("ix_finding_aim_id", "finding", ["aim_id"], unique=False)
    op.create_index("ix_finding_group_id", "finding", ["group_id"], unique=False)
    op.create_table(
        "immediate_concern",
        sa.Column("audit_id", sa.Integer(), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.Column("acknowledged_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_since_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("material_version", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("definition_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name="fk_immediate_concern_agency_id"),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name="fk_immediate_concern_audit_id"),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name="fk_immediate_concern_case_id"),
        sa.ForeignKeyConstraint(
            ["definition_id"], ["definition.id"], name="fk_immediate_concern_definition_id"
        ),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_immediate_concern_group_id"),
        sa.PrimaryKeyConstraint("id", name="pk_immediate_concern"),
    )
    op.create_index("ix_immediate_concern_agency_id", "immediate_concern", ["agency_id"], unique=False)
    op.create_index("ix_immediate_concern_audit_id", "immediate_concern", ["audit_id"], unique=False)
    op.create_index("ix_immediate_concern_group_id", "immediate_concern", ["group_id"], unique=False)
    op.create_table(
        "re_audit",
        sa.Column("recommendation_id", sa.Integer(), nullable=False),
        sa.Column("earlier_aim_id", sa.Integer(), nullable=False),
        sa.Column("later_aim_id", sa.Integer(), nullable=False),
        sa.Column("before_yes", sa.Integer(), nullable=False),
        sa.Column("before_asked", sa.Integer(), nullable=False),
        sa.Column("after_yes", sa.Integer(), nullable=False),
        sa.Column("after_asked", sa.Integer(), nullable=False),
        sa.Column("measured_on", sa.Date(), nullable=False),
        sa.Column("is_better", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["earlier_aim_id"], ["aim.id"], name="fk_re_audit_earlier_aim_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_re_audit_group_id"),
        sa.ForeignKeyConstraint(["later_aim_id"], ["aim.id"], name="fk_re_audit_later_aim_id"),
        sa.ForeignKeyConstraint(
            ["recommendation_id"], ["recommendation.id"], name="fk_re_audit_recommendation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_re_audit"),
        sa.UniqueConstraint(
            "recommendation_id", "later_aim_id", name="uq_re_audit_recommendation_id_later_aim_id"
        ),
    )
    op.create_index("ix_re_audit_group_id", "re_audit", ["group_id"], unique=False)
    op.create_table(
        "recommendation_aim",
        sa.Column("recommendation_id", sa.Integer(), nullable=False),
        sa.Column("aim_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["aim_id"], ["aim.id"], name="fk_recommendation_aim_aim_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_recommendation_aim_group_id"),
        sa.ForeignKeyConstraint(
            ["recommendation_id"], ["recommendation.id"], name="fk_recommendation_aim_recommendation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_recommendation_aim"),
        sa.UniqueConstraint(
            "recommendation_id", "aim_id", name="uq_recommendation_aim_recommendation_id_aim_id"
        ),
    )
    op.create_index("ix_recommendation_aim_aim_id", "recommendation_aim", ["aim_id"], unique=False)
    op.create_index("ix_recommendation_aim_group_id", "recommendation_aim", ["group_id"], unique=False)
    op.create_table(
        "progress_note",
        sa.Column("action_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("rating", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name="fk_progress_note_action_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_progress_note_group_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_progress_note_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_progress_note"),
    )
    op.create_index("ix_progress_note_action_id", "progress_note", ["action_id"], unique=False)
    op.create_index("ix_progress_note_group_id", "progress_note", ["group_id"], unique=False)
    op.create_table(
        "recommendation_finding",
        sa.Column("recommendation_id", sa.Integer(), nullable=False),
        sa.Column("finding_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["finding_id"], ["finding.id"], name="fk_recommendation_finding_finding_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_recommendation_finding_group_id"),
        sa.ForeignKeyConstraint(
            ["recommendation_id"], ["recommendation.id"], name="fk_recommendation_finding_recommendation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_recommendation_finding"),
        sa.UniqueConstraint(
            "recommendation_id", "finding_id", name="uq_recommendation_finding_recommendation_id_finding_id"
        ),
    )
    op.create_index(
        "ix_recommendation_finding_finding_id", "recommendation_finding", ["finding_id"], unique=False
    )
    op.create_index(
        "ix_recommendation_finding_group_id", "recommendation_finding", ["group_id"], unique=False
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_recommendation_finding_group_id", table_name="recommendation_finding")
    op.drop_index("ix_recommendation_finding_finding_id", table_name="recommendation_finding")
    op.drop_table("recommendation_finding")
    op.drop_index("ix_progress_note_group_id", table_name="progress_note")
    op.drop_index("ix_progress_note_action_id", table_name="progress_note")
    op.drop_table("progress_note")
    op.drop_index("ix_recommendation_aim_group_id", table_name="recommendation_aim")
    op.drop_index("ix_recommendation_aim_aim_id", table_name="recommendation_aim")
    op.drop_table("recommendation_aim")
    op.drop_index("ix_re_audit_group_id", table_name="re_audit")
    op.drop_table("re_audit")
    op.drop_index("ix_immediate_concern_group_id", table_name="immediate_concern")
    op.drop_index("ix_immediate_concern_audit_id", table_name="immediate_concern")
    op.drop_index("ix_immediate_concern_agency_id", table_name="immediate_concern")
    op.drop_table("immediate_concern")
    op.drop_index("ix_finding_group_id", table_name="finding")
    op.drop_index("ix_finding_aim_id", table_name="finding")
    op.drop_table("finding")
    op.drop_index("ix_agency_answer_group_id", table_name="agency_answer")
    op.drop_index("ix_agency_answer_agency_id", table_name="agency_answer")
    op.drop_table("agency_answer")
    op.drop_index("ix_action_group_id", table_name="action")
    op.drop_index("ix_action_audit_id", table_name="action")
    op.drop_index("ix_action_agency_id", table_name="action")
    op.drop_table("action")
    op.drop_index("ix_recommendation_group_id", table_name="recommendation")
    op.drop_index("ix_recommendation_audit_id", table_name="recommendation")
    op.drop_table("recommendation")
    op.drop_index("ix_moderation_group_id", table_name="moderation")
    op.drop_index("ix_moderation_audit_id", table_name="moderation")
    op.drop_table("moderation")
    op.drop_index("ix_matter_parent", table_name="matter")
    op.drop_index("ix_matter_kind", table_name="matter")
    op.drop_index("ix_matter_group_id", table_name="matter")
    op.drop_table("matter")
    op.drop_index("ix_dissemination_group_id", table_name="dissemination")
    op.drop_table("dissemination")
    op.drop_index("ix_approval_subject", table_name="approval")
    op.drop_index("ix_approval_group_id", table_name="approval")
    op.drop_index("ix_approval_audit_id", table_name="approval")
    op.drop_table("approval")
    op.drop_index("ix_evidence_subject", table_name="evidence")
    op.drop_index("ix_evidence_group_id", table_name="evidence")
    op.drop_table("evidence")
