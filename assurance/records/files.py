"""Files that people have handed in: what proves something, and an agency's own audit tool."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from assurance.records.rows import OfGroup
from engine.store import Base


class StoredFile(OfGroup, Base):
    """One file about one subject. Its content lies outside the database, under `place`; its hash stands in the history too."""

    __tablename__ = "stored_file"
    __table_args__ = (sa.Index("ix_stored_file_subject", "subject_kind", "subject_id"),)

    subject_kind: Mapped[str]
    subject_id: Mapped[int]
    agency_id: Mapped[int | None] = mapped_column(sa.ForeignKey("agency.id"))  # whose subject it is about
    evidence_id: Mapped[int | None] = mapped_column(sa.ForeignKey("evidence.id"), index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    stored_at: Mapped[datetime]
    place: Mapped[str] = mapped_column(sa.String(64), unique=True)  # the random name of the content
    name: Mapped[str]  # as its owner called it: a text for people, never a path
    media_type: Mapped[str]  # as its content says
    size: Mapped[int]  # bytes
    sha256: Mapped[str] = mapped_column(sa.String(64))
    is_scanned: Mapped[bool]  # whether a scanner has looked at it and found nothing
    taken_back_at: Mapped[datetime | None]  # since then there is no content and no name
