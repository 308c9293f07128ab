"""What one agency will do, how it goes, what proves it, and what cannot wait for any stage."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from assurance.records.rows import OfGroup
from engine.moved import Moved
from engine.store import Base


class Action(Moved, Base):
    """One agency's action: an owner's post, a measure, and a date whose original is never forgotten."""

    __tablename__ = "action"
    __table_args__ = (sa.UniqueConstraint("recommendation_id", "number"),)
    noun = "action"

    audit_id: Mapped[int] = mapped_column(sa.ForeignKey("audit.id"), index=True)
    recommendation_id: Mapped[int] = mapped_column(sa.ForeignKey("recommendation.id"))
    agency_id: Mapped[int] = mapped_column(sa.ForeignKey("agency.id"), index=True)
    owner_post_id: Mapped[int | None] = mapped_column(sa.ForeignKey("post.id"))
    waiting_on_agency_id: Mapped[int | None] = mapped_column(sa.ForeignKey("agency.id"))
    waiting_since_on: Mapped[date | None]
    number: Mapped[int]
    text: Mapped[str]
    measure: Mapped[str | None]
    original_due_on: Mapped[date | None]
    current_due_on: Mapped[date | None]
    chased_from_on: Mapped[date | None]  # the day now agreed, and later by the working days waited since
    times_moved: Mapped[int]
    agreed_on: Mapped[date | None]
    last_note_on: Mapped[date | None]
    confirmed_on: Mapped[date | None]
    verified_on: Mapped[date | None]


class ProgressNote(OfGroup, Base):
    """What the owner says of the progress; never changed, only added to."""

    __tablename__ = "progress_note"

    action_id: Mapped[int] = mapped_column(sa.ForeignKey("action.id"), index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    on: Mapped[date]
    rating: Mapped[str]  # the owner's own: on track, at risk, late
    text: Mapped[str]


class Evidence(OfGroup, Base):
    """What proves that an action was done, or that a recommendation's effect has lasted."""

    __tablename__ = "evidence"
    __table_args__ = (sa.Index("ix_evidence_subject", "subject_kind", "subject_id"),)

    subject_kind: Mapped[str]
    subject_id: Mapped[int]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    on: Mapped[date]
    title: Mapped[str]
    text: Mapped[str]


class ImmediateConcern(Moved, Base):
    """A child may be unsafe now: told the same day, outside every stage."""

    __tablename__ = "immediate_concern"
    noun = "immediate_concern"

    audit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("audit.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(sa.ForeignKey("case_file.id"))
    agency_id: Mapped[int] = mapped_column(sa.ForeignKey("agency.id"), index=True)  # who must act
    raised_on: Mapped[date]
    acknowledged_on: Mapped[date | None]
