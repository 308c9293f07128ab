"""Keys that programs carry on somebody's behalf, and the requests that were answered to them already."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from assurance.records.rows import OfGroup
from engine.store import Base


class ApiToken(OfGroup, Base):
    """One person's token for programs: what it may be used for, until when; of itself only a fingerprint is kept.

    It never carries more than the posts that the person holds at the moment of use.
    """

    __tablename__ = "api_token"

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    name: Mapped[str]  # what the person calls it
    prefix: Mapped[str]  # its first letters, by which the person knows it again
    fingerprint: Mapped[str] = mapped_column(sa.String(64), unique=True)  # SHA-256 of the whole token
    scopes: Mapped[str]  # read, move, decide, enter; with spaces between
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class AnsweredRequest(OfGroup, Base):
    """One request of a program that was carried out: the same request made again gets the same answer."""

    __tablename__ = "answered_request"
    __table_args__ = (sa.UniqueConstraint("person_id", "key"),)

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    key: Mapped[str]
    fingerprint: Mapped[str] = mapped_column(sa.String(64))  # SHA-256 of what was asked
    status: Mapped[int]
    answer: Mapped[str]  # JSON
    version: Mapped[int | None]  # that of the subject after it
    at: Mapped[datetime] = mapped_column(index=True)
