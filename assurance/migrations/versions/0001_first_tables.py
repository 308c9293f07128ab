"""Makes the first tables: people, audits, returns, findings, actions, approvals, history, timers, outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store import UtcDateTime

revision = "0001_first_tables"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "bookmark",
        sa.Column("work", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("work", "place", name="pk_bookmark"),
    )
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
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("to_address", sa.Text(), nullable=False),
        sa.Column("to_name", sa.Text(), nullable=False),
        sa.Column("person_ref", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("doubts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("lease_token", sa.Text(), nullable=True),
        sa.Column("first_try_at", UtcDateTime(), nullable=True),
        sa.Column("last_try_at", UtcDateTime(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("last_code", sa.Integer(), nullable=True),
        sa.Column("last_text", sa.Text(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("rendered", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sa.UniqueConstraint("key", name="uq_message_key"),
    )
    op.create_index(
        "ix_message_unsent",
        "message",
        ["state", "not_before", "id"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
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
        "event",
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("once", sa.Text(), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_event_group_id"),
        sa.PrimaryKeyConstraint("subject_kind", "subject_id", "seq", name="pk_event"),
        sa.UniqueConstraint("once", name="uq_event_once"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_event_at", "event", ["at"], unique=False)
    op.create_table(
        "event_text",
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("erased_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_event_text_group_id"),
        sa.PrimaryKeyConstraint("subject_kind", "subject_id", "seq", "name", name="pk_event_text"),
    )
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
        "timer",
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_timer_group_id"),
        sa.PrimaryKeyConstraint("subject_kind", "subject_id", name="pk_timer"),
    )
    op.create_index("ix_timer_due", "timer", ["due_at", "subject_kind", "subject_id"], unique=False)
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
    op.drop_index("ix_answer_group_id", table_name="answer")
    op.drop_index("ix_answer_aim_id", table_name="answer")
    op.drop_table("answer")
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
    op.drop_index("ix_agency_return_group_id", table_name="agency_return")
    op.drop_index("ix_agency_return_audit_id", table_name="agency_return")
    op.drop_index("ix_agency_return_agency_id", table_name="agency_return")
    op.drop_table("agency_return")
    op.drop_index("ix_agency_answer_group_id", table_name="agency_answer")
    op.drop_index("ix_agency_answer_agency_id", table_name="agency_answer")
    op.drop_table("agency_answer")
    op.drop_index("ix_action_group_id", table_name="action")
    op.drop_index("ix_action_audit_id", table_name="action")
    op.drop_index("ix_action_agency_id", table_name="action")
    op.drop_table("action")
    op.drop_index("ix_record_set_group_id", table_name="record_set")
    op.drop_index("ix_record_set_agency_id", table_name="record_set")
    op.drop_table("record_set")
    op.drop_index("ix_recommendation_group_id", table_name="recommendation")
    op.drop_index("ix_recommendation_audit_id", table_name="recommendation")
    op.drop_table("recommendation")
    op.drop_index("ix_post_holding_post_id", table_name="post_holding")
    op.drop_index("ix_post_holding_person_id", table_name="post_holding")
    op.drop_index("ix_post_holding_group_id", table_name="post_holding")
    op.drop_table("post_holding")
    op.drop_index("ix_planned_audit_programme_id", table_name="planned_audit")
    op.drop_index("ix_planned_audit_group_id", table_name="planned_audit")
    op.drop_table("planned_audit")
    op.drop_index("ix_moderation_group_id", table_name="moderation")
    op.drop_index("ix_moderation_audit_id", table_name="moderation")
    op.drop_table("moderation")
    op.drop_index("ix_matter_parent", table_name="matter")
    op.drop_index("ix_matter_kind", table_name="matter")
    op.drop_index("ix_matter_group_id", table_name="matter")
    op.drop_table("matter")
    op.drop_index("ix_dissemination_group_id", table_name="dissemination")
    op.drop_table("dissemination")
    op.drop_index("ix_case_file_group_id", table_name="case_file")
    op.drop_index("ix_case_file_audit_id", table_name="case_file")
    op.drop_table("case_file")
    op.drop_index("ix_approval_subject", table_name="approval")
    op.drop_index("ix_approval_group_id", table_name="approval")
    op.drop_index("ix_approval_audit_id", table_name="approval")
    op.drop_table("approval")
    op.drop_index("ix_aim_group_id", table_name="aim")
    op.drop_table("aim")
    op.drop_index("ix_post_group_id", table_name="post")
    op.drop_table("post")
    op.drop_index("ix_evidence_subject", table_name="evidence")
    op.drop_index("ix_evidence_group_id", table_name="evidence")
    op.drop_table("evidence")
    op.drop_index("ix_audit_programme_id", table_name="audit")
    op.drop_index("ix_audit_group_id", table_name="audit")
    op.drop_table("audit")
    op.drop_index("ix_absence_person_id", table_name="absence")
    op.drop_index("ix_absence_group_id", table_name="absence")
    op.drop_table("absence")
    op.drop_index("ix_timer_due", table_name="timer")
    op.drop_table("timer")
    op.drop_index("ix_programme_group_id", table_name="programme")
    op.drop_table("programme")
    op.drop_index("ix_person_group_id", table_name="person")
    op.drop_table("person")
    op.drop_index("ix_meeting_group_id", table_name="meeting")
    op.drop_table("meeting")
    op.drop_table("event_text")
    op.drop_index("ix_event_at", table_name="event")
    op.drop_table("event")
    op.drop_index("ix_closed_day_group_id", table_name="closed_day")
    op.drop_table("closed_day")
    op.drop_index("ix_agency_group_id", table_name="agency")
    op.drop_table("agency")
    op.drop_table("tenant")
    op.drop_index(
        "ix_message_unsent",
        table_name="message",
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.drop_table("message")
    op.drop_table("definition")
    op.drop_table("bookmark")
