"""What was seen, what should change, and whether it lasted."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from assurance.records.rows import OfGroup
from engine.moved import Moved
from engine.store import Base


class Moderation(OfGroup, Base):
    """The group's joint look at the returns of one audit."""

    __tablename__ = "moderation"

    audit_id: Mapped[int] = mapped_column(sa.ForeignKey("audit.id"), index=True)
    meeting_id: Mapped[int | None] = mapped_column(sa.ForeignKey("meeting.id"))
    held_on: Mapped[date]
    note: Mapped[str]


class Finding(OfGroup, Base):
    """A strength, an area for development or a learning point. Its case stays private to few."""

    __tablename__ = "finding"
    __table_args__ = (sa.UniqueConstraint("audit_id", "number"),)

    audit_id: Mapped[int] = mapped_column(sa.ForeignKey("audit.id"))
    aim_id: Mapped[int] = mapped_column(sa.ForeignKey("aim.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(sa.ForeignKey("case_file.id"))
    number: Mapped[int]
    kind: Mapped[str]  # strength, area for development, learning point
    text: Mapped[str]
    none_needed: Mapped[str | None]  # why no recommendation follows


class Recommendation(Moved, Base):
    """What should change: multi-agency strategic for all, or individual practice for one agency only."""

    __tablename__ = "recommendation"
    __table_args__ = (sa.UniqueConstraint("audit_id", "type", "number"),)
    noun = "recommendation"

    audit_id: Mapped[int] = mapped_column(sa.ForeignKey("audit.id"), index=True)
    number: Mapped[int]
    type: Mapped[str]  # strategic, individual_practice
    agency_id: Mapped[int | None] = mapped_column(sa.ForeignKey("agency.id"))  # individual practice: whose
    text: Mapped[str]
    agreed_on: Mapped[date | None]
    implemented_on: Mapped[date | None]
    embedded_check_on: Mapped[date | None]
    embedded_on: Mapped[date | None]


class RecommendationAim(OfGroup, Base):
    """A recommendation keeps the aims that it came from, so that a later audit can ask them again."""

    __tablename__ = "recommendation_aim"
    __table_args__ = (sa.UniqueConstraint("recommendation_id", "aim_id"),)

    recommendation_id: Mapped[int] = mapped_column(sa.ForeignKey("recommendation.id"))
    aim_id: Mapped[int] = mapped_column(sa.ForeignKey("aim.id"), index=True)


class RecommendationFinding(OfGroup, Base):
    """A finding leads to a recommendation."""

    __tablename__ = "recommendation_finding"
    __table_args__ = (sa.UniqueConstraint("recommendation_id", "finding_id"),)

    recommendation_id: Mapped[int] = mapped_column(sa.ForeignKey("recommendation.id"))
    finding_id: Mapped[int] = mapped_column(sa.ForeignKey("finding.id"), index=True)


class AgencyAnswer(OfGroup, Base):
    """Whether one agency takes a recommendation on: asked, accepted, or not accepted with its reason."""

    __tablename__ = "agency_answer"
    __table_args__ = (sa.UniqueConstraint("recommendation_id", "agency_id"),)

    recommendation_id: Mapped[int] = mapped_column(sa.ForeignKey("recommendation.id"))
    agency_id: Mapped[int] = mapped_column(sa.ForeignKey("agency.id"), index=True)
    answer: Mapped[str]  # asked, accepted, not_accepted
    reason: Mapped[str | None]


class ReAudit(OfGroup, Base):
    """The same aim asked again of a new sample: shares of `yes` before and after, side by side."""

    __tablename__ = "re_audit"
    __table_args__ = (sa.UniqueConstraint("recommendation_id", "later_aim_id"),)

    recommendation_id: Mapped[int] = mapped_column(sa.ForeignKey("recommendation.id"))
    earlier_aim_id: Mapped[int] = mapped_column(sa.ForeignKey("aim.id"))
    later_aim_id: Mapped[int] = mapped_column(sa.ForeignKey("aim.id"))
    before_yes: Mapped[int]
    before_asked: Mapped[int]
    after_yes: Mapped[int]
    after_asked: Mapped[int]
    measured_on: Mapped[date]
    is_better: Mapped[bool]


class Dissemination(OfGroup, Base):
    """How one agency spread the learning of one audit."""

    __tablename__ = "dissemination"
    __table_args__ = (sa.UniqueConstraint("audit_id", "agency_id"),)

    audit_id: Mapped[int] = mapped_column(sa.ForeignKey("audit.id"))
    agency_id: Mapped[int] = mapped_column(sa.ForeignKey("agency.id"))
    on: Mapped[date]
    how: Mapped[str]
    reached: Mapped[int]  # people
