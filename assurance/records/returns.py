"""What an agency sends back: one return for each case and record set, an answer for each aim."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from assurance.records.rows import OfGroup
from engine.moved import Moved
from engine.store import Base


class AgencyReturn(Moved, Base):
    """One agency's reading of one case in one of its record sets."""

    __tablename__ = "agency_return"
    __table_args__ = (sa.UniqueConstraint("case_id", "record_set_id"),)
    noun = "agency_return"

    audit_id: Mapped[int] = mapped_column(sa.ForeignKey("audit.id"), index=True)
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("case_file.id"))
    agency_id: Mapped[int] = mapped_column(sa.ForeignKey("agency.id"), index=True)
    record_set_id: Mapped[int] = mapped_column(sa.ForeignKey("record_set.id"))
    due_on: Mapped[date]
    original_due_on: Mapped[date]
    submitted_on: Mapped[date | None]
    tool: Mapped[str | None]  # the agency's own audit tool that was used
    grade: Mapped[str | None]  # the agency's own judgement of its practice, where it gives one


class Answer(OfGroup, Base):
    """A return's answer to one aim, with the reader's own words."""

    __tablename__ = "answer"
    __table_args__ = (sa.UniqueConstraint("return_id", "aim_id"),)

    return_id: Mapped[int] = mapped_column(sa.ForeignKey("agency_return.id"))
    aim_id: Mapped[int] = mapped_column(sa.ForeignKey("aim.id"), index=True)
    answer: Mapped[str]  # yes, partly, no, not applicable, no evidence on file
    text: Mapped[str]
