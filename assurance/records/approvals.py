"""Decisions as rows: who asked for which move on which version, who may decide, and what was decided."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.moved import Moved
from engine.store import Base


class Approval(Moved, Base):
    """A move that waits for a decision. It counts for exactly the version on which it was asked."""

    __tablename__ = "approval"
    __table_args__ = (sa.Index("ix_approval_subject", "subject_kind", "subject_id"),)
    noun = "approval"
    sealed_words = ("subject_kind", "trigger", "given", "policy")

    subject_kind: Mapped[str]
    subject_id: Mapped[int]
    subject_version: Mapped[int]
    audit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("audit.id"), index=True)
    agency_id: Mapped[int | None] = mapped_column(sa.ForeignKey("agency.id"))
    trigger: Mapped[str]
    title: Mapped[str]  # the step's title when it was asked
    given: Mapped[str]  # canonical JSON of the fields that the move was asked with, but for texts
    policy: Mapped[str]  # canonical JSON, as it was when the approval was asked
    requested_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    asked_on: Mapped[date]
    deputy_called: Mapped[bool]  # the chair is late: the deputy may decide too
    late_on: Mapped[date | None]  # from when on the policy waits no more for those who have not answered
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    decided_on: Mapped[date | None]
    meeting_id: Mapped[int | None] = mapped_column(sa.ForeignKey("meeting.id"))
