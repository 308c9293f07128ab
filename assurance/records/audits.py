"""The year's programme, and each thematic audit with its aims and cases."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from assurance.records.rows import OfGroup
from engine.moved import Moved
from engine.store import Base


class Programme(OfGroup, Base):
    """The audit programme of one year, such as 2014-15."""

    __tablename__ = "programme"
    __table_args__ = (sa.UniqueConstraint("group_id", "year"),)

    year: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]


class PlannedAudit(OfGroup, Base):
    """A theme that the group means to audit in a year."""

    __tablename__ = "planned_audit"

    programme_id: Mapped[int] = mapped_column(sa.ForeignKey("programme.id"), index=True)
    theme: Mapped[str]
    audit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("audit.id"))


class Audit(Moved, Base):
    """One thematic multi-agency case file audit."""

    __tablename__ = "audit"
    __table_args__ = (sa.UniqueConstraint("group_id", "reference"),)
    noun = "audit"

    reference: Mapped[str]  # 2014-15/1
    programme_id: Mapped[int] = mapped_column(sa.ForeignKey("programme.id"), index=True)
    theme: Mapped[str]
    source_kind: Mapped[str]  # review, inspection, data, national report
    source: Mapped[str]
    scope: Mapped[str]
    look_back_months: Mapped[int]
    case_target: Mapped[int]
    meeting_id: Mapped[int | None] = mapped_column(sa.ForeignKey("meeting.id"))
    returns_due_on: Mapped[date | None]
    returns_due_before: Mapped[
        int | None
    ]  # working days before the meeting; empty where somebody named the day
    held_on: Mapped[date | None]  # the day on which the group looked at the returns together
    signed_off_on: Mapped[date | None]
    re_audit_due_on: Mapped[date | None]


class Aim(OfGroup, Base):
    """One aim, or key line of enquiry, of an audit; `asks_again_id` names the earlier aim that it repeats."""

    __tablename__ = "aim"
    __table_args__ = (sa.UniqueConstraint("audit_id", "number"),)

    audit_id: Mapped[int] = mapped_column(sa.ForeignKey("audit.id"))
    number: Mapped[int]
    text: Mapped[str]
    asks_again_id: Mapped[int | None] = mapped_column(sa.ForeignKey("aim.id"))


class Case(OfGroup, Base):
    """A child, family or adult whose file is read, known here by a random reference only."""

    __tablename__ = "case_file"
    __table_args__ = (sa.UniqueConstraint("group_id", "case_ref"),)

    audit_id: Mapped[int] = mapped_column(sa.ForeignKey("audit.id"), index=True)
    case_ref: Mapped[str]
    kind: Mapped[str]  # child, family, adult
    criterion: Mapped[str]  # why this one was drawn
